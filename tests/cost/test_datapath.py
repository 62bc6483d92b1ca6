"""Arithmetic against the table it was fitted to, and cells worked out by hand."""

from __future__ import annotations

import math
from typing import Any, get_args

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from simulator.cost import Technology
from simulator.cost.arithmetic import adder, multiplier
from simulator.cost.mac import Accumulators, MacLane, ProcessingElement
from simulator.cost.registers import RegisterFile
from simulator.machine.model import BITS, AccumulateType, OperandType
from simulator.pricing import elaborate, hardware_of

# Horowitz, ISSCC 2014: pJ and um² at 45 nm; the areas without the factor of synthesis at 1 GHz
MULTIPLIERS = {"int8": (0.2, 282), "int32": (3.1, 3495), "fp16": (1.1, 1640), "fp32": (3.7, 7700)}
ADDERS = {"int32": (0.1, 137), "fp16": (0.4, 1360), "fp32": (0.9, 4184)}


@pytest.mark.parametrize("kind", MULTIPLIERS)
def test_multipliers_are_the_published_ones(forty_five: Technology, kind: str) -> None:
    pj, um2 = MULTIPLIERS[kind]
    operator = multiplier(forty_five, kind, kind)
    factor = forty_five.int_synthesis_factor if kind.startswith("int") else 1.0
    assert operator.pj == pytest.approx(pj, rel=0.04)
    assert operator.gates * forty_five.gate_area_um2 / factor == pytest.approx(um2, rel=0.04)


@pytest.mark.parametrize("kind", ADDERS)
def test_adders_are_the_published_ones(forty_five: Technology, kind: str) -> None:
    pj, um2 = ADDERS[kind]
    operator = adder(forty_five, kind)
    factor = forty_five.int_synthesis_factor if kind.startswith("int") else 1.0
    assert operator.pj == pytest.approx(pj, rel=0.04)
    assert operator.gates * forty_five.gate_area_um2 / factor == pytest.approx(um2, rel=0.04)


def test_int8_lane_by_hand(twenty_eight: Technology) -> None:
    # GE: 1.3·5.51·64 = 458.4; 1.3·5.4·32 = 224.6; 5.9·(8+8+32) = 283.2; sum 966.2 · 0.378 = 365.2 um²
    # pJ: (3.1·64 + 3.1·32) fJ = 0.2976; 48 flops · 5 fJ = 0.24; sum 0.5376 · 28/45 = 0.3345
    lane = MacLane(twenty_eight, "int8", "int8", "int32")
    assert lane.area().cell_mm2 * 1e6 == pytest.approx(365.2, abs=0.1)
    assert lane.area().placed_mm2 == pytest.approx(lane.area().cell_mm2 / 0.65)
    assert lane.energy_pj("mac") + lane.energy_pj("clock") == pytest.approx(0.3345, abs=2e-4)


# a lane at 45 nm: GE of multiplier + adder + 5.9 (2b + b_acc), fJ of multiplier + adder + 2.5 fJ a flop
#   int8: 1.3·5.51·64 + 1.3·5.4·32 + 283.2; 198.4 + 99.2 + 120
#   floating point: 17 M² + 1704·2^1.62 + flops; 9.1 M² (M/11)^-0.45 + 400·2^1.17 + flops, with M = 4, 8, 11, 11, 24
LANES = {
    "int8": ("int32", 458.4 + 224.6 + 283.2, 198.4 + 99.2 + 120),
    "fp8": ("fp32", 272 + 5237.7 + 283.2, 229.5 + 900.0 + 120),
    "bf16": ("fp32", 1088 + 5237.7 + 377.6, 672.1 + 900.0 + 160),
    "fp16": ("fp32", 2057 + 5237.7 + 377.6, 1101.1 + 900.0 + 160),
    "tf32": ("fp32", 2057 + 5237.7 + 413.0, 1101.1 + 900.0 + 175),
    "fp32": ("fp32", 9792 + 5237.7 + 566.4, 3689.7 + 900.0 + 240),
}


@pytest.mark.parametrize("operand", LANES)
def test_lane_of_every_format_by_hand(forty_five: Technology, operand: str) -> None:
    sums, gates, fj = LANES[operand]
    lane = MacLane(forty_five, operand, operand, sums)
    assert lane.area().cell_mm2 * 1e6 / 0.798 == pytest.approx(gates, rel=1e-4)
    assert lane.energy_pj("mac") * 1e3 == pytest.approx(fj, rel=1e-3)


