"""The ways in which an array can run one operation, and what has been found of them that no rate of the system changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar, TypeVar

from simulator.kinds.systolic import compiled
from simulator.kinds.systolic.array_product import ArrayProduct, in_row_order
from simulator.kinds.systolic.candidates import Candidate
from simulator.kinds.systolic.compiled.engine import Outline
from simulator.kinds.systolic.families import Family, families_of, grouped, least_cycles
from simulator.kinds.systolic.invariants import Parts, whole_folds
from simulator.kinds.systolic.machine import ArrayMachine, SystolicFabric
from simulator.kinds.systolic.outlines import Cuts
from simulator.kinds.systolic.program import ArrayProgram
from simulator.recall import NOTHING, Recall
from simulator.system.tensors import Residency
from simulator.workload.made import whole_product
from simulator.workload.types import Operation

T = TypeVar("T")
SMALL_SEARCH_TILES = 20_000
"""Tiles of all schedules that are outlined without kernels, at 50 µs a tile: kernels are compiled in a few seconds."""


class Ways:
    """Of one operation on one array, wherever its operands live: searches for several systems share it."""

    pieces: ClassVar[int] = 4096
    """Tiles and parts of transfers of all programs that are kept at once; others are made again when they are asked for again."""

    def __init__(self, machine: ArrayMachine, operation: Operation, residency: Residency, recall: Recall = NOTHING) -> None:
        """`recall` keeps what the operation's zeros decide on any array."""
        self.machine, self.operation, self.residency = machine, operation, residency
        self.array = whole_product(operation)
        self.natural = families_of(machine, operation, residency, recall)
        self._least: dict[Family, int] = {}
        self._grouped: dict[Family, Family | None] = {}
        self._parts: dict[Hashable, Parts] = {}
        self._cuts: dict[ArrayProduct, Cuts] = {}
        self._made: dict[Hashable, Any] = {}
        self._kept = 0
        self._outlined = 0
        self._compiled = False

    def least_cycles(self, family: Family) -> int:
        """Cycles that no schedule of a family goes below."""
        if family not in self._least:
            self._least[family] = least_cycles(family.fabric, family.product, family.dataflow)
        return self._least[family]

    def grouped(self, family: Family) -> Family | None:
        """A family with its output features grouped by their zeros; None where the array takes no fewer cycles for it."""
        if family not in self._grouped:
            other = grouped(family)
            fewer = other is not None and whole_folds(other, other.fabric)[1] < whole_folds(family, family.fabric)[1]
            self._grouped[family] = other if fewer else None
        return self._grouped[family]

    def parts(self, family: Family, fabrics: Sequence[SystolicFabric]) -> Parts:
        """What no size of tile changes, of those parts of the array that a family's sizes are tried on."""
        key = family.product, family.dataflow, family.fabric
        if key not in self._parts:
            self._parts[key] = Parts(family, fabrics)
        return self._parts[key]

    def program(self, family: Family, candidate: Candidate) -> ArrayProgram:
        """The program of a schedule."""
        return self._once("program", family, candidate, Cuts.program)

    def outline(self, family: Family, candidate: Candidate) -> Outline | ArrayProgram:
        """What there is to ask of a schedule before it is played: by the kernels, but in a small search for which they are not ready."""
        self._compiled = self._compiled or self._outlined >= SMALL_SEARCH_TILES or compiled.ready()
        if not self._compiled:
            self._outlined += candidate.tiles(family)
            return self.program(family, candidate)
        return self._once("outline", family, candidate, Cuts.outline)

    def _once(self, what: str, family: Family, candidate: Candidate, make: Callable[[Cuts, Family, Candidate], T]) -> T:
        key = what, family.product, family.dataflow, family.compressed, candidate.fabric, candidate.tile, candidate.loop_order
        if key in self._made:
            found: T = self._made[key]
            return found
        if family.product not in self._cuts:
            array = in_row_order(self.array, family.product.row_order)
            self._cuts[family.product] = Cuts(self.machine, self.operation, array, self.residency)
        made, pieces = make(self._cuts[family.product], family, candidate), 3 * candidate.tiles(family)
        if self._kept + pieces <= self.pieces:
            self._kept += pieces
            self._made[key] = made
        return made

    def rest(self) -> None:
        """Let go of what is large and quickly found again: lines of operands, and their sums."""
        for product in {family.product for family in (*self.natural, *filter(None, self._grouped.values()))}:
            product.forget()
        for parts in self._parts.values():
            parts.forget()
