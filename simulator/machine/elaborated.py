"""A machine with the few numbers that timing needs and that only technology can tell."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.machine.model import Machine

DMA_CHUNK_BYTES = 4096
"""What the DMA engine moves between DRAM and a trunk at a time."""


@dataclass(frozen=True)
class Elaborated:
    """A machine whose `auto` geometry is settled.

    Timing sees only these numbers, never the technology they came from.
    """

    machine: Machine
    network_latency: int
    """Pipeline stages of one crossing of a network, in cycles (1 where there is none)."""
    slices: int
    """Reply crossbars side by side."""
    dram_bytes_per_cycle: float
    """Effective bandwidth of the DRAM share: stacks × GB/s × share × efficiency / clock."""
    dram_latency_cycles: int
    """Cycles from a DRAM request to its first byte."""
    dram_burst_bytes: int
    """Smallest DRAM transfer."""

    @property
    def dma_slots(self) -> int:
        """Chunks that each DMA stream (X, W, Y) stages: two, and as many as DRAM delivers during its latency."""
        return 2 + math.ceil(self.dram_latency_cycles * self.dram_bytes_per_cycle / DMA_CHUNK_BYTES)
