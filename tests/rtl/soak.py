"""`make soak-rtl N=1000`: as many random clusters as wanted, fresh ones each time, in hardware and in both engines; prints one line,
and how far each process is. Where it is interrupted, the line says what was run until then.

`python -m tests.rtl.soak N [PROCESSES]`: as many processes as the machine has processors, or as are named.
"""

from __future__ import annotations

import gc
import os
import sys
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import suppress
from multiprocessing import get_context

from simulator.rtl.design import Agreement
from tests.differential.cases import Case, cases
from tests.rtl.small_clusters import MOST_PORTS, agreement_of, has_hardware, sampled_agreement_of, scattered_agreement_of
from tests.soaking import run_fresh


def soak(count: int) -> tuple[Counter[str], list[str]]:
    """About so many clusters, in this process: how much was compared, and those that differ.

    Hardware is very many small objects that live until its cluster has been run: garbage is looked for between clusters, and among
    what they have left alone.
    """
    warnings.filterwarnings("error")
    seen: Counter[str] = Counter()
    found: list[str] = []

    def compare(case: Case) -> None:
        for agreed in (agreement_of, scattered_agreement_of, sampled_agreement_of):
            note(case, agreed(case))
        gc.collect()

    def note(case: Case, agreement: Agreement) -> None:
        seen.update({"clusters": 1, "cycles": agreement.cycles, **agreement.compared})
        if agreement.difference is not None:
            found.append(f"{case}\n  cycle {agreement.difference.cycle}: {agreement.difference.what}")

    gc.disable()
    gc.freeze()
    try:
        run_fresh(count, "clusters", cases().filter(has_hardware), compare)
    except KeyboardInterrupt:
        sys.stderr.write(f"interrupted after {seen['clusters']:,} clusters\n")
    return seen, found


def main() -> int:
    """Soak; exit code 1 where any cluster differs."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    processes = min(count, int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count() or 1)
    started = time.perf_counter()
    # a forked process would draw what the others draw
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        shares = [pool.submit(soak, (count + place) // processes) for place in range(processes)]
        with suppress(KeyboardInterrupt):
            wait(shares)
        outcomes = [share.result() for share in shares]
    seen: Counter[str] = sum((compared for compared, _ in outcomes), Counter())
    found = [text for _, differing in outcomes for text in differing]
    for text in found[:5]:
        sys.stdout.write(text + "\n")
    told = ", ".join(f"{number:,} {name}" for name, number in seen.items())
    seconds = time.perf_counter() - started
    sys.stdout.write(f"soak-rtl: {told}; up to {MOST_PORTS} ports; {len(found)} mismatches, {seconds:.0f} s\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
