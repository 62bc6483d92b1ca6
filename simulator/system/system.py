"""The system level in SimPy: DRAM, DMA streams, trunks, buffer ports, ping-pong halves, the fabric, write-back."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import simpy

from simulator.machine.model import DMA_CHUNK_BYTES, Elaborated
from simulator.system.program import Fill, Part, Program
from simulator.system.rate import ExactRate

Process = Generator[simpy.Event, Any, None]


@dataclass(frozen=True)
class SystemSpec:
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

    def with_ideal_dram(self) -> SystemSpec:
        """The same system with a DRAM that answers at once, at any rate."""
        return replace(self, dram_bytes_per_cycle=math.inf, dram_latency_cycles=0)

    def bursts(self, size: int) -> int:
        """Bytes that DRAM moves for `size` useful ones: whole bursts."""
        return -(-size // self.dram_burst_bytes) * self.dram_burst_bytes


@dataclass(frozen=True)
class SystemOutcome:
    """When things happened."""

    cycles: int
    op_start: tuple[int, ...]
    """[operations] cycle in which the first tile started."""
    op_end: tuple[int, ...]
    """[operations] cycle in which the last output was written back."""
    busy_cycles: dict[str, int]
    """Cycles in which each shared resource was held."""
    moved_bytes: dict[str, int]
    """Bytes moved at each level, as metered on the way; the names are those of the byte counters."""


MOVED = (
    "dram_read_bytes",
    "dram_write_bytes",
    "buffer_read_bytes",
    "buffer_write_bytes",
    "x_trunk_bytes",
    "w_trunk_bytes",
    "drain_bytes",
)
SHARED = ("buffer_read", "buffer_write", "x_trunk", "w_trunk", "drain_bus")
"""What serves one at a time, beside DRAM."""


class Meter:
    """A resource that serves one at a time, first come first served, and knows how long it was held."""

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.resource = simpy.Resource(env)
        self.busy = 0

    def hold(self, cycles: int) -> Process:
        """Wait for the resource and hold it."""
        with self.resource.request() as turn:
            yield turn
            self.busy += cycles
            yield self.env.timeout(cycles)


class Halves:
    """Ping and pong of one kind of memory: content i can come in once content i − 2 has been let go."""

    def __init__(self, env: simpy.Environment, contents: int) -> None:
        self.ready = [env.event() for _ in range(contents)]
        self.released = [env.event() for _ in range(contents)]

    def writable(self, content: int) -> simpy.Event | None:
        """What to wait for before filling; None where the half has never been used."""
        return self.released[content - 2] if content >= 2 else None


class System:
    """One run of a program.

    >>> from simulator.system.program import Program
    >>> System(SystemSpec(16.0, 100, 64, 256, 256, 256, 2), Program((), (), (), (), ())).run().cycles
    0
    """

    def __init__(self, spec: SystemSpec, program: Program) -> None:
        self.spec = spec
        self.program = program
        self.env = simpy.Environment()
        self.meters = {name: Meter(self.env) for name in SHARED}
        self.dram = ExactRate(spec.dram_bytes_per_cycle)
        staged_bytes = max(spec.dma_slots * DMA_CHUNK_BYTES, spec.dram_burst_bytes)
        self.staging = {name: simpy.Container(self.env, staged_bytes, init=staged_bytes) for name in ("x", "w", "y")}
        self.x = Halves(self.env, len(program.x_fills))
        self.w = Halves(self.env, len(program.w_fills))
        self.y = Halves(self.env, len(program.drains))
        self.computed_at: list[simpy.Event] = [self.env.event() for _ in program.drains]
        operations = len(program.depends_on)
        self.done = [self.env.event() for _ in range(operations)]
        self.start = [-1] * operations
        self.end = [0] * operations
        self.moved = dict.fromkeys(MOVED, 0)
        self.undrained = [0] * operations
        for drain in program.drains:
            self.undrained[drain.operation] += 1

    def run(self) -> SystemOutcome:
        """Run to the last write-back."""
        self.env.process(self._load_x())
        self.env.process(self._load_w())
        self.env.process(self._fabric())
        self.env.process(self._unload())
        self.env.run()
        busy = {"dram": self.dram.busy, **{name: meter.busy for name, meter in self.meters.items()}}
        return SystemOutcome(int(self.env.now), tuple(self.start), tuple(self.end), busy, self.moved)

    def _load_x(self) -> Process:
        for index, fill in enumerate(self.program.x_fills):
            yield from self._fill(index, fill, self.x, "x", self.spec.x_bytes_per_cycle)

    def _load_w(self) -> Process:
        for index, fill in enumerate(self.program.w_fills):
            yield from self._fill(index, fill, self.w, "w", self.spec.w_bytes_per_cycle)

    def _fill(self, index: int, fill: Fill, halves: Halves, stream: str, rate: int) -> Process:
        if fill.waits:
            yield self.env.all_of([self.done[op] for op in self.program.depends_on[fill.operation]])
        free = halves.writable(index)
        if free is not None:
            yield free
        trunk = self.meters[f"{stream}_trunk"]
        arrivals: list[simpy.Event] = []
        for part in fill.parts:
            if fill.home == "dram":
                yield from self._from_dram(part, stream, trunk, rate, arrivals)
            else:
                self.moved["buffer_read_bytes"] += part.bytes
                self.moved[f"{stream}_trunk_bytes"] += part.bytes
                yield from self._together("buffer_read", trunk, max(-(-part.bytes // rate), part.bank_cycles))
        self.env.process(self._complete(arrivals, halves.ready[index]))

    def _complete(self, arrivals: list[simpy.Event], ready: simpy.Event) -> Process:
        """The next fill is requested while this one is still on its way, so that DRAM's latency alone never throttles."""
        yield self.env.all_of(arrivals)
        ready.succeed()

    def _together(self, port: str, bus: Meter, cycles: int) -> Process:
        """Hold a port of the activation buffer and a bus at once, always in this order, so that none waits in a ring."""
        with self.meters[port].resource.request() as turn:
            yield turn
            self.meters[port].busy += cycles
            yield from bus.hold(cycles)

    def _from_dram(self, part: Part, stream: str, trunk: Meter, rate: int, arrivals: list[simpy.Event]) -> Process:
        total = self.spec.bursts(part.bytes)
        for size, trunk_cycles in paced_chunks(total, total, rate, part.bank_cycles):
            yield self.staging[stream].get(size)
            arrivals.append(self.env.process(self._chunk_in(size, trunk, trunk_cycles, stream)))

    def _chunk_in(self, size: int, trunk: Meter, trunk_cycles: int, stream: str) -> Process:
        now = int(self.env.now)
        yield self.env.timeout(self.dram.serve(size, now) - now + self.spec.dram_latency_cycles)
        yield from trunk.hold(trunk_cycles)
        self.moved["dram_read_bytes"] += size
        self.moved[f"{stream}_trunk_bytes"] += size
        yield self.staging[stream].put(size)

    def _fabric(self) -> Process:
        tiles = self.program.tiles
        for index, tile in enumerate(tiles):
            yield self.x.ready[tile.x] & self.w.ready[tile.w]
            free = self.y.writable(tile.y)
            if free is not None:
                yield free
            if self.start[tile.operation] < 0:
                self.start[tile.operation] = int(self.env.now)
            yield self.env.timeout(tile.cycles)
            following = tiles[index + 1] if index + 1 < len(tiles) else None
            if following is None or following.x != tile.x:
                self.x.released[tile.x].succeed()
            if (following is None or following.w != tile.w) and self.program.drains[tile.y].holds_w is None:
                self.w.released[tile.w].succeed()
            if following is None or following.y != tile.y:
                self.computed_at[tile.y].succeed(int(self.env.now))

    def _unload(self) -> Process:
        """Drains in order: the bus serves the rows of one half before those of the next."""
        for index, drain in enumerate(self.program.drains):
            computed: int = yield self.computed_at[index]
            yield self.env.timeout(max(0, computed + drain.delay_cycles - int(self.env.now)))
            departures: list[simpy.Event] = []
            for part in drain.parts:
                if drain.home == "dram":
                    yield from self._to_dram(part, departures)
                else:
                    bus_bytes = part.bytes + part.extra_bus_bytes
                    self.moved["buffer_write_bytes"] += part.bytes
                    self.moved["drain_bytes"] += bus_bytes
                    cycles = max(-(-bus_bytes // self.spec.drain_bytes_per_cycle), part.bank_cycles)
                    yield from self._together("buffer_write", self.meters["drain_bus"], cycles)
            self.y.released[index].succeed()
            if drain.holds_w is not None:
                self.w.released[drain.holds_w].succeed()
            self.env.process(self._written_back(drain.operation, departures))

    def _written_back(self, operation: int, departures: list[simpy.Event]) -> Process:
        yield self.env.all_of(departures)
        self.undrained[operation] -= 1
        self.end[operation] = int(self.env.now)
        if not self.undrained[operation]:
            self.done[operation].succeed()

    def _to_dram(self, part: Part, departures: list[simpy.Event]) -> Process:
        total = self.spec.bursts(part.bytes)
        self.moved["drain_bytes"] += part.extra_bus_bytes
        rate = self.spec.drain_bytes_per_cycle
        for size, bus_cycles in paced_chunks(total, total + part.extra_bus_bytes, rate, part.bank_cycles):
            yield self.staging["y"].get(size)
            yield from self.meters["drain_bus"].hold(bus_cycles)
            departures.append(self.env.process(self._chunk_out(size)))

    def _chunk_out(self, size: int) -> Process:
        now = int(self.env.now)
        yield self.env.timeout(self.dram.serve(size, now) - now)
        self.moved["dram_write_bytes"] += size
        self.moved["drain_bytes"] += size
        yield self.staging["y"].put(size)


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
