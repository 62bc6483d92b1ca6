"""The fewest cycles in which a machine could run a workload, found without simulating it.

Built only from what must happen: every useful word is multiplied, every operand comes in once, an operation waits for
those that it depends on, the fabric runs operations in order, and the W memories have two halves. No run is quicker, so
that a search may leave out, unseen and without any loss, what is too slow already by this figure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Counts
from simulator.kinds.systolic.array_product import ArrayProduct
from simulator.kinds.systolic.dense_product import dense_product
from simulator.kinds.systolic.schedule import flows_of, least_cycles, products_of
from simulator.kinds.units.lists import present_words
from simulator.machine.elaborated import DMA_CHUNK_BYTES, Elaborated
from simulator.machine.model import GatherFabric, Machine
from simulator.system.residency import Homes, tensor_homes
from simulator.workload.types import Operation, Workload

Ints = NDArray[np.int64]
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Least:
    """What no run of a machine goes below."""

    cycles: int
    count: Callable[[], Counts]
    """Counts them: only energies ask."""

    @cached_property
    def counts(self) -> Counts:
        """Events that happen in every run, at least as often."""
        return self.count()


@dataclass(frozen=True)
class _Need:
    """What one operation cannot do without."""

    compute_cycles: int
    homes: Homes
    w_home: str
    counts: Counts


@dataclass(frozen=True, eq=False)
class Floor:
    """What a workload needs at least, of any machine; patterns are counted once for each number of lanes.

    floor = Floor(workload)
    floor.least(elaborated).cycles <= simulate(machine, workload).cycles
    """

    workload: Workload
    _words: dict[tuple[str, int, bool], Ints] = field(default_factory=dict)
    _products: dict[tuple[str, str], list[ArrayProduct]] = field(default_factory=dict)
    _folds: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def least(self, elaborated: Elaborated) -> Least:
        """The fewest cycles and events of a run, however its operations are cut into tiles; in a millisecond or so."""
        homed = zip(self.workload.operations, tensor_homes(elaborated.machine, self.workload), strict=True)
        return self._least(elaborated, [self._need(elaborated.machine, op, home) for op, home in homed])

    def of_operation(self, machine: Machine, operation: Operation, homes: Homes) -> Least:
        """Cycles of the fabric, and events, that one operation has in every run."""
        need = self._need(machine, operation, homes)
        return Least(need.compute_cycles, lambda: need.counts)

    def _least(self, elaborated: Elaborated, needs: list[_Need]) -> Least:
        counts = Counts.total(need.counts for need in needs)
        trunks = elaborated.machine.trunks
        busiest = max(
            (counts.dram_read_bytes + counts.dram_write_bytes) / elaborated.dram_bytes_per_cycle,
            counts.x_trunk_bytes / trunks.x_bytes_per_cycle,
            counts.w_trunk_bytes / trunks.w_bytes_per_cycle,
            counts.drain_bytes / trunks.drain_bytes_per_cycle,
            _Chain(elaborated).end(self.workload, needs),
        )
        return Least(max(0, math.floor(busiest - _ROUNDING)), lambda: counts)

    def _need(self, machine: Machine, op: Operation, homes: Homes) -> _Need:
        w_home = homes.x if op.weight_home == "activation" else "dram"
        counts, compute = self._gathered(machine, op) if isinstance(machine.fabric, GatherFabric) else self._streamed(machine, op)
        y_bytes = -(-op.shape[0] * op.shape[2] * machine.datatypes.activation_bits // 8)
        x_bytes, w_bytes = counts.x_trunk_bytes, counts.w_trunk_bytes
        moved = Counts(
            dram_read_bytes=(x_bytes if homes.x == "dram" else 0) + (w_bytes if w_home == "dram" else 0),
            dram_write_bytes=y_bytes if homes.y == "dram" else 0,
            buffer_read_bytes=(x_bytes if homes.x == "buffer" else 0) + (w_bytes if w_home == "buffer" else 0),
            buffer_write_bytes=y_bytes if homes.y == "buffer" else 0,
            drain_bytes=y_bytes,
        )
        return _Need(compute, homes, w_home, counts + moved)

    def _gathered(self, machine: Machine, op: Operation) -> tuple[Counts, int]:
        """A fabric of units: one word a unit and cycle, and one a bank port, were all of them equally busy."""
        fabric = machine.gather
        token_words = -(-op.shape[2] // fabric.lanes)
        words, entries = int(self._words_of(machine, op).sum()), op.weight.nnz * token_words
        ports = fabric.clusters * fabric.banks_per_copy * fabric.bank_ports
        compute = max(
            -(-words // fabric.units),
            -(-entries // (fabric.units * machine.weight_port_entries)),
            0 if fabric.multicast else -(-words // ports),
        )
        gathers = machine.mapping.dataflow == "gather"
        routed = words if fabric.has_network else 0
        entry_bits = machine.weight_entry_bits(dense=op.weight.dense)
        counts = Counts(
            macs_useful=op.macs_useful,
            mac_slots=max(op.macs_useful, words * fabric.lanes if gathers else 0),
            list_entries=entries,
            weight_bank_reads=-(-entries // machine.weight_port_entries),
            requests=words,
            x_bank_reads=0 if fabric.multicast or not gathers else words,
            replies=words if gathers else 0,
            request_hops=routed,
            reply_hops=routed if gathers else 0,
            accumulator_updates=words if gathers else 0,
            x_trunk_bytes=op.shape[1] * token_words * machine.word_bytes if gathers else 0,
            w_trunk_bytes=_made_bytes(machine, op) if op.weight_home == "activation" else op.weight.nnz * entry_bits // 8,
        )
        return counts, compute

    def _streamed(self, machine: Machine, operation: Operation) -> tuple[Counts, int]:
        """A systolic array: folds of whole extents, by the best dataflow that it may choose.

        Where it skips or packs, only the activations that useful products need, and their weights without places.
        """
        fabric, op, bits = machine.systolic, dense_product(operation), machine.datatypes
        m, k, n = op.block_shape
        made = _made_bytes(machine, op) if op.weight_home == "activation" else None
        if fabric.skip_zero_tiles or fabric.column_skip or fabric.n_m != "none" or machine.weight_decoder:
            slots = operation.macs_useful
            needed = _needed(op) if operation.gradient is None else (0, 0)
            x_bytes, w_bytes = needed[1] * bits.activation_bits // 8, 0 if made is not None else needed[0] * bits.weight_bits // 8
        else:
            slots, x_bytes = op.macs_dense, op.batch * (k * n * bits.activation_bits // 8)
            w_bytes = made if made is not None else op.batch * (k * m * bits.weight_bits // 8)
        counts = Counts(macs_useful=operation.macs_useful, mac_slots=slots, x_trunk_bytes=x_bytes, w_trunk_bytes=w_bytes)
        return counts, max(self._array_cycles(machine, operation), -(-slots // machine.multipliers))

    def _array_cycles(self, machine: Machine, op: Operation) -> int:
        """The fewest of any way and any dataflow in which the array can run an operation."""
        fabric = machine.systolic
        if (op.name, fabric.n_m) not in self._products:
            self._products[op.name, fabric.n_m] = products_of(machine, op)
        cycles = []
        for place, product in enumerate(self._products[op.name, fabric.n_m]):
            for flow in flows_of(fabric, product):
                options = fabric.weight_load, fabric.skip_zero_tiles, fabric.column_skip, fabric.n_m
                key = (op.name, place, flow, fabric.rows, fabric.cols, *options)
                if key not in self._folds:
                    self._folds[key] = least_cycles(fabric, product, flow)
                cycles.append(self._folds[key])
        return min(cycles, default=0)

    def _words_of(self, machine: Machine, op: Operation) -> Ints:
        """[token words] nonzeros of W whose word is not all zero there."""
        key = (op.name, machine.gather.lanes, machine.gather.zero_skip)
        if key not in self._words:
            degree = np.bincount(op.weight.indices, minlength=op.shape[1]).astype(np.int64)
            self._words[key] = present_words(machine, op).astype(np.int64) @ degree
        return self._words[key]


class _Chain:
    """Operation after operation, were each stream (X, W, Y) the only user of what it shares with the others."""

    def __init__(self, elaborated: Elaborated) -> None:
        self.elaborated = elaborated
        self.trunks = elaborated.machine.trunks
        self.rate = elaborated.dram_bytes_per_cycle
        self.ends: dict[str, float] = {}
        self.fabric: list[float] = []
        """When the fabric was done with each operation."""
        self.w_issued = 0.0
        self.w_fetched = 0.0

    def end(self, workload: Workload, needs: list[_Need]) -> float:
        """When the last output is where it belongs."""
        for op, need in zip(workload.operations, needs, strict=True):
            awaited = max((self.ends[name] for name in op.depends_on), default=0.0)
            w_starts, w_there = self._weights(need, awaited if op.weight_home == "activation" else 0.0)
            begun = max(self.fabric[-1] if self.fabric else 0.0, awaited, w_starts)
            computed, end = self._whole(need, awaited, begun)
            self.fabric.append(max(computed, w_there))
            self.ends[op.name] = max(end, w_there)
        return max(self.ends.values(), default=0.0)

    def _weights(self, need: _Need, awaited: float) -> tuple[float, float]:
        """When an operation's W can begin to come, and when it is there.

        Each operation fills a half at least once, so the half that it begins with was last used two operations before,
        or later.
        """
        starts = max(self.w_issued, awaited, self.fabric[-2] if len(self.fabric) > 1 else 0.0)
        size = need.counts.w_trunk_bytes
        if need.w_home == "buffer":
            self.w_issued = starts + size / self.trunks.w_bytes_per_cycle
            return starts, self.w_issued
        self.w_fetched = max(starts, self.w_fetched) + size / self.rate
        self.w_issued = max(starts, self.w_fetched - self.elaborated.dma_slots * DMA_CHUNK_BYTES / self.rate)
        return starts, self.w_fetched + self._latency("dram")

    def _whole(self, need: _Need, awaited: float, begun: float) -> tuple[float, float]:
        """Tiles unknown: transfers and compute may overlap all the way."""
        x_there = awaited + need.counts.x_trunk_bytes / self._x_rate(need) + self._latency(need.homes.x)
        computed = max(begun + need.compute_cycles, x_there)
        return computed, max(computed, begun + need.counts.drain_bytes / self.trunks.drain_bytes_per_cycle)

    def _x_rate(self, need: _Need) -> float:
        x_rate = self.trunks.x_bytes_per_cycle
        return min(self.rate, x_rate) if need.homes.x == "dram" else x_rate

    def _latency(self, home: str) -> int:
        return self.elaborated.dram_latency_cycles if home == "dram" else 0


def _needed(op: Operation) -> tuple[int, int]:
    """Nonzeros of W that meet any nonzero of X, and nonzeros of X that meet any of W."""
    degree = np.bincount(op.weight.indices, minlength=op.weight.shape[1])
    present = np.full(len(degree), op.shape[2]) if op.activations.mask is None else op.activations.mask.sum(axis=1)
    return int(degree[present > 0].sum()), int(present[degree > 0].sum())


def _made_bytes(machine: Machine, op: Operation) -> int:
    """A W that is made from activations lies dense, block by block."""
    m, k, _ = op.block_shape
    bits = machine.datatypes.activation_bits if isinstance(machine.fabric, GatherFabric) else machine.datatypes.weight_bits
    return op.batch * (m * k * bits // 8)
