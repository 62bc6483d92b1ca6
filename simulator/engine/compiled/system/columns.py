"""A program as columns: fields of many parts, fills, drains and tiles at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.engine.compiled.system.layout import BUFFER, CHIP, DRAM, TAKEN, WANT, WRITE, WRITTEN
from simulator.system.program import NO_SUMS, Drain, Fill, Flow, Part, TileStep, bursts
from simulator.system.spec import SystemSpec
from simulator.system.streams import moments

Ints = NDArray[np.int64]
Columns = dict[str, Ints]
"""[records] of every field."""
HOMES = {"chip": CHIP, "buffer": BUFFER, "dram": DRAM}
HAPPENS = {"want": WANT, "write": WRITE, "written": WRITTEN, "taken": TAKEN}


def attributes(records: Sequence[Any], *names: str) -> Ints:
    """[names, records] attributes that are numbers."""
    return np.array([list(map(attrgetter(name), records)) for name in names], dtype=np.int64).reshape(len(names), len(records))


def optional(values: Iterable[int | None]) -> Ints:
    """[values] −1 for none."""
    return np.array([-1 if value is None else value for value in values], dtype=np.int64)


def parts_of(transfers: Sequence[Fill] | Sequence[Drain]) -> list[Part]:
    """All parts, in order."""
    return list(chain.from_iterable(transfer.parts for transfer in transfers))


def homes(transfers: Sequence[Fill] | Sequence[Drain]) -> Ints:
    """[transfers] where they come from or go to."""
    return np.array([HOMES[transfer.home] for transfer in transfers], dtype=np.int64)


def by_part(transfers: Sequence[Fill] | Sequence[Drain], of_transfers: Ints) -> Ints:
    """[parts] what is known of their transfers."""
    return np.repeat(of_transfers, [len(transfer.parts) for transfer in transfers])


def fill_parts(burst_bytes: int, fills: Sequence[Fill]) -> Columns:
    """Of the parts of all fills; those from DRAM in whole bursts."""
    size, bank_cycles = attributes(parts_of(fills), "bytes", "bank_cycles")
    from_dram = by_part(fills, homes(fills)) == DRAM
    size = np.where(from_dram, bursts(size, burst_bytes), size)
    return {"bytes": size, "bank_cycles": bank_cycles, "read": np.where(from_dram, size, 0), "written": np.zeros_like(size)}


def drain_parts(burst_bytes: int, drains: Sequence[Drain]) -> Columns:
    """Of the parts of all drains, with what sums move (`DramDrain`)."""
    parts = parts_of(drains)
    size, bank_cycles, extra, behind = attributes(parts, "bytes", "bank_cycles", "extra_bus_bytes", "behind")
    out = back = on_bus = np.zeros(len(parts), dtype=np.int64)
    if any(part.sums is not NO_SUMS for part in parts):
        out, back, on_bus = attributes([part.sums for part in parts], "out_bytes", "back_bytes", "bus_bytes")
    to_dram = by_part(drains, homes(drains)) == DRAM
    sums_in_dram = by_part(drains, np.array([drain.sums_home == "dram" for drain in drains], dtype=np.int64)) == 1
    rows = np.where(to_dram | sums_in_dram, bursts(size, burst_bytes), size)
    return {
        "bytes": size,
        "bank_cycles": bank_cycles,
        "bus_bytes": rows + extra + np.where(sums_in_dram, on_bus, 0),
        "behind": behind,
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
    last_use = {number: place for place, number in enumerate(w.tolist())}
    last_of_w = np.zeros(len(tiles), dtype=np.bool_)
    last_of_w[list(last_use.values())] = True
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
    spans: dict[tuple[Flow | None, Flow | None], tuple[int, int]] = {}
    found: list[tuple[int, int, int]] = []
    for tile in tiles:
        flows = tile.w_flow, tile.y_flow
        if flows not in spans:
            first = len(found)
            found += [(cycle, HAPPENS[what], part) for cycle, what, part in moments(*flows)]
            spans[flows] = first, len(found)
    cycle, what, part = np.array(found, dtype=np.int64).reshape(-1, 3).T
    bounds = np.array([spans[tile.w_flow, tile.y_flow] for tile in tiles], dtype=np.int64).reshape(-1, 2).T
    return {"cycle": cycle, "what": what, "part": part}, bounds


def _last(numbers: Ints) -> NDArray[np.bool_]:
    """[tiles] whether the next tile has another number, or there is none."""
    return np.concatenate((numbers[1:] != numbers[:-1], [True]))[: len(numbers)]
