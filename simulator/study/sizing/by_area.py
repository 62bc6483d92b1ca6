"""One machine by its size alone, to an area that is known."""

from __future__ import annotations

from simulator.cost import load_technology
from simulator.errors import ConfigError
from simulator.machine.model import Machine
from simulator.study.sizing.by_size import BySize
from simulator.study.sizing.measure import area_mm2
from simulator.study.sizing.types import Sized


def own_area_mm2(machine: Machine) -> float:
    """Die area of a machine's fabric in its own technology, without the DRAM PHY. Raises ConfigError."""
    return area_mm2(machine, load_technology(machine.technology, machine.technology_overrides))


def within_area(machine: Machine, target_mm2: float, sram: Machine | None = None) -> Sized:
    """The largest size of a machine whose fabric is at most that large, everything else as it is.

    Args:
        machine: what is scaled.
        target_mm2: die area of the fabric, without the DRAM PHY.
        sram: a gather machine whose on-chip SRAM a systolic array is given; without one its buffers stay.

    Raises:
        ConfigError: no size of it is that small, with the sizes that there are.
    """
    ladder = BySize(machine, sram, own_area_mm2)
    found = ladder.within(target_mm2)
    if found is None:
        raise ConfigError(f"{machine.name}: {ladder.refusal(target_mm2, 'area')}")
    return Sized(machine, found.machine, "area", target_mm2, found.value, found.next_value)
