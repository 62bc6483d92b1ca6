"""Words and colours of the components that fabrics of vector units and banks are made of."""

from __future__ import annotations

from simulator.cost.words import COMPUTE, DISTRIBUTION, DRAIN_BUS, FILL_BROADCAST, MEMORIES, NETWORKS, PRESENCE_BITS
from simulator.terms import ComponentWords, component

COMPONENTS: tuple[ComponentWords, ...] = (
    component(
        "x_banks",
        "activation banks",
        "SRAM banks that hold the copies of the activation tile, both halves",
        branch=MEMORIES,
        rank=20,
        colour="#08488a",
    ),
    PRESENCE_BITS,
    component("weight_banks", "weight banks", "each unit's own list of weights, both halves", branch=MEMORIES, rank=22, colour="#2f83c4"),
    component(
        "output_banks",
        "output banks",
        "each unit's own partial sums and finished rows, both halves",
        branch=MEMORIES,
        rank=23,
        colour="#7fb8e2",
    ),
    component(
        "landing_registers",
        "landing registers",
        "where replies land: one word for each slot of a unit's window",
        branch=MEMORIES,
        rank=25,
        colour="#cc79a7",
    ),
    component("mac_lanes", "multipliers", "multiply-add lanes of the vector units", branch=COMPUTE, rank=10, colour="#00714f"),
    component(
        "accumulators",
        "accumulators",
        "open rows of the units and the tree that merges their partial sums",
        branch=COMPUTE,
        rank=11,
        colour="#5cc2a0",
    ),
    component(
        "request_network",
        "request network",
        "crossbars that carry requests from units to banks, with their arbiters",
        branch=NETWORKS,
        rank=31,
        colour="#f29b30",
    ),
    component(
        "reply_network", "reply network", "crossbars that carry words from banks to units", branch=NETWORKS, rank=30, colour="#c84f00"
    ),
    component("queues", "queues", "input buffers of the networks and of the banks", branch=NETWORKS, rank=32, colour="#f5d76e"),
    FILL_BROADCAST,
    component(
        "cluster_wires",
        "cluster wires",
        "wires between a bank, the network and a unit, outside the crossbar",
        branch=DISTRIBUTION,
        rank=41,
        colour="#9a80bd",
    ),
    DRAIN_BUS,
)
"""Components of the fabric, in the order of reports."""
