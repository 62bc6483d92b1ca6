"""A technology: the constants of a process node, read from configs/technologies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from simulator.cost.cacti import check_cacti
from simulator.cost.constants import DRAM_PREFIX, Constant, DramConstants, load_dram_devices, out_of_range, override_dram, split_dram_name
from simulator.errors import ConfigError
from simulator.specs import FileModel, config_path, load_once, nearest_hint
from simulator.specs.fields import Slot, allowed
from simulator.specs.shipped import SHELVES

_FOLDER = "technologies"

SramModel = Literal["closed_form", "cacti"]
Threshold = Literal["rvt", "lvt", "slvt"]
"""Flavours of logic cells by their threshold voltage: regular, low, lowest; a lower one is faster and leaks more."""
_LOGIC_LEAKAGE = "logic_leakage_mw_per_mm2"


class CommonFile(FileModel):
    """A file of constants that node files build on."""

    constants: dict[str, Constant] = Field(description="constants by name")


class TechnologyFile(CommonFile):
    """The file of one node."""

    name: str = Field(min_length=1, description="what reports call it")
    node_nm: float = Field(ge=0.1, le=1e5, description="process node")
    base: str | None = Field(None, description="a file whose constants hold unless restated here")
    sram_model: SramModel = Field("closed_form", description="area and energy of SRAM macros: by formula, or by CACTI (optional package)")
    threshold: Threshold | None = Field(
        None, description="flavour of the logic's cells, one of logic_leakage; none where that is not given"
    )
    logic_leakage: dict[Threshold, Constant] = Field(
        default_factory=dict, description="logic_leakage_mw_per_mm2 by flavour, where the node's libraries tell; in place of that constant"
    )

    @model_validator(mode="after")
    def _one_leakage(self) -> TechnologyFile:
        if self.threshold is None and self.logic_leakage:
            raise ValueError(f"threshold: missing; allowed: {', '.join(self.logic_leakage)}, the flavours of logic_leakage")
        if self.threshold is not None and self.threshold not in self.logic_leakage:
            raise ValueError(
                f"threshold = {self.threshold}: logic_leakage has no such flavour, only {', '.join(self.logic_leakage) or 'none'}"
            )
        if self.logic_leakage and _LOGIC_LEAKAGE in self.constants:
            raise ValueError(f"logic_leakage: constants has {_LOGIC_LEAKAGE} too; allowed: one of them")
        return self

    def own_constants(self) -> dict[str, Constant]:
        """The constants of this file, the leakage of its flavour among them."""
        return self.constants | ({_LOGIC_LEAKAGE: self.logic_leakage[self.threshold]} if self.threshold else {})


class Technology(FileModel):
    """The constants of a node as plain numbers; `constants` tells the unit, band and source of each.

    GE is the area of a NAND2 gate. Energies of the common laws are at 45 nm: `logic_pj` and `sram_pj` bring them to the node.
    """

    name: str = Field(description="what reports call it")
    node_nm: float = Field(ge=0.1, le=1e5, description="process node")
    constants: dict[str, Constant] = Field(repr=False, description="every constant with its unit, band and source")
    dram_devices: dict[str, DramConstants] = Field(repr=False, description="DRAM devices by kind, the same at every node")

    sram_model: SramModel = Field("closed_form", description="what gives area and energy of SRAM macros")
    threshold: Threshold | None = Field(None, description="flavour of the logic's cells, where the node's libraries tell")

    supply_voltage_v: float = Field(gt=0, description="supply; dynamic energy goes with its square")
    nominal_voltage_v: float = Field(gt=0, description="supply for which the node's energies are stated")
    gate_area_um2: float = Field(gt=0, description="area of one GE")
    sram_cell_um2: float = Field(gt=0, description="area of a 6T cell")
    energy_scale: float = Field(gt=0, description="logic energy over that at 45 nm")
    sram_energy_scale: float = Field(gt=0, description="energy of SRAM macros over that at 45 nm")
    wire_pj_per_bit_mm: float = Field(gt=0, description="wire energy of a random bit")
    crossbar_wire_pitch_um: float = Field(gt=0, description="width that one wire of a crossbar takes in each direction")
    sram_leakage_mw_per_kib: float = Field(ge=0, description="SRAM leakage at sram_leakage_reference_c")
    logic_leakage_mw_per_mm2: float = Field(ge=0, description="leakage of logic cells at logic_leakage_reference_c")
    fo4_delay_ps: float = Field(gt=0, description="delay of an inverter with a fan-out of four")
    wire_delay_ns_per_mm: float = Field(gt=0, description="delay of a repeated wire")

    int_multiplier_ge_per_bit2: float = Field(gt=0, description="integer multiplier of at most 12 bits")
    int_wide_multiplier_ge_per_bit2: float = Field(gt=0, description="wider integer multiplier")
    int_multiplier_fj_per_bit2: float = Field(gt=0, description="energy of an integer multiplication")
    int_adder_ge_per_bit: float = Field(gt=0, description="integer adder")
    int_adder_fj_per_bit: float = Field(gt=0, description="energy of an integer addition")
    int_synthesis_factor: float = Field(gt=0, description="integer area when synthesised for about 1 GHz")
    fp_multiplier_ge_per_bit2: float = Field(gt=0, description="floating-point multiplier, per significand bit squared")
    fp_multiplier_fj_per_bit2: float = Field(gt=0, description="energy of a floating-point multiplication of 11 significand bits")
    fp_multiplier_energy_exponent: float = Field(description="how that energy per bit² goes with significand bits / 11")
    fp_adder_ge: float = Field(gt=0, description="floating-point adder of 16 bits")
    fp_adder_area_exponent: float = Field(gt=0, description="how its area goes with bits / 16")
    fp_adder_pj: float = Field(gt=0, description="energy of a floating-point addition of 16 bits")
    fp_adder_energy_exponent: float = Field(gt=0, description="how its energy goes with bits / 16")
    fp_synthesis_factor: float = Field(gt=0, description="floating-point area when synthesised for about 1 GHz")
    gated_mac_fraction: float = Field(ge=0, le=1, description="energy of a gated MAC over that of a full one")

    flop_ge_per_bit: float = Field(gt=0, description="pipeline register")
    register_file_ge_per_bit: float = Field(gt=0, description="register file of flops, with its read multiplexer")
    latch_array_ge_per_bit: float = Field(gt=0, description="register file of latches, with its read multiplexer")
    flop_fj_per_bit: float = Field(gt=0, description="energy of a flop that is clocked and written")
    flop_clock_fraction: float = Field(ge=0, le=1, description="share of it that the clock alone takes")
    gated_clock_fraction: float = Field(ge=0, le=1, description="share of the clock that passes a clock gate")
    mux_fj_per_level: float = Field(ge=0, description="energy of a bit through one level of a multiplexer tree")

    sram_bit_factor: float = Field(gt=0, description="macro area per cell area, large macros")
    sram_periphery_factor: float = Field(ge=0, description="macro periphery in cells per √bits")
    sram_width_exponent: float = Field(ge=0, description="how macro area goes with width / 64 b, above 64 b")
    sram_1r1w_area_factor: float = Field(ge=1, description="area with a read and a write port")
    sram_2rw_area_factor: float = Field(ge=1, description="area with two read-write ports")
    sram_1r1w_energy_factor: float = Field(ge=1, description="energy with a read and a write port")
    sram_2rw_energy_factor: float = Field(ge=1, description="energy with two read-write ports")
    sram_read_fixed_pj: float = Field(ge=0, description="read energy of 32 KiB that does not depend on width")
    sram_read_fixed_exponent: float = Field(ge=0, description="how it goes with KiB / 32")
    sram_read_bit_pj: float = Field(ge=0, description="read energy of 32 KiB per 64 bits")
    sram_read_bit_exponent: float = Field(ge=0, description="how it goes with KiB / 32")
    sram_write_fixed_pj: float = Field(ge=0, description="write energy of 32 KiB that does not depend on width")
    sram_write_fixed_exponent: float = Field(ge=0, description="how it goes with KiB / 32")
    sram_write_bit_pj: float = Field(ge=0, description="write energy of 32 KiB per 64 bits")
    sram_write_bit_exponent: float = Field(ge=0, description="how it goes with KiB / 32")
    sram_subbank_kib: float = Field(gt=0, description="smallest sub-bank of a macro")

    crossbar_ge_per_bit: float = Field(gt=0, description="data path of a crosspoint")
    crossbar_arbiter_ge: float = Field(ge=0, description="arbitration of a crosspoint")
    crossbar_scheduler_ge: float = Field(ge=0, description="scheduler of virtual output queues, beyond the arbiters, a crosspoint")
    crossbar_iteration_ge: float = Field(ge=0, description="each further iteration of a cycle, a crosspoint")
    combiner_ge_per_bit: float = Field(ge=0, description="comparator of addresses of multicast, a crosspoint")
    crossbar_scheduler_fill: float = Field(gt=0, le=1, description="fill of a scheduler's placement")
    crossbar_layout_factor: float = Field(ge=1, description="synthesised cells to upsized, pipelined and routed ones")
    crossbar_fill: float = Field(gt=0, le=1, description="fill of a crossbar's placement")
    crossbar_delay_fo4_per_level: float = Field(gt=0, description="depth of a level of a multiplexer tree")
    crossbar_stage_fill: float = Field(gt=0, le=1, description="share of a clock period that logic may take")
    cluster_wire_detour: float = Field(
        gt=0, description="way between banks, network and units over what the floorplan of their cluster measures"
    )
    bus_repeater_fraction: float = Field(ge=0, description="repeater cells over wire area of a bus")

    adder_fo4_per_level: float = Field(gt=0, description="depth of a level of an integer adder")
    multiplier_fo4_per_level: float = Field(gt=0, description="depth that a doubling of its bits adds to a multiplier")
    float_adder_fo4: float = Field(gt=0, description="depth of an fp32 adder")
    sram_access_fo4: float = Field(gt=0, description="access of a macro of 16 KiB")
    sram_access_exponent: float = Field(ge=0, description="how it goes with KiB / 16")
    allocation_iteration_fo4: float = Field(gt=0, description="depth of an iteration of grant and accept")
    allocation_fo4_per_level: float = Field(ge=0, description="depth that a doubling of the ports adds to an allocation, once")

    cell_placement: float = Field(gt=0, le=1, description="cell area over placed area")
    macro_placement: float = Field(ge=1, description="placed area of macros over macro area, the κ of the roll-up")
    die_utilization: float = Field(gt=0, le=1, description="placed area over die area")

    junction_c: float = Field(ge=-55, le=150, description="temperature at which leakage is priced")
    logic_leakage_reference_c: float = Field(ge=-55, le=150, description="temperature at which the leakage of logic is stated")
    sram_leakage_reference_c: float = Field(ge=-55, le=150, description="temperature at which the leakage of SRAM is stated")
    leakage_doubling_c: float = Field(gt=0, description="rise in temperature that doubles leakage")
    phy_leakage_share: float = Field(ge=0, le=1, description="part of a PHY's area that leaks as logic does")

    clock_tree_fraction: float = Field(ge=0, description="energy of the clock tree over that of clock pins")
    control_area_fraction: float = Field(ge=0, description="cells of control over cells of the logic that is listed")
    control_flop_share: float = Field(ge=0, le=1, description="area of control's flops over that of its cells")
    control_activity: float = Field(ge=0, le=1, description="share of control's flops at work in a cycle")

    def logic_pj(self, pj_at_45nm: float) -> float:
        """Energy of logic at this node and supply, from its energy at 45 nm."""
        return pj_at_45nm * self.energy_scale * self.supply_factor

    def sram_pj(self, pj_at_45nm: float) -> float:
        """Energy of an SRAM macro at this node and supply, from its energy at 45 nm."""
        return pj_at_45nm * self.sram_energy_scale * self.supply_factor

    def wire_pj(self, bit_mm: float) -> float:
        """Energy to send random bits over a wire; `bit_mm` = bits × mm."""
        return bit_mm * self.wire_pj_per_bit_mm * self.supply_factor

    def leakage_growth(self, from_c: float, to_c: float) -> float:
        """Leakage at one temperature over that at another, °C: it doubles every `leakage_doubling_c`, of logic and SRAM alike."""
        return float(2 ** ((to_c - from_c) / self.leakage_doubling_c))

    def logic_leakage_mw(self, cells_mm2: float) -> float:
        """Leakage of logic cells at `junction_c`; at another temperature `leakage_growth` times that."""
        return cells_mm2 * self.logic_leakage_mw_per_mm2 * self.leakage_growth(self.logic_leakage_reference_c, self.junction_c)

    def sram_leakage_mw(self, kib: float) -> float:
        """Leakage of single-ported SRAM at `junction_c`, likewise."""
        return kib * self.sram_leakage_mw_per_kib * self.leakage_growth(self.sram_leakage_reference_c, self.junction_c)

    def constant(self, name: str) -> Constant:
        """A constant by name, `dram.KIND.CONSTANT` for one of a device; ConfigError, with the nearest name, for an unknown one."""
        if name.startswith(DRAM_PREFIX):
            kind, field = split_dram_name(self.dram_devices, name)
            found: Constant = getattr(self.dram_devices[kind], field)
            return found
        if name not in self.constants:
            raise ConfigError(f"{name}: {self.name} has no such constant{_hint(name)}")
        return self.constants[name]

    def moved(self, name: str, value: float) -> Technology:
        """This technology with one constant elsewhere, for studies that move thousands: neither name nor value is checked."""
        if name.startswith(DRAM_PREFIX):
            return self.with_dram({name: value})
        return self.model_copy(update={name: value})

    def with_dram(self, overrides: Mapping[str, float]) -> Technology:
        """This technology with constants of DRAM devices replaced, by their names `dram.KIND.CONSTANT`."""
        return self.model_copy(update={"dram_devices": override_dram(self.dram_devices, overrides)}) if overrides else self

    @property
    def supply_factor(self) -> float:
        """Relative to the node's own nominal supply: its energies hold there already."""
        ratio = self.supply_voltage_v / self.nominal_voltage_v
        return ratio * ratio  # infinite where it is beyond a float, which a power would raise


