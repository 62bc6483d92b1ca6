"""How time and memory grow with units, nonzeros, tokens and points: log-log slopes, beside how the work itself grows.

Each size runs in a process of its own. Time is processor seconds of reading the machine and of the
run, without imports, kernels and the drawing of operands; memory is what the process has at most above what it had before. The slope
is that of the last step, a doubling or more, where what does not grow weighs least.

The work is what a run has to do however it is written, from its counters and from the size of its network (`Work`).
"""

from __future__ import annotations

import json
import math
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measuring import Figures, markdown, tell

from simulator.engine.compiled.system.engine import SYSTEM_KERNEL
from simulator.kinds.gather.compiled.engine import GATHER_KERNEL
from simulator.machine.model import load_machine
from simulator.network import TopologyName, draw
from simulator.pipeline import simulate
from simulator.workload.types import Activations, Operation, Weight, Workload

PLOT = Path(__file__).parent.parent / "docs" / "images" / "slopes.png"
UNIT_NONZEROS = 512
"""Nonzeros of each unit's list, where units grow."""


RADIX = 4


@dataclass(frozen=True)
class Work:
    """What is to be done, counted in steps of each kind."""

    entries: int
    """Nonzeros that are laid into lists."""
    hops: int
    """Flits that pass a router, or go straight to a bank and back."""
    unit_cycles: int
    """Cycles of units that have not finished."""
    looks: int
    """Channels × cycles: whoever arbitrates has to know each cycle which channels are wanted."""
    turns: int
    """Routers on the routes of all pairs of source and sink, which are followed when the network is read."""

    @property
    def all(self) -> int:
        """Their sum."""
        return sum(asdict(self).values())

    @property
    def most(self) -> str:
        """Of which kind there are most."""
        steps: dict[str, int] = asdict(self)
        return max(steps, key=lambda kind: steps[kind]).replace("_", "-")


@dataclass(frozen=True)
class Row:
    """What grows."""

    name: str
    sizes: tuple[int, ...]
    measure: Callable[[int], Callable[[], Work | None]]
    """A size → what is measured, with all that it needs at hand; it says what work that was, if it knows."""


def operation(rows: int, columns: int, tokens: int, nonzeros: int) -> Workload:
    """As many nonzeros in each row, one at random in each of as many stretches of columns; X is dense."""
    each = nonzeros // rows
    stretch = columns // each
    indices = np.random.default_rng(0).integers(0, stretch, (rows, each), dtype=np.int32)
    indices += np.arange(each, dtype=np.int32) * np.int32(stretch)
    weight = Weight((rows, columns), np.arange(rows + 1, dtype=np.int64) * each, indices.ravel(), None, f"w {rows} {each}")
    return Workload("grown", (Operation("op", "linear", weight, Activations((columns, tokens), None, None, f"x {columns} {tokens}")),))


def run(workload: Workload, units: int, topology: TopologyName, *overrides: str) -> Callable[[], Work]:
    """A run of the crossbar with some keys changed."""

    def task() -> Work:
        activity = simulate(load_machine("crossbar", overrides), workload, threads=1).activity
        (done,), counts = activity.operations, activity.counts
        # the machine has read its network, and keeps it
        graph = draw(topology, units, units, RADIX)
        return Work(
            entries=counts.list_entries,
            hops=counts.request_hops + counts.reply_hops,
            unit_cycles=sum(done.unit_cycles[cause] for cause in done.unit_cycles if cause not in ("imbalance", "drain")),
            looks=2 * graph.channels * done.compute_cycles,
            turns=int(graph.hops.sum()),
        )

    return task


def on_units(topology: TopologyName) -> Callable[[int], Callable[[], Work]]:
    """As many banks as units, and as many nonzeros for each."""

    def measure(count: int) -> Callable[[], Work]:
        keys = (
            f"fabric.units={count}",
            f"fabric.banks={count}",
            f"fabric.network.topology={topology}",
            f"fabric.network.radix={RADIX}",
            "fabric.multicast=false",
            "clock_ghz=0.5",
        )
        return run(operation(8 * count, 1024, 64, UNIT_NONZEROS * count), count, topology, *keys)

    return measure


def shipped(workload: Workload) -> Callable[[], Work]:
    """A run of the crossbar as it ships."""
    return run(workload, load_machine("crossbar").fabric.units, "full")


def points(count: int) -> Callable[[], None]:
    """A sweep over memory keys in this process."""
    from sweeps import AXES, swept

    return lambda: swept(AXES["memory"], count) and None


