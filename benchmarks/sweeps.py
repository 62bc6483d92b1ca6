"""Sweeps of tinygpt: points a second on two worker processes, and processor time a point with what was worked out before recalled.

Over keys of the memory and over capacities of the fabric 1,000 points on one process and on two, in alternating pairs, by the clock, as
medians. Over all keys 20 points in this process with and without recall, by processor seconds. That is seven minutes on two quiet
processors. Starting the workers takes two seconds, on one process or on two, and is part of it. Every sweep starts with an empty store,
and its workers with nothing but compiled kernels.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measuring import Figures, markdown, shown, tell

from simulator.engine.compiled.system.engine import SYSTEM_KERNEL
from simulator.kinds.gather.compiled.engine import GATHER_KERNEL
from simulator.specs.documents import validated
from simulator.specs.parse import parse
from simulator.study.sweep.inputs import RECALLED
from simulator.study.sweep.reading import space_of
from simulator.study.sweep.run import Options, SweepRun, run_sweep
from simulator.study.sweep.spec import SweepSpec
from simulator.study.sweep.store import Store

POINTS, RECALL_POINTS = 1000, 20
ASKED = {"memory": "60", "capacities": "30"}
"""Points a second on two processes."""
Axes = dict[str, list[Any]]
AXES: dict[str, Axes] = {
    "memory": {
        "dram.share": [place / 20 for place in range(1, 21)],
        "dram.latency_ns": list(range(50, 250, 20)),
        "trunks.x_bytes_per_cycle": [64, 128, 256, 512, 1024],
    },
    "capacities": {"fabric.window": list(range(4, 54)), "fabric.accumulators": list(range(2, 22))},
    "cycles": {
        "fabric.read_latency": list(range(1, 9)),
        "fabric.network.latency": list(range(1, 5)),
        "fabric.network.iterations": [1, 2, 3, 4],
    },
    "sizes": {"fabric.units": [16, 24, 32, 48, 64], "fabric.banks": [32, 64, 128], "fabric.output_bank_kib": list(range(4, 20))},
}
"""Of the memory; and of a fabric, in three ways: what it has room for, how it is clocked, and what its clusters are to do."""


def swept(
    axes: Axes, points: int, options: Options | None = None, clock: Callable[[], float] = time.perf_counter
) -> tuple[SweepRun, float]:
    """A sweep of so many points, and how long it took by a clock."""
    sweep = {
        "name": "bench",
        "machine": "crossbar",
        "workload": "tinygpt",
        "axes": axes,
        "search": {"method": "random", "points": points},
    }
    space = space_of(validated(parse(json.dumps(sweep), "bench"), SweepSpec), Path())
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store.sqlite") as store:
        began = clock()
        run = run_sweep(space, store, options or Options())
        ended = clock()
    assert (run.computed, run.failures) == (points, [])
    return run, ended - began


def in_processes(axes: Axes, repeats: int) -> Figures:
    """Points a second on two processes, and how much sooner they are done than one."""

    def wall(processes: int) -> float:
        return swept(axes, POINTS, Options("processes", processes))[1]

    took = [(wall(1), wall(2)) for _ in range(repeats)]
    ratios = [one / two for one, two in took]
    whole = statistics.median(two for _, two in took)
    return {"points_per_second": round(POINTS / whole, 2), "speed_of_2_over_1": round(statistics.median(ratios), 3)}


def recalled(axes: Axes, repeats: int) -> Figures:
    """Processor time of a point, with what was worked out before and without."""

    def milliseconds(options: Options) -> float:
        return 1000 / RECALL_POINTS * swept(axes, RECALL_POINTS, options, time.process_time)[1]

    took = [(milliseconds(Options(recalled=0)), milliseconds(Options(recalled=RECALLED))) for _ in range(repeats)]
    afresh, recall = (statistics.median(column) for column in zip(*took, strict=True))
    return {
        "cpu_ms_a_point_afresh": round(afresh, 2),
        "cpu_ms_a_point": round(recall, 2),
        "afresh_over_recalled": round(statistics.median(before / after for before, after in took), 3),
    }


def measure(repeats: int) -> Figures:
    """By which keys are swept."""
    GATHER_KERNEL.warm_up()
    SYSTEM_KERNEL.warm_up()
    swept(AXES["memory"], 1)
    found: dict[str, Figures] = {}
    for keys, axes in AXES.items():
        found[keys] = {**recalled(axes, repeats), **(in_processes(axes, repeats) if keys in ASKED else {})}
        tell(keys, found[keys])
    return found


def tables(figures: Figures) -> dict[str, str]:
    """A line for each kind of keys."""
    headings = (
        "keys that are swept",
        "ms a point (at first: 49 to 71)",
        "without recall",
        "points a second on two processes",
        "asked",
        "two over one (asked: 1.7)",
    )
    lines = []
    for keys, found in figures.items():
        rates = (f"{found['points_per_second']:.0f}", ASKED[keys], f"{found['speed_of_2_over_1']:.2f}") if keys in ASKED else ("", "", "")
        names = ", ".join(f"`{key}`" for key in AXES[keys])
        lines.append((f"{keys}: {names}", shown(found["cpu_ms_a_point"]), shown(found["cpu_ms_a_point_afresh"]), *rates))
    return {"sweeps": markdown(headings, lines)}
