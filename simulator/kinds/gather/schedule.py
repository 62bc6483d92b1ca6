"""Tiling of one operation on a gather fabric (rules 4 and 12): tokens, K tiles, M tiles, loop order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.errors import MappingError
from simulator.kinds.gather.choice import Choice
from simulator.kinds.gather.cut import Cut
from simulator.kinds.units.loops import Pace, Position, TileLoops
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.placement import Placement, placement_of
from simulator.kinds.units.ranges import FittedRows
from simulator.kinds.units.rows import RowParts
from simulator.kinds.units.streams import list_stream
from simulator.system.program import MemoryLevel
from simulator.system.tensors import Residency
from simulator.workload.types import Operation


@dataclass(frozen=True, eq=False)
class GatherSchedule(TileLoops):
    """How one operation is cut into tiles and its rows spread over units."""

    parts: RowParts
    """Rows, or parts of rows, and the unit of a token group that each is given to."""
    entries: NDArray[np.int64]
    """[parts, K tiles] nonzeros of each part."""
    placement: Placement
    banks: int
    """Banks of a copy."""
    order: str
    """Order of a row's entries."""
    entry_bits: int
    sums_home: MemoryLevel | None = None
    """Where partial sums go at the end of each K tile, and come back from; None: they stay until the last one."""

    def y_content(self, position: Position) -> tuple[int, ...]:
        """Sums that leave do so tile by tile."""
        return super().y_content(position) if self.sums_home is None else position

    def describe(self) -> dict[str, int | str]:
        """What a result says of the loops."""
        return {**super().describe(), "partial_sums": self.sums_home or "stay"}

    @cached_property
    def entries_before(self) -> NDArray[np.int64]:
        """[parts, K tiles] nonzeros of each part in earlier K tiles: its columns ascend, so that its entries of a tile stand together."""
        before: NDArray[np.int64] = np.cumsum(self.entries, axis=1)
        before -= self.entries
        return before

    def unit_entries(self, m: int, k: int, units: int) -> NDArray[np.int64]:
        """[units] list entries of each unit in one (M tile, K tile)."""
        here = self.parts.of_rows(*self.m_tiles[m])
        return np.bincount(self.parts.unit[here], weights=self.entries[here, k], minlength=units).astype(np.int64)


def schedule_gather(machine: UnitsMachine, operation: Operation, residency: Residency, pace: Pace) -> GatherSchedule:
    """Cut an operation into tiles that fit the machine, so that it takes least time; MappingError where none do."""
    return cut_gather(machine, operation, residency, *Choice(machine, operation, residency, pace).likeliest(1)[0])


def check_room(machine: UnitsMachine, operation: Operation, residency: Residency, cut: Cut) -> int:
    """What a cut leaves of the buffer for W. Raises MappingError where it has no room for the partial sums."""
    in_buffer = cut.sums_home == "buffer" and len(cut.k_tiles(operation)) > 1
    room_bytes = residency.room_bytes - (cut.sums_bytes(machine, operation) if in_buffer else 0)
    if room_bytes < 0:
        raise MappingError(f"{machine.name}: partial sums of {operation.name} do not fit into the activation buffer")
    return room_bytes


def cut_gather(
    machine: UnitsMachine, operation: Operation, residency: Residency, cut: Cut, fitted: FittedRows | None = None
) -> GatherSchedule:
    """Cut an operation into tiles in one way, with its rows `fitted` where that has been done; MappingError where they do not fit."""
    fabric, mapping = machine.fabric, machine.mapping
    fitted = fitted or cut.fitted(machine, operation)
    entry_bits, k_tiles = machine.weight_entry_bits(dense=operation.weight.dense), cut.k_tiles(operation)
    sums_home = cut.sums_home if len(k_tiles) > 1 else None
    room_bytes = check_room(machine, operation, residency, cut)
    return GatherSchedule(
        operation=operation,
        residency=replace(residency, room_bytes=room_bytes),
        m_tiles=fitted.spans,
        k_tiles=k_tiles,
        token_words=-(-operation.shape[2] // fabric.lanes),
        tile_token_words=cut.token_words,
        rounds=cut.rounds,
        groups=fabric.token_groups,
        lanes=fabric.lanes,
        loop_order=cut.loop_order,
        stream=list_stream(machine, entry_bits, operation.weight.nnz),
        parts=fitted.parts,
        entries=fitted.entries,
        placement=placement_of(machine),
        banks=fabric.banks_per_copy,
        order=mapping.order,
        entry_bits=entry_bits,
        sums_home=sums_home,
    )
