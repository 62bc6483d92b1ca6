"""Words and colours of the components that stand around every fabric, and of those that several kinds of fabric have."""

from __future__ import annotations

from simulator.terms import ComponentWords, component

COMPUTE = "compute"
MEMORIES = "operand and output memories"
NETWORKS = "networks"
DISTRIBUTION = "distribution"
"""Branches of the area tree that fabrics have; what stands around them has branches of its own."""

PRESENCE_BITS = component(
    "presence_bits",
    "presence bits",
    "one bit a word and copy, which lets a unit drop all-zero words; systolic: one a step or fold, and their scanner",
    branch=MEMORIES,
    rank=21,
    colour="#1fb6c9",
)
FILL_BROADCAST = component(
    "fill_broadcast", "fill broadcast", "wires and repeaters that carry fills to every copy", branch=DISTRIBUTION, rank=40, colour="#6a4c93"
)
DRAIN_BUS = component(
    "drain_bus", "drain bus", "wires and repeaters that carry finished rows out", branch=DISTRIBUTION, rank=42, colour="#c5b5dc"
)

AROUND: tuple[ComponentWords, ...] = (
    component(
        "activation_buffer",
        "activation buffer",
        "on-chip memory of the tensors that live between operations",
        branch="activation buffer",
        rank=24,
        colour="#c3dcf0",
    ),
    component(
        "dma_staging",
        "DMA staging",
        "registers of the engine that moves data between DRAM, buffer and trunks",
        branch=DISTRIBUTION,
        rank=50,
        colour="#8a6d5a",
    ),
    component(
        "clock_and_control",
        "clock and control",
        "clock tree and control logic, an explicit allowance",
        branch="clock and control",
        rank=51,
        colour="#9b9b9b",
    ),
    component("dram_phy", "DRAM PHY", "the share of the DRAM interface on the die", branch="DRAM interface", rank=60, colour="#5f5f5f"),
    component(
        "dram", "DRAM", "the devices themselves: energy only, no area on this die", branch="DRAM interface", rank=61, colour="#2b2b2b"
    ),
)
"""Components that every machine has besides its fabric, in the order of reports."""

BRANCHES: tuple[str, ...] = (COMPUTE, MEMORIES, NETWORKS, DISTRIBUTION, "activation buffer", "clock and control", "DRAM interface")
"""Branches of the area tree, in order."""
