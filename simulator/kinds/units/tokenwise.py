"""What the dataflows of a product Y = W · X share: activations and rows of Y, token group by token group."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Counts
from simulator.engine.work import TileValues, TileWork
from simulator.kinds.units.dataflow import ScheduleT, SliceT, UnitsDataflow
from simulator.kinds.units.leaving import Leaving
from simulator.kinds.units.lists import tile_values
from simulator.kinds.units.loops import Carried, Position
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.protocol import ClusterTile
from simulator.system.parts import NO_SUMS, Part, Sums
from simulator.system.program import Span

KeyT = TypeVar("KeyT", bound=Hashable)


class TokenwiseDataflow(UnitsDataflow[ScheduleT, SliceT]):
    """Y = W · X: every token group has its own activations and its own rows of Y; a subclass says what moves for one.

    Of fused operations, what moves from one to the next are the words that the next one looks at: those of its X with a nonzero.
    """

    present: NDArray[np.bool_]
    """[token words, K] words of X with a nonzero; all of them where the units do not skip any."""

    def __init__(self, machine: UnitsMachine, schedule: ScheduleT, carried: Carried, wanted: NDArray[np.bool_] | None = None) -> None:
        """`wanted`: [token words, M] row words of Y that leave, where the next operation takes them; None: all of them."""
        m, _, n = schedule.operation.shape
        super().__init__(machine, schedule, carried, (m, n))
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

    def values(self, work: TileWork, place: ClusterTile) -> TileValues | None:
        """Weights in list order, and the tile's words of X."""
        if self.weights is None or self.x is None:
            return None
        return tile_values(work.weight_index, self.schedule.k_tiles[place.k], place.tokens, self.schedule.lanes, self.weights, self.x)

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

    def x_counts(self, positions: Sequence[Position]) -> Counts:
        """Of all token groups; what lies packed is unpacked once for all of a group's copies."""
        if self._from_chip:
            return self.linked_x_counts(self._words_of(self.looked_at, positions))
        packed, counts = self.loops.residency.forms.x.packed, []
        for (rows, k), alike in _grouped(positions, lambda position: (self.loops.x_rows(position), position[2])):
            elements = packed * len(self.named(rows, k)) * self._tokens(alike)
            counts += [self.x_word_counts(rows, k, self._words(alike)), Counts(activations_unpacked=elements)]
        return Counts.total(counts)

    def y_counts(self, positions: Sequence[Position]) -> Counts:
        """Of all token groups."""
        if self.wanted is not None:
            return self.linked_y_counts(self._words_of(self.wanted, positions))
        packed, counts = self.loops.residency.forms.y.packed, []
        for _, alike in _grouped(positions, lambda position: (position[0], position[2])):
            elements = packed * self.rows_leaving(alike[0]) * self._tokens(alike)
            counts += [self.y_word_counts(alike[0], self._words(alike)), Counts(activations_packed=elements)]
        return Counts.total(counts)

    def y_bits(self, rows: slice | NDArray[np.int64], tokens: Span) -> int:
        """Of some rows of Y, of a range of token words, as they lie in memory."""
        form, types = self.loops.residency.forms.y, self.machine.datatypes
        return form.bits(rows, self.loops.token_span(tokens), types.activation_bits)

    def leaving_part(self, here: Leaving, tokens: Span) -> Part:
        """Finished rows and sums of a token group. What is added on the way travels in the accumulate type."""
        row_bits = self.loops.tokens(tokens) * self.machine.datatypes.accumulate_bits
        extra_bits = here.added_parts * row_bits - self.y_bits(here.added, tokens)
        stay = not (here.out or here.back)
        sums = NO_SUMS if stay else Sums(*(-(-rows * row_bits // 8) for rows in (here.out, here.back, here.out_parts)))
        return Part(-(-self.y_bits(here.finished, tokens) // 8), extra_bus_bytes=-(-extra_bits // 8), sums=sums)

    def _words(self, positions: Sequence[Position]) -> int:
        """Token words of the rounds of tiles."""
        return sum(self.loops.round_words(round_index) for _, round_index, _ in positions)

    def _tokens(self, positions: Sequence[Position]) -> int:
        """Their tokens."""
        return sum(self.loops.tokens(words) for _, round_index, _ in positions for words in self.loops.active_groups(round_index))

    @cached_property
    def looked_at(self) -> NDArray[np.bool_]:
        """[token words, K] words of X that units look at, where K is whole: with a nonzero, of a feature that any list names."""
        marked = np.zeros_like(self.present)
        named = self.named((0, self.loops.operation.shape[0]), 0)
        marked[:, named] = self.present[:, named]
        return marked

    def tokens_of(self, words: NDArray[np.bool_], tokens: Span) -> NDArray[np.int64]:
        """[rows] tokens in the words of each that are marked, [token words, rows], within a range of token words."""
        lanes = self.loops.lanes
        counted: NDArray[np.int64] = lanes * words[slice(*tokens)].sum(axis=0, dtype=np.int64)
        missing = lanes * (tokens[1] - tokens[0]) - self.loops.tokens(tokens)
        return counted - missing * words[tokens[1] - 1] if missing else counted

    def _words_of(self, words: NDArray[np.bool_], positions: Sequence[Position]) -> NDArray[np.int64]:
        """[rows] words of each that are marked, over all groups of the rounds of tiles."""
        counted = np.zeros(words.shape[1], dtype=np.int64)
        for _, round_index, _ in positions:
            spans = self.loops.active_groups(round_index)
            counted += words[spans[0][0] : spans[-1][1]].sum(axis=0, dtype=np.int64)
        return counted


def _grouped(positions: Sequence[Position], key: Callable[[Position], KeyT]) -> Iterable[tuple[KeyT, list[Position]]]:
    """Tiles that agree in something."""
    groups: dict[KeyT, list[Position]] = {}
    for position in positions:
        groups.setdefault(key(position), []).append(position)
    return groups.items()
