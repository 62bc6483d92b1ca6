"""What a search asks of one machine: a bound, or a run that ends as soon as it cannot win; and how it is asked in this process."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.cost import elaborate, inventory, load_technology
from simulator.errors import MappingError
from simulator.machine.model import Machine
from simulator.pipeline import attempt, simulate
from simulator.sizing.measure import listed_area_mm2
from simulator.sizing.objective import floor_of
from simulator.sizing.types import Outcome, Rival
from simulator.timing.engines import EngineName
from simulator.timing.floor import Floor, Least
from simulator.timing.trial import Trial
from simulator.workload.types import Workload


class InTurn:
    """A `Runner` that does one after another, in this process.

    >>> from simulator import load_machine, load_workload
    >>> InTurn(load_workload("dense-1024")).least([load_machine("systolic")])[0].counts.macs_useful
    1073741824
    """

    def __init__(self, workload: Workload, engine: EngineName = "compiled") -> None:
        self.floor = Floor(workload)
        self.engine = engine

    def run(self, machines: Sequence[Machine]) -> list[Outcome]:
        """Simulate them."""
        return [self._run(machine) for machine in machines]

    def least(self, machines: Sequence[Machine]) -> list[Least | MappingError]:
        """What no run of each goes below."""
        return [self._least(machine) for machine in machines]

    def attempt(self, machines: Sequence[Machine], rival: Rival) -> list[Outcome | None]:
        """Simulate them, each until it is seen that it cannot keep to what the rival has."""
        return [self._attempt(machine, rival) for machine in machines]

    def _run(self, machine: Machine) -> Outcome:
        try:
            return simulate(machine, self.floor.workload, engine=self.engine)
        except MappingError as error:
            return error

    def _least(self, machine: Machine) -> Least | MappingError:
        try:
            return Trial(elaborate(machine, load_technology(machine.technology, machine.technology_overrides)), self.floor).least()
        except MappingError as error:
            return error

    def _attempt(self, machine: Machine, rival: Rival) -> Outcome | None:
        technology = load_technology(machine.technology, machine.technology_overrides)
        elaborated = elaborate(machine, technology)
        instances = inventory(elaborated, technology)
        area_mm2 = listed_area_mm2(instances, include_dram=False)

        def hopeless(least: Least) -> bool:
            if least.cycles / (machine.clock_ghz * 1e9) > rival.seconds:
                return True
            return floor_of(rival.objective, least, elaborated, technology, instances, area_mm2) > rival.value

        try:
            return attempt(machine, self.floor, engine=self.engine, hopeless=hopeless)
        except MappingError as error:
            return error
