"""How far the piece of work at hand is, told from deep within it to whoever shows it, without a parameter on the way.

with telling(lambda fraction: print(fraction), every_s=0):
    tell(0.5)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, get_args

Work = Literal["fabric", "play"]
"""What is told of: an operation on its fabric, its planning included; or the play of a whole program, which many are played in planning."""
_told: dict[Work, ContextVar[Callable[[float], None] | None]] = {work: ContextVar(work, default=None) for work in get_args(Work)}


EVERY_S = 0.5
"""Between two things that are told: what is soon over costs nothing."""


@contextmanager
def telling(told: Callable[[float], None], every_s: float = EVERY_S, of: Work = "fabric") -> Iterator[None]:
    """Within the block, `told` hears of `tell` so often at most; the innermost block of a sort of work counts."""
    last = time.monotonic()

    def now_and_then(fraction: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= every_s:
            last = now
            told(fraction)

    before = _told[of].set(now_and_then)
    try:
        yield
    finally:
        _told[of].reset(before)


def tell(fraction: float, of: Work = "fabric") -> None:
    """Say what fraction of the piece of work at hand is done; nothing where nobody asked."""
    told = _told[of].get()
    if told is not None:
        told(fraction)
