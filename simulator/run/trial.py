"""One machine's run of a workload that may be given up on the way: what it has not run yet is bounded from below."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from simulator.activity import Counts
from simulator.engine.engines import Engine, RunOptions
from simulator.kinds import kind_of
from simulator.kinds.base import Scheduled
from simulator.machine.model import Elaborated
from simulator.recall import NOTHING, Recall
from simulator.run.alternatives import Alternatives
from simulator.run.floor import Floor, Least
from simulator.run.fusing import settled
from simulator.run.run import Timing, on_the_system
from simulator.run.stints import Kept, Player, Repeats, Stint, floors_of, program_of, run_operation, stints
from simulator.system.operation import OperationRun
from simulator.system.program import Drain, Fill, OperationProgram, TileStep
from simulator.system.relaxed import earliest_end
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from simulator.system.weights import check_decoder
from simulator.workload.types import Operation, Workload

GiveUp = Callable[[Least], bool]
"""Whether a machine is of no use if no run of it goes below this."""


def _alike_elsewhere(alternatives: Alternatives) -> bool:
    """Whether all that is of no chain that may be fused runs alike whichever are: where it lives, and what room is left for W."""
    each = enumerate(zip(alternatives.fused, alternatives.apart, strict=True))
    return alternatives.leave_others_alone and all(fused == apart for place, (fused, apart) in each if place not in alternatives.undecided)


def never(least: Least) -> bool:
    """Do not give up."""
    return False


@dataclass(frozen=True, eq=False)
class _Part:
    """One operation's part of the program, with the fewest cycles in its tiles, and the events that it has at least."""

    program: OperationProgram
    count: Callable[[], Counts]

    @property
    def compute_cycles(self) -> int:
        return sum(tile.cycles for tile in self.program.tiles)


