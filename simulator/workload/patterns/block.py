"""`block`: whole dense blocks at random places of a grid."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, PositiveInt

from simulator.workload.generate import uniform_places
from simulator.workload.patterns.base import Matrix, Places, Seeded, fit

Side = PositiveInt
Tile = Annotated[tuple[Side, Side], Field(description="rows and columns")]


class Block(Seeded):
    """The matrix is a grid of blocks; exactly round(density × blocks) of them are full, the rest empty."""

    pattern: Literal["block"] = Field(description="whole dense blocks at random places of a grid of blocks")
    block: Side | Tile = Field(description="side of a block, or [rows, columns]; must divide the matrix")
    density: float = Field(ge=0, le=1, description="exactly round(density × blocks of the grid) blocks are full")

    def nonzeros(self, shape: Matrix) -> int:
        """Return full blocks × their size."""
        rows, cols = self._grid(shape)
        return round(self.density * rows * cols) * (shape[0] // rows) * (shape[1] // cols)

    def places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return the places of the blocks that are drawn."""
        rows, cols = self._grid(shape)
        high, wide = shape[0] // rows, shape[1] // cols
        row, col = np.divmod(uniform_places(rows * cols, round(self.density * rows * cols), generator), cols)
        inside = np.add.outer(np.arange(high) * shape[1], np.arange(wide)).ravel()
        return np.sort(np.add.outer(row * high * shape[1] + col * wide, inside).ravel())

    def _grid(self, shape: Matrix) -> Matrix:
        high, wide = self.block if isinstance(self.block, tuple) else (self.block, self.block)
        return fit("block", high, shape[0]), fit("block", wide, shape[1])
