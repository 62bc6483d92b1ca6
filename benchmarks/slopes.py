"""`make bench`: how time and memory grow with units, nonzeros, tokens and points: log-log slopes, a table and a plot.

`python benchmarks/slopes.py [REPEATS]` runs each size in a process of its own and writes results-slopes.json, the table of
docs/performance.md (between its two marks) and docs/images/slopes.png. Time is processor seconds of reading the machine and of the
run, without imports, kernels and the drawing of operands; memory is what the process has at most above what it had before. The slope
is that of the last step, a doubling or more, where what does not grow weighs least.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulator.engine.compiled.system.engine import SYSTEM_KERNEL
from simulator.kinds.gather.compiled.engine import GATHER_KERNEL
from simulator.machine.model import load_machine
from simulator.pipeline import simulate
from simulator.workload.types import Activations, Operation, Weight, Workload

HERE = Path(__file__).parent
RESULTS, PAGE, PLOT = HERE / "results-slopes.json", HERE.parent / "docs" / "performance.md", HERE.parent / "docs" / "images" / "slopes.png"
MARKS = "<!-- slopes -->", "<!-- end of slopes -->"
UNIT_NONZEROS = 512
"""Nonzeros of each unit's list, where units grow."""


@dataclass(frozen=True)
class Row:
    """What grows."""

    name: str
    sizes: tuple[int, ...]
    measure: Callable[[int], Callable[[], Any]]
    """A size → what is measured, with all that it needs at hand."""


def operation(rows: int, columns: int, tokens: int, nonzeros: int) -> Workload:
    """As many nonzeros in each row, one at random in each of as many stretches of columns; X is dense."""
    each = nonzeros // rows
    stretch = columns // each
    indices = np.random.default_rng(0).integers(0, stretch, (rows, each), dtype=np.int32)
    indices += np.arange(each, dtype=np.int32) * np.int32(stretch)
    weight = Weight((rows, columns), np.arange(rows + 1, dtype=np.int64) * each, indices.ravel(), None, f"w {rows} {each}")
    return Workload("grown", (Operation("op", "linear", weight, Activations((columns, tokens), None, None, f"x {columns} {tokens}")),))


def run(workload: Workload, *overrides: str) -> Callable[[], Any]:
    """A run of the crossbar with some keys changed."""
    return lambda: simulate(load_machine("crossbar", overrides), workload, threads=1)


def units(topology: str) -> Callable[[int], Callable[[], Any]]:
    """As many banks as units, and as many nonzeros for each."""

    def measure(count: int) -> Callable[[], Any]:
        keys = (
            f"fabric.units={count}",
            f"fabric.banks={count}",
            f"fabric.network.topology={topology}",
            "fabric.network.radix=4",
            "fabric.multicast=false",
            "clock_ghz=0.5",
        )
        return run(operation(8 * count, 1024, 64, UNIT_NONZEROS * count), *keys)

    return measure


def points(count: int) -> Callable[[], Any]:
    """A sweep over memory keys in this process."""
    from sweep import AXES, seconds

    from simulator.study.sweep.run import Options

    return lambda: seconds(AXES["memory"], count, Options())


TOPOLOGIES = ("full", "hierarchical", "clos", "butterfly", "benes", "mesh", "ring")
SIZES = {"ring": (32, 128, 512)}
"""Of networks on which the largest takes minutes."""
ROWS: dict[str, Row] = {
    f"units, `{name}`": Row(f"units, `{name}`", SIZES.get(name, (64, 256, 1024)), units(name)) for name in TOPOLOGIES
} | {
    "nonzeros": Row("nonzeros", (1 << 18, 1 << 20, 1 << 22), lambda count: run(operation(4096, 4096, 64, count))),
    "tokens": Row("tokens", (1024, 4096, 16384), lambda count: run(operation(1024, 1024, count, 1 << 15))),
    "points": Row("points", (60, 240, 960), points),
}


def measured(name: str, size: int) -> tuple[float, float]:
    """Processor seconds and MB of one size, in this process, where kernels have been loaded and a small run was done."""
    GATHER_KERNEL.warm_up()
    SYSTEM_KERNEL.warm_up()
    run(operation(64, 64, 64, 1024))()
    if name == "points":
        points(1)()
    task = ROWS[name].measure(size)
    before, began = _peak_mb(), time.process_time()
    task()
    return time.process_time() - began, _peak_mb() - before


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def apart(name: str, size: int) -> tuple[float, float]:
    """The same in a process of its own."""
    answer = subprocess.run([sys.executable, __file__, "--measure", name, str(size)], check=True, capture_output=True, text=True)
    seconds, megabytes = json.loads(answer.stdout)
    return seconds, megabytes


def slope(sizes: Sequence[int], figures: Sequence[float]) -> float:
    """Log-log, of the last step."""
    return math.log(max(figures[-1], 1e-3) / max(figures[-2], 1e-3)) / math.log(sizes[-1] / sizes[-2])


def figures_of(row: Row, repeats: int) -> dict[str, Any]:
    """Medians of each size, and both slopes."""
    found = [[apart(row.name, size) for _ in range(repeats)] for size in row.sizes]
    seconds, megabytes = ([statistics.median(each[way] for each in of_size) for of_size in found] for way in (0, 1))
    # less than a page of what the allocator takes at a time is no growth
    megabytes = [max(each, 1.0) for each in megabytes]
    return {
        "sizes": list(row.sizes),
        "seconds": [round(each, 4) for each in seconds],
        "megabytes": [round(each, 1) for each in megabytes],
        "slope_of_time": round(slope(row.sizes, seconds), 2),
        "slope_of_memory": round(slope(row.sizes, megabytes), 2),
    }


def table(record: Mapping[str, Any]) -> str:
    """In Markdown."""
    lines = ["| what grows | from … to | seconds | MB | slope of time | of memory |", "| --- | --- | --- | --- | --- | --- |"]
    for name, found in record.items():
        sizes, seconds, megabytes = (found[key] for key in ("sizes", "seconds", "megabytes"))
        ends = [f"{each[-2]:,} … {each[-1]:,}" for each in (sizes, seconds, megabytes)]
        lines.append(f"| {name} | {' | '.join(ends)} | {found['slope_of_time']} | {found['slope_of_memory']} |")
    return "\n".join(lines)


def draw(record: Mapping[str, Any]) -> None:
    """Both against size, as multiples of the smallest."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, key, title in zip(figure.subplots(1, 2), ("seconds", "megabytes"), ("processor time", "memory"), strict=True):
        for name, found in record.items():
            sizes, values = np.array(found["sizes"]), np.maximum(found[key], 1e-3)
            axes.loglog(sizes / sizes[0], values / values[0], marker="o", markersize=3, label=name.replace("`", ""))
        axes.loglog([1, 16], [1, 16], color="black", linestyle=":", label="in proportion")
        axes.set(title=title, xlabel="size ÷ smallest", ylabel="÷ that of the smallest")
    axes.legend(fontsize=6)
    figure.savefig(PLOT, dpi=100)


def main(repeats: int) -> None:
    """Measure, print, and write the results, the table and the plot."""
    record = {}
    for name, row in ROWS.items():
        record[name] = figures_of(row, repeats)
        sys.stdout.write(f"{name}: {json.dumps(record[name])}\n")
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    first, last = MARKS
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(first)
    PAGE.write_text(f"{before}{first}\n{table(record)}\n{last}{rest.partition(last)[2]}", encoding="utf-8")
    draw(record)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        sys.stdout.write(json.dumps(measured(sys.argv[2], int(sys.argv[3]))))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
