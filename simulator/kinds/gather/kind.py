"""Activations travel from banks to units (row-wise, Gustavson)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.engine.compiled.kernels import Kernel
from simulator.errors import MappingError
from simulator.kinds.base import Kind
from simulator.kinds.gather.compiled.engine import GATHER_KERNEL
from simulator.kinds.gather.parts import GatherParts
from simulator.kinds.sampled.kind import SAMPLED, own_or_sampled
from simulator.kinds.units.chained import ChainedKind
from simulator.kinds.units.kind import ClusterRtl
from simulator.kinds.units.loops import Planned, Setting
from simulator.kinds.units.machine import UnitsMachine
from simulator.machine.model import Elaborated, Machine
from simulator.rtl.design import Design
from simulator.system.tensors import Residency
from simulator.workload.types import Operation

if TYPE_CHECKING:
    from simulator.kinds.gather.cut import Cut
    from simulator.kinds.units.chain_cuts import BlockCut, BlockDataflow
    from simulator.kinds.units.protocol import Dataflow
    from simulator.kinds.units.ranges import FittedRows


class Gather(ChainedKind):
    """Activations travel from banks to units (row-wise, Gustavson)."""

    name = "gather"
    kernels: ClassVar[tuple[Kernel, ...]] = (GATHER_KERNEL,)
    flow = "gather"
    hardware = GatherParts()

    def of_operation(self, machine: Machine, operation: Operation) -> Kind:
        """Sampled products are done by the same units, by other rules."""
        return own_or_sampled(self, machine, operation)

    def planned(self, setting: Setting, operation: Operation, residency: Residency, most: int) -> list[Planned[Dataflow]]:
        """In tiles whose lists stream."""
        from simulator.kinds.gather.choice import Choice
        from simulator.kinds.gather.dataflow import GatherDataflow
        from simulator.kinds.gather.schedule import check_room, cut_gather

        def dataflow(cut: Cut, fitted: FittedRows | None) -> Dataflow:
            schedule = cut_gather(setting.unclocked, operation, residency, cut, fitted)
            return GatherDataflow(setting.unclocked, schedule, setting.carried)

        ways = Choice(setting.machine, operation, residency, setting.pace).likeliest(most)
        for cut, _ in ways:
            check_room(setting.machine, operation, residency, cut)
        return [Planned((cut, cut.held(setting.machine, operation)), partial(dataflow, cut, fitted)) for cut, fitted in ways]

    def most_token_words(self, machine: UnitsMachine, operation: Operation, blocks: int) -> int:
        """As many as a copy holds for all input features, and a row has accumulators and places for."""
        k = blocks * operation.block_shape[1]
        if k > machine.copy_words:
            raise MappingError(
                f"{operation.name} takes {k} input features of a block, but one half of a copy holds {machine.copy_words} words; "
                "raise fabric.banks or fabric.bank_kib"
            )
        return max(1, min(machine.fabric.accumulators, machine.output_words, machine.copy_words // k))

    def longest_list(self, machine: UnitsMachine, operation: Operation) -> int:
        """That of its rows."""
        from simulator.kinds.units.rows import spread_over

        return spread_over(machine, np.diff(operation.weight.indptr)).most_entries

    def block_cycles(self, setting: Setting, operation: Operation, residency: Residency, cut: BlockCut) -> float:
        """As schedules are compared."""
        from simulator.kinds.gather.outlook import Outlook

        return Outlook(setting.machine, operation, residency, setting.pace).block_cycles(_whole(setting.machine, operation, cut))

    def block_dataflow(
        self, setting: Setting, operation: Operation, residency: Residency, cut: BlockCut, wanted: NDArray[np.bool_] | None
    ) -> BlockDataflow:
        """With K whole."""
        from simulator.kinds.gather.dataflow import GatherDataflow
        from simulator.kinds.gather.schedule import cut_gather

        schedule = cut_gather(setting.unclocked, operation, residency, _whole(setting.machine, operation, cut))
        return GatherDataflow(setting.unclocked, schedule, setting.carried, wanted)

    def designs(self, elaborated: Elaborated) -> Sequence[Design]:
        """One cluster, and another where its units have adders over their lanes."""
        fabric = UnitsMachine.of(elaborated.machine).fabric
        return (self.design(elaborated), *((SAMPLED.design(elaborated),) if fabric.lane_tree else ()))

    def rtl(self) -> ClusterRtl:
        """Loaded, with the extra, where it is asked for."""
        from simulator.kinds.gather import rtl

        return rtl

    def replayed(self, machine: Machine, operation: Operation, residency: Residency) -> list[NDArray[np.int32]]:
        """The bank ports that units ask for, in list order."""
        from simulator.kinds.gather.replay import requested_ports

        return requested_ports(UnitsMachine.of(machine), operation, residency)


def _whole(machine: UnitsMachine, operation: Operation, cut: BlockCut) -> Cut:
    """A tile of a chain as one of an operation by itself, with K whole."""
    from simulator.kinds.gather.cut import Cut

    return Cut(cut.tile, cut.rounds, operation.shape[1], "m_rounds", machine.mapping.assignment)


GATHER = Gather()
