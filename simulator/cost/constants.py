"""Constants with their bands and sources: one of a node, and the DRAM devices, each a record of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct
from pydantic import Field, field_validator, model_validator

from simulator.errors import ConfigError
from simulator.specs import FileModel, config_path, load_once, nearest_hint

Basis = Literal["read", "derived", "assumed", "memory"]
ASSUMED = "assumed"


class Constant(FileModel):
    """One number of a technology, with all that a reader needs to doubt it."""

    value: float = Field(description="what the models use")
    unit: str = Field(min_length=1, description="its unit; 1 for a ratio")
    low: float = Field(description="low end of what sources and judgement allow")
    high: float = Field(description="high end of what sources and judgement allow")
    basis: Basis = Field(description="read in a document, derived from what was read, from memory, or assumed")
    source: str = Field(min_length=1, description="paper and table, or the word `assumed`")
    note: str = Field("", description="what to keep in mind")

    @model_validator(mode="after")
    def _honest(self) -> Constant:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"value = {self.value:g} is outside its band, low = {self.low:g} to high = {self.high:g}")
        if (self.basis == ASSUMED) != (self.source == ASSUMED):
            raise ValueError(f"basis = {self.basis} and source = {self.source} disagree; `assumed` stands in both or in neither")
        return self

    @field_validator("value", "low", "high")
    @classmethod
    def _of_this_world(cls, number: float) -> float:
        reason = out_of_range(number)
        if reason is not None:
            raise ValueError(reason)
        return number

    def overridden(self, value: float) -> Constant:
        """Return this constant with a user's value: its band closes on it, its source says so."""
        return Constant(value=value, unit=self.unit, low=value, high=value, basis="assumed", source=ASSUMED, note="overridden by the user")


LEAST, MOST, STEEPEST = 1e-9, 1e9, 8.0
"""Between which every constant lies that is not 0, in its unit, and the largest exponent: figures made of them stay finite."""


def out_of_range(value: float, name: str = "") -> str | None:
    """Return why no constant (of that name) has such a value; None where one may."""
    if name.endswith("_exponent") and abs(value) > STEEPEST:
        return f"found {value:g}; allowed: an exponent from {-STEEPEST:g} to {STEEPEST:g}"
    if value and not LEAST <= abs(value) <= MOST:
        return f"found {value:g}; allowed: a number from {LEAST:g} to {MOST:g}"
    return None


DRAM_PREFIX = "dram."
"""Begins the name of a device's constant among those of a technology: `dram.hbm2e.io_pj_per_bit`."""


MOST_BURST = 65536
"""Bytes of a burst."""


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


class DramDevice(Struct, frozen=True):
    """One kind of DRAM; what is stated is for one device."""

    kind: str
    constants: DramConstants

    @property
    def bandwidth_gb_per_s(self) -> float:
        """Peak bandwidth, 10^9 bytes/s."""
        return self.constants.bandwidth_gb_per_s.value

    @property
    def burst_bytes(self) -> int:
        """Smallest transfer, at most `MOST_BURST`."""
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
        reason = out_of_range(value) or (_burst_out_of_range(value) if field == "burst_bytes" else None)
        if reason is not None:
            raise ConfigError(f"technology_overrides.{name}: {reason}")
        constant: Constant = getattr(changed[kind], field)
        changed[kind] = changed[kind].model_copy(update={field: constant.overridden(value)})
    return changed


def _burst_out_of_range(value: float) -> str | None:
    if value != round(value) or not 1 <= value <= MOST_BURST:
        return f"found {value:g}; allowed: whole bytes from 1 to {MOST_BURST}"
    return None


def choose_dram(devices: Mapping[str, DramConstants], kind: str, key: str = "dram.kind") -> DramDevice:
    """Return the device of a kind; ConfigError, with the key that named it and the nearest name, for an unknown one."""
    if kind not in devices:
        raise ConfigError(f"{key}: found {kind!r}; allowed: {', '.join(devices)}{nearest_hint(kind, devices)}")
    return DramDevice(kind, devices[kind])
