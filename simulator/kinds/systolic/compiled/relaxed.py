"""The bound of `simulator.system.relaxed`, for programs whose fills and drains have one part each, and nothing to wait for."""

from __future__ import annotations

from simulator.engine.compiled.bits import inline, part
from simulator.engine.compiled.exact_rate import later
from simulator.engine.compiled.intrinsics import onward
from simulator.engine.compiled.records import Numbers
from simulator.kinds.systolic.compiled.layout import (
    BUS,
    CHIP,
    CYCLES,
    DELAYS,
    DRAM,
    ISSUED,
    OLDEST,
    RING,
    SERVED,
    SERVED_REST,
    STAGING_HELD,
    W_ASKED,
    W_DRAM,
    W_READY,
    W_SO_FAR,
    WAITING,
    X_ASKED,
    X_BANKS,
    X_BYTES,
    X_DRAM,
    X_READY,
    X_RELEASED,
    X_SO_FAR,
    Y_BYTES,
    Y_RELEASED,
    RatesRecord,
    W,
    X,
    Y,
)
from simulator.kinds.systolic.compiled.tiles import pieces
from simulator.machine.model import DMA_CHUNK_BYTES


@part
def dram_cycles(rates: RatesRecord, size: int) -> int:
    """Whole cycles that so many bytes take by themselves."""
    cycles, rest = later(0, 0, size, rates.rate_bytes, rates.byte_cycles, rates.byte_rest)
    return cycles + (rest > 0)


@part
def served(rates: RatesRecord, lane: Numbers, size: int) -> int:
    """When DRAM is done with the next chunk of a lane that has it to itself (`ExactRate.serve`)."""
    if lane[ISSUED] > lane[SERVED]:
        lane[SERVED], lane[SERVED_REST] = lane[ISSUED], 0
    lane[SERVED], lane[SERVED_REST] = later(lane[SERVED], lane[SERVED_REST], size, rates.rate_bytes, rates.byte_cycles, rates.byte_rest)
    return lane[SERVED] + (lane[SERVED_REST] > 0)


@part
def take(rates: RatesRecord, lane: Numbers, size: int, room: int) -> None:
    """Wait until the staging has room."""
    while lane[STAGING_HELD] + size > rates.staged:
        place = RING + 2 * lane[OLDEST]
        lane[STAGING_HELD] -= lane[place + 1]
        lane[ISSUED] = max(lane[ISSUED], lane[place])
        lane[OLDEST] = (lane[OLDEST] + 1) % room
        lane[WAITING] -= 1
    lane[STAGING_HELD] += size


@inline
def stage(lane: Numbers, leaves: int, size: int, room: int) -> None:
    """A chunk is in the staging until then."""
    place = RING + 2 * ((lane[OLDEST] + lane[WAITING]) % room)
    lane[place], lane[place + 1] = leaves, size
    lane[WAITING] += 1


@inline
def on_bus(size: int, stop: int, rate: int, bank_cycles: int) -> int:
    """Cycles in which so many bytes of a transfer have passed its bus (`paced_chunks`)."""
    return max(pieces(stop, rate), pieces(bank_cycles * stop, size))


@part
def fill(rates: RatesRecord, table: Numbers, times: Numbers, lane: Numbers, width: int, room: int, side: int, content: int) -> None:
    """The next content of X (0) or of W (1)."""
    size = onward(table, (X_BYTES + 2 * side) * width)[content]
    bank_cycles = onward(table, (X_BANKS + 2 * side) * width)[content]
    fills = onward(times, 4 * side * width)
    rate = rates.w_rate if side else rates.x_rate
    if content >= 2:
        lane[ISSUED] = max(lane[ISSUED], onward(times, (X_RELEASED + side) * width)[content - 2])
    asked, total, arrived = lane[ISSUED], 0, 0
    if (rates.w_home if side else rates.x_home) == DRAM:
        total = pieces(size, rates.burst) * rates.burst
        start, passed = 0, 0
        while start < total:
            stop = min(start + DMA_CHUNK_BYTES, total)
            then = on_bus(total, stop, rate, bank_cycles)
            take(rates, lane, stop - start, room)
            lane[BUS] = max(lane[BUS], served(rates, lane, stop - start) + rates.latency) + then - passed
            stage(lane, lane[BUS], stop - start, room)
            start, passed = stop, then
        arrived = lane[BUS]
    else:
        lane[ISSUED] += max(pieces(size, rate), bank_cycles)
    fills[X_ASKED * width + content] = asked
    fills[X_READY * width + content] = max(lane[ISSUED], arrived)
    fills[X_DRAM * width + content] = total
    fills[X_SO_FAR * width + content] = total + (fills[X_SO_FAR * width + content - 1] if content else 0)


