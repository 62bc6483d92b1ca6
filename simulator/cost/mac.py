"""What multiplies and adds up: a vector unit's lane and its accumulator rows, and a systolic processing element."""

from __future__ import annotations

import math
from collections.abc import Mapping

from simulator.cost.arithmetic import adder, format_notes, multiplier
from simulator.cost.component import Area, Component, cell_area
from simulator.cost.registers import RegisterFile, flop_clock_pj, flop_data_pj, gated_clock_pj
from simulator.machine.model import BITS


class MacLane(Component, frozen=True):
    """Multiplier, accumulating adder and their pipeline registers; partial sums lie in the accumulators.

    Gates = multiplier + adder + 5.9 (b_w + b_x + b_acc), with m b_acc where a product has m > 1 stages before its addition. `mac`: both
    operators and the data of these registers; `mac_gated`: gated_mac_fraction of it (0.2, band 0.1 to 1; 1 where zeros are not
    gated); `weight`: the weight's wire, which passes every lane of a unit, √area of the die each; `clock`: the registers' clock
    pins, stalled or not.
    """

    weight: str
    activation: str
    accumulate: str
    gate_zeros: bool = True
    product_stages: int = 0

    @property
    def register_bits(self) -> int:
        """Pipeline flops."""
        return BITS[self.weight] + BITS[self.activation] + BITS[self.accumulate] * max(1, self.product_stages)

    def area(self) -> Area:
        """Cells and their placement."""
        operators = multiplier(self.technology, self.weight, self.activation).gates + adder(self.technology, self.accumulate).gates
        return cell_area(self.technology, operators + self.technology.flop_ge_per_bit * self.register_bits)

    def actions(self) -> Mapping[str, float]:
        """`mac`, `mac_gated`, `weight`; `clock` a cycle."""
        technology = self.technology
        operators = multiplier(technology, self.weight, self.activation).pj + adder(technology, self.accumulate).pj
        mac_pj = operators + flop_data_pj(technology, self.register_bits)
        gated_pj = mac_pj * technology.gated_mac_fraction if self.gate_zeros else mac_pj
        weight_pj = technology.wire_pj(BITS[self.weight] * math.sqrt(self.die_mm2()))
        return {"mac": mac_pj, "mac_gated": gated_pj, "weight": weight_pj, "clock": flop_clock_pj(technology, self.register_bits)}

    def notes(self) -> tuple[str, ...]:
        """Formats outside the fit."""
        return format_notes(self.weight, self.activation)


