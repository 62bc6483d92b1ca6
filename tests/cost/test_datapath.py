"""Arithmetic against the table it was fitted to, and cells worked out by hand."""

from __future__ import annotations

import pytest

from simulator.cost import Technology
from simulator.cost.accumulators import Accumulators
from simulator.cost.datapath import adder, multiplier
from simulator.cost.mac import MacLane, ProcessingElement
from simulator.cost.register_file import RegisterFile

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


@pytest.mark.parametrize(("operand", "sums", "um2", "pj"), [("int8", "int32", 419, 0.36), ("bf16", "fp32", 2641, 1.23)])
def test_systolic_cell_at_28_nm(twenty_eight: Technology, operand: str, sums: str, um2: float, pj: float) -> None:
    cell = ProcessingElement(twenty_eight, operand, operand, sums)
    assert cell.area().cell_mm2 * 1e6 == pytest.approx(um2, abs=1)
    full_rate = sum(cell.energy_pj(action) for action in ("mac", "operand_shift", "sum_shift", "clock"))
    assert full_rate == pytest.approx(pj, rel=0.02)


def test_fp32_lane_at_28_nm(twenty_eight: Technology) -> None:
    lane = MacLane(twenty_eight, "fp32", "fp32", "fp32")
    assert lane.area().cell_mm2 * 1e6 == pytest.approx(5895, abs=2)
    assert lane.energy_pj("mac") + lane.energy_pj("clock") == pytest.approx(3.2, rel=0.02)


def test_second_weight_register_is_paid(twenty_eight: Technology) -> None:
    # 8 more flops: 8 · 5.9 · 0.378 = 17.84 um²
    serial = ProcessingElement(twenty_eight, "int8", "int8", "int32", overlapped_load=False)
    overlapped = ProcessingElement(twenty_eight, "int8", "int8", "int32")
    assert (overlapped.area().cell_mm2 - serial.area().cell_mm2) * 1e6 == pytest.approx(17.84, abs=0.01)


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
    # 4 words of 512 b are read through log2 16 levels of 2 fJ and √0.003488 mm of wire:
    # 4·512·(8 fJ·0.15556 + 65.7 fJ·0.05906) = 4·512·5.125 fJ = 10.50 pJ; 3·16 adds of 0.9000·0.15556 pJ = 6.72 pJ
    assert rows.energy_pj("merge") == pytest.approx(17.22, abs=0.02)
    registers = RegisterFile(seven, 16, 512)
    assert rows.energy_pj("update") == pytest.approx(registers.energy_pj("read") + registers.energy_pj("write"))


def test_register_file_by_hand(twenty_eight: Technology) -> None:
    # a bit: 9.7 · 0.378 = 3.667 um² (FEATHER: 3.65); 64 b in 8 words: 512 b = 1,877 um², side 0.04333 mm
    # write: 64 (5 fJ·0.62222 + 106.8 fJ·0.04333) = 64·7.739 fJ = 0.4953 pJ; clock: 512·5·0.5·0.1·0.62222 fJ = 0.0796 pJ
    registers = RegisterFile(twenty_eight, 8, 64)
    assert registers.area().cell_mm2 * 1e6 == pytest.approx(1877, abs=1)
    assert registers.energy_pj("write") == pytest.approx(0.4953, abs=5e-4)
    assert registers.energy_pj("clock") == pytest.approx(0.0796, abs=5e-4)


def test_unknown_action_is_refused(seven: Technology) -> None:
    with pytest.raises(ValueError, match="MacLane has no action 'divide', only mac, mac_gated, clock"):
        MacLane(seven, "bf16", "bf16", "fp32").energy_pj("divide")
