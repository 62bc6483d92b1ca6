"""How long an operation would take on a gather fabric, cut in one way or another."""

from __future__ import annotations

import math

from simulator.kinds.gather.bytes_moved import BytesMoved, Measure
from simulator.kinds.gather.cut import Cut
from simulator.kinds.units.loops import Pace
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.outlay import Outlay, Traffic
from simulator.kinds.units.present import present_share
from simulator.kinds.units.ranges import FittedRows
from simulator.kinds.units.rows import RowParts, spread_rows
from simulator.system.program import content_changes
from simulator.system.tensors import Residency
from simulator.workload.types import Operation


class Outlook:
    """The busiest of units, DRAM, trunks, drain bus and ports of the buffer, and what none of them overlaps with: the first fill, and
    the empty fabric between two tiles.
    """

    def __init__(self, machine: UnitsMachine, operation: Operation, residency: Residency, pace: Pace) -> None:
        self.machine, self.operation, self.residency, self.pace = machine, operation, residency, pace
        self.group_words = -(-operation.shape[2] // (machine.fabric.lanes * machine.fabric.token_groups))
        self.measure = Measure(machine, operation, residency)

    def parts(self, cut: Cut) -> RowParts:
        """All rows, as a cut gives them to units."""
        return spread_rows(self.measure.row_nnz, self.machine.fabric.units_per_group, cut.assignment)

    def about(self, cut: Cut) -> Outlay:
        """As if nonzeros lay anywhere."""
        parts = self.parts(cut)
        k_tiles, held = len(cut.k_tiles(self.operation)), self.machine.output_words // cut.token_words
        if cut.m_tile is not None:
            m_tiles = -(-self.operation.shape[0] // cut.m_tile)
        else:
            m_tiles = 1 if k_tiles == 1 or cut.sums_home is not None else -(-max(1, parts.most_parts) // max(1, held))
        return self._outlay(cut, m_tiles, k_tiles, self.measure.about(cut, m_tiles, parts))

    def exactly(self, cut: Cut, fitted: FittedRows) -> Outlay:
        """By the lists of its tiles."""
        return self._outlay(cut, len(fitted.spans), fitted.entries.shape[1], self.measure.exactly(cut, fitted))

    def block_cycles(self, whole: Cut) -> float:
        """Of the units, for an operation that is whole in each tile: a row whose words are all zero is looked at, and never open."""
        parts, machine = self.parts(whole), self.machine
        rows, share = max(1, parts.most_parts), present_share(machine, self.operation)
        entries = parts.most_entries / rows * self.group_words / whole.rounds
        asked, examined = entries * share, entries / machine.weight_port_entries
        open_rows = machine.fabric.accumulators // whole.token_words
        opened = 1 - (1 - share) ** entries
        unloaded = self.pace.unloaded_cycles
        cycles: float = whole.rounds * (rows * max(asked, examined, (asked + opened * unloaded) / open_rows) + unloaded)
        return cycles

    def _outlay(self, cut: Cut, m_tiles: int, k_tiles: int, moved: BytesMoved) -> Outlay:
        system, in_dram = self.pace.system, self.residency.x == "dram"
        x_rate = min(system.x_bytes_per_cycle, system.dram_bytes_per_cycle if in_dram else math.inf)
        x_fills, _ = content_changes(cut.loop_order, m_tiles, cut.rounds, k_tiles)
        traffic = self._traffic(cut, moved)
        busiest = max(
            self._compute_cycles(cut, m_tiles, k_tiles, moved.busiest_entries),
            traffic.dram / system.dram_bytes_per_cycle,
            moved.x / system.x_bytes_per_cycle,
            moved.w_walked / system.w_bytes_per_cycle,
            moved.bus / system.drain_bytes_per_cycle,
            max(traffic.read, traffic.written) / system.buffer_bytes_per_cycle,
        )
        return busiest + moved.x / x_fills / x_rate, traffic.dram, traffic.read + traffic.written

    def _traffic(self, cut: Cut, moved: BytesMoved) -> Traffic:
        traffic = Traffic()
        traffic.add(self.residency.x, read=moved.x)
        traffic.add(self.residency.y, written=self.measure.y)
        traffic.add(cut.sums_home or "buffer", read=moved.sums, written=moved.sums)
        room = self.residency.room_bytes - (cut.sums_bytes(self.machine, self.operation) if cut.sums_home == "buffer" else 0)
        if self.operation.weight_home == "dram" and moved.w_walked > moved.w and moved.w <= room:
            traffic.add("dram", read=moved.w)
            traffic.add("buffer", read=moved.w_walked - moved.w, written=moved.w)
        else:
            traffic.add(self.residency.w, read=moved.w_walked)
        return traffic

    def _compute_cycles(self, cut: Cut, m_tiles: int, k_tiles: int, busiest_entries: float) -> float:
        """Of the busiest unit: a row keeps its accumulators from its first request until it is merged."""
        rows = max(m_tiles, self.parts(cut).most_parts) * k_tiles
        row = busiest_entries / rows * self.group_words / cut.rounds
        open_rows = self.machine.fabric.accumulators // cut.token_words
        unloaded = self.pace.unloaded_cycles
        return cut.rounds * (rows * max(row, (row + unloaded) / open_rows) + m_tiles * k_tiles * unloaded)
