"""Topologies: each one function that draws a graph of routers for so many sources and sinks, in a file of its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from simulator.network.benes import benes
from simulator.network.butterfly import butterfly
from simulator.network.clos import clos
from simulator.network.full import full
from simulator.network.graph import Graph, check_deadlock_free
from simulator.network.hierarchical import hierarchical
from simulator.network.mesh import mesh
from simulator.network.ring import ring

TopologyName = Literal["full", "hierarchical", "clos", "butterfly", "benes", "mesh", "ring"]

TOPOLOGIES: dict[TopologyName, Callable[[int, int, int], Graph]] = {
    "full": full,
    "hierarchical": hierarchical,
    "clos": clos,
    "butterfly": butterfly,
    "benes": benes,
    "mesh": mesh,
    "ring": ring,
}
"""(sources, sinks, radix) → graph. A new topology is one function and one line here."""


@lru_cache(maxsize=64)
def draw(topology: TopologyName, sources: int, sinks: int, radix: int) -> Graph:
    """The graph of a topology; ConfigError if its routes could deadlock."""
    graph = TOPOLOGIES[topology](sources, sinks, radix)
    if topology != "full":
        check_deadlock_free(graph)
    return graph
