"""`fixed_structured` and `hypergeometric`: how many nonzeros each tile has, all the same or by chance."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, PositiveInt

from simulator.errors import OperandError
from simulator.workload.patterns.base import Counted, Matrix, Places, Seeded, fit
from simulator.workload.patterns.choice import smallest, uniform_keys

_MOST_COLOURS = 10**9
"""NumPy's limit of a hypergeometric population."""

Tile = tuple[PositiveInt, PositiveInt]


class FixedStructured(Seeded):
    """Every tile has exactly round(density × its size) nonzeros: Sparseloop's `fixed_structured` density model."""

    pattern: Literal["fixed_structured"] = Field(description="every tile has exactly the same number of nonzeros")
    tile: Tile = Field(description="[rows, columns] of a tile; must divide the matrix")
    density: float = Field(ge=0, le=1, description="exactly round(density × tile) nonzeros in every tile")
    places_of_tiles: Literal["own", "same"] = Field("own", description="own: each tile draws its places; same: one draw, repeated in all")

    def nonzeros(self, shape: Matrix) -> int:
        """Return tiles × nonzeros of a tile."""
        return _tiles(self.tile, shape) * self._each()

    def places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return the places of every tile."""
        tiles, size = _tiles(self.tile, shape), self.tile[0] * self.tile[1]
        drawn = tiles if self.places_of_tiles == "own" else 1
        place = smallest(np.full(drawn, self._each(), dtype=np.int64), size, uniform_keys(size, generator))
        if drawn < tiles:
            place = np.add.outer(np.arange(tiles) * size, place).ravel()
        return _of_matrix(place, self.tile, shape)

    def _each(self) -> int:
        return round(self.density * self.tile[0] * self.tile[1])


class Hypergeometric(Counted):
    """The same law as `uniform`, drawn tile by tile: Sparseloop's `hypergeometric` density model, with an exact total.

    First how many nonzeros each tile has (multivariate hypergeometric, as of a uniform mask), then where in the tile.
    """

    pattern: Literal["hypergeometric"] = Field(description="the law of uniform, drawn tile by tile: numbers first, then places")
    tile: Tile | None = Field(None, description="[rows, columns] of a tile; must divide the matrix; default: a row")

    def nonzeros(self, shape: Matrix) -> int:
        """Return the number asked for; OperandError where tiles do not fit, or the matrix is too large for the draw."""
        _tiles(self._tile(shape), shape)
        if shape[0] * shape[1] >= _MOST_COLOURS:
            raise OperandError(f"hypergeometric: {shape[0] * shape[1]} places; allowed: fewer than {_MOST_COLOURS}, or pattern: uniform")
        return super().nonzeros(shape)

    def places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return the places of every tile."""
        tile = self._tile(shape)
        size = tile[0] * tile[1]
        population = np.full(_tiles(tile, shape), size, dtype=np.int64)
        counts = generator.multivariate_hypergeometric(population, self.nonzeros(shape), method="marginals")
        return _of_matrix(smallest(counts, size, uniform_keys(size, generator)), tile, shape)

    def _tile(self, shape: Matrix) -> Matrix:
        return self.tile or (1, shape[1])


def _tiles(tile: Matrix, shape: Matrix) -> int:
    return fit("tile", tile[0], shape[0]) * fit("tile", tile[1], shape[1])


def _of_matrix(place: Places, tile: Matrix, shape: Matrix) -> Places:
    """Places counted tile after tile → ascending places of the matrix."""
    number, inside = np.divmod(place, tile[0] * tile[1])
    down, right = np.divmod(number, shape[1] // tile[1])
    row, col = np.divmod(inside, tile[1])
    return np.sort((down * tile[0] + row) * shape[1] + right * tile[1] + col)
