"""The reference engine of the scatter dataflow: units multiply and send, banks add (rule 16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.engine.cluster import CAUSE, ClusterSpec, Outcome
from simulator.engine.reference.bank import BankPort, ReplyPath
from simulator.engine.reference.clock import UNIT, Clock, Process
from simulator.engine.reference.flit import Flit, Queue, stall_cause
from simulator.engine.reference.lists import ListWalk, Pieces
from simulator.engine.reference.network import DirectRequests, RequestPath, RoutedRequests
from simulator.engine.reference.units import Unit, outcome
from simulator.engine.reference.watching import ClusterParts, ClusterWatch, unwatched
from simulator.engine.work import TileValues, TileWork


@dataclass(frozen=True)
class SendList:
    """One unit's list, each entry unrolled over the token words of the tile."""

    word: Sequence[int]
    """Tile-local word that each product goes to; −1 where the activation word is all zero."""
    bank: Sequence[int]
    operand: Sequence[int]
    """Activation word of each entry, a different number for each token word."""
    weights: Sequence[float] | None


class Additions:
    """The additions of a bank, whose ports share its words: an adder of A stages gives a sum back A cycles after it began to add to it."""

    def __init__(self, accumulate_latency: int) -> None:
        self.accumulate_latency = accumulate_latency
        self.queues: list[Queue] = []
        """[ports] products that wait, in the order in which ports go before one another."""
        self.began: dict[int, int] = {}
        """Cycle in which the last addition to a word began."""

    def begin(self, place: int, word: int, cycle: int) -> bool:
        """Let a port begin to add to a word, unless that is being added to, or asked for at a port that goes before; whether it may."""
        stands = cycle - self.began.get(word, -self.accumulate_latency) < self.accumulate_latency
        if stands or any(_asks(queue, word, cycle) for queue in self.queues[:place]):
            return False
        self.began[word] = cycle
        return True


def _asks(queue: Queue, word: int, cycle: int) -> bool:
    """Whether the first product of a port is for a word, and has not left in this cycle."""
    return queue.left_at != cycle and any(flit.word == word and flit.ready <= cycle for flit in queue.flits[:1])


class AccumulatingPort(BankPort):
    """A bank port that adds what arrives to its word, one product a cycle, but none to a sum that is not there yet."""

    counter = "bank_additions"

    def __init__(
        self,
        clock: Clock,
        port: int,
        slots: float,
        read_latency: int,
        replies: ReplyPath,
        memory: NDArray[np.float64] | None,
        additions: Additions,
    ) -> None:
        super().__init__(clock, port, slots, read_latency, replies, memory, multicast=False)
        self.additions = additions
        self.place = len(additions.queues)
        additions.queues.append(self.queue)

    def access(self, cycle: int) -> None:
        """Take the first product, if its word can be added to."""
        first = self.queue.flits[0]
        if first.ready <= cycle and self.additions.begin(self.place, first.word, cycle):
            super().access(cycle)

    def why(self, flit: Flit, cycle: int) -> int:
        """The first product waits for its word, all others behind it."""
        return CAUSE["bank_conflict"]

    def touch(self, flit: Flit) -> None:
        """What the access does to the numbers: add the product."""
        if self.memory is not None and flit.value is not None:
            self.memory[flit.word] += flit.value


class Acknowledgements:
    """Wires that tell a unit in which cycle a bank accumulated its product; its slot is free in the next."""

    def __init__(self, units: list[ScatterUnit], read_latency: int) -> None:
        self.units = units
        self.read_latency = read_latency

    def free(self, port: int, flit: Flit, cycle: int) -> float:
        """Nothing is sent back, so there is always room."""
        return float("inf")

    def send(self, port: int, flit: Flit, ready: int) -> None:
        """Tell the unit."""
        self.units[flit.unit].accumulated(flit, ready - self.read_latency)


