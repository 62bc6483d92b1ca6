"""What a fabric engine is given and what it gives back; both engines share these types."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.activity import CAUSES, CLOCKED, COUNTERS, Counts
from simulator.engine.milestones import ManyMilestones, Milestones
from simulator.network import NetworkSpec

CAPACITIES = ("window", "accumulators", "bank_queue", "request_depth", "reply_depth")
"""Places of a cluster that only have to be enough."""
MOST = 1 << 40
"""More of them than there ever are."""


class ClusterSpec(Struct, frozen=True):
    """The hardware of one cluster, as numbers that a clocked model needs."""

    requests: NetworkSpec
    """From units to bank ports."""
    replies: NetworkSpec
    """From bank ports to units."""
    bank_ports: int
    bank_queue: int
    multicast: bool
    window: int
    issue_width: int
    scan_width: int
    accumulators: int
    accumulate_latency: int
    """Of an addition: stages of the adder, and partial sums kept of a row."""
    network: Literal["routed", "ideal", "none"]
    """`none`: the copy serves one unit; `ideal`: the same latency, unlimited links and queues."""
    multiply_latency: int = 0
    """Cycles of a product before its addition."""
    summed_lanes: int = 1
    """Neighbouring lanes that are added up when a row is merged: 1 but in sampled products, which add up all."""

    def __post_init__(self) -> None:
        topology, request_flits, reply_flits = self.requests.topology, self.requests.flits, self.replies.flits
        if self.combines and (topology != "full" or request_flits > 1 or reply_flits > 1):
            raise ValueError(
                f"multicast combines requests at one crossbar and needs topology full and flits of whole words, "
                f"not {topology}, {request_flits} and {reply_flits} flits"
            )

    @property
    def combines(self) -> bool:
        """Whether the request crossbar lets requests for the same word go together."""
        return self.network == "routed" and self.requests.combines

    @property
    def request_cycles(self) -> int:
        """That a unit's request takes its link: one a flit, or one where none is routed."""
        return self.requests.flits if self.network == "routed" else 1

    @property
    def units(self) -> int:
        """Units of the cluster: sources of its request network."""
        return self.requests.sources

    @property
    def ports(self) -> int:
        """Bank ports of the cluster: sinks of its request network."""
        return self.requests.sinks

    @property
    def banks(self) -> int:
        """Banks of the cluster."""
        return self.ports // self.bank_ports

    @property
    def read_latency(self) -> int:
        """Cycles of a bank access: stages before the reply network."""
        return self.replies.feed_stages

    @property
    def examine_width(self) -> int:
        """List entries that a unit can examine in a cycle."""
        return max(self.issue_width, self.scan_width)

    @property
    def feed_cycles(self) -> int:
        """From the issue of a request until it may be granted, or accessed where there is no network."""
        return max(1, self.requests.feed_stages)

    @property
    def release_cycles(self) -> int:
        """From the merge of a row until its accumulator is free: the pipeline that its last product passes."""
        return self.multiply_latency + self.accumulate_latency

    @property
    def merge_cycles(self) -> int:
        """From the merge of a row to its write: that pipeline, a tree over its partial sums, and one over summed lanes."""
        levels = (self.accumulate_latency - 1).bit_length() + (self.summed_lanes - 1).bit_length()
        return self.release_cycles + self.accumulate_latency * levels

    @property
    def answer_cycles(self) -> int:
        """From a request to its operand, in an empty fabric."""
        crossing = 0 if self.network == "none" else self.requests.latency + self.replies.latency
        return crossing + self.feed_cycles + self.read_latency

    @property
    def unloaded_cycles(self) -> int:
        """From the first request to the first operand, and from the last operand to the end of the tile, in an empty fabric."""
        return self.answer_cycles + self.merge_cycles

    @property
    def felt_window(self) -> int:
        """The window, as far as a unit can tell in an empty fabric: it never waits for one that lasts until the first word is back."""
        return min(self.window, self.issue_width * (self.answer_cycles + 1))

    @property
    def bank_slots(self) -> float:
        """Slots of a bank port's request queue, behind the network's pipeline; combined requests take one together, and never fill it."""
        if self.network == "ideal" or self.combines:
            return math.inf
        return self.bank_queue + (self.requests.latency if self.network == "routed" else 0)

    def direct_delays(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Cycles of an unhindered crossing, 0 without a network: [units, ports] of requests, [ports, units] of replies.

        With those that requests take to the network beyond the first.
        """
        fed = self.feed_cycles - 1
        if self.network == "none":
            return np.full((self.units, self.ports), fed, dtype=np.int64), np.zeros((self.ports, self.units), dtype=np.int64)
        return _unhindered(self.requests) + fed, _unhindered(self.replies)

    @property
    def capacities(self) -> tuple[int, ...]:
        """In the order of CAPACITIES."""
        return self.window, self.accumulators, self.bank_queue, self.requests.depth, self.replies.depth

    def holding(self, capacities: Sequence[int]) -> ClusterSpec:
        """The same cluster with others."""
        window, accumulators, bank_queue, request_depth, reply_depth = capacities
        requests, replies = replace(self.requests, depth=request_depth), replace(self.replies, depth=reply_depth)
        return replace(self, window=window, accumulators=accumulators, bank_queue=bank_queue, requests=requests, replies=replies)

    def at_any_pace(self) -> ClusterSpec:
        """One cluster for all that differ in capacities and latencies alone, but for the adder's, which bounds what adds to one word."""
        held = self.holding([0] * len(CAPACITIES))
        requests = replace(held.requests, latency=1, feed_stages=0)
        replies = replace(held.replies, latency=1, feed_stages=0)
        return replace(held, requests=requests, replies=replies, multiply_latency=0)

    def alike(self, spare: NDArray[np.int64] | None) -> tuple[range, ...]:
        """[capacities] those with which clusters do in every cycle what these did, of which so much was left when most was taken.

        `spare` is [clusters, capacities]. Where whatever asked for a place has always found more of them than it could take, it
        would in any cluster that has no fewer than were taken, and these: nothing else in a cluster looks at how many there are.
        But for tags, whose numbers choose among the ports of a bank where it has several.
        """
        enough = [1 if self.bank_ports == 1 else MOST, 1, 1, 1, 1]
        enough[0] *= self.issue_width
        left = [0] * len(CAPACITIES) if spare is None else spare.min(axis=0).tolist()
        return tuple(
            range(max(1, held - free + least), MOST) if free >= least else range(held, held + 1)
            for held, free, least in zip(self.capacities, left, enough, strict=True)
        )

    def with_ideal_network(self) -> ClusterSpec:
        """The same cluster with a perfect network, if it has one."""
        return self if self.network == "none" else replace(self, network="ideal")


def _unhindered(network: NetworkSpec) -> NDArray[np.int64]:
    """[sources, sinks] cycles of a crossing."""
    delays: NDArray[np.int64] = network.graph().hops.astype(np.int64) * network.latency + network.flits - 1
    return delays


ONE_UNIT = ClusterSpec(
    requests=NetworkSpec(1, 1),
    replies=NetworkSpec(1, 1, feed_stages=1),
    bank_ports=1,
    bank_queue=1,
    multicast=False,
    window=1,
    issue_width=1,
    scan_width=1,
    accumulators=1,
    accumulate_latency=1,
    network="none",
)
"""The least cluster."""


class Outcome(Struct, frozen=True, eq=False):
    """What one cluster did in one tile."""

    cycles: int
    counts: Counts
    """The clocked counters."""
    unit_cycles: NDArray[np.int64]
    """[causes]: unit-cycles by cause, in the order of CAUSES, over units × cycles."""
    milestones: Milestones
    outputs: NDArray[np.float64] | None = None
    """What the output banks (gather) or the banks (scatter) received, if values were carried."""

    def counters(self) -> tuple[int, ...]:
        """Everything that two engines must agree on: cycles, counters, unit-cycles by cause, milestones."""
        when = self.milestones
        timed = np.concatenate((when.wanted, when.taken, when.written)).tolist()
        return (self.cycles, *self.counts.values(), *self.unit_cycles.tolist(), *timed)


class Outcomes(Struct, frozen=True, eq=False):
    """What clusters did, a tile each."""

    cycles: NDArray[np.int64]
    """[tiles]"""
    clocked: NDArray[np.int64]
    """[tiles, clocked counters] in the order of CLOCKED."""
    unit_cycles: NDArray[np.int64]
    """[tiles, causes]"""
    milestones: ManyMilestones
    outputs: Sequence[NDArray[np.float64] | None] = ()
    """[tiles], if values were carried."""
    spare: NDArray[np.int64] | None = None
    """[tiles, capacities] the fewest places that anything that took one left of each; None: that was not looked at."""

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Outcomes:
        """Those of clusters that were run one by one; one at least."""
        return cls(
            np.array([outcome.cycles for outcome in outcomes]),
            np.array([[getattr(outcome.counts, name) for name in CLOCKED] for outcome in outcomes]),
            np.array([outcome.unit_cycles for outcome in outcomes]),
            ManyMilestones.of([outcome.milestones for outcome in outcomes]),
            [outcome.outputs for outcome in outcomes],
        )

    @property
    def parts(self) -> int:
        """What it takes to hold it: about 400 bytes each."""
        return len(self.cycles) + (len(self.milestones.wanted) + len(self.milestones.written)) // 32

    def count(self, name: str) -> NDArray[np.int64]:
        """[tiles] a clocked counter."""
        counted: NDArray[np.int64] = self.clocked[:, CLOCKED.index(name)]
        return counted

    def counted(self, **more: NDArray[np.int64]) -> NDArray[np.int64]:
        """[tiles, counters] in the order of COUNTERS: the clocked ones, and others in their places."""
        counts = np.zeros((len(self.cycles), len(COUNTERS)), dtype=np.int64)
        counts[:, _CLOCKED_PLACES] = self.clocked
        for name, column in more.items():
            counts[:, COUNTERS.index(name)] = column
        return counts

    def outcome(self, tile: int) -> Outcome:
        """Of one tile."""
        counts = Counts(**dict(zip(CLOCKED, self.clocked[tile].tolist(), strict=True)))
        outputs = self.outputs[tile] if self.outputs else None
        return Outcome(int(self.cycles[tile]), counts, self.unit_cycles[tile], self.milestones[tile], outputs)


_CLOCKED_PLACES = [COUNTERS.index(name) for name in CLOCKED]
CAUSE: dict[str, int] = {name: index for index, name in enumerate(CAUSES)}
"""Index of each cause."""
