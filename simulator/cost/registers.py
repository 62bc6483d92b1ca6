"""Registers of flops: register files (landing registers, accumulators, staging words) and queues."""

from __future__ import annotations

import math
from collections.abc import Mapping

from msgspec import Struct

from simulator.cost.component import Area, Component, cell_area
from simulator.cost.technology import Technology


class ArrayEnergy(Struct, frozen=True):
    """Energy of one access of an array of registers, in pJ."""

    read_pj: float
    write_pj: float


def array_energy(technology: Technology, words: float, width_bits: float, area_mm2: float, lanes: float = 1) -> ArrayEnergy:
    """Energy of reading or writing one of `words` words of `width_bits`, whose bits stay within `lanes` equal parts of the array.

    Read: each bit passes a multiplexer tree, mux_fj_per_level · log2 words (the level energy of the crossbar law), and
    a wire of the side of what it reaches, √(area / lanes). Write: the flops are clocked and written (flop_fj_per_bit),
    after the same wire.
    """
    wire_pj = technology.wire_pj(width_bits * math.sqrt(area_mm2 / lanes))
    levels = math.log2(max(words, 1.0))
    read_pj = technology.logic_pj(width_bits * technology.mux_fj_per_level * levels * 1e-3) + wire_pj
    write_pj = technology.logic_pj(width_bits * technology.flop_fj_per_bit * 1e-3) + wire_pj
    return ArrayEnergy(read_pj, write_pj)


class RegisterFile(Component, frozen=True):
    """Flop register file of `words` × `width_bits`, one read and one write a cycle.

    Area: 9.7 GE a bit = flop 5.9 + read multiplexer 3.8 (FEATHER 28 nm reports).
    Energy: `read` and `write` by `array_energy`; `clock` is what passes the clock gates of idle words (assumed).
    Where a word is `lanes` values that their own lanes alone write and read, each lane's part stands beside its lane.
    """

    words: int
    width_bits: int
    lanes: int = 1

    @property
    def bits(self) -> int:
        """Bits held."""
        return self.words * self.width_bits

    def area(self) -> Area:
        """Cells and their placement."""
        return cell_area(self.technology, self.technology.register_file_ge_per_bit * self.bits)

    def actions(self) -> Mapping[str, float]:
        """`read` and `write` one word; `clock` a cycle."""
        energy = array_energy(self.technology, self.words, self.width_bits, self.area().cell_mm2, self.lanes)
        return {"read": energy.read_pj, "write": energy.write_pj, "clock": gated_clock_pj(self.technology, self.bits)}


def flop_clock_pj(technology: Technology, bits: float) -> float:
    """Energy of the clock pins of `bits` ungated flops in one cycle."""
    return technology.logic_pj(bits * technology.flop_fj_per_bit * technology.flop_clock_fraction * 1e-3)


def flop_data_pj(technology: Technology, bits: float) -> float:
    """Energy of writing `bits` flops, beyond their clock pins."""
    return technology.logic_pj(bits * technology.flop_fj_per_bit * (1 - technology.flop_clock_fraction) * 1e-3)


def gated_clock_pj(technology: Technology, bits: float) -> float:
    """Energy of the clock that reaches `bits` flops behind clock gates in one idle cycle."""
    return flop_clock_pj(technology, bits) * technology.gated_clock_fraction


class Fifo(Component, frozen=True):
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
