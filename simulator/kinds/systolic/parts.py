"""What a systolic fabric is made of, and which counter pays for what: cells, edge buffers, the buses that fill and drain them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from simulator.cost.decoder import ValidBits
from simulator.cost.hardware import Charge, Instance, Parts, Work, total_die_mm2
from simulator.cost.mac import ProcessingElement
from simulator.cost.presence import PresenceScanner
from simulator.cost.router import WordMultiplexer
from simulator.cost.technology import Technology
from simulator.cost.wires import Bus
from simulator.kinds.systolic import words
from simulator.kinds.systolic.edge_buffer import EdgeBuffer
from simulator.kinds.systolic.machine import SKIP_SCAN_BITS, ArrayMachine, edge_word_elements
from simulator.machine.elaborated import Elaborated

COMPONENTS: tuple[str, ...] = tuple(entry.name for entry in words.COMPONENTS)
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
    Charge("x_buffer", "banks", "fill", "fill_byte", ("x_trunk_bytes",)),
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
    machine = ArrayMachine.of(elaborated.machine)
    blocks = list(_blocks(machine, technology))
    instances = (*blocks, *_buses(machine, technology, math.sqrt(total_die_mm2(blocks))))
    return Parts(COMPONENTS, instances, (Work(None, CHARGES, instances),), machine.datatypes.weight_bits)


def _blocks(machine: ArrayMachine, technology: Technology) -> Iterator[Instance]:
    fabric, kinds = machine.fabric, machine.datatypes
    overlapped = fabric.weight_load == "overlapped"
    rows, cols, (_, of) = fabric.rows, fabric.cols, fabric.kept_of
    cell = ProcessingElement(technology, kinds.weight, kinds.activation, kinds.accumulate, fabric.gate_zeros, overlapped, of)
    yield Instance("pe_array", "cells", cell, rows * cols)
    if of > 1:
        yield Instance("pe_array", "selection", WordMultiplexer(technology, of, 1, kinds.activation_bits), rows * cols)
    yield Instance("x_buffer", "banks", EdgeBuffer(technology, fabric.x_buffer_kib / rows, kinds.activation_bits), rows)
    yield Instance("w_buffer", "banks", EdgeBuffer(technology, fabric.w_buffer_kib / cols, machine.held_weight_bits), cols)
    if machine.machine.weight_decoder:
        word = edge_word_elements(machine.held_weight_bits)
        words = math.ceil(2 * fabric.w_buffer_kib * 8192 / (word * machine.held_weight_bits))
        yield Instance("w_buffer", "valid_bits", ValidBits(technology, words), 1, 1 / word)
    yield Instance("y_buffer", "banks", EdgeBuffer(technology, fabric.y_buffer_kib / cols, kinds.accumulate_bits, "1r1w"), cols)
    if fabric.column_skip or fabric.skip_zero_tiles:
        yield Instance("presence_bits", "sequencer", PresenceScanner(technology, _presence_kib(machine), SKIP_SCAN_BITS), 1)


def _presence_kib(machine: ArrayMachine) -> float:
    """Room for a bit a step and line of cells of the fuller operand buffer, or, where only folds are skipped, a bit a fold."""
    fabric = machine.fabric
    lines = (
        fabric.x_buffer_kib / (machine.datatypes.activation_bits * fabric.rows),
        fabric.w_buffer_kib / (machine.held_weight_bits * fabric.cols),
    )
    kib = max(lines) if fabric.column_skip else max(lines) / min(fabric.rows, fabric.cols)
    return max(kib, 2 * SKIP_SCAN_BITS / 8192)


def _buses(machine: ArrayMachine, technology: Technology, fabric_mm: float) -> Iterator[Instance]:
    trunks = machine.trunks
    yield Instance("fill_broadcast", "x", Bus(technology, 8 * trunks.x_bytes_per_cycle * fabric_mm, fabric_mm), 1)
    yield Instance("fill_broadcast", "w", Bus(technology, 8 * trunks.w_bytes_per_cycle * fabric_mm, fabric_mm), 1)
    yield Instance("drain_bus", "bus", Bus(technology, 8 * trunks.drain_bytes_per_cycle * fabric_mm, fabric_mm), 1)
