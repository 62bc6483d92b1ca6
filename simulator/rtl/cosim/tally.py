"""What a tile's events come to: cycles, counters, causes and milestones, worked out from what the hardware did and nothing else.

Causes ask where the oldest request of a unit is, so requests are followed here from event to event, through queues kept as lists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.activity import CAUSES, CLOCKED, Counts
from simulator.engine.cluster import CAUSE, ClusterSpec, Outcome
from simulator.engine.milestones import Milestones
from simulator.engine.work import TileWork
from simulator.network import NetworkSpec
from simulator.rtl.cosim.events import Cycle

_LATENCY, _CONFLICT, _CONTENTION = CAUSE["latency"], CAUSE["bank_conflict"], CAUSE["network_contention"]


@dataclass(eq=False)
class Request:
    """A request, and then its word."""

    source: int
    sink: int
    ready: int
    """First cycle in which it may move on from where it is."""
    queue: _Queue | None = None
    """None where it has landed."""
    way: _Way | None = None
    """The network whose queue it is; None at a bank port."""
    channel: int = 0
    buffer: int = 0


class _Queue:
    """Requests that wait in order."""

    def __init__(self, slots: float = float("inf")) -> None:
        self.slots = slots
        self.held: list[Request] = []
        self.left_at = -1

    def take(self, request: Request, cycle: int) -> None:
        """Let one go."""
        self.held.remove(request)
        self.left_at = cycle

    def full(self, cycle: int) -> bool:
        """Whether it was, at the start of a cycle that is over."""
        return len(self.held) + (self.left_at == cycle) >= self.slots

    def headed_by(self, request: Request, cycle: int) -> bool:
        """Whether a request that is still here was the first at the start of a cycle."""
        return self.left_at != cycle and self.held[0] is request


class _Way:
    """A network: which queue a request is in, and why it stays there."""

    def __init__(self, spec: NetworkSpec, sink_slots: float, conflicts: bool) -> None:
        self.spec, self.graph, self.conflicts = spec, spec.graph(), conflicts
        self.queues: dict[tuple[int, int], _Queue] = {}
        """By buffer, and channel where each has its own."""
        self.by_channel: defaultdict[int, list[tuple[int, _Queue]]] = defaultdict(list)
        """Buffers, and their queues, that may hold requests for a channel; 0: for all."""
        self.sinks = [_Queue(sink_slots) for _ in range(spec.sinks)]
        self.busy_until = np.zeros(self.graph.links, dtype=np.int64)
        self.sending_until = np.zeros(self.graph.buffers, dtype=np.int64)
        self.granted_at = np.full(self.graph.links, -1, dtype=np.int64)

    def enter(self, request: Request, buffer: int, ready: int) -> None:
        """Put a request into a buffer."""
        graph = self.graph
        channel = int(graph.route[graph.route_row[buffer], request.sink])
        if channel == -1:
            fold = (request.source ^ request.sink) >> int(graph.spread_shift[buffer])
            channel = int(graph.spread_first[buffer]) + fold % int(graph.spread_count[buffer])
        request.channel, request.buffer, request.ready = channel, buffer, ready
        key = buffer, self._queued_for(channel)
        if key not in self.queues:
            self.queues[key] = _Queue()
            self.by_channel[key[1]].append((buffer, self.queues[key]))
        request.queue, request.way = self.queues[key], self
        request.queue.held.append(request)

    def arrive(self, request: Request, sink: int) -> None:
        """Put one into the queue of its sink."""
        request.queue, request.way = self.sinks[sink], None
        request.queue.held.append(request)

    def _queued_for(self, channel: int) -> int:
        return channel if self.spec.queues == "voq" else 0

    def grant(self, request: Request, cycle: int) -> bool:
        """Move one on; whether it is at its sink."""
        queue, graph, spec = request.queue, self.graph, self.spec
        assert queue is not None
        link = int(graph.link_of_channel[request.channel])
        queue.take(request, cycle)
        self.granted_at[link] = cycle
        self.busy_until[link] = self.sending_until[request.buffer] = cycle + spec.flits
        target = int(graph.target_of_channel[request.channel])
        if target >= 0:
            self.enter(request, target, cycle + spec.latency)
            return False
        request.ready = cycle + spec.latency + spec.flits - 1
        return True

    def why(self, request: Request, cycle: int) -> int:
        """What held one in a cycle."""
        queue, graph = request.queue, self.graph
        assert queue is not None
        target = int(graph.target_of_channel[request.channel])
        if not self.conflicts or target >= 0 or not queue.headed_by(request, cycle):
            return _CONTENTION
        link = int(graph.link_of_channel[request.channel])
        if self.granted_at[link] == cycle or self.busy_until[link] > cycle:
            return _CONFLICT
        asked = any(
            queue.held[0].channel == request.channel and queue.held[0].ready <= cycle and self.sending_until[buffer] <= cycle
            for buffer, queue in self.by_channel[self._queued_for(request.channel)]
            if queue.held and queue.left_at != cycle
        )
        return _CONFLICT if asked and self.sinks[-1 - target].full(cycle) else _CONTENTION


class Walk:
    """Where a unit is in its list."""

    def __init__(self, work: TileWork, unit: int) -> None:
        self.piece_steps = work.stream.piece_entries * work.token_words
        self.steps = int(work.unit_ptr[unit + 1] - work.unit_ptr[unit]) * work.token_words
        self.position, self.last_scan, self.last_write = 0, -1, -1
        self.outstanding: dict[int, Request] = {}
        """By tag, in order of issue."""
        self.causes = [0] * len(CAUSES)

    @property
    def running(self) -> bool:
        """Whether it has more to do than to merge."""
        return self.position < self.steps or bool(self.outstanding)

    @property
    def end(self) -> int:
        """First cycle in which nothing is left of its work."""
        return max(self.last_scan, self.last_write) + 1


class Tally:
    """Takes the cycles of a tile one after another."""

    stands_for = "accumulators_full"
    """Why a unit may do nothing that has nothing outstanding, and whose next entry is here."""
    first_at_port = "network_contention"
    """Why the first request at a bank port may wait."""

    def __init__(self, spec: ClusterSpec, work: TileWork) -> None:
        self.spec, self.work = spec, work
        self.requests = _Way(spec.requests, spec.bank_slots, conflicts=True)
        self.replies = _Way(spec.replies, float("inf"), conflicts=False)
        self.units = [Walk(work, unit) for unit in range(spec.units)]
        self.counts = dict.fromkeys(CLOCKED, 0)
        self.readers = work.piece_readers().tolist()
        self.wanted: list[int] = []
        self.taken: list[int] = []
        self.written: list[int] = []

    def outcome(self, cycles: Sequence[Cycle]) -> Outcome:
        """Of a tile that is done."""
        for number, cycle in enumerate(cycles):
            self._cycle(number, cycle)
        ends = max(unit.end for unit in self.units)
        for unit in self.units:
            unit.causes[CAUSE["imbalance"]] += ends - sum(unit.causes)
        causes = np.array([unit.causes for unit in self.units], dtype=np.int64).sum(axis=0)
        milestones = Milestones(*(np.array(times, dtype=np.int64) for times in (self.wanted, self.taken, sorted(self.written))))
        return Outcome(ends, Counts(**self.counts), causes, milestones)

    def _cycle(self, cycle: int, seen: Cycle) -> None:
        running = [unit.running for unit in self.units]
        oldest = [self._oldest_cause(unit, cycle) for unit in self.units]
        before = [unit.position for unit in self.units]
        busy = self._units(cycle, seen)
        for number, unit in enumerate(self.units):
            if running[number]:
                held = oldest[number]
                if number in busy:
                    cause = CAUSE["computing"]
                elif held is not None:
                    cause = held
                elif unit.position > before[number]:
                    cause = CAUSE["issue"]
                else:
                    cause = CAUSE["imbalance" if self._ahead(unit, cycle) else self.stands_for]
                unit.causes[cause] += 1
            elif unit.steps and cycle < unit.end:
                unit.causes[CAUSE["drain"]] += 1
        self._fabric(cycle, seen)

    def _oldest_cause(self, unit: Walk, cycle: int) -> int | None:
        """What held the oldest outstanding request in the cycle before; None without one."""
        if not unit.outstanding:
            return None
        oldest = next(iter(unit.outstanding.values()))
        if oldest.queue is None or oldest.ready >= cycle:
            return _LATENCY
        if oldest.way is None:
            return CAUSE[self.first_at_port] if oldest.queue.headed_by(oldest, cycle - 1) else _CONFLICT
        return oldest.way.why(oldest, cycle - 1)

    def _units(self, cycle: int, seen: Cycle) -> set[int]:
        """What units did; which of them computed."""
        busy = set()
        steps = [0] * len(self.units)
        for (component, number, what), told in seen.events.items():
            if component != "unit":
                continue
            if what == "drop":
                steps[number] += told[0]
                self.counts["entries_dropped"] += told[0]
            elif what.startswith("issue"):
                steps[number] += 1
                self.counts["requests"] += 1
            if self.unit_did(self.units[number], number, cycle, what, told):
                busy.add(number)
        for width in range(self.spec.issue_width):
            for number, unit in enumerate(self.units):
                told = seen.events.get(("unit", number, f"issue {width}"), ())
                if told:
                    self._issued(unit, number, told[0], told[1], cycle)
        for unit, count in zip(self.units, steps, strict=True):
            self.counts["list_entries"] += count
            self._take(unit, count, cycle)
        while len(self.taken) < len(self.readers) and not self.readers[len(self.taken)]:
            self.taken.append(cycle)
        return busy

    def unit_did(self, unit: Walk, number: int, cycle: int, what: str, told: tuple[int, ...]) -> bool:
        """Count what a unit did, but for entries dropped and requests issued; whether that is its work."""
        if what == "consume":
            del unit.outstanding[told[0]]
            self.counts["replies"] += 1
            self.counts["accumulator_updates"] += 1
        elif what == "merge":
            self.counts["rows_merged"] += 1
            self.counts["output_bank_writes"] += 1
            unit.last_write = cycle + self.spec.merge_cycles
        elif what == "write":
            self.written.append(cycle * len(self.units) + number)
        return what == "consume"

    def _issued(self, unit: Walk, number: int, port: int, tag: int, cycle: int) -> None:
        unit.outstanding[tag] = request = Request(number, port, cycle + self.spec.feed_cycles)
        if self.spec.network == "none":
            self.requests.arrive(request, port)
        else:
            self.requests.enter(request, int(self.requests.graph.buffer_of_source[number]), request.ready)

    def _take(self, unit: Walk, count: int, cycle: int) -> None:
        for _ in range(count):
            piece, step = divmod(unit.position, unit.piece_steps)
            if not step and piece == len(self.wanted):
                self.wanted.append(cycle)
            unit.position += 1
            unit.last_scan = cycle
            if unit.position == unit.steps or step + 1 == unit.piece_steps:
                self.readers[piece] -= 1

    def _ahead(self, unit: Walk, cycle: int) -> bool:
        """Whether its next step waits for a piece whose place another unit still takes."""
        piece, step = divmod(unit.position, unit.piece_steps)
        gone = piece - self.work.stream.fifo_pieces
        here = gone < 0 or (gone < len(self.taken) and self.taken[gone] < cycle)
        return not step and unit.position < unit.steps and not here

    def _fabric(self, cycle: int, seen: Cycle) -> None:
        """Grants of the request network, accesses, and grants of the reply network: what follows reads what was before."""
        events = seen.events
        for (component, _, what), told in events.items():
            if what != "grant":
                continue
            inputs, _, source, sink, tag = told
            if self.spec.combines:
                self._combined(inputs, sink, cycle)
            elif component.startswith("requests"):
                self.counts["request_hops"] += self.spec.requests.flits
                request = self.units[source].outstanding[tag]
                if self.requests.grant(request, cycle):
                    self.requests.arrive(request, sink)
            else:
                self.counts["reply_hops"] += self.spec.replies.flits
                request = self.units[sink].outstanding[tag]
                if self.replies.grant(request, cycle):
                    request.queue = None
        for (component, number, what), told in events.items():
            if component == "bank port":
                self.bank_did(number, cycle, what, told)

    def bank_did(self, port: int, cycle: int, what: str, told: tuple[int, ...]) -> None:
        """An access: its word is on its way."""
        self.counts["x_bank_reads"] += 1
        if self.spec.combines:
            self._answered(self.requests.sinks[port], cycle)
            return
        request = self.units[told[0]].outstanding[told[1]]
        self.requests.sinks[port].take(request, cycle)
        if self.spec.network == "none":
            request.queue, request.ready = None, cycle + self.spec.read_latency
            return
        request.source, request.sink = port, told[0]
        self.replies.enter(request, int(self.replies.graph.buffer_of_source[port]), cycle + self.spec.read_latency)

    def _combined(self, inputs: int, sink: int, cycle: int) -> None:
        """Requests of several units that go together; each is at the head of its queue for the port."""
        for unit in range(self.spec.units):
            if inputs >> unit & 1:
                self.counts["request_hops"] += 1
                channel = sink if self.spec.requests.queues == "voq" else 0
                request = self.requests.queues[int(self.requests.graph.buffer_of_source[unit]), channel].held[0]
                self.requests.grant(request, cycle)
                self.requests.arrive(request, sink)

    def _answered(self, port: _Queue, cycle: int) -> None:
        """All that came together to a port has its word on the way back, which nothing holds up."""
        for request in [held for held in port.held if held.ready <= cycle]:
            self.counts["reply_hops"] += 1
            port.take(request, cycle)
            request.queue, request.ready = None, cycle + self.spec.read_latency + self.spec.replies.latency
