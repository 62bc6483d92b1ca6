"""The work of many clusters, a tile each, end to end: what an engine runs at once, and what checks and bounds look at together."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.engine.work import TileWork

Ints = NDArray[np.int64]


def ends_of(lengths: Any) -> Ints:
    """[n + 1] 0, and the end of each of [n] runs that follow one another."""
    ends = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=ends[1:])
    return ends


def steps(ends: Ints) -> Ints:
    """What each is larger than the one before it, the first than 0 (`np.diff` with that before it, in a quarter of the time).

    >>> steps(np.array([2, 5, 5])).tolist()
    [2, 3, 0]
    """
    sizes = ends.copy()
    sizes[1:] -= ends[:-1]
    return sizes


def within(lengths: Ints) -> Ints:
    """0, 1, … of every run, one run after another."""
    ends = ends_of(lengths)
    return np.arange(ends[-1]) - np.repeat(ends[:-1], lengths)


def most_of(values: NDArray[Any], ends: Ints) -> NDArray[Any]:
    """[runs] the largest of each run of values that are not negative; 0 of an empty one."""
    found = np.zeros(len(ends) - 1, dtype=values.dtype)
    filled = np.flatnonzero(ends[1:] > ends[:-1])
    if len(filled):
        found[filled] = np.maximum.reduceat(values, ends[filled])
    return found


def _memory(array: NDArray[Any]) -> tuple[Hashable, ...]:
    """Which elements an array holds, of those that are there."""
    return array.__array_interface__["data"][0], array.shape, array.strides


class WorkBatch:
    """The work of clusters that have equally many units."""

    def __init__(self, works: Sequence[TileWork]) -> None:
        """`works`: one at least."""
        self.works = works
        self.units = works[0].units
        """Units of a cluster."""
        pointers = np.array([work.unit_ptr for work in works])
        self.lengths: Ints = pointers[:, 1:] - pointers[:, :-1]
        """[tiles, units] entries of each list."""
        self.unit_ptr = ends_of(self.lengths.ravel())
        """[tiles × units + 1] where the entries of each unit begin, and the last ends."""
        self.entry_ptr = self.unit_ptr[:: self.units]
        """[tiles + 1] where the entries of each tile begin, and the last ends."""
        self.counts = steps(self.entry_ptr)[1:]
        """[tiles] entries of all lists."""
        self.token_words, self.words, self.piece_entries, self.fifo_pieces = np.array(
            [(work.token_words, work.words, work.stream.piece_entries, work.stream.fifo_pieces) for work in works]
        ).T
        """[tiles] token words; words of each, in the banks; entries of a piece of a list; pieces of a FIFO."""
        self.entries: Ints = self.counts * self.token_words
        """[tiles] list entries walked, over all token words."""

    @cached_property
    def word(self) -> NDArray[np.int32]:
        """[entries] `TileWork.word` of all."""
        return np.concatenate([work.word for work in self.works])

    @cached_property
    def own(self) -> NDArray[np.int32]:
        """[entries] `TileWork.own` of all."""
        return np.concatenate([work.own for work in self.works])

    @cached_property
    def word_ptr(self) -> Ints:
        """[tiles + 1] where each begins, were the words of a token word of all tiles one after another."""
        return ends_of(self.words)

    @cached_property
    def _tables(self) -> tuple[list[TileWork], Ints]:
        """Tiles whose token words differ, and [tiles] which of them has those of a tile: clusters that hold the same ones share them."""
        by_memory: dict[tuple[Hashable, ...], int] = {}
        by_object: dict[tuple[int, int], int] = {}
        distinct: list[TileWork] = []
        of_tile = np.empty(len(self.works), dtype=np.int64)
        for tile, work in enumerate(self.works):
            objects = id(work.bank), id(work.present)
            if objects not in by_object:
                place = by_object[objects] = by_memory.setdefault((objects[0], *_memory(work.present)), len(distinct))
                if place == len(distinct):
                    distinct.append(work)
            of_tile[tile] = by_object[objects]
        return distinct, of_tile

    def _first(self, sizes: list[int]) -> Ints:
        return ends_of(sizes)[:-1][self._tables[1]]

    @cached_property
    def bank(self) -> NDArray[np.int32]:
        """`TileWork.bank` of all, each array once."""
        return np.concatenate([work.bank for work in self._tables[0]])

    @cached_property
    def first_bank(self) -> Ints:
        """[tiles] where in it those of a tile begin."""
        return self._first([len(work.bank) for work in self._tables[0]])

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """`TileWork.present` of all, token word after token word, each array once."""
        return np.concatenate([work.present.ravel() for work in self._tables[0]])

    @cached_property
    def first_present(self) -> Ints:
        """[tiles] where in it those of a tile begin."""
        return self._first([work.present.size for work in self._tables[0]])

    @cached_property
    def operands(self) -> Ints:
        """[tiles] columns of `present`."""
        return np.array([work.present.shape[1] for work in self._tables[0]])[self._tables[1]]

    @cached_property
    def whole(self) -> NDArray[np.bool_]:
        """[tiles] whether no word is all zero."""
        return np.array([work.present.all() for work in self._tables[0]])[self._tables[1]]

    @cached_property
    def tile(self) -> Ints:
        """[entries] tile of each."""
        return np.repeat(np.arange(len(self.works)), self.counts)

    @cached_property
    def all_whole(self) -> bool:
        """Whether no word of any tile is all zero."""
        return bool(self.whole.all())

    def shown(self, tile: Ints, column: NDArray[np.integer]) -> Ints:
        """Token words of tiles in which columns of `present` are not all zero."""
        shown = np.concatenate([work.present.sum(axis=0, dtype=np.int64) for work in self._tables[0]])
        found: Ints = shown[self._first([work.present.shape[1] for work in self._tables[0]])[tile] + column]
        return found

    def wanted(self, column: NDArray[np.integer]) -> Ints:
        """[tiles, units] times that an entry meets a token word whose word is not all zero: of [entries] columns of `present`."""
        if self.all_whole:
            all_of_them: Ints = self.lengths * self.token_words[:, None]
            return all_of_them
        sums = ends_of(self.shown(self.tile, column))[self.unit_ptr]
        return steps(sums)[1:].reshape(-1, self.units)

    @cached_property
    def ends_row(self) -> NDArray[np.bool_]:
        """[entries] whether an entry carries the end-of-row flag (gather)."""
        last = np.ones(len(self.own), dtype=np.bool_)
        np.not_equal(self.own[1:], self.own[:-1], out=last[:-1])
        ends = self.unit_ptr[1:]
        last[ends[ends > 0] - 1] = True
        return last

    @cached_property
    def pieces(self) -> Ints:
        """[tiles] pieces of the longest list."""
        longest: Ints = self.lengths.max(axis=1)
        pieces: Ints = -(-longest // self.piece_entries)
        return pieces

    def piece_readers(self) -> Ints:
        """[pieces of the longest list, of each tile] units that have so many pieces or more."""
        tiles = np.arange(len(self.works))
        first = ends_of(self.pieces + 1)
        own = -(-self.lengths // self.piece_entries[:, None])
        upto = np.cumsum(np.bincount((own + first[:-1, None]).ravel(), minlength=first[-1]))
        readers = np.repeat(self.units * (tiles + 1), self.pieces + 1) - upto
        there = np.ones(len(readers), dtype=np.bool_)
        there[first[1:] - 1] = False
        return readers[there]
