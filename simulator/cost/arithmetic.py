"""Multipliers and adders: gates and energy by number format, and adders of whole words."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from simulator.cost.component import Area, Component, cell_area
from simulator.cost.registers import flop_clock_pj, flop_data_pj
from simulator.cost.technology import Technology
from simulator.machine.model import BITS, SIGNIFICAND_BITS

_NARROW_BITS = 12
FITTED_SIGNIFICANDS = (8, 24)


class Operator(Struct, frozen=True):
    """A combinational operator."""

    gates: float
    """Area in GE."""
    pj: float
    """Energy of one operation at the node."""


def multiplier(technology: Technology, first: str, second: str) -> Operator:
    """A multiplier of two formats, as wide as the wider."""
    if first in SIGNIFICAND_BITS or second in SIGNIFICAND_BITS:
        # an integer beside a floating-point operand needs a significand of its own width
        return float_multiplier(technology, max(SIGNIFICAND_BITS.get(kind, BITS[kind]) for kind in (first, second)))
    return integer_multiplier(technology, max(BITS[first], BITS[second]))


def adder(technology: Technology, kind: str) -> Operator:
    """An adder of one format."""
    return (float_adder if kind in SIGNIFICAND_BITS else integer_adder)(technology, BITS[kind])


def integer_multiplier(technology: Technology, bits: int) -> Operator:
    """Integers of b bits: 5.51 b² GE up to 12 bits, else 4.28 b²; 3.1 b² fJ at 45 nm. Source: Horowitz, ISSCC 2014."""
    per_bit2 = technology.int_multiplier_ge_per_bit2 if bits <= _NARROW_BITS else technology.int_wide_multiplier_ge_per_bit2
    fj = technology.int_multiplier_fj_per_bit2 * bits**2
    return Operator(per_bit2 * bits**2 * technology.int_synthesis_factor, technology.logic_pj(fj * 1e-3))


def float_multiplier(technology: Technology, significand_bits: int) -> Operator:
    """M significand bits, hidden one included: 17 M² GE; 9.1 M² (M/11)^-0.45 fJ at 45 nm. Source: Horowitz, ISSCC 2014."""
    gates = technology.fp_multiplier_ge_per_bit2 * significand_bits**2 * technology.fp_synthesis_factor
    fj = technology.fp_multiplier_fj_per_bit2 * significand_bits**2 * (significand_bits / 11) ** technology.fp_multiplier_energy_exponent
    return Operator(gates, technology.logic_pj(fj * 1e-3))


def integer_adder(technology: Technology, bits: int) -> Operator:
    """Integers of b bits: 5.4 b GE; 3.1 b fJ at 45 nm. Source: Horowitz, ISSCC 2014."""
    gates = technology.int_adder_ge_per_bit * bits * technology.int_synthesis_factor
    return Operator(gates, technology.logic_pj(technology.int_adder_fj_per_bit * bits * 1e-3))


def float_adder(technology: Technology, bits: int) -> Operator:
    """Floating point of b bits: 1704 (b/16)^1.62 GE; 0.40 (b/16)^1.17 pJ at 45 nm. Source: Horowitz, ISSCC 2014."""
    gates = technology.fp_adder_ge * (bits / 16) ** technology.fp_adder_area_exponent * technology.fp_synthesis_factor
    return Operator(gates, technology.logic_pj(technology.fp_adder_pj * (bits / 16) ** technology.fp_adder_energy_exponent))


def format_notes(*kinds: str) -> tuple[str, ...]:
    """Formats whose significand is outside what the laws were fitted to."""
    low, high = FITTED_SIGNIFICANDS
    outside = sorted({kind for kind in kinds if not low <= SIGNIFICAND_BITS.get(kind, low) <= high})
    return tuple(f"{kind} arithmetic: significand outside the {low} to {high} bits of the fit" for kind in outside)


class WordAdder(Component, frozen=True):
    """`lanes` adders of one format side by side, in `stages` pipeline stages.

    Gates = lanes × (adder + 5.9 b a stage). `add`: a word; where an event is a word of other width, its instance says so.
    """

    lanes: int
    accumulate: str
    stages: int

    @property
    def _register_bits(self) -> int:
        return self.lanes * BITS[self.accumulate] * self.stages

    def area(self) -> Area:
        """Cells and their placement."""
        gates = self.lanes * adder(self.technology, self.accumulate).gates
        return cell_area(self.technology, gates + self.technology.flop_ge_per_bit * self._register_bits)

    def actions(self) -> Mapping[str, float]:
        """`add` one word; `clock` a cycle."""
        add_pj = self.lanes * adder(self.technology, self.accumulate).pj + flop_data_pj(self.technology, self._register_bits)
        return {"add": add_pj, "clock": flop_clock_pj(self.technology, self._register_bits)}
