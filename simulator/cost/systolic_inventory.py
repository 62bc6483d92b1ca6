"""The hardware of a systolic fabric: cells, edge buffers and the buses that fill and drain them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from simulator.cost.edge_buffer import EdgeBuffer
from simulator.cost.instance import Instance, total_die_mm2
from simulator.cost.mac import ProcessingElement
from simulator.cost.technology import Technology
from simulator.cost.wires import Bus
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine


def systolic_fabric(elaborated: Elaborated, technology: Technology) -> tuple[Instance, ...]:
    """All instances of the fabric; the area of cells and buffers sets the length of the buses."""
    machine = elaborated.machine
    blocks = list(_blocks(machine, technology))
    return (*blocks, *_buses(machine, technology, math.sqrt(total_die_mm2(blocks))))


def _blocks(machine: Machine, technology: Technology) -> Iterator[Instance]:
    fabric, kinds = machine.systolic, machine.datatypes
    overlapped = fabric.weight_load == "overlapped"
    cell = ProcessingElement(technology, kinds.weight, kinds.activation, kinds.accumulate, fabric.gate_zeros, overlapped)
    yield Instance("pe_array", "cells", cell, fabric.rows * fabric.cols)
    rows, cols = fabric.rows, fabric.cols
    yield Instance("x_buffer", "banks", EdgeBuffer(technology, fabric.x_buffer_kib / rows, kinds.activation_bits), rows)
    yield Instance("w_buffer", "banks", EdgeBuffer(technology, fabric.w_buffer_kib / cols, kinds.weight_bits), cols)
    yield Instance("y_buffer", "banks", EdgeBuffer(technology, fabric.y_buffer_kib / cols, kinds.accumulate_bits, "1r1w"), cols)


def _buses(machine: Machine, technology: Technology, fabric_mm: float) -> Iterator[Instance]:
    trunks = machine.trunks
    yield Instance("fill_broadcast", "x", Bus(technology, 8 * trunks.x_bytes_per_cycle * fabric_mm, fabric_mm), 1)
    yield Instance("fill_broadcast", "w", Bus(technology, 8 * trunks.w_bytes_per_cycle * fabric_mm, fabric_mm), 1)
    yield Instance("drain_bus", "bus", Bus(technology, 8 * trunks.drain_bytes_per_cycle * fabric_mm, fabric_mm), 1)
