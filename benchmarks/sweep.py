"""`make bench`: sweeps of tinygpt on two worker processes against one, and with what fabrics did recalled against each point simulated.

`python benchmarks/sweep.py [POINTS] [PAIRS]`: 1,000 points over keys of the memory, and over keys of the fabric, once each on two
processes, for points a second; then alternating pairs, as medians: 500 points on one process and on two, by the clock, and 100 in
this process with and without recall, by processor seconds. Starting the workers takes two seconds, on one process or on two, and
is part of it. Every sweep starts with an empty store, and its workers with nothing but compiled kernels.
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

from simulator.kinds.gather.compiled.engine import GATHER_KERNEL
from simulator.specs.documents import validated
from simulator.specs.parse import parse
from simulator.study.sweep.inputs import RECALLED
from simulator.study.sweep.reading import space_of
from simulator.study.sweep.run import Options, run_sweep
from simulator.study.sweep.spec import SweepSpec
from simulator.study.sweep.store import Store

RESULTS = Path(__file__).parent / "results-sweep.json"
PAIR_POINTS, RECALL_POINTS = 500, 100
AXES: dict[str, dict[str, list[Any]]] = {
    "memory": {
        "dram.share": [place / 20 for place in range(1, 21)],
        "dram.latency_ns": list(range(50, 250, 20)),
        "trunks.x_bytes_per_cycle": [64, 128, 256, 512, 1024],
    },
    "fabric": {"fabric.window": list(range(4, 54)), "fabric.accumulators": list(range(2, 22))},
}


def seconds(keys: str, points: int, options: Options, clock: Callable[[], float] = time.perf_counter) -> float:
    """Time of a sweep of so many points."""
    sweep = {
        "name": "bench",
        "machine": "crossbar",
        "workload": "tinygpt",
        "axes": AXES[keys],
        "search": {"method": "random", "points": points},
    }
    space = space_of(validated(parse(json.dumps(sweep), "bench"), SweepSpec), Path())
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store.sqlite") as store:
        began = clock()
        run = run_sweep(space, store, options)
        ended = clock()
    assert (run.computed, run.failures) == (points, [])
    return ended - began


def measured(keys: str, points: int, pairs: int) -> dict[str, Any]:
    """Points a second, and both ratios, over some keys."""
    two, one = Options("processes", 2), Options("processes", 1)
    few, recall, afresh = min(points, RECALL_POINTS), Options(recalled=RECALLED), Options(recalled=0)
    some = min(points, PAIR_POINTS)
    whole = seconds(keys, points, two)
    processes = [seconds(keys, some, one) / seconds(keys, some, two) for _ in range(pairs)]
    recalled = [(seconds(keys, few, afresh, time.process_time), seconds(keys, few, recall, time.process_time)) for _ in range(pairs)]
    return {
        "seconds_on_2_processes": round(whole, 2),
        "points_per_second": round(points / whole, 2),
        "speed_of_2_over_1_median": round(statistics.median(processes), 3),
        "cpu_ms_a_point_afresh": round(1000 / few * statistics.median(pair[0] for pair in recalled), 2),
        "cpu_ms_a_point_recalled": round(1000 / few * statistics.median(pair[1] for pair in recalled), 2),
        "afresh_over_recalled_median": round(statistics.median(before / after for before, after in recalled), 3),
    }


def main(points: int, pairs: int) -> None:
    """Measure, print, and write results-sweep.json."""
    GATHER_KERNEL.warm_up()
    seconds("memory", 1, Options())
    record = {"points": points, "pairs": pairs} | {keys: measured(keys, points, pairs) for keys in AXES}
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main(*(int(argument) for argument in (sys.argv[1:] + ["1000", "5"][len(sys.argv) - 1 :])))
