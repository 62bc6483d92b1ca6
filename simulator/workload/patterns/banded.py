"""`banded`: nonzeros near the diagonal, or on named diagonals, as of meshes and stencils."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from simulator.errors import OperandError
from simulator.workload.csr import MAX_DIMENSION, MAX_NONZEROS, check_size
from simulator.workload.patterns.base import Matrix, Places, Seeded, counted
from simulator.workload.patterns.draws import uniform_places

Offset = Annotated[int, Field(gt=-MAX_DIMENSION, lt=MAX_DIMENSION)]


class Banded(Seeded):
    """Row r has its diagonal at column ⌊(r + ½) · columns / rows⌋; of the band around it all places, or a uniform draw."""

    pattern: Literal["banded"] = Field(description="nonzeros only in a band around the diagonal")
    half_width: Annotated[int, Field(ge=0, lt=MAX_DIMENSION)] | None = Field(
        None, description="the band: columns on either side of the diagonal, cut at the edges"
    )
    offsets: Annotated[tuple[Offset, ...], Field(min_length=1, max_length=4096)] | None = Field(
        None, description="the band, instead: whole diagonals at these distances, such as [-50, -1, 0, 1, 50] for a mesh 50 wide"
    )
    density: float | None = Field(None, ge=0, le=1, description="exactly round(density × size) of the band's places; default: all")
    nnz: Annotated[int, Field(ge=0, le=MAX_NONZEROS)] | None = Field(None, description="nonzeros of each block, instead of density")

    @model_validator(mode="after")
    def _one_band(self) -> Banded:
        if (self.half_width is None) == (self.offsets is None):
            found = "both given" if self.offsets is not None else "both missing"
            raise ValueError(f"pattern: banded needs either half_width or offsets; they are {found}")
        if self.density is not None and self.nnz is not None:
            raise ValueError("nnz: density and nnz are both given; allowed: one of them, or neither")
        return self

    def nonzeros(self, shape: Matrix) -> int:
        """Return the number asked for, or that of the band."""
        whole = self._band_size(shape)
        if self.density is None and self.nnz is None:
            return whole
        count = counted(shape[0] * shape[1], self.density, self.nnz)
        if count > whole:
            raise OperandError(f"{count} nonzeros, but the band has {whole} places; allowed: a wider band")
        return count

    def places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return all places of the band, or a draw of them."""
        offsets = self._offsets(shape)
        columns = _diagonal(shape)[:, None] + offsets
        inside = (columns >= 0) & (columns < shape[1])
        band = (np.arange(shape[0])[:, None] * shape[1] + columns)[inside]
        return np.asarray(band[uniform_places(len(band), self.nonzeros(shape), generator)], dtype=np.int64)

    def _offsets(self, shape: Matrix) -> Places:
        if self.offsets is not None:
            return np.unique(np.array(self.offsets, dtype=np.int64))
        width = min(self.half_width or 0, shape[1])
        return np.arange(-width, width + 1, dtype=np.int64)

    def _band_size(self, shape: Matrix) -> int:
        offsets = self._offsets(shape)
        check_size((shape[0], len(offsets)), shape[0] * len(offsets))
        diagonal = _diagonal(shape)
        return int((np.searchsorted(offsets, shape[1] - diagonal) - np.searchsorted(offsets, -diagonal)).sum())


def _diagonal(shape: Matrix) -> Places:
    """[rows] the column of each row's diagonal."""
    return (2 * np.arange(shape[0], dtype=np.int64) + 1) * shape[1] // (2 * shape[0])
