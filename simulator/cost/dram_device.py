"""DRAM devices as data: the file that lists them, and the one that a machine names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field

from simulator.cost.constant import Constant, FileModel
from simulator.errors import ConfigError
from simulator.specs import config_path, load_once, nearest_hint

DRAM_PREFIX = "dram."
"""Begins the name of a device's constant among those of a technology: `dram.hbm2e.io_pj_per_bit`."""


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


def split_dram_name(devices: Mapping[str, DramConstants], name: str) -> tuple[str, str]:
    """Kind and constant of `dram.KIND.CONSTANT`, as overrides and reports call a constant of a device.

    Raises ConfigError, with the nearest name, where there is no such device or constant.
    """
    kind, _, field = name.removeprefix(DRAM_PREFIX).partition(".")
    if kind not in devices:
        raise ConfigError(f"technology_overrides.{name}: no such DRAM device; allowed: {', '.join(devices)}{nearest_hint(kind, devices)}")
    allowed = DramConstants.model_fields
    if field not in allowed:
        raise ConfigError(
            f"technology_overrides.{name}: {kind} has no such constant; allowed: {', '.join(allowed)}{nearest_hint(field, allowed)}"
        )
    return kind, field


def override_dram(devices: Mapping[str, DramConstants], overrides: Mapping[str, float]) -> dict[str, DramConstants]:
    """The devices with some constants replaced by their name `dram.KIND.CONSTANT`; ConfigError for a name or value that cannot be."""
    changed = dict(devices)
    for name, value in overrides.items():
        kind, field = split_dram_name(changed, name)
        if not (value > 0 or (value == 0 and field.endswith("_pj_per_bit"))):
            raise ConfigError(
                f"technology_overrides.{name}: found {value:g}; allowed: a number {'from' if field.endswith('_pj_per_bit') else 'above'} 0"
            )
        constant: Constant = getattr(changed[kind], field)
        changed[kind] = changed[kind].model_copy(update={field: constant.overridden(value)})
    return changed


def choose_dram(devices: Mapping[str, DramConstants], kind: str, key: str = "dram.kind") -> DramDevice:
    """Return the device of a kind; ConfigError, with the key that named it and the nearest name, for an unknown one."""
    if kind not in devices:
        raise ConfigError(f"{key}: found {kind!r}; allowed: {', '.join(devices)}{nearest_hint(kind, devices)}")
    return DramDevice(kind, devices[kind])


def load_dram(kind: str) -> DramDevice:
    """Return a device of configs/technologies/dram.yaml; ConfigError, with the nearest name, for an unknown kind."""
    return choose_dram(load_dram_devices(), kind)
