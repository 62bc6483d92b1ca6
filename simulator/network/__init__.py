"""Networks: topologies as graphs of routers, and one network's hardware (`spec.py`). Start with `graph.py` and `topologies.py`."""

from __future__ import annotations

from simulator.network.graph import Graph, check_deadlock_free
from simulator.network.spec import NetworkSpec
from simulator.network.topologies import TOPOLOGIES, TopologyName, draw

__all__ = ["TOPOLOGIES", "Graph", "NetworkSpec", "TopologyName", "check_deadlock_free", "draw"]
