"""`equal`: what every machine of a sweep is scaled to before it is run, so that points can be compared fairly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.kinds import kind_of
from simulator.machine import Machine
from simulator.study.sizing.scale import own_area_mm2, within_area
from simulator.study.sweep.spec import Scalar


@dataclass(frozen=True)
class Target:
    """An area, and where an array has its SRAM from."""

    area_mm2: float
    model: Machine | None
    """The machine whose area it is; it stays as it is. None where the file says a number."""
    sram: Machine | None


@dataclass(frozen=True)
class Scaled:
    """A machine that was scaled, and every key that this changed."""

    machine: Machine
    sizes: Mapping[str, Scalar]
    unexamined: int = 0
    """Designs that could be better, which a search for the best sizes had no budget to look at."""


def target_of(wanted: Machine | float, machines: Sequence[Machine]) -> Target:
    """The target of a sweep over these machines: the area of one, or mm².

    Raises ConfigError where the machine that gives an array its SRAM cannot be scaled to it.
    """
    area_mm2, model = (own_area_mm2(wanted), wanted) if isinstance(wanted, Machine) else (wanted, None)
    if model is not None and _gives_sram(model):
        return Target(area_mm2, model, model)
    giver = next(filter(_gives_sram, machines), None)
    return Target(area_mm2, model, None if giver is None else within_area(giver, area_mm2).machine)


def _gives_sram(machine: Machine) -> bool:
    return kind_of(machine).sizes.sram(machine) is not None


def scaled(machine: Machine, target: Target) -> Scaled:
    """The machine at its largest size within the target. Raises ConfigError where none is that small."""
    if machine == target.model:
        return Scaled(machine, {})
    found = within_area(machine, target.area_mm2, target.sram)
    return Scaled(found.machine, {change.key: change.after for change in found.changes})
