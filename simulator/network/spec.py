"""One network's hardware: what the machine file, the engines, cost and drawings all mean by it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from simulator.network.graph import Graph
from simulator.network.topologies import TopologyName, draw

Queues = Literal["fifo", "voq"]
Allocator = Literal["round_robin", "islip"]


class NetworkSpec(Struct, frozen=True):
    """Routers between so many sources and sinks.

    >>> NetworkSpec(4, 8, queues="voq").slots(fed=False)
    17
    """

    sources: int
    sinks: int
    topology: TopologyName = "full"
    radix: int = 4
    queues: Queues = "fifo"
    """Of an input buffer: one, or one for every output channel of its router."""
    depth: int = 16
    """Slots of a queue, beyond those that cover the pipeline before it."""
    allocator: Allocator = "islip"
    iterations: int = 1
    """Of a cycle's matching."""
    latency: int = 1
    """Pipeline stages of a router and its link."""
    flits: int = 1
    """Of a packet."""
    feed_stages: int = 0
    """Pipeline stages before a buffer that a source fills, which its queue has slots for; a flit takes at least a cycle to it."""
    combines: bool = False
    """Whether heads that want the same word of a sink go to it together."""

    def graph(self) -> Graph:
        """Its routers. Raises ConfigError where its routes could deadlock."""
        return draw(self.topology, self.sources, self.sinks, self.radix)

    def slots(self, *, fed: bool) -> int:
        """Slots of a queue that a source fills (`fed`), or a link."""
        return self.depth + (self.feed_stages if fed else self.latency)

    @property
    def registered(self) -> bool:
        """Whether grant pointers move only when the grant is accepted (iSLIP)."""
        return self.allocator == "islip"

    @property
    def matching(self) -> str:
        """The allocator as reports write it: `islip(2)`."""
        return f"{self.allocator}({self.iterations})" if self.allocator == "islip" else self.allocator
