"""How lists and rows stream (rule 8): pieces of lists, clusters that keep in step, and the parts in which rows leave."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from msgspec import Struct

from simulator.engine.batch import Ints, ends_of, steps, within
from simulator.engine.milestones import ManyMilestones, Milestones
from simulator.engine.work import ListStream
from simulator.kinds.units.machine import UnitsMachine
from simulator.machine.model import DMA_CHUNK_BYTES
from simulator.system.parts import Part, PartColumns
from simulator.system.program import MEMORY, Flow
from simulator.workload.csr import order_of

LEAST_PLACES = 8
"""Pieces that a FIFO holds at least, so that some come while others are read."""

LEAST_PIECES = 4
"""Pieces that the lists of an operation come in at least, so that none waits long for the first,"""
LEAST_PARTS = 16
"""Parts that the rows of a tile leave in at least, so that the last are not long on their way,"""
LEAST_BYTES = 256
"""where they are no smaller than this: a few bursts of DRAM."""


def list_stream(machine: UnitsMachine, entry_bits: int, nonzeros: int) -> ListStream:
    """Both halves of a weight bank as a FIFO of pieces, for a W of so many nonzeros.

    The pieces of all units of a group are one chunk of DMA together, or a quarter of W where that is less, down to 256 bytes; but each
    is whole lines of the bank, at least one, where that is no more than an eighth of the FIFO.
    """
    entries = max(1, int(2 * machine.fabric.weight_bank_kib * 8192) // entry_bits)
    together = min(8 * DMA_CHUNK_BYTES // entry_bits, max(nonzeros // LEAST_PIECES, 8 * LEAST_BYTES // entry_bits))
    line = machine.weight_port_entries
    even = together // (machine.fabric.units_per_group * line) * line
    piece = max(1, min(max(line, even), entries // LEAST_PLACES))
    return ListStream(piece, entries // piece)


def shares(total: int, ends: Ints, grain: int) -> list[int]:
    """Cut `total` bytes in proportion, at multiples of `grain` bytes (a burst of DRAM): what a part needs, it has in full.

    >>> shares(100, np.array([1, 2, 4]), 32)
    [32, 32, 36]
    """
    sizes: list[int] = _shares(total, ends, grain).tolist()
    return sizes


def _shares(total: int, ends: Ints, grain: int) -> Ints:
    if not len(ends):
        return np.zeros(0, dtype=np.int64)
    whole = -(-total * ends // int(ends[-1]))
    cuts = np.minimum(-(-whole // grain) * grain, total)
    return steps(cuts)


def piece_space(stream: ListStream) -> int:
    """Share of MEMORY that a piece takes."""
    return MEMORY // stream.fifo_pieces


def list_parts(entries: Ints, stream: ListStream, total: int, grain: int, port_entries: int) -> Sequence[Part]:
    """A fill of `total` bytes as pieces of lists: the n-th of every unit together. `entries` is [units] of each list.

    A bank takes `port_entries` of them a cycle. Lists without any entry are one part, which takes next to no room.
    """
    pieces = -(-int(entries.max(initial=0)) // stream.piece_entries)
    if not pieces:
        return (Part(total, space=1),)
    upto = np.minimum(entries[None, :], stream.piece_entries * np.arange(1, pieces + 1)[:, None])
    longest = steps(upto.max(axis=1))
    sizes = _shares(total, upto.sum(axis=1), grain)
    return PartColumns.made(pieces, bytes=sizes, bank_cycles=-(-longest // port_entries), space=piece_space(stream))


class InStep(Struct, frozen=True, eq=False):
    """What the clusters of a round do on one clock."""

    delays: list[int]
    """[clusters] cycles for which each stops, since another still has a piece whose place its next one needs."""
    w_flow: Flow | None
    written: Ints
    """[row words] cycle in which each is written."""
    unit: Ints
    """[row words] unit that writes it, counted over all clusters."""


def in_step(clusters: ManyMilestones, units: int, fifo_pieces: int) -> InStep:
    """Clusters of `units` units each share one stream of lists: a piece comes when the slowest has room for it.

    A cluster that is ahead stops its clock until then.
    """
    if len(clusters) == 1:
        return _alone(clusters[0], units)
    lengths = np.diff(clusters.piece_ptr)
    pieces = int(lengths.max(initial=0))
    wanted, taken = clusters.wanted, clusters.taken
    cycle, unit = np.divmod(clusters.written, units)
    delays = [0] * len(clusters)
    if pieces > fifo_pieces:
        each_alone = list(clusters)
        stops = _stops(each_alone, pieces, fifo_pieces)
        delays = [int(stopped[-1]) if len(stopped) else 0 for stopped in stops]
        taken = taken + np.concatenate([_by(each.wanted, stopped, each.taken) for each, stopped in zip(each_alone, stops, strict=True)])
        cycle += np.concatenate([_by(each.wanted, stopped, each.written // units) for each, stopped in zip(each_alone, stops, strict=True)])
        wanted = wanted + np.concatenate(stops)
    number = within(lengths)
    first, last = np.full(pieces, np.iinfo(np.int64).max), np.zeros(pieces, dtype=np.int64)
    np.minimum.at(first, number, wanted)
    np.maximum.at(last, number, taken)
    unit += np.repeat(units * np.arange(len(clusters)), np.diff(clusters.row_ptr))
    order = np.lexsort((unit, cycle))
    flow = Flow(tuple(first.tolist()), tuple(np.maximum.accumulate(last).tolist())) if pieces else None
    return InStep(delays, flow, cycle[order], unit[order])


def _alone(cluster: Milestones, units: int) -> InStep:
    """One cluster waits for no other; its rows are in order of their cycles and units."""
    flow = Flow(tuple(cluster.wanted.tolist()), tuple(np.maximum.accumulate(cluster.taken).tolist())) if len(cluster.wanted) else None
    written, unit = np.divmod(cluster.written, units)
    return InStep([0], flow, written, unit)


def _by(wanted: Ints, stopped: Ints, cycles: Ints) -> Ints:
    """For how long a cluster has stopped by some of its own cycles."""
    return np.concatenate(([0], stopped))[np.searchsorted(wanted, cycles, side="right")]


def _stops(clusters: Sequence[Milestones], pieces: int, fifo_pieces: int) -> list[Ints]:
    """[clusters][pieces] for how long each cluster has stopped when it takes each piece."""
    stops = [np.zeros(len(each.wanted), dtype=np.int64) for each in clusters]
    seen = [np.searchsorted(each.wanted, each.taken, side="right") for each in clusters]
    for piece in range(fifo_pieces, pieces):
        gone = piece - fifo_pieces
        left = 0
        for each, stopped, before in zip(clusters, stops, seen, strict=True):
            if gone < len(each.taken):
                passed = int(before[gone])
                left = max(left, int(each.taken[gone]) + (int(stopped[passed - 1]) if passed else 0))
        for each, stopped in zip(clusters, stops, strict=True):
            if piece < len(each.wanted):
                reached = int(each.wanted[piece] + stopped[piece - 1])
                stopped[piece] = stopped[piece - 1] + max(0, left + 1 - reached)
    return stops


class RowDrain(Struct, frozen=True, eq=False):
    """The rows of a round, in the parts in which they leave."""

    parts: Sequence[Part]
    flow: Flow | None
    """None: there are no row words, and zeros leave at its end."""
    of_row: Ints
    """[row words] part in which each leaves."""


def row_drains(written: Sequence[Ints], wholes: Sequence[Part], grain: int, most_rows: int) -> list[RowDrain]:
    """Cut drains as their row words are written: chunks of DMA, or sixteenths down to 256 bytes, of at most `most_rows` row words."""
    rows, whole = np.array([len(each) for each in written], dtype=np.int64), PartColumns.of(wholes)
    total = np.maximum(1, np.maximum(whole["bytes"] + whole["sums_out"], whole["sums_back"]))
    together = np.minimum(DMA_CHUNK_BYTES, np.maximum(total // LEAST_PARTS, LEAST_BYTES))
    step = np.clip(together * rows // total, 1, most_rows)
    counts = -(-rows // step)
    drain, number = np.repeat(np.arange(len(rows)), counts), within(counts)
    begins = step[drain] * number
    ends = np.minimum(begins + step[drain], rows[drain])

    def shares(name: str, unit: int) -> Ints:
        of = whole[name][drain]
        needed = -(-of * ends // rows[drain])
        upto = np.minimum(-(-needed // unit) * unit, of)
        return np.where(number > 0, steps(upto), upto)

    grains = {"bytes": grain, "extra_bus_bytes": 1, "sums_out": grain, "sums_back": grain, "sums_bus": 1}
    parts = PartColumns.made(len(drain), **{name: shares(name, unit) for name, unit in grains.items() if whole[name].any()})
    cycles, first = np.concatenate(written), ends_of(rows)[drain]
    begun, ended = cycles[first + begins].tolist(), cycles[first + ends - 1].tolist()
    of_row = np.split(within(rows) // np.repeat(step, rows), ends_of(rows)[1:-1])
    return [
        RowDrain(parts[start:end], Flow(tuple(begun[start:end]), tuple(ended[start:end])), each)
        if end > start
        else RowDrain((only,), None, each)
        for only, each, (start, end) in zip(wholes, of_row, pairwise(ends_of(counts).tolist()), strict=True)
    ]


def with_room(drains: Sequence[RowDrain], units: Sequence[Ints], places: int) -> list[Sequence[Part]]:
    """The drains of an operation, with what may be in the banks when the first row of a part is written.

    A unit's bank holds `places` row words: each needs the place of the one that the unit wrote so many before.
    """
    first = ends_of([len(drain.parts) for drain in drains])
    of_row = np.concatenate([drain.of_row + start for drain, start in zip(drains, first, strict=False)])
    unit = np.concatenate(list(units))
    needed = np.zeros(int(first[-1]), dtype=np.int64)
    if len(unit) and int(np.bincount(unit).max()) > places:
        order = order_of(unit)
        later, before = order[places:], order[:-places]
        same = unit[later] == unit[before]
        np.maximum.at(needed, of_row[later[same]], of_row[before[same]] + 1)
    behind = np.arange(len(needed)) - np.maximum.accumulate(needed)
    return [
        PartColumns.of(drain.parts).replaced(behind=behind[start:end])
        for drain, (start, end) in zip(drains, pairwise(first.tolist()), strict=True)
    ]
