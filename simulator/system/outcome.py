"""What comes of a program that was run on the system level, in either engine."""

from __future__ import annotations

from msgspec import Struct

from simulator.system.waiting import Waiting

SHARED = ("buffer_read", "buffer_write", "x_trunk", "w_trunk", "drain_bus")
"""What serves one at a time, beside DRAM."""


class SystemOutcome(Struct, frozen=True):
    """When things happened."""

    cycles: int
    op_fetch: tuple[int, ...]
    """[operations] cycle in which the first of its fills began."""
    op_start: tuple[int, ...]
    """[operations] cycle in which the first tile started."""
    op_end: tuple[int, ...]
    """[operations] cycle in which the last output was written back."""
    busy_cycles: dict[str, int]
    """Cycles in which each shared resource was held."""
    moved_bytes: dict[str, int]
    """Bytes moved at each level, as metered on the way; the names are those of the byte counters."""
    waited: dict[Waiting, int]
    """Cycles for which the fabric stood still, by what it waited for; after its last tile, for the write-back."""
