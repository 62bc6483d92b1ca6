"""Tiling and lists of a sampled product (rule 17): tokens are what is added up, the places of a mask are what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.engine.work import WHOLE_LISTS, ListStream, TileValues, TileWork
from simulator.errors import MappingError
from simulator.kinds.gather.schedule import GatherSchedule
from simulator.kinds.sampled.outlook import Cut
from simulator.kinds.units.lists import SliceLists
from simulator.kinds.units.loops import Position, runs_of
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.placement import placement_of
from simulator.kinds.units.ranges import FittedRows
from simulator.kinds.units.streams import list_stream
from simulator.system.program import Span, spans
from simulator.system.tensors import Residency
from simulator.workload.types import Operation


@dataclass(frozen=True, eq=False)
class SampledSchedule(GatherSchedule):
    """How a sampled product is cut into tiles: as a gathered one, with the rounds of tokens in the place of K tiles."""

    @property
    def streams(self) -> bool:
        """Whether lists come and sums leave while a tile runs; else both stay, in one place, until all rounds are done."""
        return self.rounds == 1 or self.sums_home is not None

    def x_content(self, position: Position) -> tuple[int, ...]:
        """Words of X, and of dY for other rows."""
        return position

    def outputs_of(self, position: Position) -> tuple[int, ...]:
        """The places of the mask, summed over all rounds."""
        m, _, k = position
        return m, k

    @cached_property
    def x_runs(self) -> dict[Position, list[Position]]:
        """First tile that needs other words of X than the one before → the tiles that use them."""
        return runs_of(self.positions(), lambda position: position[1:])

    @cached_property
    def gradient_runs(self) -> dict[Position, list[Position]]:
        """The same of words of dY."""
        return runs_of(self.positions(), lambda position: position[:2])


def check_hardware(machine: UnitsMachine, operation: Operation) -> None:
    """Raise MappingError where a machine lacks what sampled products need."""
    if not machine.fabric.lane_tree or machine.mapping.dataflow != "gather":
        raise MappingError(
            f"{machine.name}: {operation.name} is an SDDMM, which needs adders over the lanes of a unit; "
            "set fabric.lane_tree: true and mapping.dataflow: gather"
        )


def cut_sampled(machine: UnitsMachine, operation: Operation, residency: Residency, cut: Cut, fitted: FittedRows) -> SampledSchedule:
    """A sampled product, cut in one way: as rule 4, with the words of dY in the place of finished rows.

    Each unit keeps those of its own rows, `fitted` to the cut, in its output bank, and its sums in the value fields of its lists.
    """
    fabric, sums_bytes = machine.fabric, cut.sums_bytes(machine, operation)
    stream = list_stream(machine, machine.sampled_entry_bits, operation.weight.nnz) if cut.streams else WHOLE_LISTS
    return SampledSchedule(
        operation=operation,
        residency=replace(residency, room_bytes=residency.room_bytes - sums_bytes),
        m_tiles=fitted.spans,
        k_tiles=spans(operation.weight.shape[1], cut.k_tile),
        token_words=-(-operation.shape[2] // fabric.lanes),
        tile_token_words=cut.token_words,
        rounds=cut.rounds,
        groups=fabric.token_groups,
        lanes=fabric.lanes,
        loop_order="m_k_rounds" if cut.sums_home is None else "rounds_m",
        stream=stream,
        parts=fitted.parts,
        entries=fitted.entries,
        placement=placement_of(machine),
        banks=fabric.banks_per_copy,
        order=machine.mapping.order,
        entry_bits=machine.sampled_entry_bits,
        sums_home=cut.sums_home,
    )


def sampled_work(
    schedule: SampledSchedule, lists: SliceLists, units: int, k: int, tokens: Span, replica: int, present: NDArray[np.bool_]
) -> TileWork:
    """What the cluster of one replica does with a group's token words.

    To the cluster each place of the mask is a row, whose entries are the words of its input feature, one a token word:
    the list is walked once, and every entry of it is repeated for all token words before the next.
    """
    ptr = lists.unit_ptr[replica * units : (replica + 1) * units + 1]
    words = lists.word[ptr[0] : ptr[-1]]
    token_words, k_words = tokens[1] - tokens[0], schedule.k_size(k)
    place = np.arange(len(words)) - np.repeat(ptr[:-1] - ptr[0], np.diff(ptr))
    return TileWork(
        unit_ptr=(ptr - ptr[0]) * token_words,
        word=(words[:, None] + np.arange(token_words) * k_words).ravel().astype(np.int32),
        own=np.repeat(place, token_words).astype(np.int32),
        weight_index=np.repeat(lists.weight_index[ptr[0] : ptr[-1]], token_words),
        words=token_words * k_words,
        token_words=1,
        bank=schedule.placement(token_words * k_words, schedule.banks),
        present=present[tokens[0] : tokens[1], slice(*schedule.k_tiles[k])].reshape(1, -1),
        stream=repeated(schedule.stream, token_words) if schedule.streams else WHOLE_LISTS,
    )


def repeated(stream: ListStream, times: int) -> ListStream:
    """A stream of lists whose every entry is repeated so many times, in pieces of the same entries."""
    return ListStream(stream.piece_entries * times, stream.fifo_pieces)


def sampled_values(words: NDArray[np.float64], gradient: NDArray[np.float64], rows: NDArray[np.integer], tokens: Span) -> TileValues:
    """The numbers of a tile: words of X as `tile_values` lays them out, and the word of dY [M, tokens] of every entry.

    `rows` is the output feature of each place of the mask, in list order.
    """
    lanes, token_words = words.shape[1], tokens[1] - tokens[0]
    own = np.zeros((len(gradient), token_words * lanes))
    part = gradient[:, tokens[0] * lanes : tokens[1] * lanes]
    own[:, : part.shape[1]] = part
    return TileValues(weights=own.reshape(len(gradient), token_words, lanes)[rows].reshape(-1, lanes), words=words)
