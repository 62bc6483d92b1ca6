"""`make bench`: small work as a whole command, from the shell to the printed JSON, beside what other simulators took for the same.

`python benchmarks/others.py [RUNS]`. Ours is measured here, in processor seconds, kernels and byte code compiled; theirs are recorded,
each the median of pairs with ours on one busy machine (AMD EPYC, 2 cores), so that ratios carry over to others only roughly.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands import PROGRAM, process_seconds

RESULTS = Path(__file__).parent / "results-others.json"


@dataclass(frozen=True)
class Row:
    """One piece of work."""

    command: tuple[str, ...]
    operation: dict[str, Any] | None
    """Of its workload, where it has one."""
    other: str
    other_s: float
    """Processor seconds of the other simulator, whole command."""
    source: str

    def seconds(self, runs: int) -> float:
        """Median processor seconds of ours."""
        with tempfile.TemporaryDirectory() as folder:
            workload = Path(folder) / "work.yaml"
            workload.write_text(json.dumps({"name": "work", "operations": [self.operation]}), encoding="utf-8")
            arguments = [*self.command, *(["-w", str(workload)] if self.operation else []), "--json"]
            process_seconds(PROGRAM, arguments)
            return statistics.median(process_seconds(PROGRAM, arguments) for _ in range(runs))


def product(m: int, k: int, n: int, weight: dict[str, Any], kind: str) -> dict[str, Any]:
    """An operation on a dense X."""
    shape = {"m": m, "k": k, "n": n}
    return {"name": "product", "kind": kind, "shape": shape, "weight": weight, "activation": {"pattern": "dense"}}


SWITCH = ("fabric.units=64", "fabric.banks=64", "fabric.network.queues=fifo", "fabric.network.iterations=1", "fabric.network.depth=16")
ARRAY = ("fabric.rows=128", "fabric.cols=128")


def overridden(*keys: str) -> tuple[str, ...]:
    """As options."""
    return tuple(word for key in keys for word in ("--set", key))


ROWS = {
    "SpMM 256³ at 90 %": Row(
        ("run", "crossbar"),
        product(256, 256, 256, {"pattern": "uniform", "density": 0.1}, "SpMM"),
        "STONNE (SIGMA, 128 multipliers)",
        4.35,
        "22634b8b, g++ -O3: -SparseGEMM -M=256 -N=256 -K=256 -MK_sparsity=90 -KN_sparsity=0 -dataflow=MK_STA_KN_STR -num_ms=128 "
        "-dn_bw=128 -rn_bw=128; 4.57 s with 64 of each",
    ),
    "3072 × 768 × 512, dense, on 128 × 128": Row(
        ("run", "systolic", *overridden(*ARRAY)),
        product(3072, 768, 512, {"pattern": "dense"}, "GEMM"),
        "SCALE-Sim (weight stationary, with its traces)",
        57.3,
        "1d62b68, NumPy 1.26.4: scale.py -i gemm -s N, 128 × 128, 1,024 KiB a buffer, bandwidth 10, CALC",
    ),
    "64-port FIFO switch, 20 loads of 4,000 cycles": Row(
        ("network", "crossbar", *overridden(*SWITCH)),
        None,
        "BookSim 2, a process a load",
        3.83,
        "28f43299, g++ -O3: fly, k = 64, n = 1, one VC of 16, iSLIP, speculative = 1, warm-up of 1,000 cycles, 4 samples of 1,000",
    ),
    "the same switch, one load": Row(
        ("network", "crossbar", *overridden(*SWITCH), "--load", "0.5", "--no-saturation"),
        None,
        "BookSim 2",
        0.207,
        "as above, injection_rate = 0.5",
    ),
}


def main(runs: int) -> None:
    """Measure, print, and write results-others.json."""
    record = {}
    for name, row in ROWS.items():
        ours = row.seconds(runs)
        record[name] = {"seconds": round(ours, 3), row.other: row.other_s, "ratio": round(row.other_s / ours, 2), "source": row.source}
        sys.stdout.write(f"{name}: {ours:.2f} s; {row.other} {row.other_s:.2f} s: {row.other_s / ours:.2f} ×\n")
    RESULTS.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
