"""What every buffer, link and channel of a graph carries when each source sends one flit to each sink."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.network.graph import Graph


class UniformLoad(Struct, frozen=True, eq=False):
    """Flits of an all-to-all exchange; what none of them passes is hardware that need not be built."""

    of_buffer: NDArray[np.int64]
    """[buffers] flits that pass."""
    of_channel: NDArray[np.int64]
    """[channels] flits that pass."""
    channels_of_buffer: NDArray[np.int64]
    """[buffers] channels that some flit takes from the buffer."""
    sources_of_buffer: NDArray[np.int64]
    """[buffers] sources whose flits pass."""

    @property
    def hops(self) -> int:
        """Flits times routers passed."""
        return int(self.of_buffer.sum())


def uniform_load(graph: Graph) -> UniformLoad:
    """Count up the routes of a graph. Raises ConfigError where `Graph.routes` does."""
    routes = graph.routes
    of_buffer, of_channel = np.zeros(graph.buffers, dtype=np.int64), np.zeros(graph.channels, dtype=np.int64)
    np.add.at(of_buffer, routes.buffer_of_turn, routes.pairs_of_turn)
    np.add.at(of_channel, routes.channel_of_turn, routes.pairs_of_turn)
    channels_of_buffer = np.bincount(routes.buffer_of_turn, minlength=graph.buffers)
    return UniformLoad(of_buffer, of_channel, channels_of_buffer, routes.sources_of_buffer)
