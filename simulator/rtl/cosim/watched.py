"""What the reference engine does in each cycle, seen from outside: its parts are handed what passes on and takes notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.engine.cluster import CAUSE, ClusterSpec
from simulator.engine.reference.bank import ReplyPath
from simulator.engine.reference.clock import PHASES, Process
from simulator.engine.reference.flit import Flit
from simulator.engine.reference.network import RequestPath
from simulator.engine.reference.router import Target
from simulator.engine.reference.watching import ClusterParts
from simulator.rtl.bits import packed
from simulator.rtl.cosim.events import Cycle, Label
from simulator.rtl.shape import ClusterShape


@dataclass(eq=False)
class Watcher:
    """Takes notes of a cluster that runs."""

    shape: ClusterShape
    rows: int
    """Output rows of a token word: the engine numbers those of all token words through."""
    events: defaultdict[int, dict[Label, tuple[int, ...]]] = field(default_factory=lambda: defaultdict(dict))
    pointers: list[int] = field(default_factory=list)

    @property
    def spec(self) -> ClusterSpec:
        """What is clocked."""
        return self.shape.spec

    def __call__(self, parts: ClusterParts) -> None:
        """Begin to watch."""
        self.parts = parts
        for unit in parts.units:
            unit.requests = _Requests(unit.requests, self)
        for port in parts.ports:
            port.replies = _Replies(port.replies, self)
        for name, network in parts.networks.items():
            for number, router in network.routers.items():
                places = {id(queue): place // router.per_buffer for place, queue in enumerate(router.queues)}
                where = f"{name} router {number}"
                watched = [replace(c, target=_Target(c.target, self, where, places, i, c.link)) for i, c in enumerate(router.channels)]
                router.channels[:] = watched
        self._seen = [self.looked_at(unit) for unit in parts.units]
        self.pointers.append(self._pointers())
        parts.clock.start(self._look())

    def looked_at(self, unit: Any) -> Seen:
        """A unit, as one looks at it."""
        return SeenVectorUnit(unit)

    def issued(self, flit: Flit, port: int) -> tuple[int, ...]:
        """What is told of a request."""
        return (port, flit.tag, flit.word // self.spec.banks, *divmod(flit.row, self.rows))

    def accessed(self, flit: Flit, port: int, cycle: int) -> None:
        """What a bank port does for a request."""
        whose = (0, 0) if self.spec.combines else (flit.unit, flit.tag)
        self.events[cycle]["bank port", port, "access"] = (*whose, flit.word // self.spec.banks)

    def cycles(self) -> Iterator[Cycle]:
        """What happened, cycle by cycle, of a tile that is done; with the rows that are written after all else."""
        self._rows()
        for cycle in range(max(self.events, default=-1) + 1):
            pointers = self.pointers[min(cycle, len(self.pointers) - 1)]
            yield Cycle(self.events.get(cycle, {}), pointers)

    def _look(self) -> Process:
        yield self.parts.clock.env.timeout(PHASES - 0.5)
        while True:
            cycle = self.parts.clock.cycle
            for seen in self._seen:
                for label, told in seen.after(cycle):
                    self.events[cycle][label] = told
            self.pointers.append(self._pointers())
            yield self.parts.clock.tick()

    def _pointers(self) -> int:
        packed, place = 0, 0
        for network in self.parts.networks.values():
            for router in network.routers.values():
                allocator = router.allocator
                # a buffer of one queue accepts what it is granted, wherever its pointer stands
                accepting = allocator.accept if router.per_buffer > 1 else []
                for pointers, count in ((allocator.grant, allocator.inputs), (accepting, allocator.outputs)):
                    for pointer in pointers:
                        packed |= ((1 << count) - (1 << pointer)) << place
                        place += count
        return packed

    def _rows(self) -> None:
        """Rows are merged in the order in which they are written, a fixed time later."""
        for seen in self._seen:
            for label, cycle, told in seen.rows(self.rows, self.shape):
                self.events[cycle][label] = told


class Seen:
    """A unit, looked at after each cycle."""

    def __init__(self, unit: Any) -> None:
        self.unit = unit
        self.examined, self.issued = 0, 0

    def after(self, cycle: int) -> Iterator[tuple[Label, tuple[int, ...]]]:
        """What it did in the cycle, but for its issues."""
        unit = self.unit
        position, issued = unit.walk.position, unit.issued
        dropped = position - self.examined - (issued - self.issued)
        if dropped:
            yield ("unit", unit.index, "drop"), (dropped,)
        self.examined, self.issued = position, issued

    def rows(self, rows: int, shape: ClusterShape) -> Iterator[tuple[Label, int, tuple[int, ...]]]:
        """What it wrote, once its tile is done: label, cycle, and what is told."""
        yield from ()


class SeenVectorUnit(Seen):
    """One that asks for words and adds them up."""

    def __init__(self, unit: Any) -> None:
        super().__init__(unit)
        self.computed = 0

    def after(self, cycle: int) -> Iterator[tuple[Label, tuple[int, ...]]]:
        """With what lands and is consumed."""
        yield from super().after(cycle)
        unit, at = self.unit, self.unit.index
        computed = unit.causes[CAUSE["computing"]]
        if computed > self.computed:
            yield ("unit", at, "consume"), (unit.free_tags[-1],)
        landed = sorted((order, flit.tag) for ready, order, flit in unit.landed if ready == cycle + 1)
        for i, (_, tag) in enumerate(landed):
            yield ("unit", at, f"land {i}"), (tag,)
        self.computed = computed

    def rows(self, rows: int, shape: ClusterShape) -> Iterator[tuple[Label, int, tuple[int, ...]]]:
        """Merges and writes."""
        merge_cycles, unit, units = shape.spec.merge_cycles, self.unit, shape.spec.units
        written = [when // units for when in sorted(unit.walk.pieces.written) if when % units == unit.index]
        for cycle, (row, word) in zip(written, unit.outputs.items(), strict=True):
            yield ("unit", unit.index, "merge"), cycle - merge_cycles, divmod(row, rows)
            yield ("unit", unit.index, "write"), cycle, (*divmod(row, rows), packed(word.tolist(), shape.sum_bits))


@dataclass(frozen=True, eq=False)
class _Requests:
    inner: RequestPath
    watcher: Watcher

    def free(self, unit: int, port: int, cycle: int) -> float:
        return self.inner.free(unit, port, cycle)

    def send(self, flit: Flit, port: int, cycle: int) -> None:
        events = self.watcher.events[cycle]
        count = sum(("unit", flit.unit, f"issue {i}") in events for i in range(self.watcher.spec.issue_width))
        events["unit", flit.unit, f"issue {count}"] = self.watcher.issued(flit, port)
        self.inner.send(flit, port, cycle)


@dataclass(frozen=True, eq=False)
class _Replies:
    inner: ReplyPath
    watcher: Watcher

    def free(self, port: int, flit: Flit, cycle: int) -> float:
        return self.inner.free(port, flit, cycle)

    def send(self, port: int, flit: Flit, ready: int) -> None:
        self.watcher.accessed(flit, port, ready - self.watcher.spec.read_latency)
        self.inner.send(port, flit, ready)


@dataclass(frozen=True, eq=False)
class _Target:
    inner: Target
    watcher: Watcher
    where: str
    places: dict[int, int]
    """Input of the router that a queue is of, by the queue's identity."""
    channel: int
    link: int

    def room(self, flit: Flit, cycle: int) -> bool:
        return self.inner.room(flit, cycle)

    def receive(self, flit: Flit, granted: int) -> None:
        place = self.places[id(flit.queue)]
        link = self.link
        events, label = self.watcher.events[granted], (self.where, link, "grant")
        if self.watcher.spec.combines:
            before = events.get(label, (0,))[0]
            events[label] = (before | 1 << place, self.channel, 0, flit.sink, 0)
        else:
            events[label] = (1 << place, self.channel, flit.source, flit.sink, flit.tag)
        self.inner.receive(flit, granted)