FORMATS = get_args(OperandType)
PAIRS = [(weight, activation) for weight in FORMATS for activation in FORMATS]


@pytest.mark.parametrize(("weight", "activation"), PAIRS)
def test_every_legal_pair_has_a_price(seven: Technology, machines: Any, weight: str, activation: str) -> None:
    for sums in get_args(AccumulateType):
        kinds = {"weight": weight, "activation": activation, "accumulate": sums}
        if sums == "int32" and {weight, activation} != {"int8"}:
            with pytest.raises(ValidationError, match="accumulate = int32 cannot hold products of"):
                machines.gather({"datatypes": kinds})
            continue
        for machine, part in ((machines.gather({"datatypes": kinds}), "mac_lanes"), (machines.systolic({"datatypes": kinds}), "pe_array")):
            cell = next(entry.component for entry in hardware_of(elaborate(machine, seven), seven).instances if entry.name == part)
            assert cell.area().cell_mm2 > 0
            assert 0 < cell.energy_pj("mac_gated") < cell.energy_pj("mac")


def test_a_mixed_pair_is_as_wide_as_the_wider(seven: Technology) -> None:
    # an 8-bit integer beside bf16 needs 8 bits of significand, as bf16 itself; beside fp32 24
    assert multiplier(seven, "int8", "bf16") == multiplier(seven, "bf16", "bf16") == multiplier(seven, "bf16", "int8")
    assert multiplier(seven, "bf16", "fp32") == multiplier(seven, "fp32", "fp32")


def test_systolic_cell_by_hand(twenty_eight: Technology) -> None:
    # bf16: 1,088 + 5,237.7 + 5.9 (2·16 + 16 + 32 + 16 + 16) = 6,986.5 GE · 0.378 = 2,640.9 um²
    # a shift of 16 flops: 16 · 2.5 fJ · 0.62222 = 24.9 fJ, and 16 wires across a cell of √(2,640.9 / 0.65 / 0.85) = 69.14 um:
    # 16 · 0.06914 · 0.1068 pJ = 118.1 fJ; of the sum's 32 twice that; mac: (672.1 + 900.0 + 32 · 2.5) fJ · 0.62222
    cell = ProcessingElement(twenty_eight, "bf16", "bf16", "fp32")
    assert cell.area().cell_mm2 * 1e6 == pytest.approx(2640.9, abs=0.5)
    assert cell.energy_pj("operand_shift") == cell.energy_pj("weight_shift") == pytest.approx(0.1431, abs=1e-4)
    assert cell.energy_pj("sum_shift") == pytest.approx(0.2861, abs=1e-4)
    assert cell.energy_pj("mac") == pytest.approx(1.0280, abs=1e-3)
    # 80 moving flops and 32 behind gates: (80 + 3.2) · 2.5 fJ · 0.62222
    assert cell.energy_pj("clock") == pytest.approx(0.1294, abs=1e-4)


@pytest.mark.parametrize(("operand", "sums", "um2", "pj"), [("int8", "int32", 419, 0.36), ("bf16", "fp32", 2641, 1.23)])
def test_systolic_cell_at_28_nm(twenty_eight: Technology, operand: str, sums: str, um2: float, pj: float) -> None:
    # besides the wires across a cell, on which an operand and a sum come
    cell = ProcessingElement(twenty_eight, operand, operand, sums)
    assert cell.area().cell_mm2 * 1e6 == pytest.approx(um2, abs=1)
    full_rate = sum(cell.energy_pj(action) for action in ("mac", "operand_shift", "sum_shift", "clock"))
    wires_pj = twenty_eight.wire_pj((BITS[operand] + BITS[sums]) * math.sqrt(um2 * 1e-6 / 0.65 / 0.85))
    assert full_rate - wires_pj == pytest.approx(pj, rel=0.02)


def test_fp32_lane_at_28_nm(twenty_eight: Technology) -> None:
    lane = MacLane(twenty_eight, "fp32", "fp32", "fp32")
    assert lane.area().cell_mm2 * 1e6 == pytest.approx(5895, abs=2)
    assert lane.energy_pj("mac") + lane.energy_pj("clock") == pytest.approx(3.2, rel=0.02)


def test_second_weight_register_is_paid(twenty_eight: Technology) -> None:
    # 8 more flops: 8 · 5.9 · 0.378 = 17.84 um²
    serial = ProcessingElement(twenty_eight, "int8", "int8", "int32", overlapped_load=False)
    overlapped = ProcessingElement(twenty_eight, "int8", "int8", "int32")
    assert (overlapped.area().cell_mm2 - serial.area().cell_mm2) * 1e6 == pytest.approx(17.84, abs=0.01)


