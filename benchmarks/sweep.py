"""`make bench`: a sweep of tinygpt on two worker processes against one, as the median of alternating pairs.

`python benchmarks/sweep.py [POINTS] [PAIRS]`: 1,000 points once on two processes for wall time and points a second, then pairs
of 500 points for the ratio. Starting the workers takes two seconds, on one process or on two, and is part of it. Every sweep
starts with an empty store, and its workers with nothing but compiled kernels.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from simulator.kinds.gather.compiled.engine import GATHER_KERNEL
from simulator.specs.documents import validated
from simulator.specs.parse import parse
from simulator.study.sweep.reading import space_of
from simulator.study.sweep.run import Options, run_sweep
from simulator.study.sweep.spec import SweepSpec
from simulator.study.sweep.store import Store

RESULTS = Path(__file__).parent / "results-sweep.json"
PAIR_POINTS = 500


def seconds(points: int, workers: int) -> float:
    """Wall time of a sweep of so many points."""
    sweep = {
        "name": "bench",
        "machine": "crossbar",
        "workload": "tinygpt",
        "axes": {"fabric.window": list(range(4, 54)), "fabric.accumulators": list(range(1, 21))},
        "search": {"method": "random", "points": points},
    }
    space = space_of(validated(parse(json.dumps(sweep), "bench"), SweepSpec), Path())
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store.sqlite") as store:
        began = time.perf_counter()
        run = run_sweep(space, store, Options("processes", workers))
        ended = time.perf_counter()
    assert (run.computed, run.failures) == (points, [])
    return ended - began


def main(points: int, pairs: int) -> None:
    """Measure, print, and write results-sweep.json."""
    GATHER_KERNEL.warm_up()
    ratios = [seconds(min(points, PAIR_POINTS), 1) / seconds(min(points, PAIR_POINTS), 2) for _ in range(pairs)]
    whole = seconds(points, 2)
    record = {
        "points": points,
        "seconds_on_2_processes": round(whole, 2),
        "points_per_second": round(points / whole, 2),
        "pair_points": min(points, PAIR_POINTS),
        "speed_of_2_over_1_median": round(statistics.median(ratios), 3),
        "speed_of_2_over_1": [round(ratio, 3) for ratio in ratios],
    }
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main(*(int(argument) for argument in (sys.argv[1:] + ["1000", "5"][len(sys.argv) - 1 :])))
