"""Fused operations on a fabric of units: a chain runs block by block, each tile taking what the tile before it leaves.

Loops, outermost first: blocks of the batch, rounds of tokens, operations of the chain. Each operation has its whole K and M of a
block in a tile, so that a tile leaves all that the next one takes. W of a block stays until its last round.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.activity import Bounds, Counts
from simulator.engine.engines import RunOptions
from simulator.kinds.units.chain_cuts import BlockCut, SettledCuts, block_patterns
from simulator.kinds.units.loops import Setting
from simulator.kinds.units.operation import Busiest, Floors, UnitsPlan, cut_drains, how, keeps, run_of
from simulator.kinds.units.rounds import Deal, Round, Rounds
from simulator.kinds.units.streams import with_room
from simulator.system.activations import Forms
from simulator.system.operation import OperationRun
from simulator.system.parts import PartColumns
from simulator.system.program import Drain, OperationProgram, in_sequence, interleaved
from simulator.system.quick_bound import QuickBound
from simulator.system.tensors import Residency
from simulator.workload.slices import slices
from simulator.workload.types import Operation

Kept = tuple[tuple[bool, ...], ...]
"""[operations][tiles of blocks] whether the buffer keeps a W."""


def kept_in(least_rooms: Sequence[Sequence[int | None]], residency: Sequence[Residency]) -> Kept:
    """[operations][tiles of blocks] whether the buffer keeps a W, given what must be left for each, and where the operations live."""
    return tuple(tuple(keeps(least, home.room_bytes) for least in of_tiles) for of_tiles, home in zip(least_rooms, residency, strict=True))


@dataclass(frozen=True, eq=False)
class FusedPlan:
    """A chain, cut into tiles but not run."""

    flows: tuple[str, ...]
    """[operations] dataflow of each."""
    chain: tuple[Operation, ...]
    plans: tuple[tuple[UnitsPlan, ...], ...]
    """[operations][tiles of blocks]"""
    reuse_tiles: bool
    _floors: Floors = field(init=False, default_factory=Floors)

    @classmethod
    def of(
        cls, settled: SettledCuts, cut: BlockCut, first: int, burst_bytes: int, *, reuse_tiles: bool, tiles: int | None = None
    ) -> FusedPlan:
        """Cut in one way, all or so many tiles of blocks."""
        cuts, settings = settled.cuts, settled.settings
        chain, residency = cuts.chain, cuts.residency
        made = partial(slices, values=True) if settings[0].carried else block_patterns
        parts = [made(operation, cut.blocks)[:tiles] for operation in chain]
        stays = [cut.rounds == 1 or cuts.stay_in_banks(tile) for tile in zip(*parts, strict=True)]
        plans: list[tuple[UnitsPlan, ...]] = []
        wanted: list[NDArray[np.bool_] | None] = [None] * len(stays)
        for place in reversed(range(len(chain))):
            planned = []
            for tile, part in enumerate(parts[place]):
                home = _home(residency[place], chain[place], tile * cut.blocks, tile * cut.blocks + part.batch)
                dataflow = cuts.kinds[place].block_dataflow(settings[place], part, home, cut, wanted[tile])
                wanted[tile] = dataflow.looked_at
                planned.append(UnitsPlan(dataflow, first + place, burst_bytes, stays[tile], reuse_tiles))
            plans.insert(0, tuple(planned))
        return cls(tuple(each.flow for each in cuts.kinds), tuple(chain), tuple(plans), reuse_tiles)

    @property
    def pieces(self) -> int:
        """What it takes to hold it, with its lists: about 400 bytes each."""
        return sum(plan.pieces for plans in self.plans for plan in plans)

    def least_rooms(self) -> tuple[tuple[int | None, ...], ...]:
        """[operations][tiles of blocks] bytes that the buffer must have left for W, to keep that of a tile (`UnitsPlan.least_room`)."""
        return tuple(tuple(plan.least_room for plan in plans) for plans in self.plans)

    @cached_property
    def _deals(self) -> tuple[Deal, ...]:
        """[operations] all tiles of each."""
        return tuple(Deal([(plan.dataflow, plan.positions) for plan in plans], self.reuse_tiles) for plans in self.plans)

    def run(
        self, settings: Sequence[Setting], residency: Sequence[Residency], options: RunOptions, kept: Kept
    ) -> tuple[tuple[OperationRun, ...], tuple[range, ...]]:
        """Run all tiles, equal ones of an operation once; and [operations × capacities] those for which that holds.

        `residency` of the operations is that which they were planned with.
        """
        done = [deal.run(how(setting, options)) for deal, setting in zip(self._deals, settings, strict=True)]
        rounds = [of_operation for of_operation, _ in done]
        programs = self.programs([[each.each for each in of_operation] for of_operation in rounds], _output_words(settings), kept)
        joined = zip(range(len(self.plans)), residency, rounds, programs, strict=True)
        return tuple(self._joined(*each) for each in joined), tuple(itertools.chain.from_iterable(alike for _, alike in done))

    def least(self, settings: Sequence[Setting], kept: Kept) -> list[tuple[OperationProgram, Callable[[], Counts]]]:
        """[operations] programs that are through no later than any run's, and the events of fills and drains."""
        rounds = [
            [plan.least_rounds(plan.dataflow.least_cycles(setting.spec), 1) for plan in plans]
            for setting, plans in zip(settings, self.plans, strict=True)
        ]
        programs = self.programs(rounds, _output_words(settings), kept)
        return [(program, _counted(plans)) for program, plans in zip(programs, self.plans, strict=True)]

    def least_cycles(self, settings: Sequence[Setting]) -> int:
        """Of all tiles, by their busiest units."""
        of_plans = zip(settings, self.plans, strict=True)
        return sum(sum(plan.dataflow.least_cycles(setting.spec)) for setting, plans in of_plans for plan in plans)

    def floor(self, settings: Sequence[Setting], busiest: Busiest, kept: Kept) -> QuickBound:
        """That of one program of all operations that is through no later than any run's, as `UnitsPlan.floor`."""
        output_words = _output_words(settings)

        def at_once() -> OperationProgram:
            rounds = [[plan.least_rounds([0] * len(plan.positions), 1) for plan in plans] for plans in self.plans]
            return interleaved(self.programs(rounds, output_words, kept))

        cycles = [
            _flat([plan.dataflow.least_cycles(setting.spec) for plan in plans] if busiest == "unit" else deal.least(setting.spec))
            for plans, deal, setting in zip(self.plans, self._deals, settings, strict=True)
        ]
        return self._floors.of((kept, output_words), _flat(zip(*cycles, strict=True)), at_once)

    def programs(self, rounds: Sequence[Sequence[Sequence[Round]]], output_words: int, kept: Kept) -> list[OperationProgram]:
        """[operations] tiles, fills and drains, all as many; drains wait for room as the tiles of all operations leave it."""
        leaving = [cut_drains(plans, each, output_words) for plans, each in zip(self.plans, rounds, strict=True)]
        programs = [
            in_sequence(
                plan.drained(done, cut, [whole.parts for whole in cut], w_kept=w_kept)
                for plan, done, cut, w_kept in zip(plans, of_plans, of_cuts, of_kept, strict=True)
            )
            for plans, of_plans, of_cuts, of_kept in zip(self.plans, rounds, leaving, kept, strict=True)
        ]
        cuts = [_flat(each) for each in leaving]
        units = [
            _flat(
                [done.in_step.unit if plan.dataflow.rows_stream else _NONE for done in of_plan]
                for plan, of_plan in zip(plans, each, strict=True)
            )
            for plans, each in zip(self.plans, rounds, strict=True)
        ]
        by_turns = list(itertools.chain.from_iterable(zip(*cuts, strict=True)))
        places = self.plans[0][0].dataflow.output_places(output_words)
        parts = with_room(by_turns, list(itertools.chain.from_iterable(zip(*units, strict=True))), places)
        for place, program in enumerate(programs):
            drains = tuple(replace(drain, parts=own) for drain, own in zip(program.drains, parts[place :: len(programs)], strict=True))
            if place + 1 < len(programs):
                fills = programs[place + 1].x_fills
                drains = tuple(
                    _into(drain, sum(part.bank_cycles for part in fill.parts)) for drain, fill in zip(drains, fills, strict=True)
                )
            programs[place] = dataclasses.replace(program, drains=drains)
        return programs

    def _joined(self, place: int, home: Residency, rounds: Sequence[Rounds], program: OperationProgram) -> OperationRun:
        """One operation's tiles of all blocks as its run."""
        operation, flow = self.chain[place], self.flows[place]
        runs = [run_of(plan, flow, home, done, program) for plan, done in zip(self.plans[place], rounds, strict=True)]
        details = dict(runs[0].details) | {"blocks": len(runs)}
        if "weight_stored_bytes" in details:
            details["weight_stored_bytes"] = sum(run.details["weight_stored_bytes"] for run in runs)
        outputs = [run.outputs for run in runs if run.outputs is not None]
        return OperationRun(
            operation,
            home,
            program,
            counts=Counts.total(run.counts for run in runs),
            unit_cycles=np.sum([run.unit_cycles for run in runs], axis=0),
            bounds=sum((run.bounds for run in runs), Bounds()),
            details=details,
            checked={name: sum(run.checked[name] for run in runs) for name in runs[0].checked},
            outputs=np.vstack(outputs) if len(outputs) == len(runs) else None,
        )


def _home(residency: Residency, operation: Operation, first: int, last: int) -> Residency:
    """Of some blocks of a batch."""
    m, k, _ = operation.block_shape
    x, y = residency.forms.x.of_features(first * k, last * k), residency.forms.y.of_features(first * m, last * m)
    return replace(residency, forms=Forms(x=x, y=y))


def _output_words(settings: Sequence[Setting]) -> int:
    """The same in each: operations share the banks."""
    return settings[0].machine.output_words


_NONE = np.zeros(0, dtype=np.int64)


def _flat(several: Any) -> list[Any]:
    return list(itertools.chain.from_iterable(several))


def _counted(plans: Sequence[UnitsPlan]) -> Callable[[], Counts]:
    return lambda: Counts.total(plan.transfer_counts for plan in plans)


def _into(drain: Drain, bank_cycles: int) -> Drain:
    """With the cycles in which the banks that it goes to take it in, spread over its parts."""
    parts = PartColumns.of(drain.parts)
    moved = np.cumsum(parts["bytes"])
    upto = -(-bank_cycles * moved // max(1, int(moved[-1]))) if len(parts) else moved
    return replace(drain, parts=parts.replaced(bank_cycles=np.diff(upto, prepend=0)))
