"""What a systolic array's options for sparse work cost, in area and for each of their events."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.activity import Activity, Bounds, Counts
from simulator.cost import Cost, Technology
from simulator.cost.decoder import ValidBits
from simulator.cost.mac import ProcessingElement
from simulator.cost.presence import PresenceScanner
from simulator.cost.sram import SramBank
from simulator.machine.model import Machine
from simulator.pricing import elaborate, hardware_of, price

OPTIONS: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({"skip_zero_tiles": True}, {"presence_bits"}),
    ({"column_skip": True}, {"presence_bits"}),
    ({"n_m": "2:4"}, {"pe_array", "w_buffer"}),
)
BARE = {"weight_decoder": False}
AROUND = {"clock_and_control", "fill_broadcast", "drain_bus"}


def priced(machine: Machine, technology: Technology, **counts: int) -> Cost:
    return price(Activity(0, 1024, Counts(**counts), {}, Bounds(), ()), elaborate(machine, technology), technology)


@pytest.mark.parametrize(("option", "grown"), OPTIONS, ids=lambda value: next(iter(value)) if isinstance(value, dict) else "")
def test_an_option_is_paid_for_by_its_components(seven: Technology, machines: Any, option: dict[str, Any], grown: set[str]) -> None:
    plain, built = (priced(of, seven).area_mm2_by_component() for of in (machines.systolic(BARE), machines.systolic(BARE, **option)))
    assert {name for name in built if built[name] > plain[name]} - AROUND == grown


@pytest.mark.parametrize(
    ("counter", "component"),
    [
        ("pe_selections", "pe_array"),
        ("presence_bits_filled", "presence_bits"),
        ("presence_bits_scanned", "presence_bits"),
        ("w_elements_decoded", "w_buffer"),
        ("weight_bits_decoded", "dma_staging"),
    ],
)
def test_an_event_is_paid_by_its_component(seven: Technology, machines: Any, counter: str, component: str) -> None:
    strong = machines.systolic({"weight_decoder": True}, skip_zero_tiles=True, column_skip=True, n_m="2:4")
    energy = priced(strong, seven, **{counter: 1000}).energy_pj_by_component()
    assert {name for name, pj in energy.items() if pj} == {component}


def test_decoded_bytes_pass_the_decoder_and_not_the_banks(seven: Technology, machines: Any) -> None:
    of = machines.systolic({"weight_decoder": True})
    through, around = (priced(of, seven, w_trunk_bytes=640, w_bytes_decoded=size) for size in (640, 0))
    (into,) = (part.energy_pj_by_action for part in through.components if part.name == "w_buffer")
    (past,) = (part.energy_pj_by_action for part in around.components if part.name == "w_buffer")
    assert into["fill"] == 0
    assert past["fill"] > 0


def test_a_decoder_brings_itself_and_valid_bits(seven: Technology, machines: Any) -> None:
    plain, built = (
        priced(of, seven).area_mm2_by_component() for of in (machines.systolic(BARE), machines.systolic({"weight_decoder": True}))
    )
    assert {name for name in built if built[name] > plain[name]} - AROUND == {"w_buffer", "dma_staging"}


def test_valid_bits_by_hand(seven: Technology) -> None:
    # a latch of 7.2 GE a word; the data half of a flop of 5 fJ, at 0.15556 of the energies at 45 nm
    bits = ValidBits(seven, 1000)
    assert bits.area().cell_mm2 == pytest.approx(7200 * 0.0439e-6)
    assert bits.energy_pj("set") == pytest.approx(0.15556 * 2.5e-3, rel=1e-3)


def test_scanner_by_hand(seven: Technology) -> None:
    scanner, memory = PresenceScanner(seven, 1, 256), SramBank(seven, 1, 256)
    assert scanner.area().cell_mm2 == pytest.approx(2 * memory.area().cell_mm2 + 256 * (14 + 2 * 5.9) * 0.0439e-6)
    assert scanner.energy_pj("scan") == pytest.approx(memory.energy_pj("read_bit") + 0.15556 * 2.5e-3, rel=1e-3)
    assert scanner.energy_pj("fill") == memory.energy_pj("write_bit")


@pytest.mark.parametrize(
    ("dataflow", "load", "ways"),
    [
        ("ws", "overlapped", {"bypass": 32}),
        ("os", "overlapped", {"bypass": 32, "leaving sums": 32}),
        ("best", "overlapped", {"bypass": 2 * 32, "leaving sums": 32, "choice of dataflow": 32 + 16}),
        ("is", "serial", {}),
        ("best", "serial", {"leaving sums": 32, "choice of dataflow": 32 + 16}),
    ],
)
def test_a_cell_chooses_between_the_ways_of_its_dataflows(
    seven: Technology, machines: Any, dataflow: str, load: str, ways: dict[str, int]
) -> None:
    """Multiplexers of two, 2 · 1.35 GE a bit: past idle rows, down a column, and between dataflows."""
    of = hardware_of(elaborate(machines.systolic(dataflow=dataflow, weight_load=load), seven), seven).instances
    multiplexers = {entry.part: entry.component for entry in of if entry.name == "pe_array" and entry.part != "cells"}
    found = {part: component.area().cell_mm2 / (2 * 1.35 * 0.0439e-6) for part, component in multiplexers.items()}
    assert found == pytest.approx(ways)
    (cell,) = (entry.component for entry in of if entry.part == "cells")
    assert isinstance(cell, ProcessingElement)
    assert (cell.holds, cell.keeps) == (dataflow != "os", dataflow in ("os", "best"))


def test_a_cell_that_picks_holds_the_group_and_the_pick(seven: Technology) -> None:
    plain, picking = (ProcessingElement(seven, "bf16", "bf16", "fp32", of=of) for of in (1, 4))
    flops = (picking.area().cell_mm2 - plain.area().cell_mm2) / (5.9 * 0.0439e-6)
    assert flops == pytest.approx(3 * 16 + 2 + 2 * 2)
    assert picking.energy_pj("mac") == plain.energy_pj("mac")
    assert picking.energy_pj("clock") > plain.energy_pj("clock")
