"""The system level in SimPy: DRAM, DMA streams, trunks, buffer ports, ping-pong halves, the fabric, write-back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import simpy

from simulator.system.outcome import SHARED, SystemOutcome
from simulator.system.parts import NO_SUMS, Part, Sums
from simulator.system.program import Drain, Fill, Program, TileStep
from simulator.system.rate import ExactRate
from simulator.system.resources import Halves, Meter, Process, Tally
from simulator.system.spec import DramDrain, SystemSpec, link_cycles, paced_chunks, sums_cycles
from simulator.system.streams import moments, not_empty, numbered, room
from simulator.system.waiting import Waiting, Way, Ways
from simulator.system.watching import UNWATCHED, Moving, Watch

CARRIED = {name: "drain_bytes" if name == "drain_bus" else f"{name}_bytes" for name in SHARED}
"""Counter of the bytes that go over each shared resource."""
MOVED = ("dram_read_bytes", "dram_write_bytes", *CARRIED.values())


class System:
    """One run of a program. Who watches it is told of all that happens, and changes nothing.

    >>> from simulator.system.program import Program
    >>> System(SystemSpec(16.0, 100, 64, 256, 256, 256, 2), Program((), (), (), (), ())).run().cycles
    0
    """

    def __init__(self, spec: SystemSpec, program: Program, watch: Watch = UNWATCHED) -> None:
        self.spec = spec
        self.watch = watch
        self.program = program
        self.w_fills = tuple(map(not_empty, program.w_fills))
        self.drains = tuple(map(not_empty, program.drains))
        self.env = simpy.Environment()
        self.meters = {name: Meter(self.env) for name in SHARED}
        self.dram = ExactRate(spec.dram_bytes_per_cycle)
        self.staging = {name: simpy.Container(self.env, spec.staged_bytes, init=spec.staged_bytes) for name in ("x", "w", "y")}
        self.x = Halves(self.env, len(program.x_fills))
        self.w_parts, self.y_parts = numbered(self.w_fills), numbered(self.drains)
        self.w_room = room(self.w_fills)
        self.w_here, self.w_taken, self.y_written, self.y_gone = (Tally(self.env) for _ in range(4))
        self.computed = [0] * len(program.drains)
        self.through = 0
        """When the fabric was through with its last tile."""
        self.waited: dict[Waiting, int] = dict.fromkeys(get_args(Waiting), 0)
        self.x_ways, self.w_ways = Ways(), Ways()
        operations = len(program.depends_on)
        self.done = [self.env.event() for _ in range(operations)]
        self.fetch = [-1] * operations
        self.start = [-1] * operations
        self.end = [0] * operations
        self.moved = dict.fromkeys(MOVED, 0)
        self.sums_there = {drain.after: self.env.event() for drain in program.drains if drain.after is not None}
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
        self._stood("write_back", self.through)
        when = tuple(self.fetch), tuple(self.start), tuple(self.end)
        return SystemOutcome(int(self.env.now), *when, busy, self.moved, self.waited)

    def _load_x(self) -> Process:
        for index, fill in enumerate(self.program.x_fills):
            yield from self._awaited(fill)
            way = self.x_ways.begin(int(self.env.now))
            free = self.x.writable(index)
            if free is not None:
                yield free
            if fill.source is not None:
                yield from self.y_gone.reach(self.y_parts[fill.source + 1])
                way.free = way.asked = way.here = int(self.env.now)
                self.x.ready[index].succeed()
                continue
            self._asked(fill, way)
            arrivals: list[simpy.Event] = []
            for part in fill.parts:
                yield from self._transfer(fill, part, "x", self.spec.x_bytes_per_cycle, arrivals, way)
            self.env.process(self._complete(arrivals, self.x.ready[index], way))

    def _load_w(self) -> Process:
        """Part after part, each as soon as those have been taken whose room it needs."""
        for index, fill in enumerate(self.w_fills):
            yield from self._awaited(fill)
            for number, part in enumerate(fill.parts, self.w_parts[index]):
                way = self.w_ways.begin(int(self.env.now))
                yield from self.w_taken.reach(self.w_room[number])
                if fill.home == "buffer":
                    yield from self.w_here.reach(number)
                self._asked(fill, way)
                arrivals: list[simpy.Event] = []
                yield from self._transfer(fill, part, "w", self.spec.w_bytes_per_cycle, arrivals, way)
                self.env.process(self._arrived(arrivals, number, way))

    def _awaited(self, fill: Fill) -> Process:
        if fill.waits:
            yield self.env.all_of([self.done[op] for op in self.program.depends_on[fill.operation]])

    def _asked(self, fill: Fill, way: Way) -> None:
        way.asked = int(self.env.now)
        if self.fetch[fill.operation] < 0:
            self.fetch[fill.operation] = way.asked

    def _transfer(self, fill: Fill, part: Part, stream: str, rate: int, arrivals: list[simpy.Event], way: Way) -> Process:
        trunk, moving = f"{stream}_trunk", Moving(fill.operation, stream)
        if fill.home == "dram":
            total = self.spec.bursts(part.bytes)
            for size, cycles in paced_chunks(total, total, rate, part.bank_cycles):
                yield self.staging[stream].get(size)
                arrivals.append(self.env.process(self._chunk_in(size, stream, self._onto(trunk, fill, size, cycles), way, moving)))
        else:
            cycles = -(-part.bytes // min(rate, self.spec.buffer_bytes_per_cycle))
            yield from self._over({"buffer_read": part.bytes, trunk: part.bytes}, max(cycles, part.bank_cycles), moving)

    def _onto(self, trunk: str, fill: Fill, size: int, cycles: int) -> Process:
        """Over a trunk, and into the buffer too where it keeps a copy."""
        moving = Moving(fill.operation, trunk[0])
        if not fill.kept:
            return self._over({trunk: size}, cycles, moving)
        return self._over({"buffer_write": size, trunk: size}, max(cycles, -(-size // self.spec.buffer_bytes_per_cycle)), moving)

    def _complete(self, arrivals: list[simpy.Event], ready: simpy.Event, way: Way) -> Process:
        """The next fill is requested while this one is still on its way, so that DRAM's latency alone never throttles."""
        yield self.env.all_of(arrivals)
        way.here = int(self.env.now)
        ready.succeed()

    def _arrived(self, arrivals: list[simpy.Event], number: int, way: Way) -> Process:
        yield self.env.all_of(arrivals)
        way.here = int(self.env.now)
        self.w_here.mark(number, number + 1)

    def _over(self, carried: Mapping[str, int], cycles: int, moving: Moving) -> Process:
        """Hold ports of the activation buffer and buses at once, taken in an order in which none waits in a ring.

        `carried`: bytes over each of them.
        """
        asked = int(self.env.now)
        held = []
        for name in carried:
            resource = self.meters[name].resource
            turn = resource.request()
            held.append((resource, turn))
            yield turn
        begun = int(self.env.now)
        for name, size in carried.items():
            self.meters[name].busy += cycles
            self.moved[CARRIED[name]] += size
            self.watch.carried(name, asked, begun, cycles, size, moving)
        yield self.env.timeout(cycles)
        for resource, turn in reversed(held):
            resource.release(turn)

    def _served(self, way: str, size: int, latency: int, moving: Moving) -> Process:
        """Be read or written by DRAM."""
        asked = int(self.env.now)
        done = self.dram.serve(size, asked)
        self.watch.served(way, asked, done, done + latency, size, moving)
        yield self.env.timeout(done + latency - asked)
        self.moved[f"dram_{way}_bytes"] += size

    def _chunk_in(self, size: int, stream: str, passage: Process, way: Way, moving: Moving) -> Process:
        yield from self._served("read", size, self.spec.dram_latency_cycles, moving)
        way.left_dram = int(self.env.now)
        yield from passage
        yield self.staging[stream].put(size)

    def _fabric(self) -> Process:
        tiles = self.program.tiles
        last_use = {tile.w: index for index, tile in enumerate(tiles)}
        for index, tile in enumerate(tiles):
            before = tiles[index - 1] if index else None
            following = tiles[index + 1] if index + 1 < len(tiles) else None
            begun = int(self.env.now)
            yield self.x.ready[tile.x]
            self._waited_for(self.x_ways, tile.x + 1, begun)
            if tile.awaits is not None:
                begun = int(self.env.now)
                yield from self.y_gone.reach(self.y_parts[tile.awaits + 1])
                self._stood("dependence", begun)
            if tile.w_flow is None:
                yield from self._w_here(self.w_parts[tile.w + 1])
            if tile.y_flow is None:
                streamed = before is not None and before.y_flow is not None
                yield from self._y_gone(self.y_parts[max(0, tile.y if streamed else tile.y - 1)])
            if self.start[tile.operation] < 0:
                self.start[tile.operation] = int(self.env.now)
            last_of_w = last_use[tile.w] == index
            begun = int(self.env.now)
            yield from self._tile(tile, last_of_w=last_of_w)
            self.watch.ran(tile, begun, int(self.env.now))
            if following is None or following.x != tile.x:
                self.x.released[tile.x].succeed()
            if last_of_w and tile.w_flow is None and self.drains[tile.y].holds_w is None:
                self.w_taken.mark(self.w_parts[tile.w], self.w_parts[tile.w + 1])
            if following is None or following.y != tile.y:
                self.computed[tile.y] = int(self.env.now)
                if tile.y_flow is None:
                    self.y_written.mark(self.y_parts[tile.y], self.y_parts[tile.y + 1])

    def _tile(self, tile: TileStep, *, last_of_w: bool) -> Process:
        """The fabric's own cycles, with a stop of its clock wherever a part of W is late or no room is left for rows."""
        at = 0
        for cycle, event, part in moments(tile.w_flow, tile.y_flow):
            if cycle > at:
                yield self.env.timeout(cycle - at)
                at = cycle
            number = part + (self.w_parts[tile.w] if event in ("want", "taken") else self.y_parts[tile.y])
            if event == "want":
                yield from self._w_here(number + 1)
            elif event == "write":
                yield from self._y_gone(number - self.drains[tile.y].parts[part].behind)
            elif event == "written":
                self.y_written.mark(number, number + 1)
            elif last_of_w:
                self.w_taken.mark(number, number + 1)
        yield self.env.timeout(tile.cycles - at)
        self.through = int(self.env.now)

    def _w_here(self, parts: int) -> Process:
        """Stand still until so many parts of W are here."""
        begun = int(self.env.now)
        yield from self.w_here.reach(parts)
        self._waited_for(self.w_ways, parts, begun)

    def _y_gone(self, parts: int) -> Process:
        """Stand still until so many parts of drains have left the Y memory."""
        begun = int(self.env.now)
        yield from self.y_gone.reach(parts)
        self._stood("write_back", begun)

    def _waited_for(self, ways: Ways, count: int, begun: int) -> None:
        for waiting, cycles in ways.waited(count, begun, int(self.env.now)):
            self._stood(waiting, begun, begun + cycles)
            begun += cycles

    def _stood(self, waiting: Waiting, begun: int, end: int | None = None) -> None:
        """The fabric stood still for that, until now or an earlier cycle."""
        until = int(self.env.now) if end is None else end
        self.waited[waiting] += until - begun
        self.watch.stood(waiting, begun, until)

    def _unload(self) -> Process:
        """Drains in order: the bus serves the rows of one half before those of the next."""
        for index, drain in enumerate(self.drains):
            departures: list[simpy.Event] = []
            if drain.after is not None:
                yield self.sums_there[drain.after]
            for number, part in enumerate(drain.parts, self.y_parts[index]):
                yield from self.y_written.reach(number + 1)
                if drain.delay_cycles and number == self.y_parts[index]:
                    yield self.env.timeout(max(0, self.computed[index] + drain.delay_cycles - int(self.env.now)))
                if drain.sums_home == "dram":
                    yield from self._to_dram(drain, part, part.sums, departures)
                else:
                    if part.sums.bus_bytes or part.sums.back_bytes:
                        yield from self._to_sums_in_buffer(drain, part.sums)
                    yield from self._leaves(drain, part, departures)
                self.y_gone.mark(number, number + 1)
            if drain.holds_w is not None:
                self.w_taken.mark(self.w_parts[drain.holds_w], self.w_parts[drain.holds_w + 1])
            self.env.process(self._written_back(index, departures))

    def _leaves(self, drain: Drain, part: Part, departures: list[simpy.Event]) -> Process:
        """Finished rows."""
        if drain.home == "dram":
            yield from self._to_dram(drain, part, NO_SUMS, departures)
        elif drain.home == "chip":
            yield from self._to_copies(drain, part)
        else:
            bus_bytes = part.bytes + part.extra_bus_bytes
            port_cycles = -(-part.bytes // self.spec.buffer_bytes_per_cycle)
            cycles = max(-(-bus_bytes // self.spec.drain_bytes_per_cycle), port_cycles, part.bank_cycles)
            yield from self._over({"buffer_write": part.bytes, "drain_bus": bus_bytes}, cycles, Moving(drain.operation, "y"))

    def _to_sums_in_buffer(self, drain: Drain, sums: Sums) -> Process:
        """Through both ports of the buffer at once: what comes over the bus is added to what is read, and written."""
        carried = {"buffer_read": sums.back_bytes, "buffer_write": sums.out_bytes, "drain_bus": sums.bus_bytes}
        return self._over(carried, sums_cycles(self.spec, sums), Moving(drain.operation, "sums"))

    def _to_dram(self, drain: Drain, part: Part, sums: Sums, departures: list[simpy.Event]) -> Process:
        """Chunk after chunk into the staging, where each waits for the sums that it is added to, if any."""
        moved, moving = DramDrain.of(self.spec, part, sums), Moving(drain.operation, "y")
        for staged, read, written, on_bus, bus_cycles in moved.chunks(self.spec.drain_bytes_per_cycle, part.bank_cycles):
            if staged:
                yield self.staging["y"].get(staged)
            yield from self._over({"drain_bus": on_bus}, bus_cycles, moving)
            if staged:
                departures.append(self.env.process(self._chunk_out(staged, read, written, moving)))

    def _chunk_out(self, staged: int, read: int, written: int, moving: Moving) -> Process:
        if read:
            yield from self._served("read", read, self.spec.dram_latency_cycles, moving)
        if written:
            yield from self._served("write", written, 0, moving)
        yield self.staging["y"].put(staged)

    def _to_copies(self, drain: Drain, part: Part) -> Process:
        """Over the drain bus and the X trunk at once. The half that it goes to was let go before its own tile began."""
        carried = {"drain_bus": part.bytes + part.extra_bus_bytes, "x_trunk": part.bytes}
        return self._over(carried, link_cycles(self.spec, part), Moving(drain.operation, "y"))

    def _written_back(self, index: int, departures: list[simpy.Event]) -> Process:
        yield self.env.all_of(departures)
        operation = self.drains[index].operation
        if index in self.sums_there:
            self.sums_there[index].succeed()
        self.undrained[operation] -= 1
        self.end[operation] = int(self.env.now)
        if not self.undrained[operation]:
            self.done[operation].succeed()


def play(spec: SystemSpec, program: Program, watch: Watch = UNWATCHED) -> SystemOutcome:
    """Run a program to its last write-back."""
    return System(spec, program, watch).run()
