"""What DRAM costs and how fast it is: energy in the devices, area and energy of their interface on the die, rate and latency."""

from __future__ import annotations

import math
from collections.abc import Mapping

from simulator.cost.component import Area, Component
from simulator.cost.constants import DramDevice
from simulator.errors import ConfigError
from simulator.machine.model import Machine

_ROUNDING = 1e-9


class Dram(Component, frozen=True):
    """The devices, off the die: energy only.

    Per bit: activate + move + io + ecc (O'Connor 2017, SK hynix 2023 and others, see the file). Opening a row costs the
    same whatever is then used of it, so that activation a bit = the device's figure × activate_bytes (1 KB) /
    useful_bytes_per_activate; None is streaming, for which the figure is stated. Refresh and idle power are in no
    figure and not charged.
    """

    device: DramDevice
    useful_bytes_per_activate: float | None = None

    def area(self) -> Area:
        """None on the die."""
        return Area(0.0, 0.0)

    def actions(self) -> Mapping[str, float]:
        """`activate_byte`, `move_byte`, `io_byte` (check bits included): parts of one byte read or written."""
        constants = self.device.constants
        stated = constants.activate_bytes.value
        return {
            "activate_byte": 8 * constants.activate_pj_per_bit.value * stated / (self.useful_bytes_per_activate or stated),
            "move_byte": 8 * constants.move_pj_per_bit.value,
            "io_byte": 8 * (constants.io_pj_per_bit.value + constants.ecc_pj_per_bit.value),
        }


class DramPhy(Component, frozen=True):
    """The machine's share of the PHYs and controllers on the die.

    Area (assumed, no source) = devices · share · area of one; it stands at the die's edge as it is, outside the
    utilization of blocks. Energy: the file's adder per bit, 0 in a device figure and 9.2 pJ in a board's.
    """

    device: DramDevice
    share: float
    """Devices × share of each."""

    def area(self) -> Area:
        """PHY and controller as drawn."""
        area_mm2 = self.device.constants.phy_area_mm2.value * self.share
        return Area(area_mm2, area_mm2)

    def die_mm2(self) -> float:
        """As drawn."""
        return self.area().placed_mm2

    def actions(self) -> Mapping[str, float]:
        """`transfer_byte`: one byte read or written."""
        return {"transfer_byte": 8 * self.device.constants.phy_pj_per_bit.value}

    def leakage_mw(self) -> float:
        """Logic leakage of a part of the area, a tenth (assumed): the rest is drivers, pads and capacitors."""
        return self.technology.phy_leakage_share * super().leakage_mw()

    def logic_mm2(self) -> float:
        """None: it brings its own clock."""
        return 0.0

    def notes(self) -> tuple[str, ...]:
        """That it is assumed."""
        return (f"{self.device.kind}: area and energy assumed, no source gives them",)


def check_activation(machine: Machine, device: DramDevice) -> None:
    """Raise ConfigError where fewer bytes of an opened row would be used than one burst moves."""
    useful = machine.dram.useful_bytes_per_activate
    if useful != "auto" and useful < device.burst_bytes:
        raise ConfigError(
            f"dram.useful_bytes_per_activate: found {useful:g}, less than one burst of {device.kind}; "
            f"allowed: at least {device.burst_bytes} bytes, or auto"
        )


def dram_bytes_per_cycle(machine: Machine, device: DramDevice) -> float:
    """Effective bandwidth of the machine's share."""
    dram = machine.dram
    return dram.stacks * device.bandwidth_gb_per_s * dram.share * dram.efficiency / machine.clock_ghz


def dram_latency_cycles(machine: Machine) -> int:
    """Whole cycles from a request to its first byte."""
    return math.ceil(machine.dram.latency_ns * machine.clock_ghz - _ROUNDING)