SIZES: dict[str, tuple[int, ...]] = {"ring": (32, 128, 512)}
"""Of networks on which the largest takes minutes."""
TOPOLOGIES: tuple[TopologyName, ...] = ("full", "hierarchical", "clos", "butterfly", "benes", "mesh", "ring")
ROWS: dict[str, Row] = {
    row.name: row
    for row in (
        *(Row(f"units, `{name}`", SIZES.get(name, (64, 256, 1024)), on_units(name)) for name in TOPOLOGIES),
        Row("nonzeros", (1 << 18, 1 << 20, 1 << 22), lambda count: shipped(operation(4096, 4096, 64, count))),
        Row("tokens", (1024, 4096, 16384), lambda count: shipped(operation(1024, 1024, count, 1 << 15))),
        Row("points", (60, 240, 960), points),
    )
}


def measured(name: str, size: int) -> dict[str, Any]:
    """Processor seconds, MB and work of one size, in this process, where kernels have been loaded and a small run was done."""
    GATHER_KERNEL.warm_up()
    SYSTEM_KERNEL.warm_up()
    shipped(operation(64, 64, 64, 1024))()
    if name == "points":
        points(1)()
    task = ROWS[name].measure(size)
    before, began = _peak_mb(), time.process_time()
    work = task()
    seconds = time.process_time() - began
    steps = {"work": size, "most": name} if work is None else {"work": work.all, "most": work.most}
    return {"seconds": seconds, "megabytes": _peak_mb() - before, **steps}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def apart(name: str, size: int) -> dict[str, Any]:
    """The same in a process of its own."""
    answer = subprocess.run([sys.executable, __file__, name, str(size)], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def slope(sizes: Sequence[float], figures: Sequence[float]) -> float:
    """Log-log, of the last step."""
    return round(math.log(max(figures[-1], 1e-3) / max(figures[-2], 1e-3)) / math.log(sizes[-1] / sizes[-2]), 2)


def figures_of(row: Row, repeats: int) -> Figures:
    """Medians of each size, and slopes."""
    found = [[apart(row.name, size) for _ in range(repeats)] for size in row.sizes]
    seconds, megabytes = ([statistics.median(each[key] for each in of_size) for of_size in found] for key in ("seconds", "megabytes"))
    # less than a page of what the allocator takes at a time is no growth
    megabytes = [max(each, 1.0) for each in megabytes]
    work = [of_size[0]["work"] for of_size in found]
    return {
        "sizes": list(row.sizes),
        "seconds": [round(each, 4) for each in seconds],
        "megabytes": [round(each, 1) for each in megabytes],
        "work": work,
        "most": found[-1][0]["most"],
        "slope_of_time": slope(row.sizes, seconds),
        "slope_of_memory": slope(row.sizes, megabytes),
        "slope_of_work": slope(row.sizes, work),
        "slope_of_time_against_work": slope(work, seconds),
    }


def measure(repeats: int) -> Figures:
    """By what grows; and the plot."""
    found = {}
    for name, row in ROWS.items():
        found[name] = figures_of(row, repeats)
        tell(name, found[name])
    draw_plot(found)
    return found


def tables(figures: Figures) -> dict[str, str]:
    """A line for each that grows."""
    headings = (
        "what grows",
        "from … to",
        "seconds",
        "MB",
        "slope of time",
        "of memory",
        "of the work",
        "of time against work",
        "most of the work",
    )
    lines = []
    for name, found in figures.items():
        sizes, seconds, megabytes = (found[key] for key in ("sizes", "seconds", "megabytes"))
        ends = [f"{each[-2]:,} … {each[-1]:,}" for each in (sizes, seconds, megabytes)]
        slopes = [f"{found[f'slope_of_{of}']:.2f}" for of in ("time", "memory", "work", "time_against_work")]
        lines.append((name, *ends, *slopes, found["most"]))
    return {"growth": markdown(headings, lines)}


def draw_plot(figures: Mapping[str, Figures]) -> None:
    """Time against size, time against work, and memory against size, as multiples of the smallest."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4), layout="constrained")
    panels = {
        "processor time against size": ("sizes", "seconds"),
        "against work": ("work", "seconds"),
        "memory against size": ("sizes", "megabytes"),
    }
    for axes, (title, keys) in zip(figure.subplots(1, 3), panels.items(), strict=True):
        reach = 1.0
        for name, found in figures.items():
            across, up = (np.maximum(found[key], 1e-3) for key in keys)
            axes.loglog(across / across[0], up / up[0], marker="o", markersize=3, label=name.replace("`", ""))
            reach = max(reach, across[-1] / across[0])
        axes.loglog([1, reach], [1, reach], color="black", linestyle=":", label="in proportion")
        axes.set(title=title, xlabel="÷ that of the smallest", ylabel="÷ that of the smallest")
    axes.legend(fontsize=6)
    figure.savefig(PLOT, dpi=100)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measured(sys.argv[1], int(sys.argv[2]))))