class ProcessingElement(Component, frozen=True):
    """A systolic cell: multiplier, adder, the registers that pass operands and sums on, and the stationary one.

    Gates = multiplier + adder + 5.9 (s b_w + b_x + b_acc + b_w + b_x): stationary register (s = 2 where a second one
    hides the load), the operand passed on, the sum, and the multiplier's two inputs. Any operand may be the
    stationary one, so the array's width of a shift is the wider of b_w and b_x. Where sums may stay (`keeps`) and folds overlap
    there are b_acc flops more: finished sums move down registers of their own while the next fold adds. A cell that only keeps
    sums passes both operands on, s = 1. `mac`: operators and multiplier inputs; `weight_shift`, `operand_shift`, `sum_shift`: one register
    written, and the wire across a cell; `clock`: all clock pins, those of stationary registers and of finished sums behind gates.

    For N:M weights an operand is `of` activations, of which each weight picks one by log2 `of` bits that travel and are
    held with it: (`of` − 1) b_x more bits of the operand passed on, behind gates, and the bits of the pick on every weight.
    Multiplexers, which pick or choose between ways, are parts of their own. Where a product has a stage of its own, the registers
    at the multiplier's inputs stand behind it instead; each further one of its `product_stages` has b_acc more.
    """

    weight: str
    activation: str
    accumulate: str
    gate_zeros: bool = True
    overlapped_load: bool = True
    of: int = 1
    product_stages: int = 0
    holds: bool = True
    """Whether an operand may be stationary (`ws`, `is`)."""
    keeps: bool = False
    """Whether sums may be (`os`)."""

    @property
    def _operand_bits(self) -> int:
        return max(BITS[self.weight], BITS[self.activation])

    @property
    def _pick_bits(self) -> int:
        return (self.of - 1).bit_length()

    @property
    def _stationary_bits(self) -> int:
        return (BITS[self.weight] + self._pick_bits) * (2 if self.overlapped_load and self.holds else 1)

    @property
    def _leaving_bits(self) -> int:
        return BITS[self.accumulate] if self.keeps and self.overlapped_load else 0

    @property
    def _group_bits(self) -> int:
        """What only N:M weights use: the other activations of a group, and the pick at the multiplier."""
        return (self.of - 1) * BITS[self.activation] + self._pick_bits

    @property
    def _product_bits(self) -> int:
        return max(0, self.product_stages - 1) * BITS[self.accumulate]

    @property
    def _moving_bits(self) -> int:
        return BITS[self.activation] + BITS[self.accumulate] + BITS[self.weight] + BITS[self.activation]

    def area(self) -> Area:
        """Cells and their placement."""
        operators = multiplier(self.technology, self.weight, self.activation).gates + adder(self.technology, self.accumulate).gates
        flops = self._stationary_bits + self._leaving_bits + self._moving_bits + self._group_bits + self._product_bits
        return cell_area(self.technology, operators + self.technology.flop_ge_per_bit * flops)

    def actions(self) -> Mapping[str, float]:
        """`mac`, `mac_gated`, the three shifts; `clock` a cycle."""
        technology = self.technology
        operators = multiplier(technology, self.weight, self.activation).pj + adder(technology, self.accumulate).pj
        mac_pj = operators + flop_data_pj(technology, BITS[self.weight] + BITS[self.activation] + self._product_bits)
        return {
            "mac": mac_pj,
            "mac_gated": mac_pj * technology.gated_mac_fraction if self.gate_zeros else mac_pj,
            "weight_shift": self._shift_pj(self._operand_bits + self._pick_bits),
            "operand_shift": self._shift_pj(self._operand_bits),
            "sum_shift": self._shift_pj(BITS[self.accumulate]),
            "clock": flop_clock_pj(technology, self._moving_bits + self._product_bits)
            + gated_clock_pj(technology, self._stationary_bits + self._leaving_bits + self._group_bits),
        }

    def _shift_pj(self, bits: int) -> float:
        """A register written, after the wire from the neighbour's: as long as a cell of the die is wide, √area."""
        return flop_data_pj(self.technology, bits) + self.technology.wire_pj(bits * math.sqrt(self.die_mm2()))

    def notes(self) -> tuple[str, ...]:
        """Formats outside the fit."""
        return format_notes(self.weight, self.activation)


class Accumulators(Component, frozen=True):
    """Register file of `rows` open rows × `partial_sums` each, a word of `lanes` sums, and one merge adder a lane.

    One adder a lane keeps up with any list: a row of n entries occupies the unit for at least n cycles and leaves
    min(n, partial_sums) sums to merge. `update`: a word read and written; `merge`: partial_sums - 1 additions a lane
    (a short row needs fewer: an upper bound) with the reads of their words.
    """

    rows: int
    partial_sums: int
    lanes: int
    accumulate: str

    @property
    def _registers(self) -> RegisterFile:
        return RegisterFile(self.technology, self.rows * self.partial_sums, self.lanes * BITS[self.accumulate], self.lanes)

    def area(self) -> Area:
        """Register file and merge adders."""
        registers = self._registers.area()
        adders = cell_area(self.technology, self.lanes * adder(self.technology, self.accumulate).gates)
        return Area(registers.cell_mm2 + adders.cell_mm2, registers.placed_mm2 + adders.placed_mm2)

    def actions(self) -> Mapping[str, float]:
        """`update` and `merge` one row word; `clock` a cycle."""
        registers = self._registers.actions()
        addition_pj = self.lanes * adder(self.technology, self.accumulate).pj
        merge_pj = self.partial_sums * registers["read"] + (self.partial_sums - 1) * addition_pj
        return {"update": registers["read"] + registers["write"], "merge": merge_pj, "clock": registers["clock"]}
