"""The parts of fills and drains as streams: their numbers, the room that they need, and when a tile takes and leaves them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, TypeVar

import numpy as np
from msgspec.structs import replace

from simulator.system.parts import Part, PartColumns
from simulator.system.program import MEMORY, Drain, Fill, Flow

Transfer = TypeVar("Transfer", Fill, Drain)


def not_empty(transfer: Transfer) -> Transfer:
    """What has no parts has one of no bytes, so that it takes its turn."""
    return transfer if transfer.parts else replace(transfer, parts=(Part(0),))


def numbered(transfers: Sequence[Fill] | Sequence[Drain]) -> list[int]:
    """[transfers + 1] number of the first part of each, over all."""
    return [0, *itertools.accumulate(len(transfer.parts) for transfer in transfers)]


def room(fills: Sequence[Fill]) -> list[int]:
    """[parts of all fills of W] how many of them must have been taken before each can come.

    A fill that does not stream takes half of the memory as soon as its first part does.
    """
    space = PartColumns.joined(fill.parts for fill in fills)["space"].copy()
    first = np.array(numbered(fills)[:-1], dtype=np.int64)[[len(fill.parts) > 0 for fill in fills]]
    space[first] = np.where(space[first] == 0, MEMORY // 2, space[first])
    filled = np.concatenate(([0], np.cumsum(space)))
    needed: list[int] = np.searchsorted(filled, filled[1:] - MEMORY).tolist()
    return needed


def flows_in(parts: Sequence[Part]) -> bool:
    """Whether a fill of W comes in parts that are let go one by one."""
    return bool(PartColumns.of(parts)["space"].any())


Event = Literal["want", "write", "written", "taken"]


@lru_cache(maxsize=256)
def moments(w_flow: Flow | None, y_flow: Flow | None) -> list[tuple[int, Event, int]]:
    """(cycle, what happens, to which part) in a tile, in order. What is done in a cycle shows in the next, to whatever waits there."""
    pairs: tuple[tuple[Flow | None, Event, Event], ...] = ((w_flow, "want", "taken"), (y_flow, "write", "written"))
    events: list[tuple[int, Event, int]] = []
    for flow, begin, end in pairs:
        if flow is not None:
            events += [(cycle, begin, part) for part, cycle in enumerate(flow.first)]
            events += [(cycle + 1, end, part) for part, cycle in enumerate(flow.last)]
    return sorted(events, key=lambda event: (event[0], event[1] in ("want", "write")))
