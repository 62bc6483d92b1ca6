"""Partial sums travel from units to banks (column-wise, outer product)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.engine.cluster import ClusterSpec
from simulator.engine.engines import Engine
from simulator.errors import MappingError
from simulator.kinds.base import Kind
from simulator.kinds.gather.replay import requested_ports
from simulator.kinds.sampled.kind import own_or_sampled
from simulator.kinds.scatter.compiled.engine import SCATTER_KERNEL
from simulator.kinds.scatter.dataflow import ScatterDataflow
from simulator.kinds.scatter.parts import ScatterParts
from simulator.kinds.scatter.schedule import cut_scatter, schedule_scatter
from simulator.kinds.units.fusion import BlockCut, BlockDataflow, longest_list
from simulator.kinds.units.kind import UnitsKind
from simulator.kinds.units.loops import Pace
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.rounds import Dataflow
from simulator.kinds.units.rows import spread_rows
from simulator.machine.model import Machine
from simulator.system.tensors import Residency
from simulator.workload.slices import slices
from simulator.workload.types import Operation


class Scatter(UnitsKind):
    """Partial sums travel from units to banks (column-wise, outer product)."""

    name = "scatter"
    kernels = (SCATTER_KERNEL,)
    flow = "scatter"
    hardware = ScatterParts()
    words_reach_units = False
    moves_words = False
    moves_sums = True

    def of_operation(self, machine: Machine, operation: Operation) -> Kind:
        """Sampled products are done by the same units, by other rules."""
        return own_or_sampled(self, machine, operation)

    def dataflow(
        self,
        machine: UnitsMachine,
        spec: ClusterSpec,
        engine: Engine,
        operation: Operation,
        residency: Residency,
        pace: Pace,
        *,
        assemble: bool,
    ) -> Dataflow[Any]:
        """Cut the operation into tiles."""
        return ScatterDataflow(machine, spec, engine, schedule_scatter(machine, operation, residency, pace), assemble=assemble)

    def most_token_words(self, machine: UnitsMachine, operation: Operation, blocks: int) -> int:
        """As many as a copy holds sums for of all output features, and a unit's own bank words for of its columns."""
        m = blocks * operation.block_shape[0]
        if m > machine.copy_sums:
            raise MappingError(
                f"{operation.name} leaves {m} output features of a block, but one half of a copy holds {machine.copy_sums} words of "
                "partial sums; raise fabric.banks or fabric.bank_kib"
            )
        columns = max(_most_columns(machine, part) for part in slices(operation, blocks, values=False))
        if columns > machine.own_words:
            raise MappingError(
                f"{operation.name} gives a unit {columns} columns of a block, but a half of its own bank holds {machine.own_words} words; "
                "raise fabric.output_bank_kib"
            )
        return min(machine.copy_sums // m, machine.own_words // max(1, columns))

    def longest_list(self, machine: UnitsMachine, operation: Operation) -> int:
        """That of its columns."""
        return longest_list(machine, column_counts(operation))

    def block_cycles(self, machine: UnitsMachine, operation: Operation, residency: Residency, pace: Pace, tile: int, rounds: int) -> float:
        """A product a unit and cycle, and an empty fabric between two tiles."""
        return rounds * (self.longest_list(machine, operation) * tile + pace.unloaded_cycles)

    def block_dataflow(
        self,
        machine: UnitsMachine,
        spec: ClusterSpec,
        engine: Engine,
        operation: Operation,
        residency: Residency,
        cut: BlockCut,
        wanted: NDArray[np.bool_] | None,
        *,
        assemble: bool,
    ) -> BlockDataflow:
        """With M and K whole."""
        schedule = cut_scatter(machine, operation, residency, cut.tile, cut.rounds)
        return ScatterDataflow(machine, spec, engine, schedule, assemble=assemble, wanted=wanted)

    def replayed(self, machine: Machine, operation: Operation, residency: Residency) -> list[NDArray[np.int32]]:
        """The bank ports that units ask for, in list order."""
        return requested_ports(UnitsMachine.of(machine), operation, residency)


def column_counts(operation: Operation) -> NDArray[np.int64]:
    """[K] nonzeros of each column of W."""
    return np.bincount(operation.weight.indices, minlength=operation.shape[1]).astype(np.int64)


def _most_columns(machine: UnitsMachine, operation: Operation) -> int:
    """Columns, or parts of columns, of a unit where all of an operation is in a tile."""
    parts = spread_rows(column_counts(operation), machine.fabric.units_per_group, machine.mapping.assignment)
    return int(np.bincount(parts.unit, minlength=1).max())


SCATTER = Scatter()
