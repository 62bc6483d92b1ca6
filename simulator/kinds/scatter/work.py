"""What one cluster does in one tile of the scatter dataflow: products sent to the banks that accumulate them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
