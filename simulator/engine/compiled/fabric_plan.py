"""The memory of a fabric before the first cycle of a tile: what all dataflows share of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.engine.cluster import ClusterSpec
from simulator.engine.compiled.layout import (
    AT_SINK,
    CAUSE_COUNT,
    IN_BANK,
    IN_REPLIES,
    IN_REQUESTS,
    NOT_LOOKED,
    UNLIMITED,
    Fabric,
    Flit,
    Queue,
    Unit,
)
from simulator.engine.compiled.memory import Layout, mask_words, numbers
from simulator.engine.compiled.network_plan import NetworkPlan, Pipelines, write_nobody, write_queues
from simulator.engine.compiled.records import Memory, View, fields_of, view


class FabricMemory(Struct, frozen=True, eq=False):
    """The memory of a fabric at rest."""

    fabric: type[Fabric[Any]]
    memory: Memory
    longest_delay: int
    """Cycles of the longest pipeline."""


class FabricPlan:
    """Where the parts of a fabric are in the memory; a dataflow extends it by what its units have."""

    fabric: type[Fabric[Any]] = Fabric
    unit: type[Unit] = Unit

    def __init__(self, spec: ClusterSpec) -> None:
        self.spec = spec
        self.layout = layout = Layout(self.fabric)
        self.banks = layout.block(Queue, spec.ports)
        self.units = layout.block(self.unit, spec.units)
        self.flits = layout.block(Flit, spec.units * spec.window)
        self.tags = layout.places(spec.units * spec.window)
        self.active = layout.places(spec.units)
        self.causes = layout.masks(1, CAUSE_COUNT)
        self.joined = self._joined()

    def at_rest(self) -> FabricMemory:
        """The fabric without lists."""
        memory = self.layout.memory()
        self.write(memory)
        return FabricMemory(self.fabric, memory, max(self.joined.pipes.delays))

    def write(self, memory: Memory) -> None:
        """Write all of it at rest."""
        spec, fabric = self.spec, view(memory, self.fabric)
        fabric.routed = spec.network == "routed"
        fabric.ranked = spec.multicast or spec.network != "routed"
        for name in ("window", "examine_width", "bank_ports", "read_latency", "accumulate_latency", "ports", "units"):
            setattr(fabric, name, getattr(spec, name))
        fabric.banks, fabric.port_words = self.banks.first, mask_words(spec.ports)
        fabric.active_units, fabric.every_unit, fabric.causes = self.active, self.units.first, self.causes
        fabric.spare_tags = fabric.spare_accumulators = UNLIMITED
        for network in (fabric.request_network, fabric.reply_network):
            network.spare_slots = network.spare_sinks = UNLIMITED
        write_queues(memory, self.banks, int(min(spec.bank_slots, UNLIMITED)), IN_BANK)
        self._write_units(memory)
        self.joined.write(memory, fabric, self)

    def landed(self) -> NDArray[np.int64]:
        """[units] queues of landed words."""
        return self.units.addresses + fields_of(Unit)["landed"].offset

    def _joined(self) -> RoutedPlan | CombinedPlan | WiredPlan:
        """What joins units and banks."""
        if self.spec.combines:
            return CombinedPlan(self.layout, self.spec)
        return RoutedPlan(self.layout, self.spec) if self.spec.network == "routed" else WiredPlan(self.layout, self.spec)

    def _write_units(self, memory: Memory) -> None:
        spec, units, flits = self.spec, self.units.of(memory), self.flits.of(memory)
        units.number = np.arange(spec.units)
        units.free_tags = spec.window
        units.tags = self.tags + spec.window * np.arange(spec.units)
        units.oldest = units.newest = self.units.addresses
        units.landed.tail = self.landed()
        units.landed.free = UNLIMITED
        units.landed.place = AT_SINK
        units.at_bank = NOT_LOOKED
        units.last_write = units.last_scan = -1
        flits.unit = np.repeat(self.units.addresses, spec.window)
        flits.tag = np.tile(np.arange(spec.window), spec.units)
        flits.channel = fields_of(self.fabric)["nobody"].offset
        numbers(memory, self.tags, self.flits.count)[:] = self.flits.addresses


class RoutedPlan:
    """Networks of routers between units and banks."""

    def __init__(self, layout: Layout, spec: ClusterSpec) -> None:
        self.requests = NetworkPlan(layout, spec.requests, IN_REQUESTS)
        self.replies = NetworkPlan(layout, spec.replies, IN_REPLIES)
        flits = spec.units * spec.window
        to_bank, to_unit = self.requests.delays(), self.replies.delays()
        request_links, reply_links = self.requests.graph.links, self.replies.graph.links
        delays = [*to_bank[:2], *to_unit[:2], to_bank[2], to_unit[2]]
        rates = [spec.units * spec.issue_width, request_links, spec.ports, reply_links, request_links, reply_links]
        self.pipes = Pipelines(layout, delays, [min(flits, rate * (delay + 1)) for rate, delay in zip(rates, delays, strict=True)])

    def write(self, memory: Memory, fabric: View, plan: FabricPlan) -> None:
        """Write them at rest, between units and the queues of ports."""
        self.requests.write(memory, fabric.request_network, plan.banks.addresses)
        self.replies.write(memory, fabric.reply_network, plan.landed())
        plan.units.of(memory).entry_buffer = self.requests.entry_buffers
        requests, replies, pipes = fabric.request_network, fabric.reply_network, self.pipes
        requests.entry_pipe, requests.inner_pipe, requests.sink_pipe = pipes[0], pipes[1], pipes[4]
        replies.entry_pipe, replies.inner_pipe, replies.sink_pipe = pipes[2], pipes[3], pipes[5]
        pipes.write(memory)
        _write_pipes(fabric, pipes, 4, 1, 1)
        wider = max(self.requests, self.replies, key=lambda network: network.mask_words)
        write_nobody(fabric.nobody, wider.nobody_wants, wider.nobody_wanted)


class CombinedPlan:
    """A network of routers for requests; wires of one delay for replies, which never wait behind requests that combine."""

    def __init__(self, layout: Layout, spec: ClusterSpec) -> None:
        self.requests = NetworkPlan(layout, spec.requests, IN_REQUESTS)
        self.wire_count = spec.ports * spec.units
        self.wires = layout.places(self.wire_count)
        flits = spec.units * spec.window
        delays = [*self.requests.delays(), spec.read_latency + spec.replies.latency]
        rates = [spec.units * spec.issue_width, spec.units, spec.units, spec.units]
        self.pipes = Pipelines(layout, delays, [min(flits, rate * (delay + 1)) for rate, delay in zip(rates, delays, strict=True)])

    def write(self, memory: Memory, fabric: View, plan: FabricPlan) -> None:
        """Write them at rest, between units and the queues of ports."""
        self.requests.write(memory, fabric.request_network, plan.banks.addresses)
        plan.units.of(memory).entry_buffer = self.requests.entry_buffers
        requests, pipes = fabric.request_network, self.pipes
        requests.entry_pipe, requests.inner_pipe, requests.sink_pipe = pipes[0], pipes[1], pipes[2]
        pipes.write(memory)
        _write_pipes(fabric, pipes, 2, 1, 1)
        numbers(memory, self.wires, self.wire_count)[:] = pipes[3]
        fabric.reply_wires = self.wires
        write_nobody(fabric.nobody, self.requests.nobody_wants, self.requests.nobody_wanted)


class WiredPlan:
    """Wires between every unit and every port, each with a delay of its own; those of equal delay share a pipeline."""

    def __init__(self, layout: Layout, spec: ClusterSpec) -> None:
        requests, replies = spec.direct_delays()
        self.request_delays, self.request_pipe = np.unique(1 + requests, return_inverse=True)
        self.reply_delays, self.reply_pipe = np.unique(spec.read_latency + replies, return_inverse=True)
        delays = [*self.request_delays.tolist(), *self.reply_delays.tolist()]
        self.pipes = Pipelines(layout, delays, [spec.units * spec.window] * len(delays))
        self.request_wires, self.reply_wires = layout.places(requests.size), layout.places(replies.size)
        self.nobody_wants, self.nobody_wanted = layout.masks(1, 1), layout.places(1)

    def write(self, memory: Memory, fabric: View, plan: FabricPlan) -> None:
        """Write them empty, between units and the queues of ports."""
        to_banks, to_units = len(self.request_delays), len(self.reply_delays)
        self.pipes.write(memory)
        _write_pipes(fabric, self.pipes, 0, to_banks, to_units)
        numbers(memory, self.request_wires, self.request_pipe.size)[:] = self.pipes.pipes[self.request_pipe.ravel()]
        numbers(memory, self.reply_wires, self.reply_pipe.size)[:] = self.pipes.pipes[to_banks + self.reply_pipe.ravel()]
        fabric.request_wires, fabric.reply_wires = self.request_wires, self.reply_wires
        write_nobody(fabric.nobody, self.nobody_wants, self.nobody_wanted)


def _write_pipes(fabric: View, pipes: Pipelines, to_routers: int, to_banks: int, to_units: int) -> None:
    """Write how many of the pipelines end where."""
    fabric.router_pipes, fabric.bank_pipes, fabric.unit_pipes = to_routers, to_banks, to_units
    fabric.to_routers, fabric.to_banks, fabric.to_units = pipes[0], pipes[to_routers], pipes[to_routers + to_banks]