class Trial:
    """A workload on a machine. At first no operation is scheduled, and none is run.

    Which chains are fused is settled, by running them, when all else has been scheduled, since that may tell that the machine is of no
    use; but at once where it decides how all else runs.

    trial = Trial(elaborated, Floor(workload), engine)
    trial.schedule() and trial.least().cycles <= trial.run().activity.cycles
    """

    def __init__(self, elaborated: Elaborated, floor: Floor, engine: Engine, *, threads: int = 1, recall: Recall = NOTHING) -> None:
        """`recall` remembers what other machines did. Raises MappingError for a chain that is demanded and does not fit."""
        self.elaborated = elaborated
        self.floor = floor
        self.player, self.carries_values = Player(engine.name, recall), engine.carries_values
        options = RunOptions(engine, threads=threads, recall=recall)
        self.kept, self.floors = Kept(partial(run_operation, elaborated, options)), partial(floors_of, elaborated, options)
        self.spec = SystemSpec.of(elaborated)
        self.at_least = floor.least(elaborated).cycles
        self.works = floor.works(elaborated.machine)
        self.parts: list[_Part] = []
        self.scheduled: set[int] = set()
        """Places of operations that have their own fills, tiles and drains."""
        alternatives = Alternatives.of(elaborated.machine, floor.workload)
        self.undecided = alternatives.undecided if _alike_elsewhere(alternatives) else frozenset[int]()
        self.alternatives = alternatives
        if self.undecided:
            self._take(alternatives.with_fused(()), floor.of_operations(alternatives))
        else:
            self._settle()

    def _settle(self) -> None:
        """Decide which chains are fused."""
        workload = settled(self.elaborated, self.alternatives, self.kept.run, self.floors, self.player)
        self.undecided = frozenset[int]()
        self._take(workload, [])

    def _take(self, workload: Workload, least: Sequence[Least]) -> None:
        """Go on with a workload; [operations] what those of chains that are undecided have at least."""
        machine = self.elaborated.machine
        self.workload, self.residency = workload, kind_of(machine).residency(machine, workload)
        self.stints = stints(workload, self.residency)
        for index, (op, home) in enumerate(zip(workload.operations, self.residency, strict=True)):
            if index not in self.scheduled:
                known = least[index] if index in self.undecided else self.floor.of_operation(machine, op, home)
                self.parts[index : index + 1] = [self._unscheduled(index, op, known)]

    def least(self) -> Least:
        """What no run goes below: exact in what has been run, bounded in what has not."""
        program = program_of(self.workload, self.residency, [part.program for part in self.parts])
        parts = list(self.parts)
        cycles = max(self.at_least, earliest_end(self.spec, program))
        return Least(cycles, lambda: [part.count() for part in parts], self.works)

    def schedule(self, give_up: GiveUp = never) -> bool:
        """Give every operation its own fills, tiles and drains, the longest first; False as soon as it is given up.

        Raises MappingError where the machine cannot hold the workload.
        """
        check_decoder(self.elaborated.machine, self.workload)
        if self.undecided:
            if not self._schedule([equal for equal in self._longest_first() if self._decided(equal)], give_up):
                return False
            self._settle()
        return self._schedule(self._longest_first(), give_up)

    def _decided(self, equal: Sequence[Stint]) -> bool:
        """Whether none of these is of a chain that may be fused or not."""
        return self.undecided.isdisjoint(index for stint in equal for index in stint.places)

    def _schedule(self, groups: Sequence[Sequence[Stint]], give_up: GiveUp) -> bool:
        """Those of some groups of equal work that are not scheduled yet."""
        groups = [equal for equal in groups if not self.scheduled.issuperset(index for stint in equal for index in stint.places)]
        for place, equal in enumerate(groups, 1):
            parts = self._scheduled(equal[0])
            for stint in equal:
                self.scheduled.update(stint.places)
                for part, index in zip(parts, stint.places, strict=True):
                    self.parts[index] = replace(part, program=part.program.of_operation(index))
            if place < len(groups) and place & (place - 1) == 0 and give_up(self.least()):
                return False
        return not give_up(self.least())

    def run(self, give_up: GiveUp = never) -> Timing | None:
        """Run what has been scheduled, the longest operations first; None as soon as it is given up."""
        if self.undecided:
            self._settle()
        runs: dict[int, OperationRun] = {}
        run_next = Repeats(self.kept.run).run
        for equal in self._longest_first():
            for stint in equal:
                for index, run in zip(stint.places, run_next(stint), strict=True):
                    runs[index] = run
                    self.parts[index] = self._run(run)
            if give_up(self.least()):
                return None
        return on_the_system(self.elaborated, self.spec, self.workload, [runs[index] for index in range(len(runs))], self.player)

    def _longest_first(self) -> list[list[Stint]]:
        """All that there is to do, what is the same work together; first of which the array or the units have most to do."""
        equal: dict[Hashable, list[Stint]] = {}
        for stint in self.stints:
            equal.setdefault(stint.work, []).append(stint)
        return sorted(equal.values(), key=lambda same: -sum(self.parts[index].compute_cycles for stint in same for index in stint.places))

    def _unscheduled(self, index: int, op: Operation, least: Least) -> _Part:
        """One tile, were there nothing to be moved: what it awaits and what awaits it stay.

        Of a chain that may be fused the first operation alone awaits what its X is made from: that of the others may come by turns.
        """
        within = index in self.undecided and self.alternatives.fused[index].x == "chip"
        program = OperationProgram(
            tiles=(TileStep(index, least.cycles, 0, 0, 0),),
            x_fills=(Fill(index, "buffer", (), waits=not within),),
            w_fills=(Fill(index, "buffer", (), waits=op.weight_home == "activation"),),
            drains=(Drain(index, "buffer", ()),),
        )
        return _Part(program, lambda: least.counts)

    def _scheduled(self, stint: Stint) -> list[_Part]:
        machine, operations = self.elaborated.machine, zip(stint.operations, stint.residency, strict=True)
        if kind_of(machine).schedules_by_running(machine, stint.operations) and not self.carries_values:
            runs = self.kept.run(stint)
            return [self._bounded(Scheduled.as_run(run), *homed) for run, homed in zip(runs, operations, strict=True)]
        if len(stint.operations) > 1:
            several = kind_of(machine).schedule_fused(self.elaborated, stint.operations, stint.residency, stint.first)
            return [self._bounded(scheduled, *homed) for scheduled, homed in zip(several, operations, strict=True)]
        ((op, residency),) = operations
        scheduled = kind_of(machine).of_operation(machine, op).schedule(self.elaborated, op, residency, stint.first)
        return [self._bounded(scheduled, op, residency)]

    def _bounded(self, scheduled: Scheduled, op: Operation, residency: Residency) -> _Part:
        def count() -> Counts:
            known = scheduled.count() + scheduled.program.traffic(self.spec.dram_burst_bytes)
            return Counts(*map(max, known.values(), self.floor.of_operation(self.elaborated.machine, op, residency).counts.values()))

        return _Part(scheduled.program, count)

    def _run(self, run: OperationRun) -> _Part:
        return _Part(run.program, lambda: run.counts + run.program.traffic(self.spec.dram_burst_bytes))
