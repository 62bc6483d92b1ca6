"""What a schedule moves, and the cycles that it takes at least by itself, from its transfers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.system.program import MemoryLevel
from simulator.system.spec import SystemSpec

Ints = NDArray[np.int64]
Homes = tuple[MemoryLevel, MemoryLevel, MemoryLevel]
"""Of X, W and Y."""


def bytes_moved(homes: Homes, sizes: Sequence[int]) -> tuple[int, int]:
    """Bytes to and from DRAM, and to and from the activation buffer, given those of X, of W and of Y.

    >>> bytes_moved(("buffer", "dram", "dram"), (1, 20, 300))
    (320, 1)
    """
    moved = {"dram": 0, "buffer": 0, "chip": 0}
    for home, size in zip(homes, sizes, strict=True):
        moved[home] += size
    return moved["dram"], moved["buffer"]


def least_cycles(spec: SystemSpec, homes: Homes, sizes: tuple[Ints, Ints, Ints], banks: tuple[int, int], cycles: int, delay: int) -> int:
    """Its first fills, its tiles and the last drain; or all that DRAM moves.

    `sizes`: [contents] bytes of X and of W, [outputs] of Y; `banks`: cycles of the fullest bank for the first of X and of W; `cycles`:
    of all tiles; `delay`: from the end of the last until its last output has left the array.
    """
    of_dram = [spec.dram_latency_cycles if home == "dram" else 0 for home in homes]
    first = max(
        latency + max(-(-int(of[0]) // rate), bank_cycles) if of[0] else 0
        for latency, of, rate, bank_cycles in zip(of_dram, sizes, (spec.x_bytes_per_cycle, spec.w_bytes_per_cycle), banks, strict=False)
    )
    last = delay - (-int(sizes[2][-1]) // spec.drain_bytes_per_cycle)
    moved = sum(int(spec.bursts(of).sum()) for of, home in zip(sizes, homes, strict=True) if home == "dram")
    return max(first + cycles + last, int(moved // spec.dram_bytes_per_cycle))
