"""How a machine looks in every picture and every run: colour, marker, hatch and dashes, from its name alone."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

from msgspec import Struct


class Look(Struct, frozen=True):
    """Colours differ for colour-blind readers too (after Okabe and Ito); markers, hatches and dashes where there is no colour."""

    colour: str
    marker: str
    hatch: str
    dashes: Any
    """A line style of matplotlib."""


LOOKS = (
    Look("#009e73", "s", "....", (0, (5, 1.5))),
    Look("#d55e00", "^", "\\\\\\\\", (0, (3, 1.2))),
    Look("#8c8c8c", "X", "xxxx", (0, (1, 1))),
    Look("#222222", "D", "", "-"),
    Look("#aa4499", "v", "----", (0, (5, 1.2, 1, 1.2))),
    Look("#0072b2", "o", "////", "-"),
    Look("#56b4e9", "P", "++++", (0, (3, 1, 1, 1))),
    Look("#e69f00", "p", "||||", (0, (8, 2))),
)
"""Eight: more cannot be told apart. They repeat beyond."""
_SEED = 30
"""Gives the shipped machines looks of their own."""


def looks(names: Iterable[str]) -> dict[str, Look]:
    """A look for each name: that of the name alone, wherever no other name of the picture has it, in the order of the alphabet.

    >>> looks(["crossbar", "replication"])["crossbar"] == looks(["crossbar"])["crossbar"]
    True
    """
    taken: dict[str, int] = {}
    for name in sorted(set(names)):
        first = zlib.crc32(f"{_SEED}:{name}".encode()) % len(LOOKS)
        free = [place % len(LOOKS) for place in range(first, first + len(LOOKS)) if place % len(LOOKS) not in taken.values()]
        taken[name] = free[0] if free else first
    return {name: LOOKS[place] for name, place in taken.items()}
