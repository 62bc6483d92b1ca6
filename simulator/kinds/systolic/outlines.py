"""Schedules as the compiled kernels take them: a few sizes, and tables of what the parts of their operands take."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from simulator.kinds.systolic.candidates import Candidate
from simulator.kinds.systolic.compiled.engine import Outline, outlined
from simulator.kinds.systolic.families import Family
from simulator.kinds.systolic.fills import EdgeFills, Known
from simulator.kinds.systolic.fold_tables import cut_of, fold_tables
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.program import ArrayProgram, array_program, weight_level
from simulator.system.tensors import Residency
from simulator.workload.types import Operation

Ints = NDArray[np.int64]


class Cuts(Struct, frozen=True, eq=False):
    """The schedules of an operation with its output features in one order; parts of operands that they share are looked at once."""

    machine: ArrayMachine
    operation: Operation
    array: Operation
    """The operation as the array sees it, with the rows of W in that order."""
    residency: Residency
    _known: Known = field(default_factory=dict)
    _tables: dict[Hashable, Ints] = field(default_factory=dict)

    def program(self, family: Family, candidate: Candidate) -> ArrayProgram:
        """All of a schedule."""
        return array_program(self.machine, candidate.schedule(family), self.operation, self.array, self.residency, self._known)

    def outline(self, family: Family, candidate: Candidate) -> Outline:
        """What a search asks of a schedule."""
        product, (m, k, n) = family.product, candidate.tile
        cut = cut_of(product, family.dataflow, candidate.fabric, candidate.tile, tokens_outermost=candidate.loop_order == "rounds_m")

        def edges() -> EdgeFills:
            return EdgeFills(self.machine, candidate.schedule(family), self.operation, self.array, self.residency.forms, self._known)

        parts = (
            self._table(("x", k, n), lambda: _of_x(edges())),
            self._table(("w", m, k, family.compressed), lambda: _of_w(edges())),
            self._table(("y", m, n), lambda: edges().y_bytes),
        )
        homes = self.residency.x, weight_level(self.array, self.residency), self.residency.y
        return outlined(cut, candidate.tiles(family), fold_tables(product, cut), parts, homes)

    def _table(self, key: Hashable, make: Callable[[], Ints]) -> Ints:
        if key not in self._tables:
            self._tables[key] = np.ascontiguousarray(make(), dtype=np.int64)
        return self._tables[key]


def _of_x(edges: EdgeFills) -> Ints:
    return np.stack((edges.x_tiles.bytes, edges.x_tiles.bank_cycles))


def _of_w(edges: EdgeFills) -> Ints:
    return np.stack((-(-edges.weight_tiles.stored.total // 8), edges.weight_tiles.bank_cycles))
