"""What a search for the best machine of a kind is about: the machine, the objective, what it must keep to, and what is known at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from simulator.cost import Hardware, Pricer, Technology
from simulator.errors import ConfigError
from simulator.machine.model import Elaborated, Machine
from simulator.pricing import elaborate, hardware_of
from simulator.result import Result
from simulator.run.floor import Floor, Least
from simulator.study.sizing.quantities import Objective, floor_of, value_of
from simulator.study.sizing.runner import Incumbent
from simulator.workload.types import Workload


@dataclass(frozen=True)
class Limits:
    """What a design must keep to."""

    area_mm2: float | None = None
    power_w: float | None = None
    seconds: float | None = None
    include_dram: bool = False


@dataclass(frozen=True)
class Built:
    """A legal design with its hardware."""

    machine: Machine
    elaborated: Elaborated
    pricer: Pricer
    area_mm2: float
    """With the DRAM PHY where limits include it."""


@dataclass(frozen=True)
class Problem:
    """What is searched, for what, and within what."""

    machine: Machine
    objective: Objective
    limits: Limits
    technology: Technology
    floor: Floor
    budget: int | None = None
    """Most simulations."""

    def of_part(self, part: Workload) -> Problem:
        """The same on a part of the workload, which may take its share of the time, by useful MACs."""
        limits = self.limits
        if limits.seconds is not None:
            limits = replace(limits, seconds=limits.seconds * (part.macs_useful / self.floor.workload.macs_useful))
        return replace(self, floor=Floor(part), limits=limits)

    def built(self, machine: Machine) -> Built | None:
        """A design with its hardware; None where it cannot be built."""
        try:
            elaborated = elaborate(machine, self.technology)
        except ConfigError:
            return None
        return self.priced(machine, elaborated, hardware_of(elaborated, self.technology))

    def priced(self, machine: Machine, elaborated: Elaborated, hardware: Hardware) -> Built:
        """A design of that hardware."""
        return Built(machine, elaborated, Pricer(hardware), hardware.area_mm2(include_dram=self.limits.include_dram))

    def over_cap(self, built: Built) -> bool:
        """Whether a design misses the limits by its area, or by what it takes when it does nothing."""
        limits = self.limits
        if limits.area_mm2 is not None and built.area_mm2 > limits.area_mm2:
            return True
        return limits.power_w is not None and built.pricer.idle_power_w(include_dram=limits.include_dram) > limits.power_w

    def too_slow(self, built: Built, least: Least) -> bool:
        """Whether no run of a design is quick enough."""
        seconds = self.limits.seconds
        return seconds is not None and least.cycles / (built.machine.clock_ghz * 1e9) > seconds

    def bound(self, built: Built, least: Least) -> float:
        """A value of the objective that no run of a design goes below."""
        return floor_of(self.objective, least, built.pricer)

    def within(self, result: Result) -> bool:
        """Whether a run keeps to the limits."""
        power_w = result.power_w if self.limits.include_dram else result.fabric_power_w
        within_power = self.limits.power_w is None or power_w <= self.limits.power_w
        return within_power and (self.limits.seconds is None or result.seconds <= self.limits.seconds)

    def value(self, result: Result) -> float:
        """The objective's value of a run."""
        return value_of(result, self.objective)

    def incumbent(self, value: float | None) -> Incumbent:
        """What a design must not exceed to be of use, where the best so far has that value."""
        seconds = self.limits.seconds
        return Incumbent(self.objective, math.inf if value is None else value, math.inf if seconds is None else seconds)
