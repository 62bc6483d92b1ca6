"""Streams of lists and rows: pieces, clusters in step, the parts in which rows leave."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.engine.milestones import ManyMilestones, Milestones
from simulator.engine.work import ListStream
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.streams import in_step, list_parts, list_stream, row_drains, shares, with_room
from simulator.machine.model import DMA_CHUNK_BYTES
from simulator.system.parts import Part, Sums
from simulator.system.program import MEMORY
from tests.strategies import machine


def milestones(wanted: list[int], taken: list[int], written: list[int] | None = None) -> Milestones:
    return Milestones(*(np.array(times or [], dtype=np.int64) for times in (wanted, taken, written)))


@given(st.sampled_from([1, 2, 4]), st.sampled_from([0.05, 1.0, 8.0, 64.0]), st.integers(10, 60))
def test_a_fifo_is_both_halves_of_a_bank_in_at_least_four_places(units: int, kib: float, entry_bits: int) -> None:
    stream = list_stream(UnitsMachine.of(machine({"units": units, "weight_bank_kib": kib})), entry_bits, 10**9)
    entries = int(2 * kib * 8192) // entry_bits
    assert stream.piece_entries * stream.fifo_pieces <= max(1, entries) < stream.piece_entries * (stream.fifo_pieces + 1)
    assert stream.fifo_pieces >= min(4, entries)
    assert stream.piece_entries * units * entry_bits <= max(8 * DMA_CHUNK_BYTES, 4 * units * entry_bits)


@given(st.integers(0, 10_000), st.lists(st.integers(1, 9), min_size=1, max_size=9), st.sampled_from([1, 32, 64]))
def test_shares_are_whole_bursts_and_cover_what_they_need(total: int, sizes: list[int], grain: int) -> None:
    ends = np.cumsum(sizes)
    cut = shares(total, ends, grain)
    upto = np.cumsum(cut)
    assert int(upto[-1]) == total
    assert (upto * ends[-1] >= total * ends).all()
    assert all(size % grain == 0 or upto[place] == total for place, size in enumerate(cut))


def test_the_pieces_of_all_units_come_together() -> None:
    parts = list_parts(np.array([5, 2, 0]), ListStream(2, 3), 70, 1, 1)
    assert [part.bytes for part in parts] == [40, 20, 10]
    assert [part.bank_cycles for part in parts] == [2, 2, 1]
    assert [part.space for part in parts] == [MEMORY // 3] * 3
    assert [part.bytes for part in list_parts(np.array([0, 0]), ListStream(2, 3), 8, 1, 1)] == [8]


def test_clusters_with_room_for_all_pieces_do_not_wait_for_each_other() -> None:
    fast, slow = milestones([0, 2, 4], [1, 3, 5], [6 * 2]), milestones([0, 20, 40], [19, 39, 59], [60 * 2 + 1])
    step = in_step(ManyMilestones.of([fast, slow]), 2, 3)
    assert step.delays == [0, 0]
    assert step.w_flow is not None
    assert (step.w_flow.first, step.w_flow.last) == ((0, 2, 4), (19, 39, 59))
    assert (step.written.tolist(), step.unit.tolist()) == ([6, 60], [0, 3])


def test_a_cluster_that_is_ahead_stops_until_the_slowest_has_room() -> None:
    """One place: the second piece can be here in the cycle after the slow cluster has taken the first."""
    fast, slow = milestones([0, 2, 4], [1, 3, 5], [3 * 1, 6 * 1]), milestones([0, 20, 40], [19, 39, 59])
    step = in_step(ManyMilestones.of([fast, slow]), 1, 1)
    assert step.w_flow is not None
    assert step.w_flow.first == (0, 20, 40)
    assert step.delays == [36, 0]
    assert step.written.tolist() == [3 + 18, 6 + 36]


@st.composite
def lists_of_milestones(draw: st.DrawFn) -> tuple[list[Milestones], int]:
    """Clusters whose units never read further ahead than their own FIFO allows."""
    places = draw(st.integers(1, 3))
    clusters = []
    for _ in range(draw(st.integers(1, 4))):
        wanted: list[int] = []
        taken: list[int] = []
        for piece in range(draw(st.integers(0, 7))):
            after = taken[piece - places] + 1 if piece >= places else 0
            wanted.append(max(after, wanted[-1] if wanted else 0) + draw(st.integers(0, 9)))
            taken.append(max(wanted[-1], taken[-1] if taken else 0) + draw(st.integers(0, 9)))
        clusters.append(milestones(wanted, taken))
    return clusters, places


def played(clusters: list[Milestones], places: int) -> tuple[list[int], list[list[int]], list[list[int]]]:
    """Cycle by cycle: for how long each cluster stopped, and when it had and had taken each piece.

    A cluster stops before a piece as long as one that takes it too has not yet taken the piece whose place it needs.
    """
    came: list[list[int]] = [[] for _ in clusters]
    taken: list[list[int]] = [[] for _ in clusters]
    clock, cycle = [0] * len(clusters), 0
    while any(len(done) < len(each.taken) for done, each in zip(taken, clusters, strict=True)):
        free = min((len(done) for done, each in zip(taken, clusters, strict=True) if len(done) < len(each.taken))) + places
        for number, each in enumerate(clusters):
            come = came[number]
            while len(come) < len(each.wanted) and each.wanted[len(come)] <= clock[number] and len(come) < free:
                come.append(cycle)
            if len(come) < len(each.wanted) and each.wanted[len(come)] <= clock[number]:
                continue
            while len(taken[number]) < len(each.taken) and each.taken[len(taken[number])] <= clock[number]:
                taken[number].append(cycle)
            clock[number] += 1
        cycle += 1
    return [cycle - own for own in clock], came, taken


@settings(max_examples=200)
@given(lists_of_milestones())
def test_clusters_in_step_stop_as_they_do_cycle_by_cycle(drawn: tuple[list[Milestones], int]) -> None:
    clusters, places = drawn
    step = in_step(ManyMilestones.of(clusters), 1, places)
    delays, came, taken = played(clusters, places)
    assert step.delays == delays
    if step.w_flow is None:
        assert all(len(each.wanted) == 0 for each in clusters)
        return
    first, last = step.w_flow.first, step.w_flow.last
    for piece, (begin, end) in enumerate(zip(first, last, strict=True)):
        assert begin == min(times[piece] for times in came if piece < len(times))
        assert end == max(time for times in taken for time in times[: piece + 1])
    assert all(first[piece] > last[piece - places] for piece in range(places, len(first)))


def test_rows_leave_in_the_order_in_which_they_are_written() -> None:
    (drain,) = row_drains([np.array([3, 5, 9])], [Part(2 * DMA_CHUNK_BYTES + 4096, extra_bus_bytes=30)], 64, 99)
    assert drain.flow is not None
    assert (drain.flow.first, drain.flow.last) == ((3, 5, 9), (3, 5, 9))
    assert [part.bytes for part in drain.parts] == [4096, 4096, 4096]
    assert [part.extra_bus_bytes for part in drain.parts] == [10, 10, 10]
    assert drain.of_row.tolist() == [0, 1, 2]


def test_no_part_holds_more_rows_than_it_may() -> None:
    (drain,) = row_drains([np.arange(10)], [Part(100)], 1, 4)
    assert [len(np.flatnonzero(drain.of_row == part)) for part in range(3)] == [4, 4, 2]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9000), st.integers(0, 9000)), min_size=1, max_size=5), st.integers(1, 9))
def test_each_drain_is_cut_as_if_there_were_no_other(each: list[tuple[int, int, int]], most: int) -> None:
    written = [3 * np.arange(rows) + rows for rows, _, _ in each]
    wholes = [Part(size, extra_bus_bytes=5, sums=Sums(out, 2 * out, out)) for _, size, out in each]
    for drain, cycles, whole in zip(row_drains(written, wholes, 32, most), written, wholes, strict=True):
        (alone,) = row_drains([cycles], [whole], 32, most)
        assert (drain.parts, drain.of_row.tolist()) == (alone.parts, alone.of_row.tolist())
        if drain.flow is None:
            assert not len(cycles)
            assert tuple(drain.parts) == (whole,)
            continue
        ends = np.cumsum(np.bincount(drain.of_row))
        assert drain.flow.last == tuple(cycles[ends - 1].tolist())
        assert drain.flow.first == tuple(cycles[[0, *ends[:-1]]].tolist())
        assert [part.bytes for part in drain.parts] == shares(whole.bytes, ends, 32)
        assert [part.sums.back_bytes for part in drain.parts] == shares(whole.sums.back_bytes, ends, 32)
        assert [part.extra_bus_bytes for part in drain.parts] == shares(whole.extra_bus_bytes, ends, 1)


@settings(max_examples=200)
@given(st.data())
def test_a_part_waits_for_the_rows_whose_places_its_own_take(data: st.DataObject) -> None:
    """Played row by row: no unit ever holds more than its bank, and some unit would if one more part were in the banks."""
    places = data.draw(st.integers(1, 4))
    drains: list[Any] = []
    units: list[Any] = []
    for _ in range(data.draw(st.integers(1, 3))):
        rows = data.draw(st.integers(1, 12))
        drains += row_drains([np.arange(rows)], [Part(rows * 8)], 1, max(1, places // 2))
        units.append(np.array(data.draw(st.lists(st.integers(0, 2), min_size=rows, max_size=rows))))
    parts = [part for each in with_room(drains, units, places) for part in each]
    first = np.cumsum([0, *(len(drain.parts) for drain in drains)])
    of_row = np.concatenate([drain.of_row + start for drain, start in zip(drains, first, strict=False)])
    unit = np.concatenate(units)
    for number, part in enumerate(parts):
        held = unit[(of_row >= number - part.behind) & (of_row <= number)]
        assert np.bincount(held, minlength=1).max() <= places
        if part.behind < number:
            more = unit[(of_row >= number - part.behind - 1) & (of_row <= number)]
            one_of = [np.bincount(more, minlength=1).max() > places]
            earlier = parts[number - 1]
            assert any(one_of) or earlier.behind + 1 == part.behind
