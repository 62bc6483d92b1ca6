"""Every route of a graph, followed from each source to each sink: how long it is, and what lies on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.errors import ConfigError

if TYPE_CHECKING:
    from simulator.network.graph import Graph

Indices = NDArray[np.int64]
Bits = NDArray[np.uint64]

_BLOCK = 1 << 17
"""Flits that are followed at a time where each goes by itself: as many as a processor's cache holds."""
_WORD = 64
"""Sinks of which one word tells, a bit each."""


class Routes(Struct, frozen=True, eq=False):
    """Where the flits of all (source, sink) pairs pass. A turn is a channel that some of them take out of a buffer."""

    hops: NDArray[np.int16]
    """[sources, sinks] routers passed on the way."""
    buffer_of_turn: Indices
    """[turns] in order."""
    channel_of_turn: Indices
    """[turns] in order within the buffer."""
    pairs_of_turn: Indices
    """[turns] pairs that take it."""
    sources_of_buffer: Indices
    """[buffers] sources whose flits pass."""


def follow(graph: Graph) -> Routes:
    """Follow every (source, sink). Raises ConfigError where a route is missing, ends at another sink, or runs in a circle."""
    tally = _Tally(graph)
    # where the table alone decides, flits of one source that meet in a buffer stay together until their sinks part them
    if graph.spread_count.any() or tally.ports > _WORD:
        _follow_each(tally)
    else:
        _follow_words(tally)
    return tally.routes()


