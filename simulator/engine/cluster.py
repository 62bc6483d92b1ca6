"""What a fabric engine is given and what it gives back; both engines share these types."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, COUNTERS
from simulator.engine.work import TileValues, TileWork
from simulator.network import Graph, TopologyName, draw


@dataclass(frozen=True)
class ClusterSpec:
    """The hardware of one cluster, as numbers that a clocked model needs."""

    units: int
    banks: int
    bank_ports: int
    bank_queue: int
    read_latency: int
    multicast: bool
    window: int
    issue_width: int
    scan_width: int
    accumulators: int
    accumulate_latency: int
    network: Literal["routed", "ideal", "none"]
    """`none`: the copy serves one unit; `ideal`: the same latency, unlimited links and queues."""
    queues: Literal["fifo", "voq"]
    depth: int
    reply_depth: int
    allocator: Literal["round_robin", "islip"]
    iterations: int
    latency: int
    """Pipeline stages of one router and its link."""
    topology: TopologyName = "full"
    radix: int = 4
    request_flits: int = 1
    reply_flits: int = 1
    """Flits of a request and of a reply: its bits over the link's."""
    summed_lanes: int = 1
    """Neighbouring lanes that are added up when a row is merged: 1 but in sampled products, which add up all."""

    def __post_init__(self) -> None:
        if self.combines and (self.topology != "full" or self.request_flits > 1 or self.reply_flits > 1):
            raise ValueError(
                f"multicast combines requests at one crossbar and needs topology full and flits of whole words, "
                f"not {self.topology}, {self.request_flits} and {self.reply_flits} flits"
            )

    @property
    def combines(self) -> bool:
        """Whether the request crossbar lets requests for the same word go together."""
        return self.multicast and self.network == "routed"

    @property
    def ports(self) -> int:
        """Bank ports of the cluster: outputs of its request network."""
        return self.banks * self.bank_ports

    @property
    def examine_width(self) -> int:
        """List entries that a unit can examine in a cycle."""
        return max(self.issue_width, self.scan_width)

    @property
    def merge_cycles(self) -> int:
        """From the merge of a row to its write: accumulator pipeline, a tree over its partial sums, and one over summed lanes."""
        levels = (self.accumulate_latency - 1).bit_length() + (self.summed_lanes - 1).bit_length()
        return self.accumulate_latency * (1 + levels)

    @property
    def bank_slots(self) -> float:
        """Slots of a bank port's request queue, behind the network's pipeline; combined requests take one together, and never fill it."""
        if self.network == "ideal" or self.combines:
            return math.inf
        return self.bank_queue + (self.latency if self.network == "routed" else 0)

    def request_graph(self) -> Graph:
        """Routers from units to bank ports."""
        return draw(self.topology, self.units, self.ports, self.radix)

    def reply_graph(self) -> Graph:
        """Routers from bank ports to units."""
        return draw(self.topology, self.ports, self.units, self.radix)

    def direct_delays(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Cycles of an unhindered crossing, 0 without a network: [units, ports] of requests, [ports, units] of replies."""
        if self.network == "none":
            return np.zeros((self.units, self.ports), dtype=np.int64), np.zeros((self.ports, self.units), dtype=np.int64)
        requests = self.request_graph().hops.astype(np.int64) * self.latency + self.request_flits - 1
        replies = self.reply_graph().hops.astype(np.int64) * self.latency + self.reply_flits - 1
        return requests, replies

    def with_ideal_network(self) -> ClusterSpec:
        """The same cluster with a perfect network, if it has one."""
        return self if self.network == "none" else replace(self, network="ideal")


ONE_UNIT = ClusterSpec(
    units=1,
    banks=1,
    bank_ports=1,
    bank_queue=1,
    read_latency=1,
    multicast=False,
    window=1,
    issue_width=1,
    scan_width=1,
    accumulators=1,
    accumulate_latency=1,
    network="none",
    queues="fifo",
    depth=1,
    reply_depth=1,
    allocator="islip",
    iterations=1,
    latency=1,
)
"""The least cluster."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one cluster did in one tile; every field of a subclass but `outputs` is a counter."""

    def counters(self) -> tuple[int, ...]:
        """Everything that two engines must agree on, in field order."""
        values = [getattr(self, entry.name) for entry in fields(self) if entry.name != "outputs"]
        return tuple(int(number) for value in values for number in np.atleast_1d(value))

    @property
    def counted(self) -> dict[str, int]:
        """Its fields that go by the name of a counter of `Counts`."""
        return {name: int(getattr(self, name)) for name in _counters_of(type(self))}


@lru_cache
def _counters_of(outcome: type[Outcome]) -> tuple[str, ...]:
    return tuple(entry.name for entry in fields(outcome) if entry.name in COUNTERS)


@dataclass(frozen=True, eq=False)
class ClusterOutcome(Outcome):
    """What one cluster did in one tile."""

    cycles: int
    list_entries: int
    entries_dropped: int
    requests: int
    x_bank_reads: int
    replies: int
    request_hops: int
    """Flits that passed a router of the request network."""
    reply_hops: int
    """Flits that passed a router of the reply network."""
    accumulator_updates: int
    rows_merged: int
    output_bank_writes: int
    unit_cycles: NDArray[np.int64]
    """[causes]: unit-cycles by cause, in the order of CAUSES, over units × cycles."""
    outputs: NDArray[np.float64] | None = None
    """[units, token_words, output rows, lanes / summed lanes]: what was written of each row, if values were carried."""


@dataclass(frozen=True, eq=False)
class ScatterOutcome(Outcome):
    """What one cluster did in one tile of the scatter dataflow."""

    cycles: int
    list_entries: int
    entries_dropped: int
    requests: int
    """Products sent."""
    operand_reads: int
    """Activation words read by the units from their own banks."""
    bank_accumulates: int
    """Words that the banks read, added to and wrote back."""
    request_hops: int
    unit_cycles: NDArray[np.int64]
    """[causes]: unit-cycles by cause, in the order of CAUSES, over units × cycles."""
    outputs: NDArray[np.float64] | None = None
    """[token_words × m_words, lanes]: what the banks hold at the end, if values were carried."""


GatherEngine = Callable[[ClusterSpec, TileWork, TileValues | None], ClusterOutcome]
"""Runs one cluster through one tile of the gather dataflow."""
ScatterEngine = Callable[[ClusterSpec, TileWork, TileValues | None], ScatterOutcome]
"""Runs one cluster through one tile of the scatter dataflow."""

CAUSE: dict[str, int] = {name: index for index, name in enumerate(CAUSES)}
"""Index of each cause."""
