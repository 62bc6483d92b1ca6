"""When a program would be through, were the streams of X, W and Y not in each other's way: never later than the system level is.

The same fills, tiles and drains as `System`, with the same rates, buffers and dependences, but every stream has DRAM and the
ports of the activation buffer to itself; only a tile waits until DRAM could have served both fills that it needs, and all
before them. Every event of a run waits at least for what it waits for here, so none is earlier; and more cycles of a tile
never end a program sooner here, so that with bounds of its tiles this is a bound of the program.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
from collections.abc import Callable

from msgspec import Struct, field

from simulator.machine.model import DMA_CHUNK_BYTES
from simulator.system.parts import Part
from simulator.system.program import Drain, Fill, Program, TileStep
from simulator.system.rate import ExactRate
from simulator.system.spec import DramDrain, SystemSpec, link_cycles, sums_cycles
from simulator.system.streams import flows_in, not_empty, numbered, room


def earliest_end(spec: SystemSpec, program: Program) -> int:
    """Cycles that no run of the program goes below.

    >>> earliest_end(SystemSpec(16.0, 100, 64, 256, 256, 256, 2), Program((), (), (), (), ()))
    0
    """
    return _Relaxed(spec, program).end()


class _Lane(Struct):
    """A stream's way through DRAM and its bus, chunk after chunk, within its staging."""

    staged_bytes: int
    dram: ExactRate
    """DRAM, as if this stream had it to itself."""
    issued: int = 0
    """When the last transfer had been asked for."""
    bus: int = 0
    straight: int = 0
    """When all is over the bus that asks for nothing else. What the buffer keeps a copy of waits for its port first, and is overtaken."""
    held: int = 0
    waiting: list[tuple[int, int]] = field(default_factory=list)
    """(when it leaves the staging, bytes) of chunks that are in it: a heap."""

    def fetch(self, total: int, rate: int, bank_cycles: int, latency: int, *, kept: bool) -> int:
        """Bring so many bytes from DRAM over the bus, chunk by chunk as `paced_chunks` has them; when the last is there."""
        waiting, issued, held, taken = self.waiting, self.issued, self.held, 0
        bus = self.bus if kept else self.straight
        for start in range(0, total, DMA_CHUNK_BYTES):
            stop = min(start + DMA_CHUNK_BYTES, total)
            size = stop - start
            if held + size > self.staged_bytes:
                issued, held = self._with_room(size, issued, held)
            held += size
            passed = max(-(-stop // rate), -(-bank_cycles * stop // total))
            bus = max(bus, self.dram.serve(size, issued) + latency) + passed - taken
            taken = passed
            heapq.heappush(waiting, (bus, size))
        self.issued, self.held, self.bus = issued, held, max(self.bus, bus)
        if not kept:
            self.straight = bus
        return bus

    def _with_room(self, size: int, issued: int, held: int) -> tuple[int, int]:
        """When the staging has room for so many bytes more, and what it holds until then."""
        while held + size > self.staged_bytes:
            leaves, other = heapq.heappop(self.waiting)
            held -= other
            issued = max(issued, leaves)
        return issued, held

    def store(self, total: int, bus_bytes: int, rate: int, bank_cycles: int) -> int:
        """Take so many bytes over the bus, beside others, to DRAM, as `paced_chunks` has them; when the last is written."""
        waiting, issued, held, taken, written = self.waiting, self.issued, self.held, 0, 0
        for start in range(0, total, DMA_CHUNK_BYTES):
            stop = min(start + DMA_CHUNK_BYTES, total)
            size = stop - start
            if held + size > self.staged_bytes:
                issued, held = self._with_room(size, issued, held)
            held += size
            passed = max(-(-bus_bytes * stop // (total * rate)), -(-bank_cycles * stop // total))
            issued += passed - taken
            taken = passed
            written = self.dram.serve(size, issued)
            heapq.heappush(waiting, (written, size))
        self.issued, self.held = issued, held
        return written


class _Filled(Struct, frozen=True):
    """When a fill was asked for and is there, and the bytes that DRAM moved for it, and for all up to it."""

    asked: int
    first_ready: int
    """When its first part is there."""
    ready: int
    dram_bytes: int
    dram_bytes_so_far: int


class _Relaxed:
    def __init__(self, spec: SystemSpec, program: Program) -> None:
        self.spec = spec
        self.program = program
        self.dram = ExactRate(spec.dram_bytes_per_cycle)
        self.x, self.w, self.y = (_Lane(spec.staged_bytes, ExactRate(spec.dram_bytes_per_cycle)) for _ in range(3))
        self.x_filled: list[_Filled] = []
        self.w_filled: list[_Filled] = []
        w_fills = [not_empty(fill) for fill in program.w_fills]
        self.w_parts, self.w_room = numbered(w_fills), room(w_fills)
        self.x_released = [0] * len(program.x_fills)
        self.w_released = [0] * len(program.w_fills)
        self.y_released: list[int] = []
        self.done = [0] * len(program.depends_on)
        self.dram_bytes = 0

    def end(self) -> int:
        """When all is done."""
        tiles, now = self.program.tiles, 0
        for index, tile in enumerate(tiles):
            while len(self.x_filled) <= tile.x:
                free = self.x_released[len(self.x_filled) - 2] if len(self.x_filled) >= 2 else 0
                self._fill(self.program.x_fills, self.x_filled, free, self.x, self.spec.x_bytes_per_cycle)
            while len(self.w_filled) <= tile.w:
                self._fill(self.program.w_fills, self.w_filled, self._w_free(len(self.w_filled)), self.w, self.spec.w_bytes_per_cycle)
            at, now = self._tile(tile, now)
            following = tiles[index + 1] if index + 1 < len(tiles) else None
            self.x_released[tile.x] = self.w_released[tile.w] = now
            if following is None or following.y != tile.y:
                self._drain(self.program.drains[tile.y], [now] if tile.y_flow is None else [at(last) + 1 for last in tile.y_flow.last])
        return max([*self.done, self.dram.cycles(self.dram_bytes)])

    def _tile(self, tile: TileStep, now: int) -> tuple[Callable[[int], int], int]:
        """When it comes to a cycle of its own clock, and when it ends."""
        x, w = self.x_filled[tile.x], self.w_filled[tile.w]
        if tile.awaits is not None:
            now = max(now, self.y_released[tile.awaits])
        if tile.y_flow is None and tile.y >= 2:
            now = max(now, self.y_released[tile.y - 2])
        if tile.w_flow is None:
            start = max(now, self._both(x, w))
            return lambda cycle: start + cycle, start + tile.cycles
        start, wanted = max(now, x.ready), tile.w_flow.first[0]
        stopped = max(start, w.first_ready - wanted)
        end = max(stopped + tile.cycles, self._both(x, w) + tile.cycles - tile.w_flow.first[-1])
        return lambda cycle: (stopped if cycle >= wanted else start) + cycle, end

    def _both(self, x: _Filled, w: _Filled) -> int:
        """When DRAM can have served both."""
        ready = max(x.ready, w.ready)
        if x.dram_bytes and w.dram_bytes:
            served = self.dram.cycles(x.dram_bytes + w.dram_bytes)
            ready = max(ready, min(x.asked, w.asked) + served + self.spec.dram_latency_cycles)
        return max(ready, self.dram.cycles(x.dram_bytes_so_far + w.dram_bytes_so_far))

    def _w_free(self, index: int) -> int:
        """When there is room for the first part of a fill of W: not before the last part in its way is let go, where that is told.

        What streams is let go piece by piece, of which a tile's end says nothing.
        """
        needed = self.w_room[self.w_parts[index]]
        last = bisect.bisect_left(self.w_parts, needed) - 1
        return self.w_released[last] if last >= 0 and not flows_in(self.program.w_fills[last].parts) else 0

    def _fill(self, fills: tuple[Fill, ...], filled: list[_Filled], free: int, lane: _Lane, rate: int) -> None:
        index, before = len(filled), self.dram_bytes
        fill = fills[index]
        if fill.waits:
            lane.issued = max([lane.issued, *(self.done[op] for op in self.program.depends_on[fill.operation])])
        lane.issued = max(lane.issued, free)
        if fill.source is not None:
            lane.issued = max(lane.issued, self.y_released[fill.source])
            filled.append(_Filled(lane.issued, lane.issued, lane.issued, 0, filled[-1].dram_bytes_so_far))
            return
        asked, arrived, ready = lane.issued, 0, []
        for part in fill.parts:
            if fill.home == "dram":
                arrived = self._from_dram(part, lane, rate, kept=fill.kept)
            else:
                lane.issued += max(-(-part.bytes // rate), part.bank_cycles)
            ready.append(max(asked, arrived) if fill.home == "dram" else lane.issued)
        moved = self.dram_bytes - before
        so_far = moved + (filled[-1].dram_bytes_so_far if filled else 0)
        filled.append(_Filled(asked, ready[0] if ready else asked, max(lane.issued, arrived), moved, so_far))

    def _from_dram(self, part: Part, lane: _Lane, rate: int, *, kept: bool) -> int:
        total = self.spec.bursts(part.bytes)
        self.dram_bytes += total
        return lane.fetch(total, rate, part.bank_cycles, self.spec.dram_latency_cycles, kept=kept)

    def _drain(self, drain: Drain, computed: list[int]) -> None:
        """`computed`: when each part is in the Y memory, or one cycle for all."""
        lane, rate = self.y, self.spec.drain_bytes_per_cycle
        lane.issued = max(lane.issued, computed[0] + drain.delay_cycles)
        written = 0
        for part, cycle in zip(drain.parts, itertools.chain(computed, itertools.repeat(0))):  # noqa: B905
            lane.issued = max(lane.issued, cycle)
            if drain.sums_home == "dram":
                written = max(written, self._to_sums_in_dram(part, lane, rate))
                continue
            if part.sums.bus_bytes or part.sums.back_bytes:  # as the system asks: what goes out has been on the bus
                lane.issued += sums_cycles(self.spec, part.sums)
            if drain.home == "dram":
                written = max(written, self._to_dram(part, lane, rate))
            elif drain.home == "chip":
                lane.issued += link_cycles(self.spec, part)
            else:
                lane.issued += max(-(-(part.bytes + part.extra_bus_bytes) // rate), part.bank_cycles)
        self.y_released.append(lane.issued)
        if drain.holds_w is not None:
            self.w_released[drain.holds_w] = lane.issued
        self.done[drain.operation] = max(self.done[drain.operation], lane.issued, written)

    def _to_dram(self, part: Part, lane: _Lane, rate: int) -> int:
        rows = self.spec.bursts(part.bytes)
        self.dram_bytes += rows
        if not rows:
            lane.issued += max(-(-part.extra_bus_bytes // rate), part.bank_cycles)
        return lane.store(rows, rows + part.extra_bus_bytes, rate, part.bank_cycles)

    def _to_sums_in_dram(self, part: Part, lane: _Lane, rate: int) -> int:
        """As if the staging had room for all: chunks leave it in no order that is known, since some wait for the sums that come back."""
        moved, first = DramDrain.of(self.spec, part, part.sums), lane.issued
        lane.issued += sum(bus for *_, bus in moved.chunks(rate, part.bank_cycles))
        self.dram_bytes += moved.read + moved.written
        return lane.issued + (self.spec.dram_latency_cycles if moved.read else 0) if lane.issued > first else first
