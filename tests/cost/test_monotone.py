"""More of anything never costs less: every component, in every argument for which physics says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.cost import load_technology
from simulator.cost.arithmetic import WordAdder
from simulator.cost.around import ClockAndControl
from simulator.cost.buffers import ActivationBuffer
from simulator.cost.component import Component
from simulator.cost.dram import Dram, DramPhy
from simulator.cost.mac import Accumulators
from simulator.cost.presence import PresenceBits
from simulator.cost.registers import Fifo, RegisterFile
from simulator.cost.router import Scheduler, WordMultiplexer
from simulator.cost.sram import SramBank
from simulator.cost.wires import Bus, ClusterWires, RouterLink, WiringRoom
from simulator.kinds.systolic.parts import EdgeBuffer
from tests.cost.devices import shipped_dram

SEVEN = load_technology("7nm")
HBM = shipped_dram("hbm2e")
COUNT, WIDTH, LENGTH, KIB = st.integers(1, 128), st.integers(1, 1024), st.floats(0.01, 10), st.floats(0.25, 512)

CASES: dict[str, tuple[Callable[..., Component], tuple[st.SearchStrategy[Any], ...]]] = {
    "register file": (lambda words, width: RegisterFile(SEVEN, words, width), (COUNT, WIDTH)),
    "fifo": (lambda slots, width: Fifo(SEVEN, slots, width), (COUNT, WIDTH)),
    "scheduler": (lambda inputs, outputs, iterations: Scheduler(SEVEN, inputs, outputs, iterations), (COUNT, COUNT, st.integers(1, 8))),
    "accumulators": (lambda rows, sums, lanes: Accumulators(SEVEN, rows, sums, lanes, "fp32"), (COUNT, st.integers(1, 8), COUNT)),
    "word adder": (lambda lanes, stages: WordAdder(SEVEN, lanes, "fp32", stages), (COUNT, st.integers(1, 8))),
    "word multiplexer": (lambda inputs, outputs, width: WordMultiplexer(SEVEN, inputs, outputs, width), (COUNT, COUNT, WIDTH)),
    "bus": (lambda built, driven: Bus(SEVEN, built, driven), (LENGTH, LENGTH)),
    "cluster wires": (lambda word, way, lines: ClusterWires(SEVEN, 20, word, way, lines, way, lines), (WIDTH, LENGTH, COUNT)),
    "router link": (lambda bits, length, driven: RouterLink(SEVEN, bits, length, driven), (WIDTH, LENGTH, LENGTH)),
    "room for wires": (lambda missing: WiringRoom(SEVEN, missing), (LENGTH,)),
    "bank": (lambda kib, ports: SramBank(SEVEN, kib, 128, ("1rw", "1r1w", "2rw", "3rw")[ports]), (KIB, st.integers(0, 2))),
    "activation buffer": (lambda kib: ActivationBuffer(SEVEN, kib, 256), (KIB,)),
    "edge buffer": (lambda kib: EdgeBuffer(SEVEN, kib, 16), (KIB,)),
    "presence bits": (lambda words, units, readers: PresenceBits(SEVEN, words, units, readers), (st.integers(64, 65536), COUNT, COUNT)),
    "control": (lambda logic, clock: ClockAndControl(SEVEN, logic, clock), (LENGTH, LENGTH)),
    "phy": (lambda share: DramPhy(SEVEN, HBM, share), (LENGTH,)),
    "dram": (lambda unused: Dram(SEVEN, HBM, 4096 / unused), (st.integers(1, 128),)),
}


def figures(component: Component) -> dict[str, float]:
    area = component.area()
    return {
        "cells": area.cell_mm2,
        "placed": area.placed_mm2,
        "die": component.die_mm2(),
        "logic": component.logic_mm2(),
        "leakage": component.leakage_mw(),
        **component.actions(),
    }


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_more_of_anything_never_costs_less(name: str, data: st.DataObject) -> None:
    build, ranges = CASES[name]
    arguments = [data.draw(values) for values in ranges]
    base = figures(build(*arguments))
    assert all(value >= 0 for value in base.values())
    for place, values in enumerate(ranges):
        grown = list(arguments)
        grown[place] = max(data.draw(values), arguments[place])
        larger = figures(build(*grown))
        assert {key: value for key, value in base.items() if value > larger[key] * (1 + 1e-9)} == {}
