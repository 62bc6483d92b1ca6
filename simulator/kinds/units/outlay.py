"""What a way to cut an operation is compared by before anything is run: about how long it takes, and what it moves."""

from __future__ import annotations

from msgspec import Struct

Outlay = tuple[float, float, float]
"""Cycles, DRAM bytes, buffer bytes."""


class Traffic(Struct):
    """Bytes that DRAM moves, and that are read of the activation buffer and written to it."""

    dram: float = 0.0
    read: float = 0.0
    written: float = 0.0

    def add(self, home: str, *, read: float = 0.0, written: float = 0.0, least: float = 0.0) -> None:
        """What is read of a tensor where it lives, and written; DRAM moves `least` bytes either way, if any."""
        if home == "dram":
            self.dram += sum(max(moved, least) for moved in (read, written) if moved)
        else:
            self.read += read
            self.written += written
