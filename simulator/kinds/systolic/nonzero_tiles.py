"""The nonzeros of W, tile by tile: how many there are, and the words of the banks of its buffer that hold any."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.kinds.systolic.array_product import Nonzeros
from simulator.kinds.systolic.compiled import WEIGHTS_KERNEL
from simulator.kinds.systolic.compiled.engine import tiles_of_weights
from simulator.kinds.systolic.schedule import SystolicSchedule

Ints = NDArray[np.int64]


class NonzeroTiles(Struct, frozen=True, eq=False, dict=True):
    """Those of a schedule: counted by the kernel, all at once, or where that would have to be compiled with NumPy, what is asked for."""

    schedule: SystolicSchedule
    left: Nonzeros
    banks: int
    word: int
    """Columns of a word of a bank; words begin anew with each tile."""

    @property
    def nonzeros(self) -> Ints:
        """[batch · M tiles · K tiles]"""
        return self._counted[0] if WEIGHTS_KERNEL.ready else np.bincount(self._tile_of, minlength=self._tiles)

    @property
    def words(self) -> tuple[Ints, Ints]:
        """[batch · M tiles · K tiles] words that hold a nonzero, in the bank that has most of them, and in all.

        An output feature's bank is its column of the array.
        """
        if WEIGHTS_KERNEL.ready:
            return self._counted[1], self._counted[2]
        word_of, bank_of, rows = self._word_of_column, self._bank_of_row, self.left.rows
        key = rows * (int(word_of.max()) + 1) + word_of[self.left.cols]
        first = np.diff(key, prepend=-1) != 0  # nonzeros ascend by row and column, so those of a word stand together
        places = self._tile_of[first] * self.banks + bank_of[rows[first]]
        words = np.bincount(places, minlength=self._tiles * self.banks).reshape(self._tiles, self.banks)
        return words.max(axis=1), words.sum(axis=1)

    @cached_property
    def _counted(self) -> Ints:
        """[3, batch · M tiles · K tiles] nonzeros, words in the bank that has most of them, and words."""
        schedule = self.schedule
        (height, width, _), (m_start, m_stop), (k_start, k_stop) = schedule.product.shape, schedule.m_tiles[0], schedule.k_tiles[0]
        tile = m_stop - m_start, k_stop - k_start
        return tiles_of_weights(self.left.rows, self.left.cols, (height, width), tile, schedule.product.batch, self.banks, self.word)

    @property
    def _tiles(self) -> int:
        return self.schedule.product.batch * len(self.schedule.m_tiles) * len(self.schedule.k_tiles)

    @cached_property
    def _tile_of(self) -> Ints:
        """[nonzeros] tile of each, numbered along M and K."""
        rows, columns = self._numbers
        return rows[self.left.rows] * len(self.schedule.k_tiles) + columns[self.left.cols]

    @property
    def _numbers(self) -> tuple[Ints, Ints]:
        """Tile along M of each row of W, numbered on over its blocks, and tile along K of each column."""
        batch = self.schedule.product.batch
        m_of, k_of = (np.repeat(np.arange(len(sizes)), sizes) for sizes in self.schedule.sizes[:2])
        return (np.arange(batch)[:, None] * len(self.schedule.m_tiles) + m_of).ravel(), np.tile(k_of, batch)

    @property
    def _word_of_column(self) -> Ints:
        """[batch · K] number of the word of a row of W that a column lies in."""
        words = [np.arange(size) // self.word for size in self.schedule.sizes[1]]
        before = np.cumsum([0, *(int(of[-1]) + 1 for of in words)])
        each = np.concatenate([of + start for of, start in zip(words, before, strict=False)])
        return np.tile(each, self.schedule.product.batch)  # a row has nonzeros in one block

    @property
    def _bank_of_row(self) -> Ints:
        """[batch · M]"""
        each = np.concatenate([np.arange(size) for size in self.schedule.sizes[0]])
        return np.tile(each % self.banks, self.schedule.product.batch)
