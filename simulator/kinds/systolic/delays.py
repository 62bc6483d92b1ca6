"""The paths of a systolic array that bound its clock, and how many cycles each takes: what a machine file leaves `auto`.

Sums move a cell a cycle, and outputs that stay are added to every cycle, so that an addition must fit into one. A product is
made ahead of it, in as many stages as it takes, and an operand is read ahead: both move everything by so many cycles, once.
"""

from __future__ import annotations

from simulator.cost import delay
from simulator.cost.delay import TimingPath
from simulator.cost.technology import Technology
from simulator.kinds.systolic.machine import ArrayMachine


def timing_paths(machine: ArrayMachine, technology: Technology) -> tuple[TimingPath, ...]:
    """Of the slower edge buffer, a cell's product and its addition."""
    fabric, kinds = machine.fabric, machine.datatypes
    w_kib = fabric.w_buffer_kib * machine.held_weight_bits / kinds.weight_bits
    kib = max(fabric.x_buffer_kib / fabric.rows, w_kib / fabric.cols)
    access = delay.sram_access(technology, kib)
    product = delay.multiplication(technology, kinds.weight, kinds.activation) + delay.multiplexer(technology, fabric.kept_of[1])
    addition = delay.addition(technology, kinds.accumulate)
    read = None if fabric.read_latency == "auto" else fabric.read_latency
    multiply = None if fabric.multiply_latency == "auto" else fabric.multiply_latency
    made = f"product of {kinds.weight} and {kinds.activation} in a cell"
    return (
        TimingPath(f"access of a bank of {kib:.3g} KiB at an edge", access, "read", "fabric.read_latency", read),
        TimingPath(made, product, "multiply", "fabric.multiply_latency", multiply, shares=addition),
        TimingPath(f"{kinds.accumulate} addition in a cell", addition, ""),
    )
