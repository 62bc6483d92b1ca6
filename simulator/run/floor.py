"""The fewest cycles in which a machine could run a workload, found without simulating it.

Built only from what must happen: every useful word is multiplied, every operand comes in once, an operation waits for
those that it depends on, the fabric runs operations in order, and the W memories have two halves. No run is quicker, so
that a search may leave out, unseen and without any loss, what is too slow already by this figure.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial

from msgspec import Struct, field
from msgspec.structs import replace

from simulator.activity import Counts
from simulator.kinds import Memo, kind_of
from simulator.machine.model import DMA_CHUNK_BYTES, Elaborated, Machine
from simulator.run.alternatives import Alternatives
from simulator.system.program import MemoryLevel
from simulator.system.tensors import Residency, fused_runs
from simulator.workload.types import Operation, Workload

_ROUNDING = 1e-6


class Least(Struct, frozen=True, dict=True):
    """What no run of a machine goes below."""

    cycles: int
    count: Callable[[], Sequence[Counts]]
    """Counts them, operation by operation: only energies ask."""
    works: tuple[str, ...] = ()
    """Kind of work that each operation is, where a machine's operations differ in the hardware that does them."""

    @cached_property
    def each(self) -> Sequence[Counts]:
        """Events of each operation that happen in every run, at least as often."""
        return self.count()

    @cached_property
    def counts(self) -> Counts:
        """Of all operations."""
        return Counts.total(self.each)

    @cached_property
    def counts_by_work(self) -> Mapping[str, Counts]:
        """Of each kind of work."""
        apart = [(work, counts) for work, counts in zip(self.works, self.each, strict=False) if work]
        return {name: Counts.total(counts for work, counts in apart if work == name) for name, _ in apart}


class _Need(Struct, frozen=True, dict=True):
    """What one operation cannot do without."""

    compute_cycles: int
    residency: Residency
    w_home: MemoryLevel
    fabric: Counts
    """With the bytes of trunks and drain bus, but no others."""

    @cached_property
    def counts(self) -> Counts:
        """With what moves in DRAM and buffer too, by where it lives."""
        x, w, y = self.fabric.x_trunk_bytes, self.fabric.w_trunk_bytes, self.fabric.drain_bytes
        x_home, y_home = self.residency.x, self.residency.y
        return self.fabric + Counts(
            dram_read_bytes=(x if x_home == "dram" else 0) + (w if self.w_home == "dram" else 0),
            dram_write_bytes=y if y_home == "dram" else 0,
            buffer_read_bytes=(x if x_home == "buffer" else 0) + (w if self.w_home == "buffer" else 0),
            buffer_write_bytes=y if y_home == "buffer" else 0,
        )


class Floor(Struct, frozen=True, eq=False):
    """What a workload needs at least, of any machine; patterns are counted once for each number of lanes.

    floor = Floor(workload)
    floor.least(elaborated).cycles <= simulate(machine, workload).cycles
    """

    workload: Workload
    _memo: Memo = field(default_factory=dict)

    def least(self, elaborated: Elaborated) -> Least:
        """The fewest cycles and events of a run, however its operations are cut into tiles; in a millisecond or so."""
        return self._least(elaborated, self._in_any_case(Alternatives.of(elaborated.machine, self.workload)))

    def of_operations(self, alternatives: Alternatives) -> list[Least]:
        """[operations] cycles of the fabric, and events, that each has whichever chains are fused."""
        return [Least(need.compute_cycles, partial(_counted, need)) for need in self._in_any_case(alternatives)]

    def of_homes(self, elaborated: Elaborated, homes: Sequence[Residency]) -> Least:
        """The same, of runs in which operands and outputs live there."""
        return self._least(elaborated, self._needs(elaborated.machine, homes))

    def of_operation(self, machine: Machine, operation: Operation, residency: Residency) -> Least:
        """Cycles of the fabric, and events, that one operation has in every run."""
        need = self._need(machine, operation, residency)
        return Least(need.compute_cycles, partial(_counted, need))

    def works(self, machine: Machine) -> tuple[str, ...]:
        """Kind of work that each operation is on a machine."""
        return tuple(map(kind_of(machine).work_for, self.workload.operations))

    def _least(self, elaborated: Elaborated, needs: list[_Need]) -> Least:
        counts = Counts.total(need.counts for need in needs)
        trunks = elaborated.machine.trunks
        busiest = max(
            (counts.dram_read_bytes + counts.dram_write_bytes) / elaborated.dram_bytes_per_cycle,
            counts.x_trunk_bytes / trunks.x_bytes_per_cycle,
            counts.w_trunk_bytes / trunks.w_bytes_per_cycle,
            counts.drain_bytes / trunks.drain_bytes_per_cycle,
            _Chain(elaborated).end(self.workload, needs),
        )
        return Least(max(0, math.floor(busiest - _ROUNDING)), lambda: [need.counts for need in needs], self.works(elaborated.machine))

    def _in_any_case(self, alternatives: Alternatives) -> list[_Need]:
        """[operations] needs whichever chains are fused."""
        needs = self._needs(alternatives.machine, alternatives.fused)
        if not alternatives.optional:
            return needs
        alone = alternatives.leave_others_alone
        each = zip(self.workload.operations, needs, alternatives.apart, strict=True)
        return [_in_any_case(op, need, home, alone=alone) for op, need, home in each]

    def _needs(self, machine: Machine, homes: Sequence[Residency]) -> list[_Need]:
        return [self._need(machine, op, home) for op, home in zip(self.workload.operations, homes, strict=True)]

    def _need(self, machine: Machine, op: Operation, residency: Residency) -> _Need:
        w_home, kind = residency.w, kind_of(machine)
        least = kind.least(machine, op, residency, self._memo)
        # between fused operations a mask may keep anything from moving
        counts = dataclasses.replace(least.counts, x_trunk_bytes=0) if residency.x == "chip" else least.counts
        y_bytes = residency.output_bytes(op, kind.output_bits(machine, op), machine.datatypes.activation_bits)
        drained = dataclasses.replace(counts, drain_bytes=0 if residency.y == "chip" else y_bytes)
        return _Need(least.compute_cycles, residency, w_home, drained)


