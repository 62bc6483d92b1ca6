"""How units and banks are joined: a pair of crossbars, or direct wires."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from simulator.timing.fabric import CAUSE, ClusterSpec
from simulator.timing.reference.allocator import Allocator
from simulator.timing.reference.bank import BankPort
from simulator.timing.reference.clock import REPLY, REQUEST, Clock
from simulator.timing.reference.flit import Flit
from simulator.timing.reference.router import Router, Sink


class RequestPath(Protocol):
    """What a unit sends its requests into."""

    def free(self, unit: int, port: int, cycle: int) -> float:
        """Slots for a request of `unit` to a bank port at the start of `cycle`."""

    def send(self, flit: Flit, port: int, cycle: int) -> None:
        """Take a request that is issued in `cycle`."""


class CrossbarRequests:
    """The request crossbar: inputs are units, outputs are bank ports."""

    def __init__(self, clock: Clock, spec: ClusterSpec, ports: Sequence[Sink]) -> None:
        self.router = Router(
            clock,
            REQUEST,
            list(ports),
            spec.units,
            queues=spec.queues,
            slots=spec.depth,
            latency=spec.latency,
            allocator=Allocator(spec.units, spec.ports, spec.iterations, registered=spec.allocator == "islip"),
            lost_cause=CAUSE["bank_conflict"],
        )
        clock.start(self.router.run())

    def free(self, unit: int, port: int, cycle: int) -> float:
        """Slots of the unit's input queue."""
        return self.router.free(unit, port, cycle)

    def send(self, flit: Flit, port: int, cycle: int) -> None:
        """Queue a request; it can be granted in the next cycle."""
        self.router.push(flit.unit, port, flit, cycle + 1)


class CrossbarReplies:
    """The reply crossbar: inputs are bank ports, outputs are units, whose landing registers never refuse."""

    def __init__(self, clock: Clock, spec: ClusterSpec, units: Sequence[Sink]) -> None:
        self.router = Router(
            clock,
            REPLY,
            list(units),
            spec.ports,
            queues="fifo",
            slots=spec.reply_depth + spec.read_latency,
            latency=spec.latency,
            allocator=Allocator(spec.ports, spec.units, 1, registered=True),
        )
        clock.start(self.router.run())

    def free(self, port: int, flit: Flit, cycle: int) -> float:
        """Slots of the port's reply queue."""
        return self.router.free(port, flit.unit, cycle)

    def send(self, port: int, flit: Flit, ready: int) -> None:
        """Queue a word for its unit."""
        self.router.push(port, flit.unit, flit, ready)


class DirectRequests:
    """Wires straight to the bank ports: a copy for one unit, or a perfect network of the same latency."""

    def __init__(self, ports: Sequence[BankPort], latency: int) -> None:
        self.ports = ports
        self.latency = latency

    def free(self, unit: int, port: int, cycle: int) -> float:
        """Slots of the bank port itself."""
        return self.ports[port].free(cycle)

    def send(self, flit: Flit, port: int, cycle: int) -> None:
        """Put the request into the bank port's queue."""
        flit.output = port
        self.ports[port].receive(flit, cycle + 1 + self.latency)


class DirectReplies:
    """Wires straight to the landing registers, which are reserved at issue and never refuse."""

    def __init__(self, units: Sequence[Sink], latency: int) -> None:
        self.units = units
        self.latency = latency

    def free(self, port: int, flit: Flit, cycle: int) -> float:
        """Always room: the landing register waits."""
        return float("inf")

    def send(self, port: int, flit: Flit, ready: int) -> None:
        """Land the word."""
        self.units[flit.unit].receive(flit, ready + self.latency)
