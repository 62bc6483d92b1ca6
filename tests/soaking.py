"""What all soaks do: fresh random cases, others each time, and a word now and then of how far they are."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

Drawn = TypeVar("Drawn")
SILENT_SECONDS = 10.0
"""At most, but for a case that takes longer."""


class Progress:
    """Counts cases, and says on stderr how many there were."""

    def __init__(self, count: int, what: str) -> None:
        self.count, self.what, self.done = count, what, 0
        self._told = time.monotonic()

    def step(self) -> None:
        """One more."""
        self.done += 1
        if time.monotonic() - self._told >= SILENT_SECONDS:
            self._told = time.monotonic()
            sys.stderr.write(f"{self.done:,} of about {self.count:,} {self.what}\n")


def run_fresh(count: int, what: str, strategy: SearchStrategy[Drawn], run: Callable[[Drawn], None]) -> int:
    """Run about `count` cases; how many it were."""
    progress = Progress(count, what)

    def one(case: Drawn) -> None:
        run(case)
        progress.step()

    fresh = settings(
        max_examples=count,
        deadline=None,
        derandomize=False,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    fresh(given(strategy)(one))()
    return progress.done
