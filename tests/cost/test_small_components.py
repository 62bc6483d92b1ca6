"""Adders, edge buffers, presence bits, clock and control: worked out by hand."""

from __future__ import annotations

import pytest

from simulator.cost import Technology
from simulator.cost.arithmetic import WordAdder
from simulator.cost.around import ClockAndControl
from simulator.cost.presence import PresenceBits
from simulator.kinds.systolic.edge_buffer import EdgeBuffer


def test_word_adder_by_hand(seven: Technology) -> None:
    # 16 fp32 adders of 1704 · 2^1.62 = 5,237.7 GE, four stages of 512 flops of 5.9 GE: (83,803 + 12,083) · 0.0439 = 4,209 um²
    # 16 · 0.40 · 2^1.17 pJ · 0.15556 = 2.240 pJ; data and clock of 2,048 flops 2.5 fJ each · 0.15556 = 0.7965 pJ
    adder = WordAdder(seven, 16, "fp32", 4)
    assert adder.area().cell_mm2 * 1e6 == pytest.approx(4209, abs=2)
    assert adder.energy_pj("add") == pytest.approx(2.240 + 0.7965, abs=2e-3)
    assert adder.energy_pj("clock") == pytest.approx(0.7965, abs=1e-3)
    twice = WordAdder(seven, 32, "fp32", 4)
    assert twice.area().cell_mm2 == pytest.approx(2 * adder.area().cell_mm2)
    assert twice.energy_pj("add") == pytest.approx(2 * adder.energy_pj("add"))


def test_edge_buffer_by_hand(seven: Technology) -> None:
    # 8 KiB × 64 b in sub-banks of 4 KiB: 0.15556 (10.7 · 0.125^0.47 + 7.5 · 0.125^0.5) = 1.0388 pJ, and 64 b over the macro's
    # √(1.35 · 0.0034068) = 0.06782 mm: 0.2852; two words of 64 b in registers, 54.5 um², side 0.00738 mm: write
    # 64 (0.7778 + 0.485) = 80.8 fJ, read 64 (0.3111 + 0.485) = 51.0 fJ. A quarter of the sum for each of four elements
    buffer = EdgeBuffer(seven, 8, 16)
    assert buffer.energy_pj("read_element") == pytest.approx((1.0388 + 0.2852 + 0.0808 + 0.0510) / 4, abs=1e-3)
    # two halves of 0.027 (1.23 · 65,536 + 178 · 256) = 3,406.8 um², and the registers
    assert buffer.area().cell_mm2 * 1e6 == pytest.approx(2 * 3406.8 + 54.5, abs=0.5)


def test_presence_bits_by_hand(seven: Technology) -> None:
    # 8,192 words: tables of 1 KiB × 32 b, 0.027 (1.23 · 8,192 + 178 · 90.51) = 707.0 um² a half; 8 units of 4 lookups: 64 halves
    # lookup 0.15556 (10.7 · (1/32)^0.47 + 3.75 · (1/32)^0.5) = 0.15556 (2.0987 + 0.6629) = 0.4296 pJ
    bits = PresenceBits(seven, 8192, 8, 4)
    assert bits.area().cell_mm2 * 1e6 == pytest.approx(64 * 707.0, rel=1e-3)
    assert bits.energy_pj("lookup") == pytest.approx(0.4296, abs=1e-3)
    # a bit of a write 0.15556 (4.0 · (1/32)^0.5 + 6.5 · (1/32)^0.42) / 32 = 0.01081 pJ in each of 32 tables
    assert bits.energy_pj("fill") == pytest.approx(32 * 0.01081, rel=2e-3)


def test_clock_and_control_by_hand(seven: Technology) -> None:
    # 1 mm² of logic: 0.3 mm² of cells. Half of them flops: 0.15e6 / 0.0439 / 5.9 = 579,128 bits, a fifth at work: 115,826;
    # data and clock each 115,826 · 2.5 fJ · 0.15556 = 45.04 pJ. The tree takes as much as all pins: 50 + 45.04
    control = ClockAndControl(seven, 1.0, 50.0)
    assert control.area().cell_mm2 == pytest.approx(0.3)
    assert control.area().placed_mm2 == pytest.approx(0.3 / 0.65)
    assert control.energy_pj("control") == pytest.approx(90.09, abs=0.02)
    assert control.energy_pj("clock_tree") == pytest.approx(95.04, abs=0.02)
    assert control.leakage_mw() == pytest.approx(9.0)
    assert control.notes() == ("area and energy assumed: no source gives them apart",)
