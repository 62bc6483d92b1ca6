"""The cause of a stalled unit-cycle."""

from __future__ import annotations

from simulator.engine.compiled.bits import Registers, inline
from simulator.engine.compiled.layout import (
    AT_SINK,
    BANK_CONFLICT,
    CHANNEL,
    FULL_AT,
    GOES_TO,
    HEAD,
    IN_BANK,
    IN_REQUESTS,
    LATENCY,
    LEFT_AT,
    LINK,
    NETWORK_CONTENTION,
    NONE,
    PLACE,
    QUEUE,
    READY,
    TAKEN_AT,
)


@inline
def stall_cause(m: Registers, f: int, cycle: int) -> int:
    """Why a unit that waits for this flit in `cycle` is stalled: what held the flit in the cycle before, or latency."""
    q, channel = m[f + QUEUE], m[f + CHANNEL]
    place = m[q + PLACE]
    headed = (m[q + HEAD] == f) & (m[q + LEFT_AT] != cycle - 1)
    lost = (m[m[channel + LINK] + TAKEN_AT] == cycle - 1) | (m[channel + FULL_AT] == cycle - 1)
    at_port = (place == IN_REQUESTS) & headed & lost & (m[channel + GOES_TO] == NONE)
    conflict = at_port | (place == IN_BANK) & ~headed
    moves = (place == AT_SINK) | (m[f + READY] >= cycle)
    # all of this is computed without branches, which would be mispredicted
    stalled = BANK_CONFLICT if conflict else NETWORK_CONTENTION
    return LATENCY if moves else stalled
