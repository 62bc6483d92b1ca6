"""The 64 × 64 × 256 b crossbar at 7 nm: between which ends its area and its energy lie, and what compute costs beside it."""

from __future__ import annotations

import pytest

from simulator.cost import Technology, load_technology
from simulator.cost.mac import MacLane
from simulator.cost.router import Crossbar

PORTS, BITS, LANES = 64, 256, 16


LINEAR, TPU = 0.15556, 0.354
"""The low end of the node's energy scale, and its value."""


def seven(pitch_um: float, scale: float) -> Technology:
    return load_technology("7nm", {"crossbar_wire_pitch_um": pitch_um, "energy_scale": scale})


def monolithic(pitch_um: float, scale: float = LINEAR) -> Crossbar:
    """One crossbar whose wires take that pitch in both directions."""
    return Crossbar(seven(pitch_um, scale), PORTS, PORTS, BITS, True)


def sliced_over_macros(scale: float = LINEAR) -> tuple[float, float]:
    """mm² and pJ a word: 8 slices of gates alone, arbitrated once; 6 b of grant and 7 b of address run past all slices."""
    data = Crossbar(seven(0.04, scale), PORTS, PORTS, BITS, False, slices=8, control_bits=13)
    arbiter = Crossbar(seven(0.04, scale), PORTS, PORTS, 0, True)
    return data.area().placed_mm2 + arbiter.area().placed_mm2, data.energy_pj("hop")


def macs_pj(scale: float) -> float:
    """16 multiplications of bf16 with sums in fp32: what the lanes do with one word."""
    return LANES * MacLane(seven(0.04, scale), "bf16", "bf16", "fp32").energy_pj("mac")


def test_the_wide_end() -> None:
    # wires of 80 nm: (64 · 256 · 0.08 um)² = 1.718 mm²; 256 b · 0.0657 pJ/bit/mm · 1.311 mm + 256 · 6 · 2 fJ · 0.1556 = 22.5 pJ
    crossbar = monolithic(0.08)
    assert crossbar.area().placed_mm2 == pytest.approx(1.718, abs=0.001)
    assert crossbar.energy_pj("hop") == pytest.approx(22.52, abs=0.05)


def test_a_monolithic_crossbar_with_the_finest_wires() -> None:
    # wires of 40 nm: (64 · 256 · 0.04 um)² = 0.4295 mm², still above its gates
    assert monolithic(0.04).area().placed_mm2 == pytest.approx(0.4295, abs=0.0005)


def test_the_narrow_end() -> None:
    # gates alone: 4,096 (1.35 · 256 + 19) 0.0439 um² · 3.0/0.9 = 0.2185 mm²; repeaters of what passes the slices:
    # 5 % of 128 · 13 b · 7 · 0.1610 mm · 0.04 um = 0.0037 mm² of cells, / 0.65 = 0.0058 mm²
    area_mm2, word_pj = sliced_over_macros()
    assert area_mm2 == pytest.approx(0.2243, abs=0.0005)
    assert word_pj == pytest.approx(4.1, abs=0.1)


def test_the_two_scales_of_energy_are_those_of_the_node() -> None:
    constant = load_technology("7nm").constants["energy_scale"]
    assert (constant.low, constant.value) == (pytest.approx(LINEAR, rel=1e-3), TPU)


def test_whether_the_crossbar_costs_more_than_the_compute_turns_on_the_layout() -> None:
    # (narrow, wide) in pJ a word over pJ of its 16 MACs
    expected = {LINEAR: (4.15, 22.5, 4.31), TPU: (4.76, 23.1, 9.81)}
    for scale, (narrow, wide, macs) in expected.items():
        assert sliced_over_macros(scale)[1] == pytest.approx(narrow, abs=0.05)
        assert monolithic(0.08, scale).energy_pj("hop") == pytest.approx(wide, abs=0.05)
        assert macs_pj(scale) == pytest.approx(macs, abs=0.02)
    assert [round(expected[scale][0] / expected[scale][2], 2) for scale in (LINEAR, TPU)] == pytest.approx([0.96, 0.49], abs=0.011)
    assert [round(expected[scale][1] / expected[scale][2], 1) for scale in (LINEAR, TPU)] == [5.2, 2.4]
