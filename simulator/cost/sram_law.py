"""What every model of an SRAM macro answers: area, energy of an access."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from simulator.cost.technology import Technology

Access = Literal["read", "write"]


@dataclass(frozen=True)
class SramLaw(ABC):
    """A macro of `kib` KiB in words of `width_bits`; the factors tell its ports from a single read-write port."""

    technology: Technology
    kib: float
    width_bits: int
    area_factor: float
    energy_factor: float

    @property
    def bits(self) -> float:
        """Bits held."""
        return self.kib * 8192

    @abstractmethod
    def area_um2(self) -> float:
        """Macro area, without placement."""

    @abstractmethod
    def access_pj(self, action: Access) -> float:
        """Energy to read or write one word."""

    @abstractmethod
    def notes(self) -> tuple[str, ...]:
        """Where the macro is outside the range of the model."""
