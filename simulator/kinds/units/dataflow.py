"""What the dataflows of a fabric of units share: operands, list slices, and how lists reach the units."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Counts
from simulator.engine.cluster import ClusterSpec
from simulator.engine.engines import Engine
from simulator.engine.work import TileWork
from simulator.kinds.gather.schedule import GatherSchedule
from simulator.kinds.scatter.schedule import ScatterSchedule
from simulator.kinds.units.leaving import Leaving
from simulator.kinds.units.loops import Position
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.named import named_features
from simulator.kinds.units.rounds import ClusterTile
from simulator.kinds.units.streams import list_parts
from simulator.system.parts import Part, Sums
from simulator.system.program import MemoryLevel, Span
from simulator.system.weights import dense_elements, format_bits, named_bits, tile_size, weight_format
from simulator.workload.storage import LEAST, FormatName, StoredBits, TileSize

MOST_ENTRIES = 1 << 24
"""List entries that a dataflow holds at once: 256 MiB."""


@dataclass(frozen=True)
class WeightBytes:
    """Bytes of a fill of W."""

    values: int
    metadata: int

    @property
    def total(self) -> int:
        """Both."""
        return self.values + self.metadata

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
        self.room_bytes = schedule.residency.room_bytes
        # what is run and recalled does not see how much room there was
        self.schedule = replace(schedule, residency=schedule.residency.without_room())
        self.assemble = y_shape is not None
        operation = schedule.operation
        self.weights = operation.weight.values() if engine.carries_values else None
        self.x = operation.activations.values() if engine.carries_values else None
        self.outputs: NDArray[np.float64] | None = None
        if y_shape is not None and engine.carries_values:
            self.outputs = np.zeros(y_shape)
        self._slices: dict[tuple[int, int], SliceT] = {}
        self._held_entries = 0
        self._entries_of: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._named: dict[tuple[Span, int], NDArray[np.int64]] = {}
        self._fetched: dict[tuple[int, int], WeightBytes] = {}

    def made_of(self) -> tuple[Any, ...]:
        """All that decides what it does: what it was made with."""
        return self.machine, self.spec, self.engine, self.schedule, self.assemble

    @property
    def rows_stream(self) -> bool:
        """Whether rows leave while the tile runs that made them."""
        return False

    @property
    def sums_home(self) -> MemoryLevel | None:
        """Where partial sums go at the end of each K tile, and come back from; None: they stay on the fabric."""
        return None

    @abstractmethod
    def list_slice(self, m: int, k: int) -> SliceT:
        """Make the lists of one (M tile, K tile)."""

    @property
    def loops(self) -> ScheduleT:
        """How the operation is cut into tiles."""
        return self.schedule

    @abstractmethod
    def work(self, place: ClusterTile) -> TileWork:
        """What a cluster does in a tile."""

    def digest(self, place: ClusterTile) -> bytes:
        """Hash of all that decides the timing of that."""
        return self.work(place).digest()

    def slice(self, m: int, k: int) -> SliceT:
        """Lists of one (M tile, K tile): made once, but for large ones, of which the latest are kept."""
        if (m, k) not in self._slices:
            lists = self._slices[m, k] = self.list_slice(m, k)
            self._held_entries += int(lists.counts.sum())
            while self._held_entries > MOST_ENTRIES and len(self._slices) > 1:
                self._held_entries -= int(self._slices.pop(next(iter(self._slices))).counts.sum())
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

    def named(self, rows: Span, k: int) -> NDArray[np.int64]:
        """Input features of a K tile, counted from its first, that lists of some output features name: what a fill of X brings."""
        if (rows, k) not in self._named:
            self._named[rows, k] = named_features(self.schedule.operation, rows, self.schedule.k_tiles[k])
        return self._named[rows, k]

    def x_bytes(self, k: int, named: NDArray[np.int64], words: Span) -> int:
        """Of some input features of a K tile, of a range of token words, as they lie in memory."""
        form, tokens = self.schedule.residency.forms.x, self.schedule.token_span(words)
        return -(-form.bits(self.schedule.k_tiles[k][0] + named, tokens, self.machine.datatypes.activation_bits) // 8)

    def w_content(self, position: Position) -> tuple[int, ...]:
        """Lists that both halves of the banks hold stay as long as no others are needed; longer ones come anew for each tile."""
        m, round_index, k = position
        stream = self.schedule.stream
        resident = int(self.unit_entries(m, k).max(initial=0)) <= stream.piece_entries * stream.fifo_pieces
        return (m, k) if resident else (m, round_index, k)

    def w_parts(self, m: int, k: int, grain: int) -> Sequence[Part]:
        """The slices of all units of a group, each a whole number of bytes, in pieces; broadcast to the other groups.

        Whatever form it has, it is put into that of lists as it is filled.
        """
        total, entries = self.fetched(m, k).total, self.unit_entries(m, k)
        return list_parts(entries, self.schedule.stream, total, grain, self.machine.weight_port_entries)

    def w_counts(self, m: int, k: int) -> Counts:
        """Bits written into the weight banks of all groups; bytes fetched for them, and bits decoded."""
        entries, fetched = int(self.unit_entries(m, k).sum()), self.fetched(m, k)
        decoded = 0 if self.weight_form == self._own_form or self._made else 8 * (fetched.values + fetched.metadata)
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

    @property
    def _made(self) -> bool:
        """Whether other operations have made W."""
        return self.schedule.operation.weight_home == "activation"

    @property
    def _own_form(self) -> str:
        """What needs no decoding: lists, which of a dense W are its values alone."""
        operation = self.schedule.operation
        return "dense" if operation.weight.dense and operation.gradient is None and operation.storage is None else "lists"

    @cached_property
    def weight_form(self) -> str:
        """How W lies in memory: what its operation names, or the least over all tiles; dense where others have made it."""
        tiles = list(itertools.product(range(len(self.schedule.m_tiles)), range(len(self.schedule.k_tiles))))
        lists = sum(size.values + size.metadata for size in (self._lists(m, k) for m, k in tiles))
        sizes = [self._tile_size(m, k) for m, k in tiles] if self.machine.machine.weight_decoder else []

        def bytes_of(form: FormatName) -> int:
            return sum(-(-format_bits(self.machine.machine, self.schedule.operation, form, size).total // 8) for size in sizes)

        return weight_format(self.machine.machine, self.schedule.operation, self._own_form, lists, bytes_of)

    def fetched(self, m: int, k: int) -> WeightBytes:
        """What a fill brings, in the form in which W lies in memory."""
        if (m, k) not in self._fetched:
            self._fetched[m, k] = self._fetch(m, k)
        return self._fetched[m, k]

    def _fetch(self, m: int, k: int) -> WeightBytes:
        machine, operation = self.machine.machine, self.schedule.operation
        spans = self.schedule.m_tiles[m], self.schedule.k_tiles[k]
        if operation.storage is not None:
            stored = named_bits(machine, operation, *spans)
        elif self._made:
            bits = dense_elements(operation, *spans) * machine.datatypes.activation_bits
            stored = StoredBits(bits, 0)
        elif self.weight_form == self._own_form:
            return self._lists(m, k)
        else:
            form = next(form for form in LEAST if form == self.weight_form)
            stored = format_bits(machine, operation, form, self._tile_size(m, k))
        return WeightBytes.whole(stored.total, stored.values)

    def _lists(self, m: int, k: int) -> WeightBytes:
        """The lists of all units, each a whole number of bytes."""
        entries = self.unit_entries(m, k)
        total = int((-(-entries * self.filled_entry_bits // 8)).sum())
        values = int(entries.sum()) * self.stored_value_bits // 8
        return WeightBytes(values, total - values)

    def _tile_size(self, m: int, k: int) -> TileSize[int]:
        spans = self.schedule.m_tiles[m], self.schedule.k_tiles[k]
        return tile_size(self.schedule.operation, *spans, int(self.unit_entries(m, k).sum()))


class TokenwiseDataflow(UnitsDataflow[ScheduleT, SliceT]):
    """Y = W · X: every token group has its own activations and its own rows of Y; a subclass says what moves for one.

    Of fused operations, what moves from one to the next are the words that the next one looks at: those of its X with a nonzero.
    """

    present: NDArray[np.bool_]
    """[token words, K] words of X with a nonzero; all of them where the units do not skip any."""

    def __init__(
        self,
        machine: UnitsMachine,
        spec: ClusterSpec,
        engine: Engine,
        schedule: ScheduleT,
        *,
        assemble: bool,
        wanted: NDArray[np.bool_] | None = None,
    ) -> None:
        """`wanted`: [token words, M] row words of Y that leave, where the next operation takes them; None: all of them."""
        m, _, n = schedule.operation.shape
        super().__init__(machine, spec, engine, schedule, y_shape=(m, n) if assemble else None)
        self.wanted = wanted
        self._digests: dict[tuple[int | Span, ...], bytes] = {}

    def digest(self, place: ClusterTile) -> bytes:
        """All groups walk the same lists, all copies hold the same words: each is hashed once."""
        lists, words = (place.m, place.k, place.replica), self.words_of(place)
        if not (lists in self._digests and words in self._digests):
            work = self.work(place)
            for key, digest in (lists, work.list_digest), (words, work.word_digest):
                if key not in self._digests:
                    self._digests[key] = digest()
        return self._digests[lists] + self._digests[words]

    def words_of(self, place: ClusterTile) -> tuple[int | Span, ...]:
        """What of its place decides the words that its lists are about."""
        return place.m, place.k, place.tokens

    def made_of(self) -> tuple[Any, ...]:
        """With what leaves of Y."""
        return *super().made_of(), self.wanted

    @abstractmethod
    def x_part(self, rows: Span, k: int, tokens: Span) -> Part:
        """Transfer that brings a token group the activations of a K tile that some output features are made of."""

    @abstractmethod
    def y_part(self, position: Position, tokens: Span) -> Part:
        """Transfer that takes a token group's rows away once this tile has been run."""

    @abstractmethod
    def x_word_counts(self, rows: Span, k: int, words: int) -> Counts:
        """Words that `x_part` writes for so many token words, of any groups."""

    @abstractmethod
    def rows_leaving(self, position: Position) -> int:
        """Finished rows among them."""

    @abstractmethod
    def y_word_counts(self, position: Position, words: int) -> Counts:
        """Words that `y_part` reads for so many token words, and adds on the way."""

    @abstractmethod
    def linked_x_part(self, tokens: Span) -> Part:
        """`x_part` of words that come from the operation before, all K at once."""

    @abstractmethod
    def linked_y_part(self, row_tokens: NDArray[np.int64]) -> Part:
        """`y_part` of words that go to the next operation, given [M] tokens in those of each row."""

    @abstractmethod
    def linked_x_counts(self, words: NDArray[np.int64]) -> Counts:
        """Words that `linked_x_part` writes, given [K] words of each input feature."""

    @abstractmethod
    def linked_y_counts(self, words: NDArray[np.int64]) -> Counts:
        """Words that `linked_y_part` reads, and adds on the way, given [M] words of each row."""

    @property
    def _from_chip(self) -> bool:
        return self.loops.residency.x == "chip"

    def x_parts(self, position: Position) -> Sequence[Part]:
        """One a token group."""
        rows, groups = self.loops.x_rows(position), self.loops.active_groups(position[1])
        if self._from_chip:
            return tuple(self.linked_x_part(tokens) for tokens in groups)
        return tuple(self.x_part(rows, position[2], tokens) for tokens in groups)

    def y_parts(self, position: Position) -> Sequence[Part]:
        """One a token group."""
        groups = self.loops.active_groups(position[1])
        if self.wanted is not None:
            return tuple(self.linked_y_part(self.tokens_of(self.wanted, tokens)) for tokens in groups)
        return tuple(self.y_part(position, tokens) for tokens in groups)

    def x_counts(self, position: Position) -> Counts:
        """Of all token groups; what lies packed is unpacked once for all of a group's copies."""
        if self._from_chip:
            return self.linked_x_counts(self._words_of(self.looked_at, position[1]))
        rows, k, words = self.loops.x_rows(position), position[2], self.loops.round_words(position[1])
        unpacked = len(self.named(rows, k)) * self._round_tokens(position) if self.loops.residency.forms.x.packed else 0
        counts = self.x_word_counts(rows, k, words)
        return counts + Counts(activations_unpacked=unpacked) if unpacked else counts

    def y_counts(self, position: Position) -> Counts:
        """Of all token groups."""
        if self.wanted is not None:
            return self.linked_y_counts(self._words_of(self.wanted, position[1]))
        packed = self.rows_leaving(position) * self._round_tokens(position) if self.loops.residency.forms.y.packed else 0
        counts = self.y_word_counts(position, self.loops.round_words(position[1]))
        return counts + Counts(activations_packed=packed) if packed else counts

    def y_bits(self, rows: slice | NDArray[np.int64], tokens: Span) -> int:
        """Of some rows of Y, of a range of token words, as they lie in memory."""
        form, types = self.loops.residency.forms.y, self.machine.datatypes
        return form.bits(rows, self.loops.token_span(tokens), types.activation_bits)

    def leaving_part(self, here: Leaving, tokens: Span) -> Part:
        """Finished rows and sums of a token group. What is added on the way travels in the accumulate type."""
        row_bits = self.loops.tokens(tokens) * self.machine.datatypes.accumulate_bits
        extra_bits = here.added_parts * row_bits - self.y_bits(here.added, tokens)
        sums = Sums(*(-(-rows * row_bits // 8) for rows in (here.out, here.back, here.out_parts)))
        return Part(-(-self.y_bits(here.finished, tokens) // 8), extra_bus_bytes=-(-extra_bits // 8), sums=sums)

    def _round_tokens(self, position: Position) -> int:
        return sum(self.loops.tokens(words) for words in self.loops.active_groups(position[1]))

    @cached_property
    def looked_at(self) -> NDArray[np.bool_]:
        """[token words, K] words of X that units look at, where K is whole: with a nonzero, of a feature that any list names."""
        marked = np.zeros_like(self.present)
        named = self.named((0, self.loops.operation.shape[0]), 0)
        marked[:, named] = self.present[:, named]
        return marked

    def tokens_of(self, words: NDArray[np.bool_], tokens: Span) -> NDArray[np.int64]:
        """[rows] tokens in the words of each that are marked, [token words, rows], within a range of token words."""
        held = np.array([self.loops.tokens((word, word + 1)) for word in range(*tokens)], dtype=np.int64)
        counted: NDArray[np.int64] = held @ words[slice(*tokens)].astype(np.int64)
        return counted

    def _words_of(self, words: NDArray[np.bool_], round_index: int) -> NDArray[np.int64]:
        """[rows] words of each that are marked, over all groups of a round."""
        spans = self.loops.active_groups(round_index)
        counted: NDArray[np.int64] = words[spans[0][0] : spans[-1][1]].sum(axis=0, dtype=np.int64)
        return counted
