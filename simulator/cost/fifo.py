"""A queue: of a router's input, of a bank's port."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component
from simulator.cost.register_file import RegisterFile


@dataclass(frozen=True)
class Fifo(Component):
    """A queue of `slots` × `width_bits`, or several queues that share the slots: one push and one pop a cycle.

    A flop register file, written at the tail and read at the head: 9.7 GE a bit (FEATHER 28 nm reports). Its pointers,
    2 log2(slots) bits, are a hundredth of it and part of the die's control.
    """

    slots: int
    width_bits: int

    @property
    def _registers(self) -> RegisterFile:
        return RegisterFile(self.technology, self.slots, self.width_bits)

    def area(self) -> Area:
        """Of the register file."""
        return self._registers.area()

    def actions(self) -> Mapping[str, float]:
        """`push` and `pop` one slot; `clock` a cycle."""
        registers = self._registers.actions()
        return {"push": registers["write"], "pop": registers["read"], "clock": registers["clock"]}
