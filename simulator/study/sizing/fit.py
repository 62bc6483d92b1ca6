"""The size at which a quantity reaches a target: doubled or halved until it lies between, then halved in."""

from __future__ import annotations

from collections.abc import Callable

Measure = Callable[[int], float | None]
"""Size → its value; None where there is no machine of that size."""


def largest_within(measure: Measure, start: int, target: float) -> tuple[int, int | None] | None:
    """Return the largest size whose value is at most `target`, and the next size up (None where it is the last there is).

    The values must not fall as sizes grow; where they do somewhere, the pair returned still lies on either side of the
    target. None where the smallest size is beyond it already.
    """
    return _boundary(lambda size: _at_most(measure(size), target), start)


def _at_most(value: float | None, target: float) -> bool | None:
    return None if value is None else value <= target


def _boundary(within: Callable[[int], bool | None], start: int) -> tuple[int, int | None] | None:
    """Between a size that is within and the next, which is not, or is no size at all."""
    low, high = start, start
    if within(start):
        while within(high := low * 2):
            low = high
    else:
        while low > 1 and not within(low):
            high, low = low, low // 2
        if not within(low):
            return _first_legal(within, low, start)
    low, high = _halved(within, low, high)
    return low, (high if within(high) is False else None)


def _halved(within: Callable[[int], bool | None], low: int, high: int) -> tuple[int, int]:
    while high - low > 1:
        middle = (low + high) // 2
        if within(middle):
            low = middle
        else:
            high = middle
    return low, high


def _first_legal(within: Callable[[int], bool | None], low: int, start: int) -> tuple[int, int | None] | None:
    """Where the halves were too small to be machines: the smallest size that is one, if it is within."""
    while low < start and within(low) is None:
        low += 1
    if not within(low):
        return None
    _, high = low, start
    low, high = _halved(within, low, high)
    return low, (high if within(high) is False else None)
