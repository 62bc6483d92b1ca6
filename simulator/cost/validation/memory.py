"""SRAM, register files and DRAM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from simulator.cost.dram import Dram as DramComponent
from simulator.cost.dram import DramPhy
from simulator.cost.dram_device import choose_dram
from simulator.cost.register_file import RegisterFile as RegisterFileComponent
from simulator.cost.sram_bank import SramBank
from simulator.cost.technology import Technology
from simulator.cost.validation.arithmetic import Bits, Count
from simulator.cost.validation.hardware import AREAS, Hardware, areas_um2

ACCESS = ("read_energy", "write_energy", "read_energy_per_bit", "write_energy_per_bit")


def _access(read_pj: float, write_pj: float, width_bits: int) -> dict[str, float]:
    return dict(zip(ACCESS, (read_pj, write_pj, read_pj / width_bits, write_pj / width_bits), strict=True))


class Sram(Hardware):
    """SRAM macros: cell area is that of the macros, placed area has their glue (macro_placement)."""

    quantities: ClassVar[tuple[str, ...]] = (*AREAS, *ACCESS)
    kib: float = Field(gt=0, le=2**20, description="capacity of one macro")
    width_bits: Bits = Field(description="bits of one access")
    ports: Literal["1rw", "1r1w", "2rw"] = Field("1rw", description="ports")
    count: Count = Field(1, description="macros; energy is that of one")

    def _bank(self, technology: Technology) -> SramBank:
        return SramBank(technology, self.kib, self.width_bits, self.ports, halves=1)

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Areas of all macros; energies of an access of one."""
        bank = self._bank(technology)
        access = _access(bank.energy_pj("read"), bank.energy_pj("write"), self.width_bits)
        return {**areas_um2(technology, bank.area(), self.count), **access}

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
