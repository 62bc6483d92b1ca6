"""How W lies in DRAM: the keys that say so, and what each format takes for values and for metadata (where the nonzeros are)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Generic, Literal, TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from pydantic import Field, PositiveInt, model_validator

from simulator.errors import MappingError
from simulator.specs import FileModel
from simulator.workload.types import Weight

FormatName = Literal["dense", "bitmap", "csr", "csc", "coo", "run_length", "blocked_csr", "n_m"]
UNINDEXED: tuple[FormatName, ...] = ("dense", "bitmap", "n_m")
"""Formats without indices or runs whose width could be chosen."""


class StorageSpec(FileModel):
    """A storage format and its sizes; every tile of W is stored by itself."""

    format: FormatName = Field(description="what is stored beside the values; see the table of formats")
    index_bits: Annotated[int, Field(ge=1, le=64)] | Literal["auto"] = Field(
        "auto", description="width of indices, pointers and run lengths; auto: the fewest bits that serve each tile"
    )
    block: tuple[PositiveInt, PositiveInt] | None = Field(None, description="blocked_csr: rows and columns of a block")
    n_m: str | None = Field(None, pattern=r"^[1-9]\d?:[1-9]\d?$", description='n_m: at most N nonzeros in M columns that follow, as "2:4"')

    @property
    def kept_of(self) -> tuple[int, int]:
        """N and M of `n_m`; (1, 1) for other formats."""
        if self.n_m is None:
            return 1, 1
        kept, of = self.n_m.split(":")
        return int(kept), int(of)

    @model_validator(mode="after")
    def _keys_fit(self) -> StorageSpec:
        for key, wanted in (("block", "blocked_csr"), ("n_m", "n_m")):
            if (getattr(self, key) is not None) != (self.format == wanted):
                raise ValueError(f"{key}: goes with format: {wanted}, which needs it")
        if self.format in UNINDEXED and self.index_bits != "auto":
            raise ValueError(f"index_bits: format: {self.format} has no index; allowed: auto")
        if self.kept_of[0] > self.kept_of[1]:
            raise ValueError(f'n_m: found {self.n_m}, more nonzeros than columns; allowed: N ≤ M, as "2:4"')
        return self


Span = tuple[int, int]
Number = TypeVar("Number", int, NDArray[np.int64])
"""Of one tile, or of each of several."""
MAX_RUN_BITS = 32
"""Widest run length that `index_bits: auto` tries."""


class StoredBits(Struct, Generic[Number], frozen=True):
    """What a part of W takes, in bits, or each of several parts."""

    values: Number
    metadata: Number

    @property
    def total(self) -> Number:
        """Both."""
        return self.values + self.metadata

    def __add__(self, other: StoredBits[Number]) -> StoredBits[Number]:
        return StoredBits(self.values + other.values, self.metadata + other.metadata)


class TileSize(Struct, Generic[Number], frozen=True, eq=False):
    """As much of a tile of W, or of each of several, as forms without runs and groups depend on."""

    rows: Number
    columns: Number
    elements: Number
    """rows × columns, without what lies between the blocks of a batched product."""
    nnz: Number


class StoredTile(TileSize[int], frozen=True, eq=False):
    """A tile of W, which is stored by itself: rows and columns are counted from its corner."""

    first_column: int
    row: NDArray[np.int64]
    """[nonzeros] row of each, ascending."""
    column: NDArray[np.int64]
    """[nonzeros] its column, ascending within a row."""

    def transposed(self, first_column: int) -> StoredTile:
        """The same tile of the transpose, which begins in another column."""
        order = np.lexsort((self.row, self.column))
        return StoredTile(self.columns, self.rows, self.elements, self.nnz, first_column, self.column[order], self.row[order])


def stored_tile(weight: Weight, m_span: Span, k_span: Span, elements: int) -> StoredTile:
    """Cut a tile out of W; `elements` as StoredTile has it."""
    span = slice(int(weight.indptr[m_span[0]]), int(weight.indptr[m_span[1]]))
    columns = weight.indices[span].astype(np.int64)
    rows = np.repeat(np.arange(m_span[1] - m_span[0]), np.diff(weight.indptr[m_span[0] : m_span[1] + 1]))
    inside = (columns >= k_span[0]) & (columns < k_span[1])
    size = m_span[1] - m_span[0], k_span[1] - k_span[0]
    return StoredTile(*size, elements, int(inside.sum()), k_span[0], rows[inside], columns[inside] - k_span[0])


def stored_bits(tile: StoredTile, value_bits: int, storage: StorageSpec) -> StoredBits[int]:
    """Bits of a tile in a format; MappingError where chosen widths or N:M cannot hold it."""
    return _SIZES[storage.format](tile, value_bits, storage)


def size_bits(form: FormatName, tile: TileSize[Number], value_bits: int) -> StoredBits[Number]:
    """Bits of a tile, or of each of several, in one of the `LEAST` formats, with the fewest bits an index."""
    if form == "csr":
        return _csr(tile, value_bits, _AUTO)
    return _bitmap(tile, value_bits, _AUTO) if form == "bitmap" else _dense(tile, value_bits, _AUTO)


_AUTO = StorageSpec(format="csr")


def _width(storage: StorageSpec, count: Number, what: str) -> Number:
    """Bits that tell `count` things apart, computed or chosen."""
    needed = _index_bits(count)
    if storage.index_bits == "auto":
        return needed
    most = int(np.max(needed))
    if storage.index_bits < most:
        raise MappingError(f"storage.index_bits = {storage.index_bits}: {what} of a tile needs {most}; allowed: {most} or more, or auto")
    return storage.index_bits + 0 * needed


def _index_bits(count: Number) -> Number:
    if isinstance(count, int):
        return max(1, (count - 1).bit_length())
    return np.maximum(1, np.frexp(count - 1)[1].astype(np.int64))  # x = m · 2^e with m < 1: e bits


def _dense(tile: TileSize[Number], value_bits: int, storage: StorageSpec) -> StoredBits[Number]:
    """Every element, zeros too."""
    return StoredBits(tile.elements * value_bits, 0 * tile.elements)


def _bitmap(tile: TileSize[Number], value_bits: int, storage: StorageSpec) -> StoredBits[Number]:
    """A bit an element."""
    return StoredBits(tile.nnz * value_bits, tile.elements)


def _csr(tile: TileSize[Number], value_bits: int, storage: StorageSpec) -> StoredBits[Number]:
    """A column index a nonzero, rows + 1 pointers."""
    pointers = (tile.rows + 1) * _width(storage, tile.nnz + 1, "a pointer")
    return StoredBits(tile.nnz * value_bits, tile.nnz * _width(storage, tile.columns, "a column index") + pointers)


def _csc(tile: StoredTile, value_bits: int, storage: StorageSpec) -> StoredBits[int]:
    """A row index a nonzero, columns + 1 pointers."""
    pointers = (tile.columns + 1) * _width(storage, tile.nnz + 1, "a pointer")
    return StoredBits(tile.nnz * value_bits, tile.nnz * _width(storage, tile.rows, "a row index") + pointers)


def _coo(tile: StoredTile, value_bits: int, storage: StorageSpec) -> StoredBits[int]:
    """A row and a column index a nonzero."""
    indices = _width(storage, tile.rows, "a row index") + _width(storage, tile.columns, "a column index")
    return StoredBits(tile.nnz * value_bits, tile.nnz * indices)


def _run_length(tile: StoredTile, value_bits: int, storage: StorageSpec) -> StoredBits[int]:
    """Row after row, a run of zeros before each value; a longer run than a length can tell ends in a zero that is stored.

    The zeros after the last nonzero are not stored. `auto` takes the width with the fewest bits.
    """
    zeros = np.diff(tile.row * tile.columns + tile.column, prepend=-1) - 1

    def stored(bits: int) -> StoredBits[int]:
        entries = tile.nnz + int((zeros >> bits).sum())
        return StoredBits(entries * value_bits, entries * bits)

    if storage.index_bits != "auto":
        return stored(storage.index_bits)
    return min((stored(bits) for bits in range(1, MAX_RUN_BITS + 1)), key=lambda size: size.total)


def _blocked_csr(tile: StoredTile, value_bits: int, storage: StorageSpec) -> StoredBits[int]:
    """Blocks that hold any nonzero, whole; a column index a block, a pointer a row of blocks and one more."""
    height, width = storage.block or (1, 1)
    across = -(-tile.columns // width)
    down = -(-tile.rows // height)
    blocks = len(np.unique(tile.row // height * across + tile.column // width))
    metadata = blocks * _width(storage, across, "a block's column index") + (down + 1) * _width(storage, blocks + 1, "a pointer")
    return StoredBits(blocks * height * width * value_bits, metadata)


def _n_m(tile: StoredTile, value_bits: int, storage: StorageSpec) -> StoredBits[int]:
    """N values of every M columns, each with its place among them; fewer nonzeros than N are filled up with zeros."""
    kept, of = storage.kept_of
    first, last = tile.first_column // of, (tile.first_column + tile.columns - 1) // of
    groups = last - first + 1
    group = tile.row * groups + (tile.first_column + tile.column) // of - first
    fullest = int(np.bincount(group).max()) if tile.nnz else 0
    if fullest > kept:
        raise MappingError(f"storage.n_m = {storage.n_m}: W has {fullest} nonzeros in a group of {of} columns; allowed: at most {kept}")
    slots = tile.rows * groups * kept
    return StoredBits(slots * value_bits, slots * max(1, (of - 1).bit_length()))


LEAST: tuple[FormatName, ...] = ("dense", "bitmap", "csr")
"""Formats of which a decoder takes the least where an operation names none: their bits follow from sizes and nonzeros alone."""
_SIZES: dict[FormatName, Callable[[StoredTile, int, StorageSpec], StoredBits[int]]] = {
    "dense": _dense,
    "bitmap": _bitmap,
    "csr": _csr,
    "csc": _csc,
    "coo": _coo,
    "run_length": _run_length,
    "blocked_csr": _blocked_csr,
    "n_m": _n_m,
}
VALUES_TELL_PLACES: tuple[FormatName, ...] = ("dense", "run_length", "blocked_csr")
"""Formats whose metadata alone does not tell where the nonzeros are: a mask costs the values too."""
