"""Memories that a list of published figures can name, and the shipped runs of CACTI, another model of them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from simulator.cost.constants import choose_dram
from simulator.cost.delay import sram_access
from simulator.cost.dram import Dram as DramComponent
from simulator.cost.dram import DramPhy
from simulator.cost.registers import RegisterFile as RegisterFileComponent
from simulator.cost.sram import SramBank
from simulator.cost.technology import Technology
from simulator.cost.validation.arithmetic import Bits, Count
from simulator.cost.validation.hardware import AREAS, Hardware, areas_um2
from simulator.specs import data_folder

ACCESS = ("read_energy", "write_energy", "read_energy_per_bit", "write_energy_per_bit")


def _access(read_pj: float, write_pj: float, width_bits: int) -> dict[str, float]:
    return dict(zip(ACCESS, (read_pj, write_pj, read_pj / width_bits, write_pj / width_bits), strict=True))


class Sram(Hardware):
    """SRAM macros: cell area is that of the macros, placed area has their glue (macro_placement)."""

    quantities: ClassVar[tuple[str, ...]] = (*AREAS, *ACCESS, "delay")
    kib: float = Field(gt=0, le=2**20, description="capacity of one macro")
    width_bits: Bits = Field(description="bits of one access")
    ports: Literal["1rw", "1r1w", "2rw"] = Field("1rw", description="ports")
    count: Count = Field(1, description="macros; energy is that of one")

    def _bank(self, technology: Technology) -> SramBank:
        return SramBank(technology, self.kib, self.width_bits, self.ports, halves=1)

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Areas of all macros; energies of an access of one, and its time."""
        bank = self._bank(technology)
        access = _access(bank.energy_pj("read"), bank.energy_pj("write"), self.width_bits)
        return {**areas_um2(technology, bank.area(), self.count), **access, "delay": sram_access(technology, self.kib).ns(technology)}

    def notes(self, technology: Technology) -> tuple[str, ...]:
        """Where the macro is outside the range of its laws."""
        return self._bank(technology).notes()


class RegisterFile(Hardware):
    """A register file of flops."""

    quantities: ClassVar[tuple[str, ...]] = (*AREAS, *ACCESS)
    words: int = Field(ge=1, le=2**20, description="words")
    width_bits: Bits = Field(description="bits of a word")
    count: Count = Field(1, description="files; energy is that of one")

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Areas of all files; energies of an access of one."""
        file = RegisterFileComponent(technology, self.words, self.width_bits)
        access = _access(file.energy_pj("read"), file.energy_pj("write"), self.width_bits)
        return {**areas_um2(technology, file.area(), self.count), **access}


class Dram(Hardware):
    """A DRAM device, streaming; the same at every node."""

    quantities: ClassVar[tuple[str, ...]] = ("energy_per_bit",)
    device: str = Field(min_length=1, description="a device of configs/technologies/dram.yaml")
    interface: bool = Field(False, description="with PHY and controller on the die")

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Energy of a bit. Raises ConfigError for an unknown device."""
        device = choose_dram(technology.dram_devices, self.device, "parameters.device")
        byte_pj = sum(DramComponent(technology, device).actions().values())
        if self.interface:
            byte_pj += DramPhy(technology, device, 1.0).energy_pj("transfer_byte")
        return {"energy_per_bit": byte_pj / 8}


_QUANTITIES = {"area_mm2": ("cell_area", "mm2"), "read_pj": ("read_energy", "pJ"), "write_pj": ("write_energy", "pJ")}
PHYSICAL_FROM_NM = 22
"""Below it CACTI only scales its 22 nm: no check of area."""


def cacti_file() -> Path:
    """The shipped table, with its provenance in the lines that begin with #."""
    return data_folder("configs") / "validation" / "cacti.csv"


def cacti_runs() -> list[tuple[str, Sram, str, str, float]]:
    """Technology, macro, quantity, unit and CACTI's value of every run: three quantities each."""
    with cacti_file().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return [
        (f"{row['node_nm']}nm", _macro(row), quantity, unit, float(row[column]))
        for row in rows
        for column, (quantity, unit) in _QUANTITIES.items()
    ]


def _macro(row: dict[str, str]) -> Sram:
    return Sram(kib=float(row["kib"]), width_bits=int(row["width_bits"]), ports="2rw" if row["ports"] == "2" else "1rw")