_NOT_CONSTANTS = ("name", "node_nm", "constants", "dram_devices", "sram_model", "threshold")
CONSTANTS: tuple[str, ...] = tuple(name for name in Technology.model_fields if name not in _NOT_CONSTANTS)
"""Names of all constants of a technology, in order."""


def load_technology(name_or_path: str, overrides: Mapping[str, float] | None = None) -> Technology:
    """Return a technology of configs/technologies, or of a file, with some constants replaced by name.

    Constants of DRAM devices are called `dram.KIND.CONSTANT`, such as `dram.hbm2e.io_pj_per_bit`.
    Raises ConfigError for an unknown technology, a missing or unknown constant, a value out of range, or an SRAM model
    that is not installed. The files are read once, as long as they do not change.
    """
    path = config_path(_FOLDER, name_or_path, SHELVES[_FOLDER].hidden)
    file = load_once(path, TechnologyFile)
    if file.sram_model == "cacti":
        check_cacti(file.node_nm)
    inherited: dict[str, Constant] = {}
    if file.base is not None:
        inherited = load_once(config_path(_FOLDER, file.base), CommonFile).constants
    constants = inherited | file.own_constants()
    _check_names(constants, str(path))
    given = overrides or {}
    overrides = {name: value for name, value in given.items() if not name.startswith(DRAM_PREFIX)}
    for name in overrides:
        if name not in constants:
            raise ConfigError(f"technology_overrides.{name}: {file.name} has no such constant{_hint(name)}")
        reason = out_of_range(overrides[name], name)
        if reason is not None:
            raise ConfigError(f"technology_overrides.{name}: {reason}")
    constants |= {name: constants[name].overridden(value) for name, value in overrides.items()}
    technology = _technology(file, constants, str(path), overrides)
    return technology.with_dram({name: value for name, value in given.items() if name not in overrides})


