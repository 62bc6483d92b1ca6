"""`python -m tests.rtl.array.soak 300`: as many random arrays as wanted, each in all three dataflows, fresh ones each time."""

from __future__ import annotations

import random
import sys
import time

from tests.rtl.array.small_arrays import random_runs
from tests.soaking import Progress


def main() -> int:
    """Stop at the first array that differs, whose seed is told."""
    count, first = int(sys.argv[1]), random.SystemRandom().randrange(2**40)
    began, runs, cycles, progress = time.monotonic(), 0, 0, Progress(count, "arrays")
    for seed in range(first, first + count):
        try:
            found = random_runs(seed)
        except AssertionError as error:
            sys.stdout.write(f"random_runs({seed}) differs: {error}\n")
            return 1
        progress.step()
        runs, cycles = runs + sum(length > 0 for length in found), cycles + sum(found)
    seconds = time.monotonic() - began
    sys.stdout.write(f"soak: {count} arrays, {runs} runs of {cycles} cycles: no register, counter, cycle or sum differs, {seconds:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
