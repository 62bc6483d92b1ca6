"""What a systolic fabric is made of, and which counter pays for what: cells, edge buffers, the buses that fill and drain them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from simulator.cost.component import Area, Component
from simulator.cost.decoder import ValidBits
from simulator.cost.hardware import Charge, Instance, Parts, Work, total_die_mm2
from simulator.cost.mac import ProcessingElement
from simulator.cost.presence import PresenceScanner
from simulator.cost.registers import RegisterFile
from simulator.cost.router import WordMultiplexer
from simulator.cost.sram import Ports, SramBank
from simulator.cost.technology import Technology
from simulator.cost.wires import Bus
from simulator.cost.words import COMPUTE, DRAIN_BUS, FILL_BROADCAST, MEMORIES, PRESENCE_BITS
from simulator.kinds.systolic.machine import SKIP_SCAN_BITS, ArrayMachine, edge_word_elements
from simulator.machine.model import Elaborated
from simulator.terms import ComponentWords, component

WORDS: tuple[ComponentWords, ...] = (
    component(
        "pe_array",
        "multipliers (systolic)",
        "processing elements: multiplier, adder and registers between neighbours, selection of N:M weights, ways of sums and operands",
        branch=COMPUTE,
        drawn_as="mac_lanes",
    ),
    component(
        "x_buffer",
        "activation banks (systolic)",
        "operand buffer that streams activations into the array, both halves",
        branch=MEMORIES,
        drawn_as="x_banks",
    ),
    component(
        "w_buffer",
        "weight banks (systolic)",
        "operand buffer of the weights, both halves, and the valid bits of its words",
        branch=MEMORIES,
        drawn_as="weight_banks",
    ),
    component(
        "y_buffer",
        "output banks (systolic)",
        "partial sums and finished outputs of the array, both halves",
        branch=MEMORIES,
        drawn_as="output_banks",
    ),
    PRESENCE_BITS,
    FILL_BROADCAST,
    DRAIN_BUS,
)
"""Components of the fabric, in the order of reports."""


class EdgeBuffer(Component, frozen=True):
    """Ping and pong halves of `kib` KiB in words of at least 64 bits, with two word registers beside them.

    An element is far narrower than a word worth reading: one access moves ⌈64 / element bits⌉ consecutive elements,
    and the registers pass them on, or collect them, one a cycle. `read_element` and `write_element`: its share of the
    access and of the registers; `fill_byte`: a byte's share of a write from a trunk; `fill_element`: an element's.
    """

    kib: float
    element_bits: int
    ports: Ports = "1rw"
    word: int | None = None
    """Elements of one access where they are not as many as make 64 bits."""

    @property
    def elements_per_word(self) -> int:
        """Elements of one access."""
        return self.word or edge_word_elements(self.element_bits)

    @property
    def _bank(self) -> SramBank:
        return SramBank(self.technology, self.kib, self.elements_per_word * self.element_bits, self.ports)

    @property
    def _registers(self) -> RegisterFile:
        return RegisterFile(self.technology, 2, self.elements_per_word * self.element_bits)

    def area(self) -> Area:
        """Macros and registers."""
        bank, registers = self._bank.area(), self._registers.area()
        return Area(bank.cell_mm2 + registers.cell_mm2, bank.placed_mm2 + registers.placed_mm2)

    def actions(self) -> Mapping[str, float]:
        """`read_element`, `write_element`, `fill_byte`; `clock` a cycle."""
        bank, registers = self._bank.actions(), self._registers.actions()
        passing = registers["write"] + registers["read"]
        return {
            "read_element": (bank["read"] + passing) / self.elements_per_word,
            "write_element": (bank["write"] + passing) / self.elements_per_word,
            "fill_byte": 8 * bank["write_bit"],
            "fill_element": self.element_bits * bank["write_bit"],
            "clock": registers["clock"],
        }

    def leakage_mw(self) -> float:
        """Macros and registers."""
        return self._bank.leakage_mw() + self._registers.leakage_mw()

    def logic_mm2(self) -> float:
        """The registers."""
        return self._registers.logic_mm2()

    def notes(self) -> tuple[str, ...]:
        """The macro's."""
        return self._bank.notes()


COMPONENTS: tuple[str, ...] = tuple(entry.name for entry in WORDS)
"""In the order of reports."""

CHARGES: tuple[Charge, ...] = (
    Charge("pe_array", "cells", "mac", "mac", ("macs_useful",)),
    Charge("pe_array", "cells", "mac_gated", "mac_gated", ("mac_slots",), ("macs_useful",)),
    Charge("pe_array", "cells", "weight_shift", "weight_shift", ("pe_weight_shifts",)),
    Charge("pe_array", "cells", "operand_shift", "operand_shift", ("pe_operand_shifts",)),
    Charge("pe_array", "cells", "sum_shift", "sum_shift", ("pe_sum_shifts",)),
    Charge("pe_array", "selection", "select", "select", ("pe_selections",)),
    Charge("presence_bits", "sequencer", "fill", "fill", ("presence_bits_filled",)),
    Charge("presence_bits", "sequencer", "scan", "scan", ("presence_bits_scanned",)),
    Charge("x_buffer", "banks", "read", "read_element", ("x_buffer_reads",)),
    Charge("x_buffer", "banks", "fill", "fill_byte", ("x_trunk_bytes",), ("x_bytes_unpacked",)),
    Charge("x_buffer", "banks", "fill_unpacked", "fill_element", ("x_elements_unpacked",)),
    Charge("w_buffer", "banks", "read", "read_element", ("w_buffer_reads",)),
    Charge("w_buffer", "banks", "fill", "fill_byte", ("w_trunk_bytes",), ("w_bytes_decoded",)),
    Charge("w_buffer", "banks", "fill_decoded", "fill_element", ("w_elements_decoded",)),
    Charge("w_buffer", "valid_bits", "set", "set", ("w_elements_decoded",)),
    Charge("y_buffer", "banks", "write", "write_element", ("y_buffer_writes",)),
    Charge("y_buffer", "banks", "read", "read_element", ("y_buffer_reads",)),
)
"""What the fabric does."""


