"""The memory of a cluster before the first cycle of a tile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.timing.compiled import layout as at
from simulator.timing.compiled.memory import Layout, Registers, Words, addresses, mask_words, records
from simulator.timing.compiled.network_plan import NetworkHardware, NetworkPlan, wheel_turns, write_queues, write_wheel
from simulator.timing.fabric import ClusterSpec
from simulator.topology import draw


@dataclass(frozen=True, eq=False)
class ClusterMemory:
    """The memory of a cluster, and where its units are."""

    m: Registers
    w: Words
    units: int
    active: int

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
    routed = spec.network == "routed"
    # where there are no routers, networks of one port stand in: the kernels take them, and never look
    request_graph, reply_graph = (spec.request_graph(), spec.reply_graph()) if routed else (draw("full", 1, 1, 2),) * 2
    requests = NetworkPlan(layout, request_graph, _request_hardware(spec))
    replies = NetworkPlan(layout, reply_graph, _reply_hardware(spec))
    banks = layout.registers(spec.ports * at.QUEUE_SIZE)
    units = UnitPlan(layout, spec)
    request_delay, reply_delay = _delays(spec)
    delays = layout.registers(request_delay.size + reply_delay.size)
    turns = wheel_turns(_longest_pipeline(spec, int(request_delay.max()), int(reply_delay.max())))
    wheel = layout.registers(at.TURN_SIZE * turns)
    bank_masks = layout.masks(1, mask_words(spec.ports))
    m, w = layout.memory()
    requests.write(m, w, at.REQUESTS, addresses(banks, spec.ports, at.QUEUE_SIZE))
    replies.write(m, w, at.REPLIES, units.landed)
    write_queues(m, banks, np.full(spec.ports, min(spec.bank_slots, at.UNLIMITED), dtype=np.int64))
    units.write(m)
    write_wheel(m, wheel, turns)
    m[at.NO_CHANNEL + at.WANTS] = requests.nobody if requests.mask_words > replies.mask_words else replies.nobody
    m[delays : delays + request_delay.size + reply_delay.size] = np.concatenate([request_delay.ravel(), reply_delay.ravel()])
    header = {
        at.FIRST_BANK: banks,
        at.BANK_MASKS: bank_masks,
        at.BANK_MASK_WORDS: mask_words(spec.ports),
        at.SERVED: units.served,
        at.REQUEST_DELAYS: delays,
        at.REPLY_DELAYS: delays + request_delay.size,
        at.ACTIVE_UNITS: units.active,
    }
    for field, value in (header | _sizes(spec)).items():
        m[field] = value
    return ClusterMemory(m, w, units.units, units.active)


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

    def write(self, m: Registers) -> None:
        """Write all units without lists."""
        spec = self.spec
        table = records(m, self.units, spec.units, at.UNIT_SIZE)
        table[:, at.NUMBER] = np.arange(spec.units)
        table[:, at.FREE_TAGS] = spec.window
        table[:, at.OLDEST] = table[:, at.NEWEST] = addresses(self.units, spec.units, at.UNIT_SIZE)
        table[:, at.TAGS] = addresses(self.tags, spec.units, spec.window)
        table[:, at.FIRST_FLIT] = addresses(self.flits, spec.units, spec.window * at.FLIT)
        table[:, at.LANDED + at.TAIL] = self.landed
        table[:, at.LANDED + at.FREE] = at.UNLIMITED
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
        latency=spec.latency,
        flits=spec.request_flits,
        iterations=spec.iterations,
        registered=spec.allocator == "islip",
        place=at.IN_REQUESTS,
        place_after=at.IN_BANK,
    )


def _reply_hardware(spec: ClusterSpec) -> NetworkHardware:
    return NetworkHardware(
        voq=False,
        entry_slots=spec.reply_depth + spec.read_latency,
        inner_slots=spec.reply_depth + spec.latency,
        latency=spec.latency,
        flits=spec.reply_flits,
        iterations=1,
        registered=True,
        place=at.IN_REPLIES,
        place_after=at.AT_SINK,
    )


def _delays(spec: ClusterSpec) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Crossings without routers; with routers nobody asks."""
    nothing = np.zeros((1, 1), dtype=np.int64)
    return (nothing, nothing) if spec.network == "routed" else spec.direct_delays()


def _longest_pipeline(spec: ClusterSpec, request_delay: int, reply_delay: int) -> int:
    """Cycles from a decision to the arrival that is furthest off."""
    return max(1 + request_delay, spec.read_latency + reply_delay, spec.latency + max(spec.request_flits, spec.reply_flits))
