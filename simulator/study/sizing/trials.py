"""What a search asks of one machine: a bound, or a run that ends as soon as it cannot win; and how it is asked in this process."""

from __future__ import annotations

import math
from collections.abc import Sequence

from simulator.cost import load_technology
from simulator.engine.engines import EngineName
from simulator.errors import MappingError
from simulator.machine.model import Machine
from simulator.pipeline import attempt, simulate
from simulator.pricing import elaborate, pricer_of
from simulator.run.floor import Floor, Least
from simulator.run.trial import Trial
from simulator.study.sizing.objective import floor_of
from simulator.study.sizing.types import Outcome, Rival
from simulator.workload.types import Workload


class InTurn:
    """A `Runner` that does one after another, in this process."""

    def __init__(self, workload: Workload, engine: EngineName = "compiled") -> None:
        self.floor = Floor(workload)
        self.engine = engine

    def run(self, machines: Sequence[Machine]) -> list[Outcome]:
        """Simulate them."""
        return [self._run(machine) for machine in machines]

    def bound(self, machines: Sequence[Machine], rival: Rival) -> list[float | MappingError]:
        """A value of the objective that no run of each goes below; ∞ where it is beyond what the rival has."""
        return [self._bound(machine, rival) for machine in machines]

    def attempt(self, machines: Sequence[Machine], rival: Rival) -> list[Outcome | None]:
        """Simulate them, each until it is seen that it cannot keep to what the rival has."""
        return [self._attempt(machine, rival) for machine in machines]

    def _run(self, machine: Machine) -> Outcome:
        try:
            return simulate(machine, self.floor.workload, engine=self.engine)
        except MappingError as error:
            return error

    def _bound(self, machine: Machine, rival: Rival) -> float | MappingError:
        asked = _Asked(machine, rival)
        trial = Trial(asked.elaborated, self.floor)
        try:
            return asked.value(trial.least()) if trial.schedule(asked.hopeless) else math.inf
        except MappingError as error:
            return error

    def _attempt(self, machine: Machine, rival: Rival) -> Outcome | None:
        try:
            return attempt(machine, self.floor, engine=self.engine, hopeless=_Asked(machine, rival).hopeless)
        except MappingError as error:
            return error


class _Asked:
    """One machine against a rival."""

    def __init__(self, machine: Machine, rival: Rival) -> None:
        self.rival = rival
        technology = load_technology(machine.technology, machine.technology_overrides)
        self.elaborated = elaborate(machine, technology)
        self.pricer = pricer_of(self.elaborated, technology)

    def value(self, least: Least) -> float:
        """Of the objective, that no run goes below."""
        return floor_of(self.rival.objective, least, self.pricer)

    def hopeless(self, least: Least) -> bool:
        """Whether it takes too long, or cannot be better."""
        seconds = least.cycles / (self.elaborated.machine.clock_ghz * 1e9)
        return seconds > self.rival.seconds or self.value(least) > self.rival.value
