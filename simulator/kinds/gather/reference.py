"""The reference engine of the gather fabric: builds one cluster and runs it through one tile."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from simulator.engine.cluster import ClusterSpec, Outcome
from simulator.engine.reference.bank import BankPort
from simulator.engine.reference.clock import UNIT, Clock, Process
from simulator.engine.reference.flit import Flit
from simulator.engine.reference.lists import ListWalk, Pieces
from simulator.engine.reference.network import (
    CombinedReplies,
    DirectReplies,
    DirectRequests,
    RequestPath,
    RoutedReplies,
    RoutedRequests,
)
from simulator.engine.reference.units import outcome
from simulator.engine.reference.watching import ClusterParts, ClusterWatch, unwatched
from simulator.engine.work import TileValues, TileWork
from simulator.errors import stalled
from simulator.kinds.gather.unit import VectorUnit, WorkList
from simulator.kinds.units.checks import check_accumulators


class LandingRegisters:
    """One unit's landing registers, as the reply path sees them: the units are built after the path that leads to them."""

    def __init__(self, units: list[VectorUnit], index: int) -> None:
        self.units = units
        self.index = index

    def free(self, cycle: int) -> float:
        """Reserved at issue, so never full."""
        return float("inf")

    def receive(self, flit: Flit, ready: int) -> None:
        """Hand a word to the unit."""
        self.units[self.index].receive(flit, ready)


def work_lists(work: TileWork, values: TileValues | None) -> list[WorkList]:
    """Every unit's list, each entry unrolled over the tile's token words."""
    ends = work.ends_row()
    rows_per_token = int(work.own.max(initial=-1)) + 1
    token = np.arange(work.token_words)[None, :]
    lists = []
    for start, stop in itertools.pairwise(work.unit_ptr):
        entry = np.repeat(np.arange(start, stop), work.token_words)
        k = work.word[start:stop][:, None]
        address = token * work.words + k
        shown = np.where(work.present[token, k], address, -1)
        lists.append(
            WorkList(
                word=shown.ravel().tolist(),
                bank=work.bank[address].ravel().tolist(),
                row=(token * rows_per_token + work.own[start:stop][:, None]).ravel().tolist(),
                ends_row=ends[entry].tolist(),
                weights=None if values is None else values.weights[entry],
            )
        )
    return lists


class Cluster:
    """The components of one cluster, joined."""

    def __init__(self, spec: ClusterSpec, work: TileWork, values: TileValues | None) -> None:
        self.spec = spec
        self.most_cycles = serial_cycles(spec, work)
        self.clock = Clock()
        self.units: list[VectorUnit] = []
        sinks = [LandingRegisters(self.units, index) for index in range(spec.units)]
        memory, lanes = (None, 1) if values is None else (values.words, values.words.shape[1])
        self.replies = self._replies(sinks)
        self.ports = [
            BankPort(self.clock, port, spec.bank_slots, spec.read_latency, self.replies, memory, multicast=spec.multicast)
            for port in range(spec.ports)
        ]
        self.requests = self._requests()
        self.pieces = Pieces(work)
        for index, unit_work in enumerate(work_lists(work, values)):
            self.units.append(VectorUnit(self.clock, ListWalk(self.pieces, index), spec, unit_work, self.requests, lanes))

    def run(self) -> None:
        """Run until every unit has nothing left to do but merge."""
        for port in self.ports:
            self.clock.start(port.run())
        self.clock.start(self._watch())
        self.clock.env.run(until=self.clock.env.all_of([self.clock.start(unit.run()) for unit in self.units]))

    def _watch(self) -> Process:
        """A lost flit would leave its unit waiting for ever."""
        yield self.clock.at(self.most_cycles, UNIT)
        raise stalled(self.most_cycles)

    def _replies(self, sinks: list[LandingRegisters]) -> DirectReplies | RoutedReplies:
        if self.spec.network != "routed":
            return DirectReplies(sinks, self.spec.direct_delays()[1].tolist())
        if self.spec.combines:
            return CombinedReplies(self.clock, sinks, self.spec.direct_delays()[1].tolist())
        return RoutedReplies(self.clock, self.spec, sinks)

    def _requests(self) -> RequestPath:
        if self.spec.network == "routed":
            return RoutedRequests(self.clock, self.spec, self.ports)
        return DirectRequests(self.ports, self.spec.direct_delays()[0].tolist())


def serial_cycles(spec: ClusterSpec, work: TileWork) -> int:
    """More cycles than any run takes: every entry alone, from its issue to the write of its row."""
    requests, replies = spec.direct_delays()
    crossing = int(requests.max()) + int(replies.max())
    return (work.entries + 1) * (crossing + spec.read_latency + spec.merge_cycles + 4)


def run_cluster(spec: ClusterSpec, work: TileWork, values: TileValues | None, watch: ClusterWatch = unwatched) -> Outcome:
    """Run one cluster through one tile, from reset. Raises ValueError for more token words than a unit has accumulators."""
    check_accumulators(spec, work)
    cluster = Cluster(spec, work, values)
    watch(ClusterParts.of(cluster.clock, cluster.units, cluster.ports, requests=cluster.requests, replies=cluster.replies))
    cluster.run()
    outputs = None if values is None else _outputs(cluster.units, work, values.words.shape[1] // spec.summed_lanes)
    return outcome(cluster.clock, cluster.units, cluster.pieces, outputs)


def _outputs(units: list[VectorUnit], work: TileWork, width: int) -> NDArray[np.float64]:
    """[units, token_words, output rows, lanes / summed lanes]: what was written of each row."""
    rows = int(work.own.max(initial=-1)) + 1
    banks = np.zeros((len(units), work.token_words, rows, width))
    for unit, bank in zip(units, banks, strict=True):
        for key, value in unit.outputs.items():
            bank[key // rows, key % rows] = value
    return banks
