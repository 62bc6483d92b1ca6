"""`make bench`: sweeps of tinygpt on two worker processes against one, and with what was worked out before recalled against all afresh.

`python benchmarks/sweep.py [POINTS] [PAIRS]`: 1,000 points over keys of the memory, and over capacities of the fabric, once each on
two processes, for points a second; then three alternating pairs, as medians: 200 points on one process and on two, by the clock, and
20 in this process with and without recall, by processor seconds. Over keys by which nothing that a fabric did is known, those pairs
alone. That is two minutes on two quiet processors. Starting the workers takes two seconds, on one process or on two, and is part of
it. Every sweep starts with an empty store, and its workers with nothing but compiled kernels.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulator.engine.compiled.system.engine import SYSTEM_KERNEL
from simulator.kinds.gather.compiled.engine import GATHER_KERNEL
from simulator.specs.documents import validated
from simulator.specs.parse import parse
from simulator.study.sweep.inputs import RECALLED
from simulator.study.sweep.reading import space_of
from simulator.study.sweep.run import Options, run_sweep
from simulator.study.sweep.spec import SweepSpec
from simulator.study.sweep.store import Store

RESULTS = Path(__file__).parent / "results-sweep.json"
PAIR_POINTS, RECALL_POINTS = 200, 20
AXES: dict[str, dict[str, list[Any]]] = {
    "memory": {
        "dram.share": [place / 20 for place in range(1, 21)],
        "dram.latency_ns": list(range(50, 250, 20)),
        "trunks.x_bytes_per_cycle": [64, 128, 256, 512, 1024],
    },
    "capacities": {"fabric.window": list(range(4, 54)), "fabric.accumulators": list(range(2, 22))},
}
AFRESH: dict[str, dict[str, list[Any]]] = {
    "cycles": {
        "fabric.read_latency": list(range(1, 9)),
        "fabric.network.latency": list(range(1, 5)),
        "fabric.network.iterations": [1, 2, 3, 4],
    },
    "sizes": {"fabric.units": [16, 24, 32, 48, 64], "fabric.banks": [32, 64, 128], "fabric.output_bank_kib": list(range(4, 20))},
}
"""Keys of a fabric that each change what its clusters do: in the first, not what they are to do."""


def seconds(axes: dict[str, list[Any]], points: int, options: Options, clock: Callable[[], float] = time.perf_counter) -> float:
    """Time of a sweep of so many points."""
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
        run = run_sweep(space, store, options)
        ended = clock()
    assert (run.computed, run.failures) == (points, [])
    return ended - began


def in_processes(axes: dict[str, list[Any]], points: int, pairs: int) -> dict[str, Any]:
    """Points a second on two processes, and how much sooner they are done than one."""
    two, one, some = Options("processes", 2), Options("processes", 1), min(points, PAIR_POINTS)
    whole = seconds(axes, points, two)
    ratios = [seconds(axes, some, one) / seconds(axes, some, two) for _ in range(pairs)]
    return {
        "seconds_on_2_processes": round(whole, 2),
        "points_per_second": round(points / whole, 2),
        "speed_of_2_over_1_median": round(statistics.median(ratios), 3),
    }


def recalled(axes: dict[str, list[Any]], points: int, pairs: int) -> dict[str, Any]:
    """Processor time of a point, with what was worked out before and without."""
    few, recall, afresh = min(points, RECALL_POINTS), Options(recalled=RECALLED), Options(recalled=0)
    took = [(seconds(axes, few, afresh, time.process_time), seconds(axes, few, recall, time.process_time)) for _ in range(pairs)]
    return {
        "cpu_ms_a_point_afresh": round(1000 / few * statistics.median(pair[0] for pair in took), 2),
        "cpu_ms_a_point_recalled": round(1000 / few * statistics.median(pair[1] for pair in took), 2),
        "afresh_over_recalled_median": round(statistics.median(before / after for before, after in took), 3),
    }


def main(points: int, pairs: int) -> None:
    """Measure, print, and write results-sweep.json."""
    GATHER_KERNEL.warm_up()
    SYSTEM_KERNEL.warm_up()
    seconds(AXES["memory"], 1, Options())
    record: dict[str, Any] = {"points": points, "pairs": pairs}
    record |= {keys: in_processes(axes, points, pairs) | recalled(axes, points, pairs) for keys, axes in AXES.items()}
    record |= {keys: recalled(axes, points, pairs) for keys, axes in AFRESH.items()}
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main(*(int(argument) for argument in (sys.argv[1:] + ["1000", "3"][len(sys.argv) - 1 :])))
