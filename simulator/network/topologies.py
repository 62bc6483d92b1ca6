"""Topologies: each one function that draws a graph of routers for so many sources and sinks; those built alike share a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from simulator.network.crossbars import full, hierarchical
from simulator.network.direct import mesh, ring
from simulator.network.graph import Graph, check_deadlock_free
from simulator.network.multistage import benes, butterfly, clos

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
