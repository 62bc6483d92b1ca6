"""`make soak-rtl N=1000`: as many random clusters as wanted, fresh ones each time, in hardware and in both engines; prints one line,
and how far it is."""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter

from simulator.rtl.design import Agreement
from tests.differential.cases import Case, cases
from tests.rtl.small_clusters import MOST_PORTS, agreement_of, has_hardware, sampled_agreement_of, scattered_agreement_of
from tests.soaking import run_fresh


def main() -> int:
    """Soak; exit code 1 where any cluster differs."""
    warnings.filterwarnings("error")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    started = time.perf_counter()
    seen: Counter[str] = Counter()
    found: list[str] = []

    def compare(case: Case) -> None:
        for agreed in (agreement_of, scattered_agreement_of, sampled_agreement_of):
            note(case, agreed(case))

    def note(case: Case, agreement: Agreement) -> None:
        seen.update({"clusters": 1, "cycles": agreement.cycles, **agreement.compared})
        if agreement.difference is not None:
            found.append(f"{case}\n  cycle {agreement.difference.cycle}: {agreement.difference.what}")

    run_fresh(count, "clusters", cases().filter(has_hardware), compare)
    for text in found[:5]:
        sys.stdout.write(text + "\n")
    told = ", ".join(f"{number:,} {name}" for name, number in seen.items())
    seconds = time.perf_counter() - started
    sys.stdout.write(f"soak-rtl: {told}; up to {MOST_PORTS} ports; {len(found)} mismatches, {seconds:.0f} s\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
