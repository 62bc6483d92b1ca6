"""What a sweep needs of an executor beside `submit`: how wide it is, how inputs reach it, what its workers' deaths look like."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass


@dataclass(frozen=True)
class Backend:
    """A `concurrent.futures.Executor` ready for jobs."""

    executor: Executor
    workers: int
    share: Callable[[str, object], object]
    """Takes an input and its key to where the workers are; returns what to hand them in its place."""
    crashes: tuple[type[BaseException], ...]
    """What a future raises whose worker died."""
    forget: Callable[[object], None] = lambda handle: None
    """Lets go of what `share` returned."""
    queued: int = 2
    """Batches to keep submitted for each worker, so that none waits."""
    deaths: int = 2
    """A point that was alone in so many workers that died is what killed them."""
