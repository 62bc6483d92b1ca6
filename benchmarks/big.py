"""`make bench`: large work as whole commands: a model of 419 million parameters, and a product of 10^8 nonzeros.

`python benchmarks/big.py [RUNS]`. Processor seconds, user and system, and peak memory, each the median of the runs; kernels and byte
code are compiled before, by a run that is not counted.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path

from commands import PROGRAM, process_use

RESULTS = Path(__file__).parent / "results-big.json"
PRODUCT = """\
name: product
operations:
  - name: product
    kind: SpMM
    shape: {m: 80000, k: 80000, n: 8}
    weight: {pattern: uniform, nnz: 100000000}
    activation: {pattern: dense}
"""


def command_run(workload: str) -> tuple[float, float]:
    """Processor seconds and peak MB of one command in a process of its own."""
    return process_use(PROGRAM, ["run", "crossbar", "-w", workload, "--json"])


def main(runs: int) -> None:
    """Measure, print, and write results-big.json."""
    record = {}
    with tempfile.TemporaryDirectory() as folder:
        product = Path(folder) / "product.yaml"
        product.write_text(PRODUCT, encoding="utf-8")
        for name, workload in {"ws-16x": "ws-16x", "10^8 nonzeros": str(product)}.items():
            command_run(workload)
            seconds, peaks = zip(*(command_run(workload) for _ in range(runs)), strict=True)
            record[name] = {"seconds": round(statistics.median(seconds), 1), "peak_mb": round(statistics.median(peaks))}
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