def _check_names(constants: Mapping[str, Constant], path: str) -> None:
    unknown = [name for name in constants if name not in CONSTANTS]
    if unknown:
        raise ConfigError(f"{path}: constants.{unknown[0]}: no model uses such a constant{_hint(unknown[0])}")
    missing = [name for name in CONSTANTS if name not in constants]
    for name, constant in constants.items():
        reason = out_of_range(constant.value, name)
        if reason is not None:
            raise ConfigError(f"{path}: constants.{name}: {reason}")
    if missing:
        shown = ", ".join(missing[:5]) + (", …" if missing[5:] else "")
        raise ConfigError(f"{path}: constants: missing {shown}; `base: common` brings the laws of all nodes")


def _technology(file: TechnologyFile, constants: Mapping[str, Constant], path: str, overrides: Mapping[str, float]) -> Technology:
    values = {name: constant.value for name, constant in constants.items()}
    fixed = {"name": file.name, "node_nm": file.node_nm, "sram_model": file.sram_model, "threshold": file.threshold}
    fixed |= {"constants": dict(constants), "dram_devices": load_dram_devices()}
    try:
        return Technology.model_validate({**fixed, **values})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(key) for key in first["loc"])
        place = f"technology_overrides.{name}" if name in overrides else f"{path}: constants.{name}"
        raise ConfigError(f"{place}: found {first['input']!r}; allowed: {_range(name)}") from error


def _range(name: str) -> str:
    info = Technology.model_fields[name]
    return allowed(Slot(info.annotation, tuple(info.metadata)))


def _hint(name: str) -> str:
    hint = nearest_hint(name, CONSTANTS)
    return hint or f"; allowed: {', '.join(CONSTANTS)}"