def parts_of(elaborated: Elaborated, technology: Technology) -> Parts:
    """All that the fabric is made of; the area of cells and buffers sets the length of the buses."""
    machine = ArrayMachine.settled(elaborated)
    blocks = list(_blocks(machine, technology))
    instances = (*blocks, *_buses(machine, technology, math.sqrt(total_die_mm2(blocks))))
    return Parts(COMPONENTS, instances, (Work(None, CHARGES, instances),), machine.datatypes.weight_bits)


def _blocks(machine: ArrayMachine, technology: Technology) -> Iterator[Instance]:
    fabric, kinds = machine.fabric, machine.datatypes
    rows, cols = fabric.rows, fabric.cols
    yield from _cells(machine, technology)
    yield Instance(
        "x_buffer", "banks", EdgeBuffer(technology, fabric.x_buffer_kib / rows, kinds.activation_bits, word=machine.x_word), rows
    )
    w_kib = fabric.w_buffer_kib * machine.held_weight_bits / kinds.weight_bits  # picks of N:M weights lie beside their values
    yield Instance("w_buffer", "banks", EdgeBuffer(technology, w_kib / cols, machine.held_weight_bits, word=machine.w_word), cols)
    if machine.machine.weight_decoder:
        words = math.ceil(2 * fabric.w_buffer_kib * 8192 / (machine.w_word * kinds.weight_bits))
        yield Instance("w_buffer", "valid_bits", ValidBits(technology, words), 1, 1 / machine.w_word)
    yield Instance("y_buffer", "banks", EdgeBuffer(technology, fabric.y_buffer_kib / cols, kinds.accumulate_bits, "1r1w"), cols)
    if fabric.column_skip or fabric.skip_zero_tiles:
        yield Instance("presence_bits", "sequencer", PresenceScanner(technology, _presence_kib(machine), SKIP_SCAN_BITS), 1)


def _cells(machine: ArrayMachine, technology: Technology) -> Iterator[Instance]:
    """Registers and operators, and the multiplexers of two between the ways of a word: a level of 1.35 GE a bit and way each."""
    fabric, kinds = machine.fabric, machine.datatypes
    overlapped, (_, of) = fabric.weight_load == "overlapped", fabric.kept_of
    count, holds, keeps = fabric.rows * fabric.cols, fabric.holds_operands, fabric.keeps_sums
    ways = (kinds.weight, kinds.activation, kinds.accumulate, fabric.gate_zeros, overlapped, of, fabric.product_cycles, holds, keeps)
    yield Instance("pe_array", "cells", ProcessingElement(technology, *ways), count)
    if of > 1:
        yield Instance("pe_array", "selection", WordMultiplexer(technology, of, 1, kinds.activation_bits), count)
    sums = kinds.accumulate_bits
    if overlapped:  # what comes down a column passes idle rows through one each: sums that are added to, and finished ones
        yield Instance("pe_array", "bypass", WordMultiplexer(technology, 2, holds + keeps, sums), count)
    if keeps:  # what moves down next: the sum that is finished here, or one from above
        yield Instance("pe_array", "leaving sums", WordMultiplexer(technology, 2, 1, sums), count)
    if holds and keeps:  # what is added to, the sum from above or the cell's own, and multiplied by, the operand from above or the held one
        operand = max(kinds.weight_bits, kinds.activation_bits)
        yield Instance("pe_array", "choice of dataflow", WordMultiplexer(technology, 2, 1, sums + operand), count)


def _presence_kib(machine: ArrayMachine) -> float:
    """Room for a bit a step and line of cells of the fuller operand buffer, or, where only folds are skipped, a bit a fold."""
    fabric = machine.fabric
    lines = (
        fabric.x_buffer_kib / (machine.datatypes.activation_bits * fabric.rows),
        fabric.w_buffer_kib / (machine.datatypes.weight_bits * fabric.cols),
    )
    kib = max(lines) if fabric.column_skip else max(lines) / min(fabric.rows, fabric.cols)
    return max(kib, 2 * SKIP_SCAN_BITS / 8192)


def _buses(machine: ArrayMachine, technology: Technology, fabric_mm: float) -> Iterator[Instance]:
    trunks = machine.trunks
    yield Instance("fill_broadcast", "x", Bus(technology, 8 * trunks.x_bytes_per_cycle * fabric_mm, fabric_mm), 1)
    yield Instance("fill_broadcast", "w", Bus(technology, 8 * trunks.w_bytes_per_cycle * fabric_mm, fabric_mm), 1)
    yield Instance("drain_bus", "bus", Bus(technology, 8 * trunks.drain_bytes_per_cycle * fabric_mm, fabric_mm), 1)