def test_finished_sums_have_a_register_of_their_own(twenty_eight: Technology) -> None:
    # 32 flops, 5.9 GE each, a tenth of their clock; a cell that only keeps sums has no second stationary register of 8
    holds, both, keeps = (
        ProcessingElement(twenty_eight, "int8", "int8", "int32", holds=holds, keeps=keeps)
        for holds, keeps in ((True, False), (True, True), (False, True))
    )
    flop_um2 = 5.9 * 0.378
    assert (both.area().cell_mm2 - holds.area().cell_mm2) * 1e6 == pytest.approx(32 * flop_um2)
    assert (both.area().cell_mm2 - keeps.area().cell_mm2) * 1e6 == pytest.approx(8 * flop_um2)
    assert both.energy_pj("clock") - holds.energy_pj("clock") == pytest.approx(3.2 * 2.5e-3 * 0.62222, rel=1e-4)
    assert both.energy_pj("mac") == holds.energy_pj("mac")
    # one fold behind another: what added them moves them
    serial = ProcessingElement(twenty_eight, "int8", "int8", "int32", overlapped_load=False)
    assert replace(serial, keeps=True).area() == serial.area()


@pytest.mark.parametrize("cell", [MacLane, ProcessingElement])
def test_gated_mac(seven: Technology, cell: type[MacLane] | type[ProcessingElement]) -> None:
    gated, full = cell(seven, "bf16", "bf16", "fp32"), cell(seven, "bf16", "bf16", "fp32", gate_zeros=False)
    assert gated.energy_pj("mac_gated") == pytest.approx(0.2 * gated.energy_pj("mac"))
    assert full.energy_pj("mac_gated") == full.energy_pj("mac")


def test_wider_formats_cost_more(seven: Technology) -> None:
    lanes = [MacLane(seven, kind, kind, "fp32") for kind in ("fp8", "bf16", "fp16", "fp32")]
    areas, energies = [lane.area().cell_mm2 for lane in lanes], [lane.energy_pj("mac") for lane in lanes]
    assert areas == sorted(areas)
    assert energies == sorted(energies)
    assert lanes[0].notes()
    assert not lanes[1].notes()


def test_accumulators_by_hand(seven: Technology) -> None:
    # 4 rows · 4 sums · 16 lanes · 32 b = 8,192 b · 9.7 GE; 16 fp32 adders of 1704·2^1.62 = 5,237.7 GE; 0.0439 um² a GE:
    # 3,488.4 + 3,679.0 = 7,167.4 um²
    rows = Accumulators(seven, 4, 4, 16, "fp32")
    assert rows.area().cell_mm2 * 1e6 == pytest.approx(7167.4, rel=1e-3)
    # 4 words of 512 b are read through log2 16 levels of 2 fJ and the side of a lane's sixteenth, √(0.003488/16) mm of wire:
    # 4·512·(8 fJ·0.15556 + 65.7 fJ·0.01477) = 4·512·2.215 fJ = 4.536 pJ; 3·16 adds of 0.9000·0.15556 pJ = 6.72 pJ
    assert rows.energy_pj("merge") == pytest.approx(11.256, abs=0.01)
    registers = RegisterFile(seven, 16, 512, 16)
    assert rows.energy_pj("update") == pytest.approx(registers.energy_pj("read") + registers.energy_pj("write"))


def test_register_file_by_hand(twenty_eight: Technology) -> None:
    # a bit: 9.7 · 0.378 = 3.667 um² (FEATHER: 3.65); 64 b in 8 words: 512 b = 1,877 um², side 0.04333 mm
    # write: 64 (5 fJ·0.62222 + 106.8 fJ·0.04333) = 64·7.739 fJ = 0.4953 pJ; clock: 512·5·0.5·0.1·0.62222 fJ = 0.0796 pJ
    registers = RegisterFile(twenty_eight, 8, 64)
    assert registers.area().cell_mm2 * 1e6 == pytest.approx(1877, abs=1)
    assert registers.energy_pj("write") == pytest.approx(0.4953, abs=5e-4)
    assert registers.energy_pj("clock") == pytest.approx(0.0796, abs=5e-4)


def test_unknown_action_is_refused(seven: Technology) -> None:
    with pytest.raises(ValueError, match="MacLane has no action 'divide', only mac, mac_gated, weight, clock"):
        MacLane(seven, "bf16", "bf16", "fp32").energy_pj("divide")
