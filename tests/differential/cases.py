"""Random clusters and work for them, over every option of both; what the engines are held against each other on."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.engine.cluster import ClusterSpec
from simulator.engine.work import WHOLE_LISTS, ListStream, TileWork
from simulator.kinds.sampled.schedule import repeated
from simulator.kinds.units.placement import PLACEMENTS
from simulator.network import TOPOLOGIES, NetworkSpec
from simulator.network.traffic import PATTERNS, Arrivals, PatternName, draw_arrivals
from tests.clusters import cluster

NETWORKS = ("routed", "routed", "routed", "routed", "ideal", "none")
SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 16)
WIDE = (65, 70, 130)
"""More ports than a word of a bit mask has bits, for one case in twelve."""


@dataclass(frozen=True, eq=False)
class Case:
    """One cluster and one tile of each dataflow for it; reproducible from what `repr` shows."""

    spec: ClusterSpec
    seed: int
    k_words: int
    token_words: int
    rows: int
    density: float
    zeros: float
    banks: str
    stream: ListStream

    def gather(self) -> TileWork:
        """Lists of (row, word) for each unit; rows ascend, words ascend within a row, some words are all zero."""
        random = np.random.default_rng(self.seed)
        lists = []
        for _ in range(self.spec.units):
            filled = random.random((int(random.integers(0, self.rows + 1)), self.k_words)) < self.density
            lists.append(np.argwhere(filled))
        entries = np.concatenate(lists).astype(np.int32)
        return TileWork(
            unit_ptr=_pointers(lists),
            word=entries[:, 1].copy(),
            own=entries[:, 0].copy(),
            weight_index=np.arange(len(entries)),
            words=self.k_words,
            token_words=self.token_words,
            bank=self._placed(random, self.token_words * self.k_words),
            present=random.random((self.token_words, self.k_words)) >= self.zeros,
            stream=self.stream,
        )

    def sampled(self) -> tuple[ClusterSpec, TileWork]:
        """A sampled product's lists: every entry its own row, repeated for all token words, also in pieces; two to five lanes are added."""
        work = self.gather()
        count = np.diff(work.unit_ptr)
        place = np.arange(len(work.word)) - np.repeat(work.unit_ptr[:-1], count)
        words = work.word[:, None] + np.arange(self.token_words) * self.k_words
        spread = replace(
            work,
            unit_ptr=work.unit_ptr * self.token_words,
            word=words.ravel().astype(np.int32),
            own=np.repeat(place, self.token_words).astype(np.int32),
            weight_index=np.repeat(work.weight_index, self.token_words),
            words=self.k_words * self.token_words,
            token_words=1,
            present=work.present.reshape(1, -1),
            stream=work.stream if work.stream == WHOLE_LISTS else repeated(work.stream, self.token_words),
        )
        return replace(self.spec, summed_lanes=2 + self.seed % 4), spread

    def scatter(self) -> TileWork:
        """Lists of (column, word) for each unit; columns ascend and are the unit's own, some activations are all zero."""
        random = np.random.default_rng(self.seed)
        lists = []
        columns = 0
        for _ in range(self.spec.units):
            filled = random.random((int(random.integers(0, self.rows + 1)), self.k_words)) < self.density
            lists.append(np.argwhere(filled) + np.array([columns, 0]))
            columns += len(filled)
        entries = np.concatenate(lists).astype(np.int32)
        return TileWork(
            unit_ptr=_pointers(lists),
            word=entries[:, 1].copy(),
            own=entries[:, 0].copy(),
            weight_index=np.arange(len(entries)),
            words=self.k_words,
            token_words=self.token_words,
            bank=self._placed(random, self.token_words * self.k_words),
            present=random.random((self.token_words, max(1, columns))) >= self.zeros,
            stream=self.stream,
        )

    def other(self) -> Case:
        """Another tile of other sizes for the same cluster."""
        tokens, stream = max(1, self.token_words - 1), ListStream(2, 2) if self.stream == WHOLE_LISTS else WHOLE_LISTS
        return dataclasses.replace(
            self, seed=self.seed + 1, k_words=self.k_words + 1, token_words=tokens, zeros=0.0 if self.zeros else 0.2, stream=stream
        )

    def _placed(self, random: np.random.Generator, words: int) -> Any:
        if self.banks == "random":
            return random.integers(0, self.spec.banks, size=words).astype(np.int32)
        return PLACEMENTS[self.banks](words, self.spec.banks)


def _pointers(lists: list[Any]) -> Any:
    return np.concatenate(([0], np.cumsum([len(entries) for entries in lists]))).astype(np.int64)


