"""Crossbars: published layouts, tables worked out before, slices, and the laws of growth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cost import Technology, load_technology
from simulator.cost.router import Crossbar, WordMultiplexer
from simulator.cost.wires import Bus

SEVEN = load_technology("7nm")


@pytest.mark.parametrize(("slices", "mm2", "pj"), [(1, 1.20, 18.9), (2, 0.60, 9.7), (4, 0.30, 5.1), (8, 0.27, 3.6)])
def test_slices_of_64_by_64_by_256_bits_at_7_nm(seven: Technology, slices: int, mm2: float, pj: float) -> None:
    crossbar = Crossbar(seven, 64, 64, 256, True, slices)
    assert crossbar.area().placed_mm2 == pytest.approx(mm2, abs=0.006)
    assert crossbar.energy_pj("hop") == pytest.approx(pj, abs=0.05)


@pytest.mark.parametrize(
    ("ports", "width", "mm2", "pj"),
    [(16, 32, 0.0185, 0.019), (32, 16, 0.0459, 0.029), (32, 32, 0.0738, 0.035), (32, 64, 0.131, 0.045), (64, 32, 0.295, 0.065),
     (128, 32, 1.18, 0.125), (128, 64, 2.09, 0.163)],
)  # fmt: skip
def test_full_crossbars_at_28_nm(twenty_eight: Technology, ports: int, width: int, mm2: float, pj: float) -> None:
    crossbar = Crossbar(twenty_eight, ports, ports, width, True)
    assert crossbar.area().placed_mm2 == pytest.approx(mm2, rel=0.005)
    assert crossbar.energy_pj("hop") / width == pytest.approx(pj, abs=0.0007)


def test_crossbar_by_hand(twenty_eight: Technology) -> None:
    # 16 × 16 × 32 b: cells 256 (43.2 + 14) 0.378 = 5,535 um²; layout × 3.0/0.9 = 18,450 um²; wires (16·32·0.17648)² = 8,165 um²
    # energy 32 (106.8 fJ · √0.018450 + 2 fJ · 4 · 0.62222) = 32 (14.507 + 4.978) = 623.5 fJ
    crossbar = Crossbar(twenty_eight, 16, 16, 32, True)
    assert crossbar.area().cell_mm2 * 1e6 == pytest.approx(5535, abs=1)
    assert crossbar.area().placed_mm2 * 1e6 == pytest.approx(18450, abs=2)
    assert crossbar.slice_wire_um2() == pytest.approx(8165, abs=2)
    assert crossbar.energy_pj("hop") == pytest.approx(0.6235, abs=5e-4)
    # delay 2.5 · 16.23 ps · 4 + 2 · 0.15 ns/mm · 0.1358 mm = 0.1623 + 0.0407 = 0.2030 ns
    assert crossbar.delay().ns(twenty_eight) == pytest.approx(0.2030, abs=1e-4)
    # 3 GHz: ⌈3 · 0.2030 / 0.75⌉ = ⌈0.81⌉ = 1; 4 GHz: ⌈1.08⌉ = 2
    assert [crossbar.delay().stages(twenty_eight, clock) for clock in (1.0, 3.0, 4.0)] == [1, 1, 2]


@pytest.mark.parametrize(("ports", "um2"), [(8, 1577), (16, 6524), (32, 25728), (64, 100572), (128, 397831), (256, 1533365)])
def test_synthesised_crossbars_of_22_nm(ports: int, um2: float) -> None:
    # 49 request and 32 response bits, arbitrated once
    fdx = load_technology("28nm", {"gate_area_um2": 0.199})
    assert Crossbar(fdx, ports, ports, 81, True).area().cell_mm2 * 1e6 == pytest.approx(um2, rel=0.1)


def test_published_layouts(forty_five: Technology) -> None:
    ninety = load_technology("28nm", {"gate_area_um2": 2.82, "crossbar_wire_pitch_um": 0.246 * 2**0.7})
    assert Crossbar(ninety, 128, 128, 32, False).area().placed_mm2 == pytest.approx(6.6, rel=0.1)
    assert Crossbar(forty_five, 64, 64, 128, False).area().placed_mm2 == pytest.approx(4.06, rel=0.1)


def test_dimensional_laws(seven: Technology) -> None:
    # gate-limited: ~ N² W; wire-limited: ~ N² W²; cells of a data path ~ N² W always
    narrow, wide = Crossbar(seven, 32, 32, 16, False), Crossbar(seven, 32, 32, 512, False)
    assert Crossbar(seven, 32, 32, 32, False).area().placed_mm2 == pytest.approx(2 * narrow.area().placed_mm2)
    assert Crossbar(seven, 64, 64, 16, False).area().placed_mm2 == pytest.approx(4 * narrow.area().placed_mm2)
    assert Crossbar(seven, 32, 32, 1024, False).area().placed_mm2 == pytest.approx(4 * wide.area().placed_mm2)
    assert Crossbar(seven, 32, 32, 1024, False).area().cell_mm2 == pytest.approx(2 * wide.area().cell_mm2)


def test_crossbar_layout_is_not_placed_twice(seven: Technology) -> None:
    crossbar = Crossbar(seven, 64, 64, 16, False)
    assert crossbar.area().placed_mm2 == pytest.approx(crossbar.area().cell_mm2 * 3.0 / 0.9)
    assert crossbar.die_mm2() == pytest.approx(crossbar.area().placed_mm2 / 0.85)


def test_broadcast_to_slices_is_charged(seven: Technology) -> None:
    silent, controlled = Crossbar(seven, 64, 64, 256, False, 4), Crossbar(seven, 64, 64, 256, False, 4, 20)
    # address and grant run past three more slices of √0.07502 mm: 20 · 3 · 0.2739 mm · 0.0657 pJ = 1.080 pJ
    assert controlled.energy_pj("hop") - silent.energy_pj("hop") == pytest.approx(1.080, abs=0.002)
    assert controlled.area().placed_mm2 > silent.area().placed_mm2


@given(st.integers(1, 256), st.integers(1, 256), st.integers(8, 1024), st.booleans())
def test_more_of_anything_never_costs_less(inputs: int, outputs: int, width: int, arbitrated: bool) -> None:
    base = Crossbar(SEVEN, inputs, outputs, width, arbitrated)
    larger = (
        Crossbar(SEVEN, inputs + 1, outputs, width, arbitrated),
        Crossbar(SEVEN, inputs, outputs + 1, width, arbitrated),
        Crossbar(SEVEN, inputs, outputs, width + 1, arbitrated),
        Crossbar(SEVEN, inputs, outputs, width, True),
    )
    for other in larger:
        assert base.area().placed_mm2 <= other.area().placed_mm2 * (1 + 1e-9)
        assert base.energy_pj("hop") <= other.energy_pj("hop") * (1 + 1e-9)
        assert base.delay().ns(SEVEN) <= other.delay().ns(SEVEN) * (1 + 1e-9)


def test_wires_by_hand(seven: Technology) -> None:
    # a byte over 2 mm: 8 · 2 · 0.0657 = 1.0512 pJ; repeaters of 2,048 b × 2 mm: 5 % of 4,096 b·mm · 0.06687 um = 13,695 um²
    bus = Bus(seven, 2048 * 2.0, 2.0)
    assert bus.energy_pj("transfer_byte") == pytest.approx(1.0512)
    assert bus.area().cell_mm2 * 1e6 == pytest.approx(13695, rel=1e-3)


def test_word_multiplexer_by_hand(seven: Technology) -> None:
    # 8 inputs of 256 b: 8·256·1.35·0.0439 = 121.4 um²; 256 · 2 fJ · 3 levels · 0.15556 = 0.2389 pJ
    multiplexer = WordMultiplexer(seven, 8, 1, 256)
    assert multiplexer.area().cell_mm2 * 1e6 == pytest.approx(121.4, abs=0.1)
    assert multiplexer.energy_pj("select") == pytest.approx(0.2389, abs=1e-4)
