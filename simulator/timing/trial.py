"""One machine's run of a workload that may be given up on the way: what it has not run yet is bounded from below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from simulator.activity import Counts
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import GatherFabric
from simulator.mapping.program import Strand
from simulator.mapping.residency import Homes, tensor_homes
from simulator.mapping.stored import check_decoder
from simulator.timing.engines import ENGINES, EngineEntry
from simulator.timing.fabric_operation import plan_on_units
from simulator.timing.floor import Floor, Least
from simulator.timing.operation import OperationRun
from simulator.timing.relaxed import earliest_end
from simulator.timing.repeats import Repeats
from simulator.timing.run import Timing, on_the_system, program_of, run_operation, traffic
from simulator.timing.system import SystemSpec
from simulator.timing.systolic_operation import run_systolic
from simulator.workload.types import Operation


@dataclass(frozen=True, eq=False)
class _Part:
    """One operation's part of the program, with the fewest cycles in its tiles, and the events that it has at least."""

    strand: Strand
    counts: Counts

    @property
    def compute_cycles(self) -> int:
        return sum(tile.cycles for tile in self.strand.tiles)


class Trial:
    """A workload on a machine: every operation by its own schedule, none of them run at first.

    trial = Trial(elaborated, Floor(workload))
    trial.least().cycles <= trial.run(engine).activity.cycles

    Raises MappingError where the machine cannot hold the workload.
    """

    def __init__(self, elaborated: Elaborated, floor: Floor) -> None:
        self.elaborated = elaborated
        self.floor = floor
        self.workload = floor.workload
        self.spec = SystemSpec.of(elaborated)
        self.at_least = floor.least(elaborated).cycles
        check_decoder(elaborated.machine, self.workload)
        self.homes = tensor_homes(elaborated.machine, self.workload)
        self.parts = [self._planned(index, op, home) for index, (op, home) in enumerate(self._operations())]

    def least(self) -> Least:
        """What no run goes below: exact in what has been run, bounded in what has not."""
        program = program_of(self.workload, [part.strand for part in self.parts])
        return Least(max(self.at_least, earliest_end(self.spec, program)), Counts.total(part.counts for part in self.parts))

    def run(self, engine: EngineEntry, *, threads: int = 1, give_up: Callable[[Least], bool] = lambda least: False) -> Timing | None:
        """Run it, the longest operations first; None as soon as `give_up` says so of what no run can go below any more."""
        runs: dict[int, OperationRun] = {}
        operations = list(self._operations())
        run_next = Repeats(partial(run_operation, self.elaborated, engine=engine, threads=threads)).run
        for index in sorted(range(len(operations)), key=lambda index: -self.parts[index].compute_cycles):
            if give_up(self.least()):
                return None
            run = run_next(*operations[index], index)
            runs[index] = run
            self.parts[index] = _Part(run.strand, run.counts + traffic(self.spec, run.strand))
        if give_up(self.least()):
            return None
        units = self.elaborated.machine.unit_count
        return on_the_system(units, self.spec, self.workload, [runs[index] for index in range(len(runs))])

    def _operations(self) -> zip[tuple[Operation, Homes]]:
        return zip(self.workload.operations, self.homes, strict=True)

    def _planned(self, index: int, op: Operation, homes: Homes) -> _Part:
        machine = self.elaborated.machine
        if not isinstance(machine.fabric, GatherFabric):
            run = run_systolic(self.elaborated, op, homes, index, None)
            return _Part(run.strand, run.counts + traffic(self.spec, run.strand))
        plan = plan_on_units(self.elaborated, op, homes, index, ENGINES["compiled"])
        strand = plan.strand(plan.dataflow.least_cycles())
        known = plan.transfer_counts() + traffic(self.spec, strand)
        return _Part(strand, Counts(*map(max, known.values(), self.floor.counts(machine, op, homes).values())))
