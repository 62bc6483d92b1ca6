"""What every buffer, link and channel of a graph carries when each source sends one flit to each sink."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.network.graph import Graph


@dataclass(frozen=True, eq=False)
class UniformLoad:
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
    """Follow every (source, sink) of a graph whose routes have been checked (`draw` does)."""
    sources, sinks = (grid.ravel().astype(np.int32) for grid in np.indices((graph.sources, graph.sinks)))
    of_buffer = np.zeros(graph.buffers, dtype=np.int64)
    of_channel = np.zeros(graph.channels, dtype=np.int64)
    per_router = np.bincount(graph.router_of_link[graph.link_of_channel], minlength=graph.routers)
    first = np.concatenate(([0], np.cumsum(per_router)))[graph.router_of_buffer]
    taken = np.zeros((graph.buffers, int(per_router.max())), dtype=np.bool_)
    seen = np.zeros((graph.buffers, graph.sources), dtype=np.bool_)
    buffers = graph.buffer_of_source[sources]
    while len(buffers):
        channels = graph.next_channel(buffers, sources, sinks)
        of_buffer += np.bincount(buffers, minlength=graph.buffers)
        of_channel += np.bincount(channels, minlength=graph.channels)
        taken[buffers, channels - first[buffers]] = True
        seen[buffers, sources] = True
        target = graph.target_of_channel[channels]
        inside = target >= 0
        buffers, sources, sinks = target[inside], sources[inside], sinks[inside]
    return UniformLoad(of_buffer, of_channel, taken.sum(axis=1), seen.sum(axis=1))
