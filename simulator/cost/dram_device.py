"""DRAM devices as data: the file that lists them, and the one that a machine names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field

from simulator.cost.constant import Constant, FileModel
from simulator.errors import ConfigError
from simulator.files import config_path, load_once, nearest_hint


class DramConstants(FileModel):
    """One device of configs/technologies/dram.yaml, every constant with its source."""

    bandwidth_gb_per_s: Constant = Field(description="peak, of one device")
    burst_bytes: Constant = Field(description="smallest transfer")
    activate_pj_per_bit: Constant = Field(description="opening rows, at average locality")
    activate_bytes: Constant = Field(description="useful bytes of an opened row for which that holds")
    move_pj_per_bit: Constant = Field(description="array to pins, on the device")
    io_pj_per_bit: Constant = Field(description="device side of the link")
    ecc_pj_per_bit: Constant = Field(description="check bits")
    phy_pj_per_bit: Constant = Field(description="die side of the link, and the controller")
    phy_area_mm2: Constant = Field(description="PHY and controller on the die, for one device")


class DramFile(FileModel):
    """configs/technologies/dram.yaml."""

    devices: dict[str, DramConstants] = Field(description="devices by kind")


@dataclass(frozen=True)
class DramDevice:
    """One kind of DRAM; what is stated is for one device."""

    kind: str
    constants: DramConstants

    @property
    def bandwidth_gb_per_s(self) -> float:
        """Peak bandwidth, 10^9 bytes/s."""
        return self.constants.bandwidth_gb_per_s.value

    @property
    def burst_bytes(self) -> int:
        """Smallest transfer."""
        return round(self.constants.burst_bytes.value)


def load_dram_devices() -> dict[str, DramConstants]:
    """Return all devices of configs/technologies/dram.yaml by kind."""
    return load_once(config_path("technologies", "dram"), DramFile).devices


def choose_dram(devices: Mapping[str, DramConstants], kind: str, key: str = "dram.kind") -> DramDevice:
    """Return the device of a kind; ConfigError, with the key that named it and the nearest name, for an unknown one."""
    if kind not in devices:
        raise ConfigError(f"{key}: found {kind!r}; allowed: {', '.join(devices)}{nearest_hint(kind, devices)}")
    return DramDevice(kind, devices[kind])


def load_dram(kind: str) -> DramDevice:
    """Return a device of configs/technologies/dram.yaml; ConfigError, with the nearest name, for an unknown kind."""
    return choose_dram(load_dram_devices(), kind)
