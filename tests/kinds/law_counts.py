"""Laws on many random cases, from the command line: which are broken, and by what."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

Law = Callable[[int], str]
"""From a seed to how its case breaks the law; empty where it does not."""


def count_broken(laws: Sequence[Law]) -> None:
    """Print, of as many cases as the command line says, those that break each law."""
    count = int(sys.argv[1])
    for law in laws:
        broken = [(seed, reason) for seed in range(count) if (reason := law(seed))]
        for seed, reason in broken:
            print(seed, reason)
        print(f"{law.__name__}: {len(broken)} of {count}", flush=True)
