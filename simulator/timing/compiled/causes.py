"""The cause of a stalled unit-cycle."""

from __future__ import annotations

from simulator.timing.compiled.bits import inline
from simulator.timing.compiled.layout import (
    AT_SINK,
    BANK_CONFLICT,
    CHANNEL,
    FULL_AT,
    GOES_TO,
    HEAD,
    IN_BANK,
    IN_REPLIES,
    LATENCY,
    LEFT_AT,
    LINK,
    NETWORK_CONTENTION,
    PLACE,
    QUEUE,
    READY,
    TAKEN_AT,
)


@inline
def stall_cause(m, f, cycle):
    """Why a unit that waits for this flit in `cycle` is stalled: what held the flit in the cycle before, or latency."""
    place = m[f + PLACE]
    if place == AT_SINK or m[f + READY] >= cycle:
        return LATENCY
    if place == IN_REPLIES:
        return NETWORK_CONTENTION
    q = m[f + QUEUE]
    headed = m[q + HEAD] == f and m[q + LEFT_AT] != cycle - 1
    if place == IN_BANK:
        return NETWORK_CONTENTION if headed else BANK_CONFLICT
    channel = m[f + CHANNEL]
    lost = m[m[channel + LINK] + TAKEN_AT] == cycle - 1 or m[channel + FULL_AT] == cycle - 1
    return BANK_CONFLICT if headed and lost and not m[channel + GOES_TO] else NETWORK_CONTENTION
