"""The operand and sum buffers along the edges of a systolic array."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component
from simulator.cost.registers import RegisterFile
from simulator.cost.sram import Ports, SramBank
from simulator.kinds.systolic.machine import edge_word_elements


@dataclass(frozen=True)
class EdgeBuffer(Component):
    """Ping and pong halves of `kib` KiB in words of at least 64 bits, with two word registers beside them.

    An element is far narrower than a word worth reading: one access moves ⌈64 / element bits⌉ consecutive elements,
    and the registers pass them on, or collect them, one a cycle. `read_element` and `write_element`: its share of the
    access and of the registers; `fill_byte`: a byte's share of a write from a trunk; `fill_element`: an element's.
    """

    kib: float
    element_bits: int
    ports: Ports = "1rw"

    @property
    def elements_per_word(self) -> int:
        """Elements of one access."""
        return edge_word_elements(self.element_bits)

    @property
    def _bank(self) -> SramBank:
        return SramBank(self.technology, self.kib, self.elements_per_word * self.element_bits, self.ports)

    @property
    def _registers(self) -> RegisterFile:
        return RegisterFile(self.technology, 2, self.elements_per_word * self.element_bits)

    def area(self) -> Area:
        """Macros and registers."""
        bank, registers = self._bank.area(), self._registers.area()
        return Area(bank.cell_mm2 + registers.cell_mm2, bank.placed_mm2 + registers.placed_mm2)

    def actions(self) -> Mapping[str, float]:
        """`read_element`, `write_element`, `fill_byte`; `clock` a cycle."""
        bank, registers = self._bank.actions(), self._registers.actions()
        passing = registers["write"] + registers["read"]
        return {
            "read_element": (bank["read"] + passing) / self.elements_per_word,
            "write_element": (bank["write"] + passing) / self.elements_per_word,
            "fill_byte": 8 * bank["write_bit"],
            "fill_element": self.element_bits * bank["write_bit"],
            "clock": registers["clock"],
        }

    def leakage_mw(self) -> float:
        """Macros and registers."""
        return self._bank.leakage_mw() + self._registers.leakage_mw()

    def logic_mm2(self) -> float:
        """The registers."""
        return self._registers.logic_mm2()

    def notes(self) -> tuple[str, ...]:
        """The macro's."""
        return self._bank.notes()
