"""Queues and schedulers: worked out by hand, the published scheduler, and what doubles when a size doubles."""

from __future__ import annotations

import pytest

from simulator.cost import Technology, load_technology
from simulator.cost.registers import Fifo
from simulator.cost.router import Crossbar, Scheduler


def test_fifo_by_hand(twenty_eight: Technology) -> None:
    # 8 slots of 64 b: 512 b · 9.7 · 0.378 = 1,877 um², side 0.04333 mm; a wire of that length takes 106.8 · 0.04333 = 4.628 fJ a bit
    # push: 64 (5 fJ · 0.62222 + 4.628) = 0.4953 pJ; pop: 64 (2 fJ · 3 levels · 0.62222 + 4.628) = 0.5351 pJ
    fifo = Fifo(twenty_eight, 8, 64)
    assert fifo.area().cell_mm2 * 1e6 == pytest.approx(1877, abs=1)
    assert fifo.area().placed_mm2 == pytest.approx(fifo.area().cell_mm2 / 0.65)
    assert fifo.energy_pj("push") == pytest.approx(0.4953, abs=5e-4)
    assert fifo.energy_pj("pop") == pytest.approx(0.5351, abs=5e-4)
    # behind clock gates a tenth of half of 5 fJ: 512 · 0.25 fJ · 0.62222
    assert fifo.energy_pj("clock") == pytest.approx(0.0796, abs=5e-4)


def test_fifo_grows_with_slots_times_width(seven: Technology) -> None:
    base, deeper, wider = Fifo(seven, 16, 32), Fifo(seven, 32, 32), Fifo(seven, 16, 64)
    assert deeper.area().cell_mm2 == wider.area().cell_mm2 == pytest.approx(2 * base.area().cell_mm2)
    # the write itself doubles with the width; its wire is also √2 longer
    wire = 32 * 0.0657 * base.area().cell_mm2 ** 0.5
    assert wider.energy_pj("push") - base.energy_pj("push") == pytest.approx(32 * 5e-3 * 0.15556 + (2**1.5 - 1) * wire, rel=1e-3)


def test_scheduler_by_hand(seven: Technology) -> None:
    # 64 × 64 crosspoints of 39 GE, and 3 · 28 for three more iterations: 4,096 · 123 · 0.0439 = 22,117 um² of cells, / 0.35 placed
    # a grant: 64 · 123 GE · 3.1/5.4 fJ · 0.15556 = 703 fJ
    scheduler = Scheduler(seven, 64, 64, 4)
    assert scheduler.area().cell_mm2 * 1e6 == pytest.approx(22117, abs=2)
    assert scheduler.area().placed_mm2 == pytest.approx(scheduler.area().cell_mm2 / 0.35)
    assert scheduler.energy_pj("grant") == pytest.approx(0.703, abs=1e-3)
    assert scheduler.notes()


def test_schedulers_of_synthesis_and_of_90_nm() -> None:
    # iSLIP of 16 ports with ASAP7, whose NAND2 is of 0.05832 um²: 577 um² in one iteration, 1,595 in four, arbiters and a registered match
    # included, which a matching of two cycles has here
    asap, ninety = load_technology("7nm", {"gate_area_um2": 0.05832}), load_technology("28nm", {"gate_area_um2": 2.82})

    def cells_mm2(technology: Technology, ports: int, iterations: int, cycles: int) -> float:
        arbiters = (
            Crossbar(technology, ports, ports, 32, True).area().cell_mm2 - Crossbar(technology, ports, ports, 32, False).area().cell_mm2
        )
        return Scheduler(technology, ports, ports, iterations, cycles).area().cell_mm2 + arbiters

    assert cells_mm2(asap, 16, 1, 2) * 1e6 == pytest.approx(577, rel=0.04)
    assert cells_mm2(asap, 16, 4, 2) * 1e6 == pytest.approx(1595, rel=0.06)
    # 128 × 128 in three cycles, 7 mm² at 35 % fill: 2.45 mm² of cells, of which synthesis has seven eighths
    assert cells_mm2(ninety, 128, 1, 3) == pytest.approx(0.868 * 0.35 * 7.0, rel=0.01)


def test_scheduler_grows_with_crosspoints_and_iterations(seven: Technology) -> None:
    base, twice = Scheduler(seven, 16, 16), Scheduler(seven, 32, 32)
    assert twice.area().cell_mm2 == pytest.approx(4 * base.area().cell_mm2)
    assert twice.energy_pj("grant") == pytest.approx(2 * base.energy_pj("grant"))
    steps = [Scheduler(seven, 16, 16, count).area().cell_mm2 for count in (1, 2, 3)]
    assert steps[2] - steps[1] == pytest.approx(steps[1] - steps[0])


def test_the_band_of_all_arbitration_is_14_to_60_gates(seven: Technology) -> None:
    arbiter, scheduler = seven.constants["crossbar_arbiter_ge"], seven.constants["crossbar_scheduler_ge"]
    assert arbiter.low + scheduler.low == 14
    assert arbiter.value + scheduler.high == arbiter.high == 60