class _Tally:
    """What has been seen so far of the routes of a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        owner = graph.router_of_link[graph.link_of_channel]
        channels = np.bincount(owner, minlength=graph.routers)
        self.ports = int(channels.max())
        """Channels of the router that has most."""
        self.first = (np.cumsum(channels) - channels)[graph.router_of_buffer]
        """[buffers] first channel of its router."""
        self.pairs = np.zeros(graph.buffers * self.ports, dtype=np.int64)
        """[buffers, ports] flat: pairs that take the channel out of the buffer."""
        self.seen = np.zeros(graph.buffers * graph.sources, dtype=np.bool_)
        """[buffers, sources] flat."""
        self.hops = np.zeros(graph.sources * graph.sinks, dtype=np.int16)
        """[sources, sinks] flat."""
        self.target = graph.target_of_channel.astype(np.int64)

    def enter(self, buffers: Indices, sources: Indices, hop: int) -> None:
        """Flits stand in buffers, `hop` routers behind them."""
        if hop > self.graph.routers:
            raise self.no_route()
        self.seen[buffers * self.graph.sources + sources] = True

    def turn(self, buffers: Indices, ports: Indices, pairs: Indices | None = None) -> Indices:
        """Flits leave buffers by ports (so many `pairs` each, or one); returns the buffers that they reach, or −1 − sink."""
        count = np.bincount(buffers * self.ports + ports, weights=pairs, minlength=len(self.pairs))
        self.pairs += count.astype(np.int64)
        return self.target.take(self.first.take(buffers) + ports)

    def arrive(self, sources: Indices, sinks: Indices, hop: int) -> None:
        """Flits have reached their sinks."""
        self.hops[sources * self.graph.sinks + sinks] = hop

    def no_route(self) -> ConfigError:
        """Error for flits that are not led on, or without end."""
        return ConfigError(f"topology {self.graph.name}: no route between some source and sink")

    def wrong_sink(self) -> ConfigError:
        """Error for flits that are led to a sink of others."""
        return ConfigError(f"topology {self.graph.name}: a route ends at the wrong sink")

    def routes(self) -> Routes:
        graph, turns = self.graph, np.flatnonzero(self.pairs)
        buffer, port = np.divmod(turns, self.ports)
        return Routes(
            hops=self.hops.reshape(graph.sources, graph.sinks),
            buffer_of_turn=buffer,
            channel_of_turn=self.first[buffer] + port,
            pairs_of_turn=self.pairs[turns],
            sources_of_buffer=self.seen.reshape(graph.buffers, graph.sources).sum(axis=1),
        )


def _follow_each(tally: _Tally) -> None:
    """Every flit by itself, those of some sources at a time."""
    graph = tally.graph
    table, row = graph.route.ravel(), graph.route_row.astype(np.int64) * graph.sinks
    spread, count = graph.spread_first - tally.first, np.maximum(graph.spread_count, 1)
    step = max(1, _BLOCK // graph.sinks)
    for start in range(0, graph.sources, step):
        sources, sinks = (axis.ravel() for axis in np.mgrid[start : min(start + step, graph.sources), : graph.sinks])
        buffers, hop = graph.buffer_of_source[sources].astype(np.int64), 0
        while len(buffers):
            tally.enter(buffers, sources, hop)
            channels = table.take(row.take(buffers) + sinks)
            ports = channels - tally.first.take(buffers)
            if channels.min() < 0:
                if channels.min() < -1:
                    raise tally.no_route()
                fold = (sources ^ sinks) >> graph.spread_shift.take(buffers)
                ports = np.where(channels == -1, spread.take(buffers) + fold % count.take(buffers), ports)
            target, hop = tally.turn(buffers, ports), hop + 1
            inside = target >= 0
            if not inside.all():
                if (-1 - target[~inside] != sinks[~inside]).any():
                    raise tally.wrong_sink()
                tally.arrive(sources[~inside], sinks[~inside], hop)
                target, sources, sinks = target[inside], sources[inside], sinks[inside]
            buffers = target


def _follow_words(tally: _Tally) -> None:
    """What one source has in one buffer for 64 sinks goes on as a word, out of which each port takes the bits of its sinks."""
    graph = tally.graph
    words = -(-graph.sinks // _WORD)
    mask, row = _sinks_of_ports(graph, tally), graph.route_row.astype(np.int64) * words
    sources, word = (axis.ravel() for axis in np.mgrid[: graph.sources, :words])
    bits = _packed(np.ones((1, graph.sinks), dtype=np.bool_))[0, word]
    buffers, pairs, hop = graph.buffer_of_source[sources].astype(np.int64), graph.sources * graph.sinks, 0
    while pairs:
        tally.enter(buffers, sources, hop)
        parts = mask.take(row.take(buffers) + word, axis=0)
        parts &= bits[:, None]
        parts = parts.ravel()
        taken = np.flatnonzero(parts.astype(np.bool_))
        state, port = np.divmod(taken, tally.ports)
        bits, buffers, sources, word = parts.take(taken), buffers.take(state), sources.take(state), word.take(state)
        count = _ones(bits)
        if count.sum() != pairs:
            raise tally.no_route()
        target, hop = tally.turn(buffers, port, count), hop + 1
        out, inside = target < 0, target >= 0
        sinks = -1 - target[out]
        if (word[out] != sinks // _WORD).any() or (bits[out] != np.uint64(1) << (sinks % _WORD).astype(np.uint64)).any():
            raise tally.wrong_sink()
        tally.arrive(sources[out], sinks, hop)
        bits, buffers, sources, word, pairs = bits[inside], target[inside], sources[inside], word[inside], pairs - len(sinks)


def _sinks_of_ports(graph: Graph, tally: _Tally) -> Bits:
    """[rows × words, ports] the sinks whose flits take a port, by the row of the table that leads them."""
    words = -(-graph.sinks // _WORD)
    first = np.zeros(len(graph.route), dtype=np.int32)
    first[graph.route_row] = tally.first
    mask = np.zeros((len(graph.route), words, tally.ports), dtype=np.uint64)
    for port in range(tally.ports):
        mask[:, :, port] = _packed(graph.route == (first + port)[:, None])
    return mask.reshape(-1, tally.ports)


def _packed(members: NDArray[np.bool_]) -> Bits:
    """[rows, words] a bit for each of [rows, sinks], the first in the lowest place."""
    filled = np.zeros((len(members), -(-members.shape[1] // _WORD) * _WORD // 8), dtype=np.uint8)
    octets = np.packbits(members, axis=1, bitorder="little")
    filled[:, : octets.shape[1]] = octets
    return filled.view("<u8").astype(np.uint64, copy=False)


def _ones(words: Bits) -> Indices:
    """Bits that are set in each word."""
    twos = words - (words >> 1 & 0x5555_5555_5555_5555)
    fours = (twos & 0x3333_3333_3333_3333) + (twos >> 2 & 0x3333_3333_3333_3333)
    eights = fours + (fours >> 4) & 0x0F0F_0F0F_0F0F_0F0F
    count: Indices = (eights * 0x0101_0101_0101_0101 >> 56).astype(np.int64)
    return count
