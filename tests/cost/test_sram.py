"""SRAM: published macros, the sub-banked law, small banks, and what grows with what."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cost import Technology, load_technology
from simulator.cost.buffers import ActivationBuffer
from simulator.cost.presence import PresenceBits
from simulator.cost.sram import PORTS_RW, SramBank, SramMacro
from simulator.kinds.systolic.edge_buffer import EdgeBuffer

SEVEN = load_technology("7nm")
CAPACITIES = st.floats(0.03125, 4096)
WIDTHS = st.integers(8, 512)


@pytest.mark.parametrize(("kib", "width", "um2", "error"), [(4, 16, 4684, 0.01), (32, 16, 29142, 0.1), (256, 32, 183290, 0.01)])
def test_compiled_macros_of_12_nm(kib: float, width: int, um2: float, error: float) -> None:
    twelve = load_technology("7nm", {"sram_cell_um2": 0.0644, "gate_area_um2": 0.169})
    assert SramMacro(twelve, kib, width).area_um2() == pytest.approx(um2, rel=error)


@pytest.mark.parametrize(("kib", "pj"), [(8, 10), (32, 20), (1024, 100)])
def test_undivided_reads_of_45_nm(forty_five: Technology, kib: float, pj: float) -> None:
    undivided = forty_five.model_copy(update={"sram_subbank_kib": 1e6})
    assert SramMacro(undivided, kib, 64).read_pj() == pytest.approx(pj, rel=0.1)


def test_energy_against_capacity(seven: Technology) -> None:
    # 256 b at 7 nm, one array: 4 KiB 7/45·(10.7·0.125^0.47 + 30·0.125^0.5) = 0.15556·(4.026 + 10.607) = 2.276 pJ; 256 KiB 17.6
    undivided = seven.model_copy(update={"sram_subbank_kib": 1e6})
    assert SramMacro(seven, 4, 256).read_pj() == pytest.approx(2.276, abs=0.002)
    assert SramMacro(undivided, 256, 256).read_pj() == pytest.approx(17.6, abs=0.05)
    # in sub-banks of 4 KiB: 2.276 + 256 · 0.0657 · √(1.35 · 0.0821 mm²) = 2.276 + 5.600 = 7.88 pJ, within 7 to 11.5
    assert SramMacro(seven, 256, 256).read_pj() == pytest.approx(7.88, abs=0.02)


def test_bank_by_hand(seven: Technology) -> None:
    # 4 KiB × 256 b: 0.027 (1.23·32,768 + 178·181.02) · 4^0.05 = 0.027·72,526.6·1.07177 = 2,098.8 um²; two halves, κ = 1.35
    bank = SramBank(seven, 4, 256)
    assert bank.area().cell_mm2 * 1e6 == pytest.approx(2 * 2098.8, abs=1)
    assert bank.area().placed_mm2 == pytest.approx(1.35 * bank.area().cell_mm2)
    assert bank.energy_pj("read") == pytest.approx(2.276, abs=0.002)
    assert bank.leakage_mw() == pytest.approx(8 * 0.00659)
    # write: 0.15556·(4.0·0.125^0.5 + 13·4·0.125^0.42) = 0.15556·(1.414 + 21.713) = 3.598
    assert bank.energy_pj("write") == pytest.approx(3.598, abs=0.002)
    assert bank.energy_pj("write_bit") == pytest.approx(3.598 / 256, rel=1e-3)


def test_pair_has_twice_the_area_and_one_halfs_energy(seven: Technology) -> None:
    pair, single = SramBank(seven, 8, 128), SramBank(seven, 8, 128, halves=1)
    assert pair.area().cell_mm2 == 2 * single.area().cell_mm2
    assert pair.leakage_mw() == 2 * single.leakage_mw()
    assert pair.energy_pj("read") == single.energy_pj("read")


def test_ports_cost(seven: Technology) -> None:
    one, separate, two = (SramMacro(seven, 16, 128, ports) for ports in ("1rw", "1r1w", "2rw"))
    assert separate.area_um2() == pytest.approx(1.4 * one.area_um2())
    assert two.area_um2() == pytest.approx(2.05 * one.area_um2())
    areas = [SramMacro(seven, 16, 128, ports).area_um2() for ports in PORTS_RW]
    assert areas == sorted(areas)
    assert one.read_pj() < separate.read_pj() < two.read_pj()
    assert SramMacro(seven, 16, 128, "3rw").notes()


def test_words_wider_than_a_macro_are_split(seven: Technology) -> None:
    bank = SramBank(seven, 64, 2048)
    assert bank.macros_per_half == 4
    assert bank.macro == SramMacro(seven, 16, 512)
    assert bank.energy_pj("read") == pytest.approx(4 * SramMacro(seven, 16, 512).read_pj())


def test_slices_pay_for_split_macros(seven: Technology) -> None:
    areas = [SramBank(seven, 4, 256, slices=slices).area().cell_mm2 for slices in (1, 2, 4, 8)]
    assert areas == sorted(areas)
    assert areas[0] < areas[-1]
    assert any("below the 4 KiB" in note for note in SramBank(seven, 4, 256, slices=8).notes())


@given(CAPACITIES, st.floats(1, 4), WIDTHS)
def test_more_capacity_never_costs_less(kib: float, factor: float, width: int) -> None:
    small, large = SramMacro(SEVEN, kib, width), SramMacro(SEVEN, kib * factor, width)
    for quantity in (SramMacro.area_um2, SramMacro.read_pj, SramMacro.write_pj, SramMacro.leakage_mw):
        assert quantity(small) <= quantity(large) * (1 + 1e-9)


@given(CAPACITIES, WIDTHS, WIDTHS)
def test_wider_words_never_cost_less(kib: float, width: int, other: int) -> None:
    narrow, wide = (SramMacro(SEVEN, max(kib, 0.25), bits) for bits in sorted((width, other)))
    assert narrow.area_um2() <= wide.area_um2() * (1 + 1e-9)
    assert narrow.read_pj() <= wide.read_pj() * (1 + 1e-9)


@given(CAPACITIES, WIDTHS)
def test_no_jump_in_capacity(kib: float, width: int) -> None:
    here, beside = SramMacro(SEVEN, kib, width), SramMacro(SEVEN, kib * 1.0001, width)
    assert beside.area_um2() == pytest.approx(here.area_um2(), rel=1e-3)
    assert beside.read_pj() == pytest.approx(here.read_pj(), rel=1e-3)
    assert beside.write_pj() == pytest.approx(here.write_pj(), rel=1e-3)


def test_small_macros_are_at_most_a_latch_array(seven: Technology) -> None:
    # 128 b: latches 128·7.2·0.0439 = 40.5 um²; extrapolated SRAM 0.027 (157.4 + 2,013.8) = 58.6 um²
    assert SramMacro(seven, 128 / 8192, 32).area_um2() == pytest.approx(40.5, abs=0.1)
    assert SramMacro(seven, 128 / 8192, 32).notes()


def test_activation_buffer(seven: Technology) -> None:
    # 1 MiB behind 256 bytes a cycle: 8 macros of 128 KiB × 256 b: 0.027 (1.23·2^20 + 178·2^10)·1.07177 = 42,598 um² each
    buffer = ActivationBuffer(seven, 1024, 256)
    assert buffer.macros == 8
    assert buffer.area().cell_mm2 == pytest.approx(8 * 0.042598, rel=1e-3)
    assert 32 * buffer.energy_pj("read_byte") == pytest.approx(SramMacro(seven, 1024, 256).read_pj())
    assert buffer.energy_pj("write_byte") > buffer.energy_pj("read_byte")


def test_edge_buffer_reads_words_of_several_elements(seven: Technology) -> None:
    buffer, bank = EdgeBuffer(seven, 8, 16), SramBank(seven, 8, 64)
    assert buffer.elements_per_word == 4
    assert buffer.energy_pj("read_element") > bank.energy_pj("read") / 4
    assert buffer.area().cell_mm2 > bank.area().cell_mm2
    assert EdgeBuffer(seven, 8, 32).elements_per_word == 2


def test_presence_bits_grow_with_units_and_lookups(seven: Technology) -> None:
    one = PresenceBits(seven, 8192, 1, 1)
    many = PresenceBits(seven, 8192, 64, 4)
    assert many.area().cell_mm2 == pytest.approx(256 * one.area().cell_mm2)
    assert many.energy_pj("lookup") == one.energy_pj("lookup")
    assert many.energy_pj("fill") == pytest.approx(256 * one.energy_pj("fill"))
    assert math.isclose(one.area().cell_mm2, SramBank(seven, 1, 32).area().cell_mm2)
