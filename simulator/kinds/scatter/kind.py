"""Partial sums travel from units to banks (column-wise, outer product)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.errors import MappingError
from simulator.kinds.base import Kind
from simulator.kinds.sampled.kind import own_or_sampled
from simulator.kinds.scatter.compiled.engine import SCATTER_KERNEL
from simulator.kinds.scatter.parts import ScatterParts
from simulator.kinds.units.chained import ChainedKind
from simulator.kinds.units.kind import ClusterRtl
from simulator.kinds.units.loops import Carried, Planned, Setting
from simulator.kinds.units.machine import UnitsMachine
from simulator.machine.model import Machine
from simulator.system.tensors import Residency
from simulator.workload.types import Operation

if TYPE_CHECKING:
    from simulator.kinds.scatter.outlook import Cut
    from simulator.kinds.units.chain_cuts import BlockCut, BlockDataflow
    from simulator.kinds.units.protocol import Dataflow


class Scatter(ChainedKind):
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

    def planned(self, setting: Setting, operation: Operation, residency: Residency, most: int) -> list[Planned[Dataflow]]:
        """In tiles of which a copy holds the sums."""
        from simulator.kinds.scatter.dataflow import ScatterDataflow
        from simulator.kinds.scatter.outlook import Outlook
        from simulator.kinds.scatter.schedule import cut_scatter

        outlook = Outlook(setting, operation, residency)

        def dataflow(cut: Cut, carried: Carried) -> ScatterDataflow:
            schedule = cut_scatter(setting.unclocked, operation, residency, cut, outlook.fitted(cut).columns)
            return ScatterDataflow(setting.unclocked, schedule, carried)

        def first_tile(cut: Cut) -> int:
            key = "first tile", setting.key, setting.spec.capacities, operation.content, cut
            return setting.recall.of_key(key, lambda: dataflow(cut, "").first_tile_cycles(setting.spec))

        # where it is not tried as a whole, a tile of it is
        cuts = outlook.likeliest(most) if most > 1 else [outlook.quickest(first_tile)]
        return [Planned(cut, partial(dataflow, cut, setting.carried)) for cut in cuts]

    def most_token_words(self, machine: UnitsMachine, operation: Operation, blocks: int) -> int:
        """As many as a copy holds sums for of all output features, and a unit's own bank words for of its columns."""
        from simulator.kinds.units.rows import spread_over
        from simulator.workload.slices import slices

        m = blocks * operation.block_shape[0]
        if m > machine.copy_sums:
            raise MappingError(
                f"{operation.name} leaves {m} output features of a block, but one half of a copy holds {machine.copy_sums} words of "
                "partial sums; raise fabric.banks or fabric.bank_kib"
            )
        columns = max(spread_over(machine, part.weight.column_counts).most_parts for part in slices(operation, blocks, values=False))
        if columns > machine.own_words:
            raise MappingError(
                f"{operation.name} gives a unit {columns} columns of a block, but a half of its own bank holds {machine.own_words} words; "
                "raise fabric.output_bank_kib"
            )
        return min(machine.copy_sums // m, machine.own_words // max(1, columns))

    def longest_list(self, machine: UnitsMachine, operation: Operation) -> int:
        """That of its columns."""
        from simulator.kinds.units.rows import spread_over

        return spread_over(machine, operation.weight.column_counts).most_entries

    def block_cycles(self, setting: Setting, operation: Operation, residency: Residency, cut: BlockCut) -> float:
        """A product a unit and cycle, one that a bank port takes, A cycles for one that a word takes; an empty fabric between two tiles."""
        from simulator.kinds.scatter.outlook import most_added_cycles
        from simulator.kinds.units.present import present_share

        machine, fabric, spec = setting.machine, setting.machine.fabric, setting.spec
        share, longest = present_share(machine, operation), self.longest_list(machine, operation)
        ports = fabric.replicas * fabric.banks_per_copy * fabric.bank_ports
        sent = spec.request_cycles * share
        entries = max(sent * longest, longest / machine.weight_port_entries, sent * operation.weight.nnz / ports)
        of_word = share * most_added_cycles(spec, operation.weight)
        return cut.rounds * (max(entries * cut.tile, of_word) + setting.pace.unloaded_cycles)

    def block_dataflow(
        self, setting: Setting, operation: Operation, residency: Residency, cut: BlockCut, wanted: NDArray[np.bool_] | None
    ) -> BlockDataflow:
        """With M and K whole."""
        from simulator.kinds.scatter.dataflow import ScatterDataflow
        from simulator.kinds.scatter.schedule import cut_whole

        schedule = cut_whole(setting.unclocked, operation, residency, cut.tile, cut.rounds)
        return ScatterDataflow(setting.unclocked, schedule, setting.carried, wanted)

    def rtl(self) -> ClusterRtl:
        """Loaded, with the extra, where it is asked for."""
        from simulator.kinds.scatter.rtl import elaboration

        return elaboration

    def replayed(self, machine: Machine, operation: Operation, residency: Residency) -> list[NDArray[np.int32]]:
        """The bank ports that units ask for, in list order."""
        from simulator.kinds.gather.replay import requested_ports

        return requested_ports(UnitsMachine.of(machine), operation, residency)


SCATTER = Scatter()