@part
def both(rates: RatesRecord, times: Numbers, width: int, x: int, w: int) -> int:
    """When DRAM can have served both fills that a tile needs."""
    ready = max(times[X_READY * width + x], times[W_READY * width + w])
    of_x, of_w = times[X_DRAM * width + x], times[W_DRAM * width + w]
    if of_x and of_w:
        asked = min(times[X_ASKED * width + x], times[W_ASKED * width + w])
        ready = max(ready, asked + dram_cycles(rates, of_x + of_w) + rates.latency)
    return max(ready, dram_cycles(rates, times[X_SO_FAR * width + x] + times[W_SO_FAR * width + w]))


@part
def drain(rates: RatesRecord, lane: Numbers, size: int, computed: int, delay: int, room: int) -> int:
    """An output leaves; when all of it is written."""
    lane[ISSUED] = max(lane[ISSUED], computed + delay)
    rate = rates.drain_rate
    if rates.y_home == CHIP:
        lane[ISSUED] += max(pieces(size, rate), pieces(size, rates.x_rate))
    elif rates.y_home != DRAM:
        lane[ISSUED] += pieces(size, rate)
    else:
        total, start, passed, written = pieces(size, rates.burst) * rates.burst, 0, 0, 0
        while start < total:
            stop = min(start + DMA_CHUNK_BYTES, total)
            then = on_bus(total, stop, rate, 0)
            take(rates, lane, stop - start, room)
            lane[ISSUED] += then - passed
            written = served(rates, lane, stop - start)
            stage(lane, written, stop - start, room)
            start, passed = stop, then
        return max(lane[ISSUED], written)
    return lane[ISSUED]


@part
def earliest_end(rates: RatesRecord, table: Numbers, times: Numbers, lanes: Numbers, width: int, tiles: int, room: int) -> int:
    """Cycles that no run of the program goes below."""
    size = RING + 2 * room
    x_lane, w_lane, y_lane = lanes, onward(lanes, size), onward(lanes, 2 * size)
    xs, ws, ys, sizes = onward(table, X * width), onward(table, W * width), onward(table, Y * width), onward(table, Y_BYTES * width)
    y_released = onward(times, Y_RELEASED * width)
    for place in range(RING):
        x_lane[place] = w_lane[place] = y_lane[place] = 0
    now, end, moved, x_filled, w_filled = 0, 0, 0, 0, 0
    for tile in range(tiles):
        x, w, y = xs[tile], ws[tile], ys[tile]
        if x_filled <= x:
            fill(rates, table, times, x_lane, width, room, 0, x)
            x_filled, moved = x + 1, moved + times[X_DRAM * width + x]
        if w_filled <= w:
            fill(rates, table, times, w_lane, width, room, 1, w)
            w_filled, moved = w + 1, moved + times[W_DRAM * width + w]
        if y >= 2:
            now = max(now, y_released[y - 2])
        now = max(now, both(rates, times, width, x, w)) + table[CYCLES * width + tile]
        times[X_RELEASED * width + x] = times[(X_RELEASED + 1) * width + w] = now
        if tile + 1 == tiles or ys[tile + 1] != y:
            end = max(end, drain(rates, y_lane, sizes[y], now, table[DELAYS * width + tile], room))
            y_released[y] = y_lane[ISSUED]
            if rates.y_home == DRAM:
                moved += pieces(sizes[y], rates.burst) * rates.burst
    return max(end, dram_cycles(rates, moved))
