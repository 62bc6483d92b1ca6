"""What users wait for: whole commands from the shell, and parts of runs that were named as slow, in processor seconds.

Kernels and byte code are compiled before, by a run that is not counted. What stands beside each figure is what was found, and asked,
when the work on speed began; it was measured on a processor of the same kind, not on this one.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from measuring import Figures, command_use, markdown, median_seconds, shown, sparsim_command, tell
from msgspec import Struct

COMPARE = ["compare", "crossbar", "hybrid", "replication", "partition", "systolic", "-w", "tinygpt"]
GRID = ["compare", "crossbar", "-w", "tinygpt", "--equal", "area", "--best", "--search", "grid", "--objective", "time"]
KEPT = ["--keep", "fabric.units", "--keep", "fabric.lanes"]
PRODUCT = """\
name: product
operations:
  - name: product
    kind: SpMM
    shape: {m: 80000, k: 80000, n: 8}
    weight: {pattern: uniform, nnz: 100000000}
    activation: {pattern: dense}
"""
"""10^8 nonzeros: 80,000 × 80,000 at 1/64, 8 tokens."""
HEAT_POINTS = 2500


class Command(Struct, frozen=True):
    """A command of `sparsim`, a process of its own. OUT, STORE and PRODUCT are a folder and files that a run finds empty or made."""

    arguments: Sequence[str]
    at_first: str = "–"
    asked: str = "–"
    slow: bool = False
    """Whether a run takes so long that two are enough."""

    def measure(self, repeats: int) -> Figures:
        """Medians of seconds and peak MB."""
        self._use()
        seconds, peaks = zip(*(self._use() for _ in range(min(repeats, 2) if self.slow else repeats)), strict=True)
        return {"seconds": statistics.median(seconds), "peak_mb": statistics.median(peaks)}

    def _use(self) -> tuple[float, float]:
        with tempfile.TemporaryDirectory() as folder:
            product = Path(folder) / "product.yaml"
            product.write_text(PRODUCT, encoding="utf-8")
            places = {"OUT": f"{folder}/out", "STORE": f"{folder}/store.sqlite", "PRODUCT": str(product)}
            return command_use(sparsim_command([places.get(word, word) for word in self.arguments]))


class Call(Struct, frozen=True):
    """Something done in this process, where all modules are loaded."""

    prepare: Callable[[], Callable[[], object]]
    """Gets at hand what is not measured; returns what is."""
    at_first: str = "–"
    asked: str = "–"

    def measure(self, repeats: int) -> Figures:
        """Median of seconds."""
        call = self.prepare()
        call()
        return {"seconds": median_seconds(call, repeats)}


def replication() -> Callable[[], object]:
    """A run of 8,320 small clusters, without what starts and ends a command."""
    from simulator.machine.model import load_machine
    from simulator.pipeline import simulate
    from simulator.workload import load_workload

    machine, workload = load_machine("replication"), load_workload("tinygpt")
    return lambda: simulate(machine, workload, threads=1)


def system_level() -> Callable[[], object]:
    """All that a run of ws-16x plays on the system level, played again from the start."""
    from simulator.engine import engines
    from simulator.machine.model import load_machine
    from simulator.pipeline import simulate
    from simulator.system.program import Program
    from simulator.system.spec import SystemSpec
    from simulator.workload import load_workload

    compiled, played = engines.SYSTEM_ENGINES["compiled"], list[tuple[SystemSpec, Program]]()
    engines.SYSTEM_ENGINES["compiled"] = lambda spec, program: played.append((spec, program)) or compiled(spec, program)  # type: ignore[func-returns-value]
    simulate(load_machine("crossbar"), load_workload("ws-16x"), threads=1)
    engines.SYSTEM_ENGINES["compiled"] = compiled
    # a copy is laid out anew each time
    return lambda: [compiled(spec, replace(program)) for spec, program in played]


def heat_map() -> Callable[[], object]:
    """The figure of a sweep over two axes, whose points are one that was run, over and over."""
    from sweeps import swept

    from simulator.study.sweep.plots import heat_figure

    side = range(1, round(HEAT_POINTS**0.5) + 1)
    study = swept({"dram.latency_ns": [100], "dram.share": [0.5, 1.0]}, 2)[0]
    places = itertools.product(side, side)
    rows = tuple(replace(study.rows[0], assignments={"dram.latency_ns": down, "dram.share": across}) for down, across in places)
    return lambda: heat_figure(replace(study, rows=rows))


ROWS: dict[str, Command | Call] = {
    "`sparsim --help`": Command(["--help"], asked="0.1"),
    "`sparsim run crossbar -w tinygpt --json`": Command(["run", "crossbar", "-w", "tinygpt", "--json"], "1.38", "0.7"),
    "`sparsim run crossbar -w tinygpt`, with its two pictures": Command(["run", "crossbar", "-w", "tinygpt", "-o", "OUT"], "3.07"),
    "`sparsim compare` of five machines on `tinygpt`, with its two pictures": Command([*COMPARE, "-o", "OUT"], "4.83", "2.2"),
    "the same, `--no-plots`": Command([*COMPARE, "-o", "OUT", "--no-plots"]),
    "`sparsim run crossbar -w ws-16x --json`": Command(["run", "crossbar", "-w", "ws-16x", "--json"], "38.0", "8"),
    "of which the system level": Call(system_level, "25 (67 % of it), in SimPy"),
    "`sparsim run crossbar` on a product of 10^8 nonzeros": Command(
        ["run", "crossbar", "-w", "PRODUCT", "--json"], "45, and 2.9 GB", "20, and 2 GB", slow=True
    ),
    "`replication` on `tinygpt`, 8,320 clusters, in a process that has loaded all": Call(replication, "1.28"),
    "`sparsim compare … --best --search grid` of `crossbar` alone, 168 designs": Command(
        [*GRID, *KEPT, "--store", "STORE", "-j", "1", "--json"], slow=True
    ),
    f"the heat map of a sweep of {HEAT_POINTS:,} points": Call(heat_map, "grew with points²"),
}


def measure(repeats: int) -> Figures:
    """By row."""
    found = {}
    for name, row in ROWS.items():
        found[name] = {key: round(value, 4) for key, value in row.measure(repeats).items()}
        tell(name, found[name])
    return found


def tables(figures: Figures) -> dict[str, str]:
    """A line for each row."""
    headings = ("processor seconds of", "at first", "asked", "now", "peak MB")
    lines = [
        (
            name,
            row.at_first,
            row.asked,
            shown(figures[name]["seconds"]),
            f"{figures[name]['peak_mb']:,.0f}" if isinstance(row, Command) else "",
        )
        for name, row in ROWS.items()
    ]
    return {"waits": markdown(headings, lines)}
