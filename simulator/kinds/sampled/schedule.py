"""Tiling and lists of a sampled product (rule 17): tokens are what is added up, the places of a mask are what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.engine.work import WHOLE_LISTS, TileValues, TileWork
from simulator.errors import MappingError
from simulator.kinds.gather.schedule import GatherSchedule
from simulator.kinds.units.lists import SliceLists
from simulator.kinds.units.loops import Position, runs_of, token_tiles
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.placement import placement_of
from simulator.kinds.units.ranges import Capacity, fit_rows, row_entries
from simulator.kinds.units.rows import spread_over
from simulator.system.program import Span, spans
from simulator.system.tensors import Residency
from simulator.workload.types import Operation


@dataclass(frozen=True, eq=False)
class SampledSchedule(GatherSchedule):
    """How a sampled product is cut into tiles: as a gathered one, but with the rounds of tokens innermost."""

    def x_content(self, position: Position) -> tuple[int, ...]:
        """Words of X, and of dY for other rows."""
        return position

    def y_content(self, position: Position) -> tuple[int, ...]:
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


def schedule_sampled(machine: UnitsMachine, operation: Operation, residency: Residency) -> SampledSchedule:
    """Cut a sampled product into tiles that fit the machine; MappingError where none do, or where it lacks the hardware.

    As rule 4, with the words of dY in the place of finished rows: each unit keeps those of its own rows in its output bank.
    """
    fabric, mapping, weight = machine.fabric, machine.mapping, operation.weight
    if not fabric.lane_tree or mapping.dataflow != "gather":
        raise MappingError(
            f"{machine.name}: {operation.name} is an SDDMM, which needs adders over the lanes of a unit; "
            "set fabric.lane_tree: true and mapping.dataflow: gather"
        )
    bank_entries = int(fabric.weight_bank_kib * 8192) // machine.sampled_entry_bits
    forced = mapping.tokens_per_tile if isinstance(mapping.tokens_per_tile, int) else None
    k_tile = min(weight.shape[1], machine.copy_words // (forced or 1))
    if _longest_row_part(operation, k_tile) > bank_entries:
        k_tile = min(k_tile, bank_entries)
    tile, rounds = _token_tile(machine, operation, machine.copy_words // k_tile, forced)
    k_tiles = spans(weight.shape[1], max(1, k_tile))
    capacity = Capacity(fabric.units_per_group, mapping.assignment, machine.own_words // tile, bank_entries)
    fitted = fit_rows(row_entries(weight, max(1, k_tile), len(k_tiles)), capacity)
    return SampledSchedule(
        operation=operation,
        residency=residency,
        m_tiles=fitted.spans,
        k_tiles=k_tiles,
        token_words=-(-operation.shape[2] // fabric.lanes),
        tile_token_words=tile,
        rounds=rounds,
        groups=fabric.token_groups,
        lanes=fabric.lanes,
        loop_order="m_k_rounds",
        stream=WHOLE_LISTS,
        parts=fitted.parts,
        entries=fitted.entries,
        placement=placement_of(machine),
        banks=fabric.banks_per_copy,
        order=mapping.order,
        entry_bits=machine.sampled_entry_bits,
    )


def _longest_row_part(operation: Operation, k_tile: int) -> int:
    """Most nonzeros of a row within any K tile."""
    weight = operation.weight
    return int(row_entries(weight, k_tile, -(-weight.shape[1] // k_tile)).max(initial=0))


def _token_tile(machine: UnitsMachine, operation: Operation, fitting: int, forced: int | None) -> Span:
    """Token words of a tile, and rounds: as many as the copy and the units' own banks hold, evened out over the rounds."""
    groups, token_words = machine.fabric.token_groups, -(-operation.shape[2] // machine.fabric.lanes)
    if forced is None:
        most_rows = spread_over(machine, np.diff(operation.weight.indptr)).most_parts
        return token_tiles(token_words, groups, max(1, min(fitting, machine.own_words // max(1, most_rows))))
    tile, rounds = token_tiles(token_words, groups, forced, spread=False)
    if tile > machine.own_words:
        raise MappingError(
            f"{machine.name}: mapping.tokens_per_tile = {forced}, but an output bank holds {machine.own_words} words of dY, "
            "less than one row of so many"
        )
    return tile, rounds


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
    )


def sampled_values(words: NDArray[np.float64], gradient: NDArray[np.float64], rows: NDArray[np.integer], tokens: Span) -> TileValues:
    """The numbers of a tile: words of X as `tile_values` lays them out, and the word of dY [M, tokens] of every entry.

    `rows` is the output feature of each place of the mask, in list order.
    """
    lanes, token_words = words.shape[1], tokens[1] - tokens[0]
    own = np.zeros((len(gradient), token_words * lanes))
    part = gradient[:, tokens[0] * lanes : tokens[1] * lanes]
    own[:, : part.shape[1]] = part
    return TileValues(weights=own.reshape(len(gradient), token_words, lanes)[rows].reshape(-1, lanes), words=words)
