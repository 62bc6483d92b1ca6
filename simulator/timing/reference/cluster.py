"""The reference engine of the gather fabric: builds one cluster and runs it through one tile."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES
from simulator.mapping.work import ClusterWork, TileValues
from simulator.timing.fabric import CAUSE, ClusterOutcome, ClusterSpec
from simulator.timing.reference.bank import BankPort, ReplyPath
from simulator.timing.reference.clock import Clock
from simulator.timing.reference.flit import Flit
from simulator.timing.reference.network import CrossbarReplies, CrossbarRequests, DirectReplies, DirectRequests, RequestPath
from simulator.timing.reference.unit import VectorUnit, WorkList


class LateUnits:
    """Landing registers of units that are built after the reply path that leads to them."""

    def __init__(self) -> None:
        self.units: list[VectorUnit] = []

    def sink(self, index: int) -> LandingRegisters:
        """What the reply path sees of a unit."""
        return LandingRegisters(self, index)


class LandingRegisters:
    """One unit's landing registers."""

    def __init__(self, late: LateUnits, index: int) -> None:
        self.late = late
        self.index = index

    def free(self, cycle: int) -> float:
        """Reserved at issue, so never full."""
        return float("inf")

    def receive(self, flit: Flit, ready: int) -> None:
        """Hand a word to the unit."""
        self.late.units[self.index].receive(flit, ready)


def work_lists(work: ClusterWork, values: TileValues | None) -> list[WorkList]:
    """Every unit's list, unrolled over the tile's token words."""
    ends = work.ends_row()
    rows_per_token = int(work.row.max(initial=-1)) + 1
    token = np.arange(work.token_words)[:, None]
    lists = []
    for start, stop in zip(work.unit_ptr[:-1], work.unit_ptr[1:], strict=True):
        k = work.word[start:stop][None, :]
        address = token * work.k_words + k
        shown = np.where(work.present[token, k], address, -1)
        lists.append(
            WorkList(
                word=shown.ravel().tolist(),
                bank=work.bank[address].ravel().tolist(),
                row=(token * rows_per_token + work.row[start:stop][None, :]).ravel().tolist(),
                ends_row=np.broadcast_to(ends[start:stop], address.shape).ravel().tolist(),
                weights=None if values is None else np.broadcast_to(values.weights[start:stop], address.shape).ravel().tolist(),
            )
        )
    return lists


def run_cluster(spec: ClusterSpec, work: ClusterWork, values: TileValues | None) -> ClusterOutcome:
    """Run one cluster through one tile, from reset."""
    clock = Clock()
    units = _build(clock, spec, work_lists(work, values), values)
    ports = units[0][1]
    clock.env.run(until=clock.env.all_of([clock.start(unit.run()) for unit, _ in units]))
    return _outcome([unit for unit, _ in units], ports, work, values)


def _build(clock: Clock, spec: ClusterSpec, lists: list[WorkList], values: TileValues | None) -> list[tuple[VectorUnit, list[BankPort]]]:
    late = LateUnits()
    sinks = [late.sink(index) for index in range(spec.units)]
    crossbar = spec.network == "crossbar"
    latency = spec.latency if spec.network == "ideal" else 0
    replies: ReplyPath = CrossbarReplies(clock, spec, sinks) if crossbar else DirectReplies(sinks, latency)
    slots = float("inf") if spec.network == "ideal" else spec.bank_queue + (spec.latency if crossbar else 0)
    memory = None if values is None else values.words
    ports = [BankPort(clock, port, slots, spec.read_latency, replies, memory, multicast=spec.multicast) for port in range(spec.ports)]
    requests: RequestPath = CrossbarRequests(clock, spec, ports) if crossbar else DirectRequests(ports, latency)
    lanes = 1 if values is None else values.words.shape[1]
    late.units = [VectorUnit(clock, index, spec, work, requests, lanes) for index, work in enumerate(lists)]
    for port in ports:
        clock.start(port.run())
    return [(unit, ports) for unit in late.units]


def _outcome(units: list[VectorUnit], ports: list[BankPort], work: ClusterWork, values: TileValues | None) -> ClusterOutcome:
    cycles = max(unit.end for unit in units)
    causes = np.zeros(len(CAUSES), dtype=np.int64)
    for unit in units:
        causes += unit.causes
        causes[CAUSE["imbalance"]] += cycles - sum(unit.causes)
    macs = sum(unit.macs for unit in units)
    merged = sum(unit.rows_merged for unit in units)
    return ClusterOutcome(
        cycles=cycles,
        list_entries=sum(unit.position for unit in units),
        entries_dropped=sum(unit.dropped for unit in units),
        requests=sum(unit.issued for unit in units),
        x_bank_reads=sum(port.accesses for port in ports),
        replies=macs,
        accumulator_updates=macs,
        rows_merged=merged,
        output_bank_writes=merged,
        unit_cycles=causes,
        outputs=None if values is None else _outputs(units, work, values.words.shape[1]),
    )


def _outputs(units: list[VectorUnit], work: ClusterWork, lanes: int) -> NDArray[np.float64]:
    rows = int(work.row.max(initial=-1)) + 1
    banks = np.zeros((len(units), work.token_words, rows, lanes))
    for unit, bank in zip(units, banks, strict=True):
        for key, value in unit.outputs.items():
            bank[key // rows, key % rows] = value
    return banks
