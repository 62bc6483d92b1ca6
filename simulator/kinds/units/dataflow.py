"""What the dataflows of a fabric of units share: operands, list slices, and how lists reach the units."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Counts
from simulator.engine.cluster import ClusterSpec
from simulator.engine.engines import Engine
from simulator.kinds.gather.schedule import GatherSchedule
from simulator.kinds.scatter.schedule import ScatterSchedule
from simulator.kinds.units.loops import Position
from simulator.kinds.units.machine import UnitsMachine
from simulator.system.program import Part, Span
from simulator.system.stored import dense_elements, stored_weight


@dataclass(frozen=True)
class WeightBytes:
    """Bytes of a fill of W."""

    values: int
    metadata: int

    @classmethod
    def whole(cls, total_bits: int, value_bits: int) -> WeightBytes:
        """Whole bytes of so many bits, of which some are values."""
        total, values = -(-total_bits // 8), value_bits // 8
        return cls(values, total - values)


class ListSlice(Protocol):
    """The lists of all units of a token group for one (M tile, K tile)."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """[units of a group] entries of each unit."""


ScheduleT = TypeVar("ScheduleT", bound=GatherSchedule | ScatterSchedule)
SliceT = TypeVar("SliceT", bound=ListSlice)


class UnitsDataflow(ABC, Generic[ScheduleT, SliceT]):
    """One operation on a fabric of units; a subclass says what travels."""

    def __init__(
        self, machine: UnitsMachine, spec: ClusterSpec, engine: Engine, schedule: ScheduleT, *, y_shape: tuple[int, int] | None
    ) -> None:
        """`y_shape`: that of the outputs, where they are to be assembled."""
        self.machine = machine
        self.spec = spec
        self.engine = engine
        self.schedule = schedule
        operation = schedule.operation
        self.weights = operation.weight.values() if engine.carries_values else None
        self.x = operation.activations.values() if engine.carries_values else None
        self.outputs: NDArray[np.float64] | None = None
        if y_shape is not None and engine.carries_values:
            self.outputs = np.zeros(y_shape)
        self._slices: dict[tuple[int, int], SliceT] = {}
        self._entries_of: dict[tuple[int, int], NDArray[np.int64]] = {}

    @abstractmethod
    def list_slice(self, m: int, k: int) -> SliceT:
        """Make the lists of one (M tile, K tile)."""

    @property
    def loops(self) -> ScheduleT:
        """How the operation is cut into tiles."""
        return self.schedule

    def slice(self, m: int, k: int) -> SliceT:
        """Lists of one (M tile, K tile), made once."""
        if (m, k) not in self._slices:
            self._slices[m, k] = self.list_slice(m, k)
        return self._slices[m, k]

    def unit_entries(self, m: int, k: int) -> NDArray[np.int64]:
        """[units of a group] list entries of each unit in one (M tile, K tile)."""
        if (m, k) not in self._entries_of:
            self._entries_of[m, k] = self.count_entries(m, k)
        return self._entries_of[m, k]

    def count_entries(self, m: int, k: int) -> NDArray[np.int64]:
        """Count them."""
        return self.slice(m, k).counts

    def least_cycles(self) -> list[int]:
        """Nothing is known of any tile."""
        return [0] * len(self.schedule.positions())

    def w_part(self, m: int, k: int) -> Part:
        """The slices of all units of a group, each a whole number of bytes; broadcast to the other groups.

        A W that is made from activations comes dense, and is put into list form as it is filled.
        """
        slowest = -(-int(self.unit_entries(m, k).max(initial=0)) // self.machine.weight_port_entries)
        fetched = self.fetched(m, k)
        return Part(fetched.values + fetched.metadata, slowest)

    def w_counts(self, m: int, k: int) -> Counts:
        """Bits written into the weight banks of all groups; bytes fetched for them, and bits decoded."""
        entries, fetched = int(self.unit_entries(m, k).sum()), self.fetched(m, k)
        decoded = 8 * (fetched.values + fetched.metadata) if self.schedule.operation.storage is not None else 0
        return Counts(
            weight_bits_filled=entries * self.filled_entry_bits * self.machine.fabric.token_groups,
            weight_value_bytes=fetched.values,
            weight_metadata_bytes=fetched.metadata,
            weight_bits_decoded=decoded,
        )

    @property
    def filled_entry_bits(self) -> int:
        """Bits of a list entry that a fill writes."""
        return self.schedule.entry_bits

    @property
    def stored_value_bits(self) -> int:
        """Of these, the value."""
        return self.machine.datatypes.weight_bits

    def fetched(self, m: int, k: int) -> WeightBytes:
        """What a fill brings: lists, in a form that the operation names, or a dense W that other operations have made."""
        spans = self.schedule.m_tiles[m], self.schedule.k_tiles[k]
        stored = stored_weight(self.machine.machine, self.schedule.operation, *spans)
        if stored is not None:
            return WeightBytes.whole(stored.total, stored.values)
        if self.schedule.operation.weight_home == "activation":
            bits = dense_elements(self.schedule.operation, *spans) * self.machine.datatypes.activation_bits
            return WeightBytes.whole(bits, bits)
        entries = self.unit_entries(m, k)
        total = int((-(-entries * self.filled_entry_bits // 8)).sum())
        values = int(entries.sum()) * self.stored_value_bits // 8
        return WeightBytes(values, total - values)


class TokenwiseDataflow(UnitsDataflow[ScheduleT, SliceT]):
    """Y = W · X: every token group has its own activations and its own rows of Y; a subclass says what moves for one."""

    def __init__(self, machine: UnitsMachine, spec: ClusterSpec, engine: Engine, schedule: ScheduleT, *, assemble: bool) -> None:
        m, _, n = schedule.operation.shape
        super().__init__(machine, spec, engine, schedule, y_shape=(m, n) if assemble else None)

    @abstractmethod
    def x_part(self, k: int, tokens: Span) -> Part:
        """Transfer that brings a token group its activations."""

    @abstractmethod
    def y_part(self, m: int, tokens: Span) -> Part:
        """Transfer that takes a token group's finished rows away."""

    @abstractmethod
    def x_word_counts(self, k: int, words: int) -> Counts:
        """Words that `x_part` writes for so many token words, of any groups."""

    @abstractmethod
    def y_word_counts(self, m: int, words: int) -> Counts:
        """Words that `y_part` reads for so many token words, and adds on the way."""

    def x_parts(self, position: Position) -> tuple[Part, ...]:
        """One a token group."""
        return tuple(self.x_part(position[2], tokens) for tokens in self.loops.active_groups(position[1]))

    def y_parts(self, position: Position) -> tuple[Part, ...]:
        """One a token group."""
        return tuple(self.y_part(position[0], tokens) for tokens in self.loops.active_groups(position[1]))

    def x_counts(self, position: Position) -> Counts:
        """Of all token groups."""
        return self.x_word_counts(position[2], self.loops.round_words(position[1]))

    def y_counts(self, position: Position) -> Counts:
        """Of all token groups."""
        return self.y_word_counts(position[0], self.loops.round_words(position[1]))
