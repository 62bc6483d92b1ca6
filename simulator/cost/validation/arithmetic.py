"""Arithmetic by its bits, and cells built of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from simulator.cost import delay
from simulator.cost.arithmetic import FITTED_SIGNIFICANDS, Operator, float_adder, float_multiplier, integer_adder, integer_multiplier
from simulator.cost.delay import Delay
from simulator.cost.mac import ProcessingElement
from simulator.cost.technology import Technology
from simulator.cost.validation.hardware import AREAS, Hardware, areas_um2, gates_um2
from simulator.machine.model import AccumulateType, OperandType

Bits = Annotated[int, Field(ge=1, le=4096)]
Count = Annotated[int, Field(ge=1, le=10**9)]
_MOST_OPERATORS = 1024


_SIGNIFICANDS = {16: 11, 32: 24, 64: 53}
"""Of IEEE formats by their bits; of others three quarters are taken."""
_OPERATOR = (*AREAS, "energy", "delay")


def _operator(technology: Technology, operator: Operator, depth: Delay) -> dict[str, float]:
    return {**gates_um2(technology, operator.gates), "energy": operator.pj, "delay": depth.ns(technology)}


class IntegerMultiplier(Hardware):
    """A multiplier of two integers."""

    quantities: ClassVar[tuple[str, ...]] = _OPERATOR
    bits: Bits = Field(description="bits of each operand")

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Area; energy and time of one multiplication."""
        return _operator(technology, integer_multiplier(technology, self.bits), delay.integer_multiplier(technology, self.bits))


class IntegerAdder(Hardware):
    """An adder of two integers."""

    quantities: ClassVar[tuple[str, ...]] = _OPERATOR
    bits: Bits = Field(description="bits of each operand")

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Area; energy and time of one addition."""
        return _operator(technology, integer_adder(technology, self.bits), delay.integer_adder(technology, self.bits))


class FloatMultiplier(Hardware):
    """A floating-point multiplier."""

    quantities: ClassVar[tuple[str, ...]] = _OPERATOR
    significand_bits: Bits = Field(description="bits of the significand, hidden one included: 24 for fp32, 11 for fp16, 8 for bf16")

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Area; energy and time of one multiplication."""
        significand = self.significand_bits
        return _operator(technology, float_multiplier(technology, significand), delay.float_multiplier(technology, significand))

    def notes(self, technology: Technology) -> tuple[str, ...]:
        """Significands outside the fit."""
        low, high = FITTED_SIGNIFICANDS
        return () if low <= self.significand_bits <= high else (f"significand outside the {low} to {high} bits of the fit",)


class FloatAdder(Hardware):
    """A floating-point adder."""

    quantities: ClassVar[tuple[str, ...]] = _OPERATOR
    bits: Bits = Field(description="bits of the whole number")

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Area; energy and time of one addition."""
        significand = _SIGNIFICANDS.get(self.bits, max(2, self.bits * 3 // 4))
        return _operator(technology, float_adder(technology, self.bits), delay.float_adder(technology, significand))


class DatapathCell(Hardware):
    """Multipliers, adders, flops and a register file, as a published block lists them; area only."""

    quantities: ClassVar[tuple[str, ...]] = AREAS
    integer_multipliers: tuple[Bits, ...] = Field((), description="bits of each", max_length=_MOST_OPERATORS)
    integer_adders: tuple[Bits, ...] = Field((), description="bits of each", max_length=_MOST_OPERATORS)
    float_multipliers: tuple[Bits, ...] = Field((), description="significand bits of each", max_length=_MOST_OPERATORS)
    float_adders: tuple[Bits, ...] = Field((), description="bits of each", max_length=_MOST_OPERATORS)
    flop_bits: int = Field(0, ge=0, le=10**9, description="bits of pipeline registers")
    register_file_bits: int = Field(0, ge=0, le=10**9, description="bits of flop register files")
    count: Count = Field(1, description="cells")

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Areas of all cells."""
        operators = [
            *(integer_multiplier(technology, bits) for bits in self.integer_multipliers),
            *(integer_adder(technology, bits) for bits in self.integer_adders),
            *(float_multiplier(technology, bits) for bits in self.float_multipliers),
            *(float_adder(technology, bits) for bits in self.float_adders),
        ]
        registers = self.flop_bits * technology.flop_ge_per_bit + self.register_file_bits * technology.register_file_ge_per_bit
        return gates_um2(technology, sum(operator.gates for operator in operators) + registers, self.count)


class ProcessingElements(Hardware):
    """Systolic cells as the machines have them."""

    quantities: ClassVar[tuple[str, ...]] = (*AREAS, "energy")
    weight: OperandType = Field(description="format of weights")
    activation: OperandType = Field(description="format of activations")
    accumulate: AccumulateType = Field(description="format of sums")
    count: Count = Field(1, description="cells")

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Areas of all cells; energy of one multiply-accumulate with its shifts and its clock."""
        cell = ProcessingElement(technology, self.weight, self.activation, self.accumulate)
        actions = ("mac", "operand_shift", "sum_shift", "clock")
        return {**areas_um2(technology, cell.area(), self.count), "energy": sum(cell.energy_pj(action) for action in actions)}
