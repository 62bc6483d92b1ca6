"""The memory of a cluster before the first cycle of a tile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.engine.cluster import ClusterSpec
from simulator.engine.compiled import layout as at
from simulator.engine.compiled.memory import Layout, Registers, Words, addresses, mask_words, records
from simulator.engine.compiled.network_plan import NetworkHardware, NetworkPlan, Pipelines, write_nobody, write_queues


@dataclass(frozen=True, eq=False)
class ClusterMemory:
    """The memory of a cluster, and where its units are."""

    m: Registers
    w: Words
    units: int
    active: int
    longest_delay: int
    """Cycles of the longest pipeline."""

    def with_lists(self, unit_ptr: NDArray[np.int64], sizes: dict[int, int]) -> tuple[Registers, Words]:
        """A copy for one tile: list ends of every unit [units + 1], and the sizes of the tile."""
        m, w = self.m.copy(), self.w.copy()
        table = records(m, self.units, len(unit_ptr) - 1, at.UNIT_SIZE)
        table[:, at.ENTRY] = table[:, at.FIRST_ENTRY] = unit_ptr[:-1] - unit_ptr[0]
        table[:, at.END_ENTRY] = unit_ptr[1:] - unit_ptr[0]
        busy = np.flatnonzero(np.diff(unit_ptr)) if sizes[at.TOKEN_WORDS] else np.zeros(0, dtype=np.int64)
        m[self.active : self.active + len(busy)] = self.units + at.UNIT_SIZE * busy
        w[at.ACTIVE] = len(busy)
        for field, value in sizes.items():
            m[field] = value
        return m, w


@lru_cache(maxsize=4)
def cluster_memory(spec: ClusterSpec) -> ClusterMemory:
    """A cluster at rest, without lists."""
    layout = Layout()
    banks = layout.registers(spec.ports * at.QUEUE_SIZE)
    units = UnitPlan(layout, spec)
    joined = _plan(layout, spec)
    m, w = layout.memory()
    write_queues(m, banks, np.full(spec.ports, min(spec.bank_slots, at.UNLIMITED), dtype=np.int64), at.IN_BANK)
    units.write(m)
    joined.write(m, w, addresses(banks, spec.ports, at.QUEUE_SIZE), units)
    header = {
        at.FIRST_BANK: banks,
        at.PORT_WORDS: mask_words(spec.ports),
        at.SERVED: units.served,
        at.ACTIVE_UNITS: units.active,
    }
    for field, value in (header | _sizes(spec)).items():
        m[field] = value
    return ClusterMemory(m, w, units.units, units.active, max(joined.pipes.delays))


def _plan(layout: Layout, spec: ClusterSpec) -> RoutedPlan | CombinedPlan | WiredPlan:
    """What joins units and banks."""
    if spec.combines:
        return CombinedPlan(layout, spec)
    return RoutedPlan(layout, spec) if spec.network == "routed" else WiredPlan(layout, spec)


class RoutedPlan:
    """Networks of routers between units and banks."""

    def __init__(self, layout: Layout, spec: ClusterSpec) -> None:
        self.requests = NetworkPlan(layout, spec.request_graph(), _request_hardware(spec))
        self.replies = NetworkPlan(layout, spec.reply_graph(), _reply_hardware(spec))
        flits = spec.units * spec.window
        to_bank, to_unit = self.requests.delays(), self.replies.delays()
        request_links, reply_links = self.requests.graph.links, self.replies.graph.links
        delays = [*to_bank[:2], *to_unit[:2], to_bank[2], to_unit[2]]
        rates = [spec.units * spec.issue_width, request_links, spec.ports, reply_links, request_links, reply_links]
        self.pipes = Pipelines(layout, delays, [min(flits, rate * (delay + 1)) for rate, delay in zip(rates, delays, strict=True)])

    def write(self, m: Registers, w: Words, ports: NDArray[np.int64], units: UnitPlan) -> None:
        """Write them at rest, between units and the queues of ports."""
        self.requests.write(m, w, at.REQUESTS, ports)
        self.replies.write(m, w, at.REPLIES, units.landed)
        units.table(m)[:, at.ENTRY_BUFFER] = self.requests.entry_buffers
        self.pipes.write(m)
        entry, inner, reply_entry, reply_inner, to_bank, to_unit = (self.pipes.at(index) for index in range(6))
        self.requests.write_pipes(m, at.REQUESTS, [entry, inner, to_bank])
        self.replies.write_pipes(m, at.REPLIES, [reply_entry, reply_inner, to_unit])
        m[[at.ROUTER_PIPES, at.BANK_PIPES, at.UNIT_PIPES, at.PIPES_END]] = entry, to_bank, to_unit, self.pipes.at(6)
        wider = max(self.requests, self.replies, key=lambda network: network.mask_words)
        write_nobody(m, wider.nobody)


class CombinedPlan:
    """A network of routers for requests; wires of one delay for replies, which never wait behind requests that combine."""

    def __init__(self, layout: Layout, spec: ClusterSpec) -> None:
        self.requests = NetworkPlan(layout, spec.request_graph(), _request_hardware(spec))
        self.wires = layout.registers(spec.ports * spec.units)
        self.wire_count = spec.ports * spec.units
        flits = spec.units * spec.window
        delays = [*self.requests.delays(), spec.read_latency + spec.latency]
        rates = [spec.units * spec.issue_width, spec.units, spec.units, spec.units]
        self.pipes = Pipelines(layout, delays, [min(flits, rate * (delay + 1)) for rate, delay in zip(rates, delays, strict=True)])

    def write(self, m: Registers, w: Words, ports: NDArray[np.int64], units: UnitPlan) -> None:
        """Write them at rest, between units and the queues of ports."""
        self.requests.write(m, w, at.REQUESTS, ports)
        units.table(m)[:, at.ENTRY_BUFFER] = self.requests.entry_buffers
        self.pipes.write(m)
        entry, inner, to_bank, to_unit = (self.pipes.at(index) for index in range(4))
        self.requests.write_pipes(m, at.REQUESTS, [entry, inner, to_bank])
        m[self.wires : self.wires + self.wire_count] = to_unit
        m[at.REPLY_WIRES] = self.wires
        m[[at.ROUTER_PIPES, at.BANK_PIPES, at.UNIT_PIPES, at.PIPES_END]] = entry, to_bank, to_unit, self.pipes.at(4)
        write_nobody(m, self.requests.nobody)


class WiredPlan:
    """Wires between every unit and every port, each with a delay of its own; those of equal delay share a pipeline."""

    def __init__(self, layout: Layout, spec: ClusterSpec) -> None:
        requests, replies = spec.direct_delays()
        self.request_delays, self.request_pipe = np.unique(1 + requests, return_inverse=True)
        self.reply_delays, self.reply_pipe = np.unique(spec.read_latency + replies, return_inverse=True)
        delays = [*self.request_delays.tolist(), *self.reply_delays.tolist()]
        self.pipes = Pipelines(layout, delays, [spec.units * spec.window] * len(delays))
        self.wires = layout.registers(requests.size + replies.size)
        self.nobody = layout.masks(1, 1)

    def write(self, m: Registers, w: Words, ports: NDArray[np.int64], units: UnitPlan) -> None:
        """Write them empty, between units and the queues of ports."""
        self.pipes.write(m)
        to_units = len(self.request_delays)
        wires = np.concatenate([self.request_pipe.ravel(), to_units + self.reply_pipe.ravel()])
        m[self.wires : self.wires + len(wires)] = self.pipes.first + at.PIPE_SIZE * wires
        m[[at.REQUEST_WIRES, at.REPLY_WIRES]] = self.wires, self.wires + self.request_pipe.size
        m[[at.ROUTER_PIPES, at.BANK_PIPES]] = self.pipes.first
        m[[at.UNIT_PIPES, at.PIPES_END]] = self.pipes.at(to_units), self.pipes.at(len(self.pipes.delays))
        write_nobody(m, self.nobody)


class UnitPlan:
    """Where units and their flits are in the memory."""

    def __init__(self, layout: Layout, spec: ClusterSpec) -> None:
        self.spec = spec
        self.units = layout.registers(spec.units * at.UNIT_SIZE)
        self.flits = layout.registers(spec.units * spec.window * at.FLIT)
        self.tags = layout.registers(spec.units * spec.window)
        self.served = layout.registers(spec.units * spec.window)
        self.active = layout.registers(spec.units)
        self.rows = layout.registers(spec.units * spec.accumulators * at.ROW_SIZE)
        self.free_rows, self.releases = (layout.registers(spec.units * spec.accumulators) for _ in range(2))

    @property
    def landed(self) -> NDArray[np.int64]:
        """[units] queues of landed words."""
        return addresses(self.units + at.LANDED, self.spec.units, at.UNIT_SIZE)

    def table(self, m: Registers) -> Registers:
        """[units, fields]"""
        return records(m, self.units, self.spec.units, at.UNIT_SIZE)

    def write(self, m: Registers) -> None:
        """Write all units without lists."""
        spec = self.spec
        table = self.table(m)
        table[:, at.NUMBER] = np.arange(spec.units)
        table[:, at.FREE_TAGS] = spec.window
        table[:, at.OLDEST] = table[:, at.NEWEST] = addresses(self.units, spec.units, at.UNIT_SIZE)
        table[:, at.TAGS] = addresses(self.tags, spec.units, spec.window)
        table[:, at.FIRST_FLIT] = addresses(self.flits, spec.units, spec.window * at.FLIT)
        table[:, at.LANDED + at.TAIL] = self.landed
        table[:, at.LANDED + at.FREE] = at.UNLIMITED
        table[:, at.LANDED + at.PLACE] = at.AT_SINK
        table[:, at.AT_BANK] = at.NOT_LOOKED
        table[:, at.FREE_ROWS] = addresses(self.free_rows, spec.units, spec.accumulators)
        table[:, at.RELEASE_RING] = addresses(self.releases, spec.units, spec.accumulators)
        table[:, [at.MERGED_AT, at.LAST_WRITE, at.LAST_SCAN, at.HELD]] = -1
        flits = spec.units * spec.window
        every = records(m, self.flits, flits, at.FLIT)
        every[:, at.UNIT] = np.repeat(addresses(self.units, spec.units, at.UNIT_SIZE), spec.window)
        every[:, at.CHANNEL] = at.NO_CHANNEL
        m[self.tags : self.tags + flits] = addresses(self.flits, flits, at.FLIT)
        rows = spec.units * spec.accumulators
        m[self.free_rows : self.free_rows + rows] = addresses(self.rows, rows, at.ROW_SIZE)


def _sizes(spec: ClusterSpec) -> dict[int, int]:
    return {
        at.ROUTED: int(spec.network == "routed"),
        at.WINDOW: spec.window,
        at.ISSUE_WIDTH: spec.issue_width,
        at.EXAMINE_WIDTH: spec.examine_width,
        at.ACCUMULATORS: spec.accumulators,
        at.ACCUMULATE_LATENCY: spec.accumulate_latency,
        at.MERGE_CYCLES: spec.merge_cycles,
        at.BANK_PORTS: spec.bank_ports,
        at.READ_LATENCY: spec.read_latency,
        at.MULTICAST: int(spec.multicast),
        at.RANKED: int(spec.multicast or spec.network != "routed"),
        at.PORTS: spec.ports,
        at.UNITS: spec.units,
    }


def _request_hardware(spec: ClusterSpec) -> NetworkHardware:
    return NetworkHardware(
        voq=spec.queues == "voq",
        entry_slots=spec.depth,
        inner_slots=spec.depth + spec.latency,
        entry_delay=1,
        latency=spec.latency,
        flits=spec.request_flits,
        iterations=spec.iterations,
        registered=spec.allocator == "islip",
        place=at.IN_REQUESTS,
        combines=spec.combines,
    )


def _reply_hardware(spec: ClusterSpec) -> NetworkHardware:
    return NetworkHardware(
        voq=False,
        entry_slots=spec.reply_depth + spec.read_latency,
        inner_slots=spec.reply_depth + spec.latency,
        entry_delay=spec.read_latency,
        latency=spec.latency,
        flits=spec.reply_flits,
        iterations=1,
        registered=True,
        place=at.IN_REPLIES,
    )