def _counted(need: _Need) -> list[Counts]:
    return [need.counts]


def _together(needs: list[_Need]) -> _Need:
    """Of operations that run by turns; of W what comes from the slowest of its homes."""
    if len(needs) == 1:
        return needs[0]
    w_home: MemoryLevel = "dram" if any(need.w_home == "dram" for need in needs) else "buffer"
    w_bytes = sum(need.counts.w_trunk_bytes for need in needs if need.w_home == w_home)
    fabric = dataclasses.replace(Counts.total(need.fabric for need in needs), w_trunk_bytes=w_bytes)
    residency = replace(needs[0].residency, y=needs[-1].residency.y)
    return _Need(sum(need.compute_cycles for need in needs), residency, w_home, fabric)


def _in_any_case(op: Operation, fused: _Need, apart: Residency, *, alone: bool) -> _Need:
    """What an operation needs whichever chains are fused, given its need with all of them fused and where it lives with none.

    A chain by turns needs no more than its operations one after another. What may live in one place or another is taken to move no
    bytes; `alone`: only what lies within a chain, and a W that is made of the same outputs, may.
    """
    w_known = fused.w_home == apart.w if alone else op.weight_home == "dram"
    x_known = alone or not op.depends_on
    unknown = ([] if x_known else ["x_trunk_bytes"]) + ([] if w_known else ["w_trunk_bytes"]) + ([] if alone else ["drain_bytes"])
    return replace(
        fused, w_home=fused.w_home if w_known else "buffer", fabric=dataclasses.replace(fused.fabric, **dict.fromkeys(unknown, 0))
    )


class _Chain:
    """Operation after operation, were each stream (X, W, Y) the only user of what it shares with the others."""

    def __init__(self, elaborated: Elaborated) -> None:
        self.elaborated = elaborated
        self.trunks = elaborated.machine.trunks
        self.rate = elaborated.dram_bytes_per_cycle
        self.ends: dict[str, float] = {}
        self.fabric: list[float] = []
        """When the fabric was done with each operation."""
        self.w_issued = 0.0
        self.w_fetched = 0.0

    def end(self, workload: Workload, needs: list[_Need]) -> float:
        """When the last output is where it belongs. Fused operations are one that has all to do that they have."""
        for run in fused_runs([need.residency for need in needs]):
            operations = workload.operations[run.start : run.stop]
            names = {op.name for op in operations}
            waits = [max((self.ends[name] for name in op.depends_on if name not in names), default=0.0) for op in operations]
            awaited, need = waits[0], _together(needs[run.start : run.stop])
            made = [wait if op.weight_home == "activation" else 0.0 for op, wait in zip(operations, waits, strict=True)]
            w_starts, w_there = self._weights(need, min(made))
            begun = max(self.fabric[-1] if self.fabric else 0.0, awaited, w_starts)
            computed, end = self._whole(need, awaited, begun)
            self.fabric.append(max(computed, w_there))
            self.ends |= dict.fromkeys(names, max(end, w_there))
        return max(self.ends.values(), default=0.0)

    def _weights(self, need: _Need, awaited: float) -> tuple[float, float]:
        """When an operation's W can begin to come, and when it is there.

        Banks through which lists stream may have room for it whatever the operations before it do.
        """
        starts = max(self.w_issued, awaited)
        size = need.counts.w_trunk_bytes
        if need.w_home == "buffer":
            self.w_issued = starts + size / self.trunks.w_bytes_per_cycle
            return starts, self.w_issued
        self.w_fetched = max(starts, self.w_fetched) + size / self.rate
        self.w_issued = max(starts, self.w_fetched - self.elaborated.dma_slots * DMA_CHUNK_BYTES / self.rate)
        return starts, self.w_fetched + self._latency("dram", size)

    def _whole(self, need: _Need, awaited: float, begun: float) -> tuple[float, float]:
        """Tiles unknown: transfers and compute may overlap all the way."""
        x_there = awaited + need.counts.x_trunk_bytes / self._x_rate(need) + self._latency(need.residency.x, need.counts.x_trunk_bytes)
        computed = max(begun + need.compute_cycles, x_there)
        return computed, max(computed, begun + need.counts.drain_bytes / self.trunks.drain_bytes_per_cycle)

    def _x_rate(self, need: _Need) -> float:
        x_rate = self.trunks.x_bytes_per_cycle
        return min(self.rate, x_rate) if need.residency.x == "dram" else x_rate

    def _latency(self, home: str, size: int) -> int:
        return self.elaborated.dram_latency_cycles if home == "dram" and size else 0
