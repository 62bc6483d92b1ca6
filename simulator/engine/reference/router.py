"""A router: input buffers (FIFO or VOQ), an allocator, and links with a pipeline to what lies downstream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from simulator.engine.cluster import CAUSE
from simulator.engine.reference.allocator import Allocator, only_winner, places
from simulator.engine.reference.clock import REPLY, REQUEST, Clock, Process
from simulator.engine.reference.flit import Flit, Queue

_CONTENTION = CAUSE["network_contention"]
HOPS = {REQUEST: "request_hops", REPLY: "reply_hops"}
"""What a flit that passes a router counts as, by the phase of its network."""


class Sink(Protocol):
    """Where a network ends: a bank port, or a unit."""

    def free(self, cycle: int) -> float:
        """Slots that were free at the start of `cycle`."""

    def receive(self, flit: Flit, ready: int) -> None:
        """Take a flit that may move on from cycle `ready`."""


class Target(Protocol):
    """What a channel of a router leads to: a sink, or a buffer of the next router."""

    def room(self, flit: Flit, cycle: int) -> bool:
        """Whether there was a slot for this flit at the start of `cycle`."""

    def receive(self, flit: Flit, granted: int) -> None:
        """Take a flit that was granted in cycle `granted`."""


@dataclass(frozen=True)
class Channel:
    """A virtual channel of an output link."""

    link: int
    target: Target
    lost_cause: int
    """Cause of a flit that loses the link to another, or finds the sink full."""
    terminal: bool
    """Whether the target is a sink, whose room is the same for every flit."""


class Router:
    """One router, clocked in one phase.

    A flit pushed for cycle t + 1 can be granted in t + 1. One flit a buffer and a link each cycle; a packet of
    `flits` flits holds its buffer and its link for so many cycles, its head going ahead. One that `combines` lets the
    heads that want the same word over a link go together.
    """

    def __init__(
        self,
        clock: Clock,
        phase: int,
        channels: list[Channel],
        slots: list[int],
        *,
        queues: Literal["fifo", "voq"],
        flits: int,
        iterations: int,
        registered: bool,
        combines: bool,
    ) -> None:
        self.clock = clock
        self.phase = phase
        self.channels = channels
        self.flits = flits
        alike = self._for_the_same_word if combines else only_winner
        self.allocator = Allocator(len(slots), channels[-1].link + 1, iterations, registered=registered, alike=alike)
        self.per_buffer = len(channels) if queues == "voq" else 1
        self.queues = [Queue(depth) for depth in slots for _ in range(self.per_buffer)]
        self.wants = [0] * len(channels)
        self.arriving: dict[int, list[tuple[Queue, int]]] = {}
        self.buffer_free_at = [0] * len(slots)
        self.link_free_at = [0] * (max(channel.link for channel in channels) + 1)
        self.link_taken_at = [-1] * len(self.link_free_at)
        self.full_at = [-1] * len(channels)
        self.inside = 0

    def free(self, buffer: int, channel: int, cycle: int) -> float:
        """Slots that a buffer has for flits to `channel`."""
        return self._queue(buffer, channel).free(cycle)

    def push(self, buffer: int, channel: int, flit: Flit, ready: int) -> None:
        """Put a flit for `channel` into a buffer; it may be granted from cycle `ready`."""
        queue = self._queue(buffer, channel)
        flit.channel = channel
        flit.place = self
        queue.push(flit, ready)
        self.arriving.setdefault(ready, []).append((queue, buffer))
        self.inside += 1

    def run(self) -> Process:
        """The SimPy process: one step a cycle."""
        yield self.clock.at(self.clock.cycle, self.phase)
        while True:
            if self.inside:
                self.step(self.clock.cycle)
            yield self.clock.tick()

    def step(self, cycle: int) -> None:
        """Match buffers and links, and let the winners leave."""
        self._show_arrivals(cycle)
        offers: dict[int, int] = {}
        choice: dict[tuple[int, int], int] = {}
        for index, mask in enumerate(self.wants):
            if not mask:
                continue
            link = self.channels[index].link
            if self.link_free_at[link] > cycle:
                self.link_taken_at[link] = cycle
                continue
            able = self._able(index, mask, cycle)
            offers[link] = offers.get(link, 0) | able
            if self.flits > 1 or self.per_buffer > 1:
                for buffer in places(able):
                    choice.setdefault((buffer, link), index)
        matching = self.allocator.match({link: mask for link, mask in offers.items() if mask})
        for buffer, link in matching:
            self._forward(buffer, choice.get((buffer, link), -1), link, cycle)

    def why(self, flit: Flit, cycle: int) -> int:
        """A head that lost its link to another, or found the sink full, has its channel's cause; all else is contention."""
        channel = self.channels[flit.channel]
        lost = self.link_taken_at[channel.link] == cycle or self.full_at[flit.channel] == cycle
        headed = flit.queue is not None and flit.queue.headed(flit, cycle)
        return channel.lost_cause if headed and lost else _CONTENTION

    def _able(self, index: int, mask: int, cycle: int) -> int:
        """Of the buffers that want a channel, those that are not sending and whose flit has room downstream."""
        if self.flits > 1:
            for buffer in places(mask):
                if self.buffer_free_at[buffer] > cycle:
                    mask &= ~(1 << buffer)
        channel = self.channels[index]
        if channel.terminal:
            if mask and not channel.target.room(self._queue((mask & -mask).bit_length() - 1, index).flits[0], cycle):
                self.full_at[index] = cycle
                return 0
            return mask
        for buffer in places(mask):
            if not channel.target.room(self._queue(buffer, index).flits[0], cycle):
                mask &= ~(1 << buffer)
        return mask

    def _for_the_same_word(self, link: int, winner: int, mask: int) -> int:
        """Of the buffers that ask for a link of one channel, those whose head wants the word that the winner's wants."""
        word = self._queue(winner, link).flits[0].word
        return sum(1 << buffer for buffer in places(mask) if self._queue(buffer, link).flits[0].word == word)

    def _queue(self, buffer: int, channel: int) -> Queue:
        return self.queues[buffer * self.per_buffer + (channel if self.per_buffer > 1 else 0)]

    def _show_arrivals(self, cycle: int) -> None:
        for queue, buffer in self.arriving.pop(cycle, ()):
            queue.visible += 1
            if queue.visible == 1:
                self.wants[queue.flits[0].channel] |= 1 << buffer

    def _forward(self, buffer: int, channel: int, link: int, cycle: int) -> None:
        queue = self._queue(buffer, channel)
        flit = queue.remove(0, cycle)
        queue.visible -= 1
        self.wants[flit.channel] &= ~(1 << buffer)
        if queue.visible:
            self.wants[queue.flits[0].channel] |= 1 << buffer
        self.link_taken_at[link] = cycle
        self.link_free_at[link] = cycle + self.flits
        self.buffer_free_at[buffer] = cycle + self.flits
        self.inside -= 1
        self.clock.counts[HOPS[self.phase]] += self.flits
        self.channels[flit.channel].target.receive(flit, cycle)