class ScatterUnit(Unit):
    """One vector unit: each cycle it multiplies one of its words by a weight and sends the product."""

    def __init__(
        self, clock: Clock, walk: ListWalk, spec: ClusterSpec, work: SendList, requests: RequestPath, words: NDArray[np.float64] | None
    ) -> None:
        super().__init__(clock, walk, spec, requests)
        self.work = work
        self.words = words
        self.acknowledged: list[Flit] = []
        self.held = -1

    def accumulated(self, flit: Flit, cycle: int) -> None:
        """A bank accumulated a product in `cycle`; it is written back after the read and the adder's stages."""
        self.acknowledged.append(flit)
        self.last_write = max(self.last_write, cycle + self.spec.read_latency + self.spec.accumulate_latency)

    def run(self) -> Process:
        """The SimPy process: one step a cycle until all products have been accumulated."""
        yield self.clock.at(0, UNIT)
        while True:
            self._free_slots()
            if self.walk.done and not self.outstanding:
                break
            self.step(self.clock.cycle)
            yield self.clock.tick()
        if self.work.word:
            self.causes[CAUSE["drain"]] += max(0, self.end - self.clock.cycle)

    def step(self, cycle: int) -> None:
        """One cycle: scan, multiply and send, and account for the cycle."""
        oldest = self.outstanding[0] if self.outstanding else None
        before = self.walk.position
        if self._scan(cycle):
            cause = CAUSE["computing"]
        elif oldest is not None:
            cause = stall_cause(oldest, cycle)
        else:
            cause = CAUSE["imbalance" if self.walk.position == before and self.walk.ahead(cycle) else "issue"]
        self.causes[cause] += 1

    def _free_slots(self) -> None:
        """Take back the slots of products accumulated in the cycle before, in order of issue."""
        for flit in sorted(self.acknowledged, key=lambda flit: flit.order):
            flit.consumed = True
            self.free_tags.append(flit.tag)
        self.acknowledged.clear()
        while self.outstanding and self.outstanding[0].consumed:
            self.outstanding.popleft()

    def _scan(self, cycle: int) -> bool:
        """Drop entries of zero words and send at most one product; whether one was sent."""
        sent = False
        for _ in range(self.spec.examine_width):
            if self.walk.done or self.walk.ahead(cycle):
                break
            if self.work.word[self.walk.position] < 0:
                self.counts["entries_dropped"] += 1
            elif not sent and self._send(self.walk.position, cycle):
                sent = True
            else:
                break
            self.counts["list_entries"] += 1
            self.walk.take(cycle)
        return sent

    def _send(self, entry: int, cycle: int) -> bool:
        if not self.free_tags:
            return False
        tag = self.free_tags[0]
        port = self.work.bank[entry] * self.spec.bank_ports + tag % self.spec.bank_ports
        if self.requests.free(self.index, port, cycle) < 1:
            return False
        self.free_tags.popleft()
        operand = self.work.operand[entry]
        if operand != self.held:
            self.counts["output_bank_reads"] += 1
            self.held = operand
        flit = Flit(self.index, self.issued, self.work.word[entry], tag, 0, entry)
        if self.words is not None and self.work.weights is not None:
            flit.value = self.work.weights[entry] * self.words[operand]
        self.issued += 1
        self.counts["requests"] += 1
        self.outstanding.append(flit)
        self.requests.send(flit, port, cycle)
        return True


def send_lists(work: TileWork, values: TileValues | None) -> list[SendList]:
    """Every unit's list, each entry unrolled over the tile's token words."""
    token = np.arange(work.token_words)[None, :]
    columns = work.present.shape[1]
    lists = []
    for start, stop in zip(work.unit_ptr[:-1], work.unit_ptr[1:], strict=True):
        column = work.own[start:stop][:, None]
        address = token * work.words + work.word[start:stop][:, None]
        lists.append(
            SendList(
                word=np.where(work.present[token, column], address, -1).ravel().tolist(),
                bank=work.bank[address].ravel().tolist(),
                operand=(token * columns + column).ravel().tolist(),
                weights=None if values is None else np.repeat(values.weights[start:stop], work.token_words).tolist(),
            )
        )
    return lists


def run_scatter(spec: ClusterSpec, work: TileWork, values: TileValues | None, watch: ClusterWatch = unwatched) -> Outcome:
    """Run one cluster through one tile of the scatter dataflow, from reset."""
    clock = Clock()
    units: list[ScatterUnit] = []
    memory = None if values is None else np.zeros((work.token_words * work.words, values.words.shape[1]))
    acknowledgements = Acknowledgements(units, spec.read_latency)
    banks = [Additions(spec.accumulate_latency) for _ in range(spec.banks)]
    ports = [
        AccumulatingPort(clock, port, spec.bank_slots, spec.read_latency, acknowledgements, memory, banks[port // spec.bank_ports])
        for port in range(spec.ports)
    ]
    requests: RequestPath = DirectRequests(ports, spec.direct_delays()[0].tolist())
    if spec.network == "routed":
        requests = RoutedRequests(clock, spec, ports)
    words = None if values is None else values.words
    pieces = Pieces(work)
    for index, unit in enumerate(send_lists(work, values)):
        units.append(ScatterUnit(clock, ListWalk(pieces, index), spec, unit, requests, words))
    watch(ClusterParts.of(clock, units, ports, requests=requests))
    for port in ports:
        clock.start(port.run())
    clock.env.run(until=clock.env.all_of([clock.start(unit.run()) for unit in units]))
    return outcome(clock, units, pieces, memory)
