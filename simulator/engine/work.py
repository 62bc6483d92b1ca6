"""What one cluster does in one tile: the work lists that both fabric engines run, and how they come to the units."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray


class ListStream(Struct, frozen=True):
    """How lists come to the units: piece after piece, through a FIFO in each unit.

    The n-th pieces of all units come together, in order, once every unit has taken its piece n − `fifo_pieces`. So no unit reads
    further ahead of the slowest than its FIFO is deep (rule 8).
    """

    piece_entries: int
    """Entries of a piece; the last of a list may be shorter."""
    fifo_pieces: int
    """Pieces that the FIFO of a unit holds."""


WHOLE_LISTS = ListStream(piece_entries=1 << 30, fifo_pieces=1)
"""Lists that are resident: each is one piece."""


class TileWork(Struct, frozen=True, eq=False):
    """The work lists of one cluster's units for one tile. Each is walked once; an entry is met by all token words before the next.

    Entry `e` of a unit is about word `word[e]` of the banks and `own[e]` of the unit's own memory. A gathering unit asks for the
    word, and adds it, times its weight, to its own output row; a scattering unit multiplies its own activation word by the
    weight and sends the product to the word, where the bank adds it.
    """

    unit_ptr: NDArray[np.int64]
    """[units + 1]: entries of unit u are unit_ptr[u] to unit_ptr[u + 1]."""
    word: NDArray[np.int32]
    """[entries]: word of a token word, in the banks: input feature (gather), output feature (scatter) within the tile."""
    own: NDArray[np.int32]
    """[entries]: output row within the unit's output bank, one run of entries a row (gather); input feature (scatter). Ascends."""
    weight_index: NDArray[np.integer]
    """[entries]: position of the weight in the operation's CSR values."""
    words: int
    """Words of a token word, in the banks."""
    token_words: int
    """Token words of the tile."""
    bank: NDArray[np.int32]
    """[token_words × words]: bank of tile-local word t · words + w."""
    present: NDArray[np.bool_]
    """[token_words, input features of the tile]: activation words that are not all zero."""
    stream: ListStream = WHOLE_LISTS

    @property
    def units(self) -> int:
        """Units of the cluster."""
        return len(self.unit_ptr) - 1

    @property
    def entries(self) -> int:
        """List entries walked in the tile, over all token words."""
        return len(self.word) * self.token_words

    def piece_readers(self) -> NDArray[np.int64]:
        """[pieces of the longest list] units that have so many pieces or more."""
        pieces = -(-np.diff(self.unit_ptr) // self.stream.piece_entries)
        return len(pieces) - np.cumsum(np.bincount(pieces))[:-1]

    def ends_row(self) -> NDArray[np.bool_]:
        """[entries]: whether an entry carries the end-of-row flag (gather)."""
        last = np.ones(len(self.own), dtype=np.bool_)
        if len(self.own) > 1:
            last[:-1] = self.own[1:] != self.own[:-1]
        stops = self.unit_ptr[1:][np.diff(self.unit_ptr) > 0] - 1
        last[stops] = True
        return last

    def list_digest(self) -> bytes:
        """Hash of the lists."""
        return _hash((self.units, self.stream.piece_entries, self.stream.fifo_pieces), self.unit_ptr, self.word, self.own)

    def word_digest(self) -> bytes:
        """Hash of the words that they are about."""
        return _hash((self.words, self.token_words), self.bank, np.packbits(self.present))

    def digest(self) -> bytes:
        """Hash of all that decides the tile's timing in its dataflow: equal digests, equal tiles."""
        return self.list_digest() + self.word_digest()


def _hash(sizes: tuple[int, ...], *arrays: NDArray[Any]) -> bytes:
    sha = hashlib.blake2b(np.array((*sizes, *map(len, arrays)), dtype=np.int64).data, digest_size=16)
    for array in arrays:
        sha.update(np.ascontiguousarray(array).data)
    return sha.digest()


class TileValues(Struct, frozen=True, eq=False):
    """The real numbers of a tile, for the engine that carries them."""

    weights: NDArray[np.float64]
    """[entries] in list order; [entries, lanes] where each entry has a word of its own (sampled products)."""
    words: NDArray[np.float64]
    """[token_words × words of the unit's operand, lanes]."""
