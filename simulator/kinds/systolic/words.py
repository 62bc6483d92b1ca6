"""Words and colours of the components that a systolic array is made of."""

from __future__ import annotations

from simulator.cost.words import COMPUTE, DRAIN_BUS, FILL_BROADCAST, MEMORIES, PRESENCE_BITS
from simulator.terms import ComponentWords, component

COMPONENTS: tuple[ComponentWords, ...] = (
    component(
        "pe_array",
        "multipliers (systolic)",
        "processing elements: multiplier, adder and registers between neighbours, selection of N:M weights",
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
