"""What DRAM takes for bytes, in whole cycles and a rest (`simulator.system.rate.ExactRate`)."""

from __future__ import annotations

from simulator.engine.compiled.bits import part


@part
def later(cycles: int, rest: int, size: int, rate_bytes: int, byte_cycles: int, byte_rest: int) -> tuple[int, int]:
    """A time, in whole cycles and a rest in parts of `rate_bytes`, with what so many bytes take added to it (`plan.dram_rate`).

    That is put together from what a byte takes, bit by bit: no product is larger than a number.
    """
    more, left, bit = 0, 0, 1
    while bit <= size:
        bit <<= 1
    while bit > 1:
        bit >>= 1
        more, left = 2 * more, 2 * left
        if left >= rate_bytes:
            more, left = more + 1, left - rate_bytes
        if size & bit:
            more, left = more + byte_cycles, left + byte_rest
            if left >= rate_bytes:
                more, left = more + 1, left - rate_bytes
    cycles, rest = cycles + more, rest + left
    return (cycles + 1, rest - rate_bytes) if rest >= rate_bytes else (cycles, rest)
