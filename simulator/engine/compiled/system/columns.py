"""A program as columns: fields of many parts, fills, drains and tiles at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.engine.compiled.system.layout import BUFFER, CHIP, DRAM, TAKEN, WANT, WRITE, WRITTEN
from simulator.system.parts import PartColumns
from simulator.system.program import Drain, Fill, Flow, TileStep, bursts, by_part
from simulator.system.spec import SystemSpec

Ints = NDArray[np.int64]
Columns = dict[str, Ints]
"""[records] of every field."""
HOMES = {"chip": CHIP, "buffer": BUFFER, "dram": DRAM}
HAPPENS = {"want": WANT, "write": WRITE, "written": WRITTEN, "taken": TAKEN}


def attributes(records: Sequence[Any], *names: str) -> Ints:
    """[names, records] attributes that are numbers."""
    return np.stack([np.fromiter(map(attrgetter(name), records), np.int64, len(records)) for name in names])


def optional(values: Iterable[int | None]) -> Ints:
    """[values] −1 for none."""
    return np.array([-1 if value is None else value for value in values], dtype=np.int64)


def homes(transfers: Sequence[Fill] | Sequence[Drain]) -> Ints:
    """[transfers] where they come from or go to."""
    return np.array([HOMES[transfer.home] for transfer in transfers], dtype=np.int64)


def fill_parts(burst_bytes: int, fills: Sequence[Fill]) -> Columns:
    """Of the parts of all fills; those from DRAM in whole bursts."""
    parts = PartColumns.joined(fill.parts for fill in fills)
    size, bank_cycles = parts["bytes"], parts["bank_cycles"]
    from_dram = by_part(fills, homes(fills)) == DRAM
    size = np.where(from_dram, bursts(size, burst_bytes), size)
    return {"bytes": size, "bank_cycles": bank_cycles, "read": np.where(from_dram, size, 0), "written": np.zeros_like(size)}


def drain_parts(burst_bytes: int, drains: Sequence[Drain]) -> Columns:
    """Of the parts of all drains, with what sums move (`DramDrain`)."""
    parts = PartColumns.joined(drain.parts for drain in drains)
    size, out, back, on_bus = (parts[name] for name in ("bytes", "sums_out", "sums_back", "sums_bus"))
    to_dram = by_part(drains, homes(drains)) == DRAM
    sums_in_dram = by_part(drains, np.array([drain.sums_home == "dram" for drain in drains], dtype=np.int64)) == 1
    rows = np.where(to_dram | sums_in_dram, bursts(size, burst_bytes), size)
    return {
        "bytes": size,
        "bank_cycles": parts["bank_cycles"],
        "bus_bytes": rows + parts["extra_bus_bytes"] + np.where(sums_in_dram, on_bus, 0),
        "behind": parts["behind"],
        "sums_out": out,
        "sums_back": back,
        "sums_bus": on_bus,
        "written": np.where(to_dram | sums_in_dram, rows, 0) + np.where(sums_in_dram, bursts(out, burst_bytes), 0),
        "read": np.where(sums_in_dram, bursts(back, burst_bytes), 0),
    }


def sums_cycles(spec: SystemSpec, out: Ints, back: Ints, on_bus: Ints) -> Ints:
    """[parts] that sums take which go out, come back and pass the drain bus (`sums_cycles` of one part)."""
    port = spec.buffer_bytes_per_cycle
    cycles: Ints = np.maximum(-(-on_bus // spec.drain_bytes_per_cycle), np.maximum(-(-out // port), -(-back // port)))
    return cycles


def tile_columns(tiles: Sequence[TileStep], w_numbers: list[int], y_numbers: list[int], holding: Ints) -> Columns:
    """Of all tiles, given the numbers of parts of fills and drains; `holding` says of every drain whether it lies where its W does."""
    cycles, x, w, y = attributes(tiles, "cycles", "x", "w", "y")
    awaits = optional(tile.awaits for tile in tiles)
    w_streams = np.array([tile.w_flow is not None for tile in tiles], dtype=np.bool_)
    y_streams = np.array([tile.y_flow is not None for tile in tiles], dtype=np.bool_)
    w_first, y_first = np.array(w_numbers), np.array(y_numbers)
    last_use = np.full(len(w_first), -1)
    last_use[w] = np.arange(len(tiles))  # of equal places the last counts
    last_of_w = np.zeros(len(tiles), dtype=np.bool_)
    last_of_w[last_use[last_use >= 0]] = True
    streamed_before = np.concatenate(([False], y_streams[:-1]))[: len(tiles)]
    y_needed = y_first[np.maximum(0, np.where(streamed_before, y, y - 1))]
    return {
        "cycles": cycles,
        "x": x,
        "y": y,
        "awaits": np.where(awaits < 0, 0, y_first[awaits + 1]),
        "w_needed": np.where(w_streams, 0, w_first[w + 1]),
        "y_needed": np.where(y_streams, 0, y_needed),
        "w_first": w_first[w],
        "y_first": y_first[y],
        "last_of_x": _last(x),
        "last_of_w": last_of_w,
        "last_of_y": _last(y),
        "w_taken": np.where(last_of_w & ~w_streams & (holding[y] == 0), w_first[w + 1], 0),
        "y_written": np.where(y_streams, 0, y_first[y + 1]),
    }


def moments_of(tiles: Sequence[TileStep]) -> tuple[Columns, Ints]:
    """What happens in tiles with flows, of equal flows once; and [2, tiles] the first and the end of it."""
    pairs: dict[tuple[Flow | None, Flow | None], int] = {}
    of_tile = np.array([pairs.setdefault((tile.w_flow, tile.y_flow), len(pairs)) for tile in tiles], dtype=np.int64)
    # in the order in which `moments` lists them, which decides between those of one cycle
    each = [
        _happening(HAPPENS[what], [() if flow is None else getattr(flow, at) for flow in flows], later)
        for flows, ways in zip(zip(*pairs, strict=True), (("want", "taken"), ("write", "written")), strict=False)
        for what, at, later in zip(ways, ("first", "last"), (0, 1), strict=True)
    ]
    pair, cycle, what, part = np.concatenate(each, axis=1) if each else np.zeros((4, 0), dtype=np.int64)
    # by pair, cycle, and whether it comes behind what else is of that cycle, as one number: what happens of each sort is in order
    early = int(cycle.min(initial=0))
    place = pair * (int(cycle.max(initial=0)) + 1 - early) + cycle - early
    order = np.argsort(2 * place + ((what == WANT) | (what == WRITE)), kind="stable")
    ends = np.searchsorted(pair[order], np.arange(len(pairs) + 1))
    return {"cycle": cycle[order], "what": what[order], "part": part[order]}, np.array([ends[of_tile], ends[of_tile + 1]])


def _happening(what: int, cycles: Sequence[tuple[int, ...]], later: int) -> Ints:
    """[pair, cycle, what, part] of one thing that happens to all parts of flows, so many cycles later than they say."""
    counts = np.array([len(each) for each in cycles], dtype=np.int64)
    total, first = int(counts.sum()), np.cumsum(counts) - counts
    cycle = np.fromiter(chain.from_iterable(cycles), dtype=np.int64, count=total) + later
    pair = np.repeat(np.arange(len(counts)), counts)
    return np.stack([pair, cycle, np.full(total, what), np.arange(total) - first[pair]])


def _last(numbers: Ints) -> NDArray[np.bool_]:
    """[tiles] whether the next tile has another number, or there is none."""
    return np.concatenate((numbers[1:] != numbers[:-1], [True]))[: len(numbers)]
