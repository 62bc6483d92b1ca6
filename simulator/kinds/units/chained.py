"""What kinds of units that do chains of fused operations share beside: one way to cut, run and bound a chain."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.engine.engines import RunOptions, quickest
from simulator.kinds.base import Scheduled
from simulator.kinds.units.kind import UnitsKind
from simulator.kinds.units.loops import Setting
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.tries import MOST_TRIED
from simulator.machine.model import Elaborated, Machine
from simulator.system.operation import OperationRun
from simulator.system.tensors import Residency
from simulator.workload.types import Operation

if TYPE_CHECKING:
    from simulator.kinds.units.chain_cuts import BlockCut, BlockDataflow
    from simulator.kinds.units.decision import ChainDecision


class ChainedKind(UnitsKind):
    """A kind whose outputs have a way to its activations, so that it does chains of fused operations."""

    @abstractmethod
    def most_token_words(self, machine: UnitsMachine, operation: Operation, blocks: int) -> int:
        """Token words of a tile that holds X and outputs of so many blocks of a batched operation whole.

        Raises MappingError, with the reason, where there is no room for one.
        """

    @abstractmethod
    def longest_list(self, machine: UnitsMachine, operation: Operation) -> int:
        """Entries of the busiest unit's list, where all of an operation is in a tile."""

    @abstractmethod
    def block_cycles(self, setting: Setting, operation: Operation, residency: Residency, cut: BlockCut) -> float:
        """About how long the units take for an operation that is whole in each of its tiles."""

    @abstractmethod
    def block_dataflow(
        self, setting: Setting, operation: Operation, residency: Residency, cut: BlockCut, wanted: NDArray[np.bool_] | None
    ) -> BlockDataflow:
        """An operation that is whole in each of its tiles. `wanted`: row words that leave, where the next operation takes them."""

    def check_fusion(self, machine: Machine, chain: Sequence[Operation], residency: Sequence[Residency]) -> None:
        """Whether a block of tokens of a chain fits on chip, by which keys, and its W stays there."""
        from simulator.kinds.units.chain_cuts import ChainCuts

        ChainCuts.of(self, machine, chain, residency).check()

    def run_fused(
        self, elaborated: Elaborated, chain: Sequence[Operation], residency: Sequence[Residency], first: int, options: RunOptions
    ) -> tuple[OperationRun, ...]:
        """Block after block of the batch, round after round of tokens, all operations of a chain by turns.

        A small chain is run in every way that may take least time. What was run, or chosen, before is recalled.
        """
        from simulator.kinds.units.decision import judged

        decision, judge = judged(options, partial(self._chain_decision, elaborated, chain, residency, first))
        homed = zip(decision.run(judge.best()), chain, residency, strict=True)
        return tuple(replace(run, operation=operation, residency=home) for run, operation, home in homed)

    def schedule_fused(
        self, elaborated: Elaborated, chain: Sequence[Operation], residency: Sequence[Residency], first: int
    ) -> tuple[Scheduled, ...]:
        """Tiles with the fewest cycles that their busiest unit allows; exact where it takes runs to choose."""
        requests = sum(self.list_entries(elaborated.machine, each.weight.nnz, each.shape[2]) for each in chain)
        options = RunOptions(quickest("compiled", requests, self.kernels))
        decision = self._chain_decision(elaborated, chain, residency, first, options)
        if len(decision.cuts) > 1:
            return tuple(map(Scheduled.as_run, decision.run(decision.best())))
        (cut,) = decision.cuts
        least = decision.plan(cut).least(decision.settled.settings, decision.kept(cut))
        return tuple(Scheduled(program, count) for program, count in least)

    def _chain_decision(
        self, elaborated: Elaborated, chain: Sequence[Operation], residency: Sequence[Residency], first: int, options: RunOptions
    ) -> ChainDecision:
        from simulator.kinds.units.chain_cuts import ChainCuts, SettledCuts
        from simulator.kinds.units.decision import ChainDecision

        cuts = ChainCuts.of(self, elaborated.machine.inside(), chain, residency)
        settled = SettledCuts(cuts, tuple(each.setting(elaborated, options) for each in cuts.kinds))
        most = MOST_TRIED if self.schedules_by_running(elaborated.machine, chain) else 1
        return ChainDecision(settled, first, elaborated.dram_burst_bytes, options, most)
