"""What one cluster does in one tile: the work lists that both fabric engines run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ClusterWork:
    """The work lists of one cluster's units for one tile; they are walked once a token word.

    Entry `e` of a unit asks for word `word[e]` of the tile and adds it, times its weight, to output row `row[e]`.
    """

    unit_ptr: NDArray[np.int64]
    """[units + 1]: entries of unit u are unit_ptr[u] to unit_ptr[u + 1]."""
    word: NDArray[np.int32]
    """[entries]: input feature within the tile."""
    row: NDArray[np.int32]
    """[entries]: output row within the unit's output bank; ascends, one run of entries a row."""
    weight_index: NDArray[np.int64]
    """[entries]: position of the weight in the operation's CSR values."""
    k_words: int
    """Input features of the tile."""
    token_words: int
    """Token words of the tile."""
    bank: NDArray[np.int32]
    """[token_words × k_words]: bank of tile-local word t · k_words + k."""
    present: NDArray[np.bool_]
    """[token_words, k_words]: words that are not all zero."""

    @property
    def units(self) -> int:
        """Units of the cluster."""
        return len(self.unit_ptr) - 1

    @property
    def entries(self) -> int:
        """List entries walked in the tile, over all token words."""
        return len(self.word) * self.token_words

    def ends_row(self) -> NDArray[np.bool_]:
        """[entries]: whether an entry carries the end-of-row flag."""
        last = np.ones(len(self.row), dtype=np.bool_)
        if len(self.row) > 1:
            last[:-1] = self.row[1:] != self.row[:-1]
        stops = self.unit_ptr[1:][np.diff(self.unit_ptr) > 0] - 1
        last[stops] = True
        return last

    def digest(self) -> bytes:
        """Hash of all that decides the tile's timing: equal digests, equal tiles."""
        sha = hashlib.blake2b(digest_size=16)
        sha.update(np.array([self.k_words, self.token_words, self.units], dtype=np.int64).tobytes())
        for array in (self.unit_ptr, self.word, self.row, self.bank, np.packbits(self.present)):
            sha.update(array.tobytes())
        return sha.digest()


@dataclass(frozen=True, eq=False)
class ScatterWork:
    """The work lists of one cluster's units for one tile; they are walked once a token word.

    Entry `e` of a unit multiplies the word of its own column `column[e]` by a weight and sends the product to word
    `word[e]` of the tile, where the bank adds it.
    """

    unit_ptr: NDArray[np.int64]
    """[units + 1]: entries of unit u are unit_ptr[u] to unit_ptr[u + 1]."""
    word: NDArray[np.int32]
    """[entries]: output feature within the tile."""
    column: NDArray[np.int32]
    """[entries]: input feature within the tile; ascends within a unit."""
    weight_index: NDArray[np.int64]
    """[entries]: position of the weight in the operation's CSR values."""
    m_words: int
    """Output features of the tile."""
    token_words: int
    """Token words of the tile."""
    bank: NDArray[np.int32]
    """[token_words × m_words]: bank of tile-local word t · m_words + m."""
    present: NDArray[np.bool_]
    """[token_words, input features of the tile]: activation words that are not all zero."""

    @property
    def units(self) -> int:
        """Units of the cluster."""
        return len(self.unit_ptr) - 1

    @property
    def entries(self) -> int:
        """List entries walked in the tile, over all token words."""
        return len(self.word) * self.token_words

    def digest(self) -> bytes:
        """Hash of all that decides the tile's timing: equal digests, equal tiles."""
        sha = hashlib.blake2b(digest_size=16, person=b"scatter")
        sha.update(np.array([self.m_words, self.token_words, self.units], dtype=np.int64).tobytes())
        for array in (self.unit_ptr, self.word, self.column, self.bank, np.packbits(self.present)):
            sha.update(array.tobytes())
        return sha.digest()


@dataclass(frozen=True, eq=False)
class TileValues:
    """The real numbers of a tile, for the engine that carries them."""

    weights: NDArray[np.float64]
    """[entries] in list order; [entries, lanes] where each entry has a word of its own (sampled products)."""
    words: NDArray[np.float64]
    """[token_words × k_words, lanes]."""