@st.composite
def specs(draw: st.DrawFn) -> ClusterSpec:
    """A cluster: most draws have a network, most of those are a full crossbar or have flits of one cycle."""
    network = draw(st.sampled_from(NETWORKS))
    queues, allocator = draw(st.sampled_from(["fifo", "voq"])), draw(st.sampled_from(["islip", "round_robin"]))
    issue_width = draw(st.sampled_from([1, 1, 2, 3]))
    sizes = draw(st.sampled_from([SIZES] * 11 + [WIDE]))
    multicast = draw(st.booleans())
    combines = multicast and network == "routed"
    return cluster(
        units=1 if network == "none" else draw(st.sampled_from(sizes)),
        banks=draw(st.sampled_from(sizes)),
        bank_ports=draw(st.sampled_from([1, 1, 2, 3])),
        bank_queue=draw(st.integers(1, 4)),
        read_latency=draw(st.integers(1, 4)),
        multicast=multicast,
        window=max(issue_width, draw(st.sampled_from([1, 2, 3, 5, 8, 16]))),
        issue_width=issue_width,
        scan_width=draw(st.integers(1, 5)),
        accumulators=draw(st.integers(1, 5)),
        multiply_latency=draw(st.sampled_from([0, 0, 1, 3])),
        accumulate_latency=draw(st.integers(1, 6)),
        feed=draw(st.sampled_from([1, 1, 2, 4])),
        allocation=draw(st.sampled_from([1, 1, 2, 3])),
        network=network,
        queues=queues,
        depth=draw(st.integers(1, 5)),
        reply_depth=draw(st.integers(1, 3)),
        allocator=allocator,
        iterations=draw(st.integers(1, 4)) if queues == "voq" and allocator == "islip" else 1,
        latency=draw(st.sampled_from([1, 1, 2, 3, 5])),
        topology="full" if combines else draw(st.sampled_from(["full", *TOPOLOGIES])),
        radix=draw(st.integers(2, 5)),
        request_flits=1 if combines else draw(st.sampled_from([1, 1, 1, 2, 3])),
        reply_flits=1 if combines else draw(st.sampled_from([1, 1, 2, 4])),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A cluster and sizes of a tile for it."""
    spec = draw(specs())
    hashable = spec.banks & (spec.banks - 1) == 0
    small = spec.units > 16
    return Case(
        spec=spec,
        seed=draw(st.integers(0, 2**32 - 1)),
        k_words=draw(st.integers(1, 5 if small else 20)),
        token_words=draw(st.integers(1, min(3, spec.accumulators))),
        stream=draw(st.builds(ListStream, st.integers(1, 6), st.integers(1, 3)) | st.just(WHOLE_LISTS)),
        rows=draw(st.integers(1, 2 if small else 4)),
        density=draw(st.sampled_from([0.1, 0.4, 0.8, 1.0])),
        zeros=draw(st.sampled_from([0.0, 0.0, 0.3, 0.9])),
        banks=draw(st.sampled_from(["interleaved", "random", "random", *(["hashed"] if hashable else [])])),
    )


@dataclass(frozen=True)
class SwitchCase:
    """A network alone, and the traffic that drives it."""

    spec: NetworkSpec
    pattern: PatternName
    load: float
    cycles: int
    seed: int

    def arrivals(self) -> Arrivals:
        """The traffic."""
        return draw_arrivals(self.spec, self.pattern, self.load, self.cycles, self.seed)


@st.composite
def switch_cases(draw: st.DrawFn) -> SwitchCase:
    """A network over all of its options, under light load or none that it can carry."""
    queues, allocator = draw(st.sampled_from(["fifo", "voq"])), draw(st.sampled_from(["islip", "round_robin"]))
    sizes = draw(st.sampled_from([SIZES] * 11 + [WIDE]))
    sources = draw(st.sampled_from(sizes))
    spec = NetworkSpec(
        sources=sources,
        sinks=draw(st.sampled_from([sources, *sizes])),
        topology=draw(st.sampled_from(["full", *TOPOLOGIES])),
        radix=draw(st.integers(2, 5)),
        queues=queues,
        depth=draw(st.integers(1, 5)),
        allocator=allocator,
        iterations=draw(st.integers(1, 4)) if queues == "voq" and allocator == "islip" else 1,
        latency=draw(st.sampled_from([1, 1, 2, 5])),
    )
    return SwitchCase(
        spec=spec,
        pattern=draw(st.sampled_from(sorted(PATTERNS))),
        load=draw(st.sampled_from([0.1, 0.5, 1.0])),
        cycles=draw(st.sampled_from([1, 30, 80])),
        seed=draw(st.integers(0, 2**32 - 1)),
    )
