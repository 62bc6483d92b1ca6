"""The rates of the system level, and how transfers are paced over its buses."""

from __future__ import annotations

import math
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from simulator.activity import Ideal
from simulator.machine.model import DMA_CHUNK_BYTES, Elaborated
from simulator.system.parts import Part, Sums
from simulator.system.program import Size, bursts

ANY_WIDTH = 1 << 40
"""Bytes a cycle of what never holds anything back."""


class SystemSpec(Struct, frozen=True):
    """Rates of the shared resources, in bytes a cycle."""

    dram_bytes_per_cycle: float
    dram_latency_cycles: int
    dram_burst_bytes: int
    x_bytes_per_cycle: int
    w_bytes_per_cycle: int
    drain_bytes_per_cycle: int
    dma_slots: int

    @classmethod
    def of(cls, elaborated: Elaborated) -> SystemSpec:
        """The system of a machine."""
        trunks = elaborated.machine.trunks
        return cls(
            elaborated.dram_bytes_per_cycle,
            elaborated.dram_latency_cycles,
            elaborated.dram_burst_bytes,
            trunks.x_bytes_per_cycle,
            trunks.w_bytes_per_cycle,
            trunks.drain_bytes_per_cycle,
            elaborated.dma_slots,
        )

    def made_ideal(self, part: Ideal) -> SystemSpec:
        """The same system with a DRAM that answers at once, at any rate, or with trunks, drain bus and buffer ports of any width."""
        if part in ("dram", "both"):
            return replace(self, dram_bytes_per_cycle=math.inf, dram_latency_cycles=0)
        if part == "trunks":
            return replace(self, x_bytes_per_cycle=ANY_WIDTH, w_bytes_per_cycle=ANY_WIDTH, drain_bytes_per_cycle=ANY_WIDTH)
        return self

    @property
    def buffer_bytes_per_cycle(self) -> int:
        """Of each port of the activation buffer, which is as wide as the X trunk."""
        return self.x_bytes_per_cycle

    @property
    def staged_bytes(self) -> int:
        """That a stream may have under way at most: a chunk a slot, or a burst."""
        return max(self.dma_slots * DMA_CHUNK_BYTES, self.dram_burst_bytes)

    def bursts(self, size: Size) -> Size:
        """Bytes that DRAM moves for `size` useful ones: whole bursts; of an array, each by itself."""
        return bursts(size, self.dram_burst_bytes)


def link_cycles(spec: SystemSpec, part: Part) -> int:
    """Cycles in which a part goes from one tile's outputs to the next one's X, by the slower of bus, trunk and banks."""
    on_bus = -(-(part.bytes + part.extra_bus_bytes) // spec.drain_bytes_per_cycle)
    return max(on_bus, -(-part.bytes // spec.x_bytes_per_cycle), part.bank_cycles)


class DramDrain(Struct, frozen=True):
    """What DRAM moves of a part of a drain, and of its sums where they live there too."""

    written: int
    read: int
    bus: int

    @classmethod
    def of(cls, spec: SystemSpec, part: Part, sums: Sums) -> DramDrain:
        """Finished rows and sums in whole bursts, each by themselves; the bus carries finished rows in whole bursts too."""
        rows = spec.bursts(part.bytes)
        return cls(rows + spec.bursts(sums.out_bytes), spec.bursts(sums.back_bytes), rows + part.extra_bus_bytes + sums.bus_bytes)

    @property
    def staged(self) -> int:
        """Bytes of staging that it takes: what is read is added to in its place, and written from there."""
        return max(self.written, self.read)

    def chunks(self, rate: int, bank_cycles: int) -> Iterator[tuple[int, int, int, int, int]]:
        """(bytes staged, read, written, on the bus, cycles there) of each chunk; where DRAM moves nothing, of what goes over the bus."""
        done = 0
        alone = 0 if self.staged else max(-(-self.bus // rate), bank_cycles)
        if alone:
            yield 0, 0, 0, self.bus, alone
        for size, cycles in paced_chunks(self.staged, self.bus, rate, bank_cycles):
            before, done = done, done + size
            read, written, on_bus = (
                total * done // self.staged - total * before // self.staged for total in (self.read, self.written, self.bus)
            )
            yield size, read, written, on_bus, cycles


def sums_cycles(spec: SystemSpec, sums: Sums) -> int:
    """Cycles in which sums of a part go to the buffer, and those that come back are read of it: by the slowest of bus and ports."""
    port = spec.buffer_bytes_per_cycle
    return max(-(-sums.bus_bytes // spec.drain_bytes_per_cycle), -(-sums.out_bytes // port), -(-sums.back_bytes // port))


def paced_chunks(size: int, bus_bytes: int, rate: int, bank_cycles: int) -> Iterator[tuple[int, int]]:
    """(bytes, cycles on its bus) of the chunks of a transfer; together they take max(⌈bus bytes / rate⌉, bank cycles).

    >>> list(paced_chunks(6000, 6000, 1000, 0))
    [(4096, 5), (1904, 1)]
    """
    taken = 0
    for start in range(0, size, DMA_CHUNK_BYTES):
        stop = min(start + DMA_CHUNK_BYTES, size)
        passed = max(-(-bus_bytes * stop // (size * rate)), -(-bank_cycles * stop // size))
        yield stop - start, passed - taken
        taken = passed
