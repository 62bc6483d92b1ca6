"""`n_m`, `block`, `fixed_structured` and `hypergeometric`: nonzeros counted by groups, blocks and tiles."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from simulator.errors import OperandError
from simulator.workload.patterns.base import Counted, Matrix, Oriented, Places, Seeded, fit
from simulator.workload.patterns.draws import smallest, uniform_keys, uniform_places


class NM(Oriented):
    """Each aligned group of `m` places of a row (or column) has exactly `n` nonzeros, every choice equally likely.

    Where `m` does not divide the line, its last group has fewer places, and `n` of them or all.
    """

    pattern: Literal["n_m"] = Field(description="exactly n nonzeros in each aligned group of m neighbours of a row (or column)")
    n: PositiveInt = Field(description="nonzeros of a group")
    m: PositiveInt = Field(description="places of a group; the last of a line may have fewer, and n of them or all")

    @model_validator(mode="after")
    def _group(self) -> NM:
        if self.n > self.m:
            raise ValueError(f"n: {self.n} of {self.m} places; allowed: at most m")
        return self

    def nonzeros(self, shape: Matrix) -> int:
        """Return lines × (whole groups × n, and those of the last)."""
        lines, length = self.lines(shape)
        return lines * (length // self.m * self.n + min(self.n, length % self.m))

    def line_places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return `n` random places of every group."""
        lines, length = shape
        rest = length % self.m
        return np.concatenate(
            [
                _of_groups(lines, length, 0, length // self.m, self.m, self.n, generator),
                _of_groups(lines, length, length - rest, min(rest, 1), rest, min(self.n, rest), generator),
            ]
        )


def _of_groups(lines: int, length: int, start: int, groups: int, size: int, count: int, generator: np.random.Generator) -> Places:
    """`count` random places of each of the `groups` groups of `size` places that every line has from `start` on."""
    if not groups:
        return np.empty(0, dtype=np.int64)
    place = smallest(np.full(lines * groups, count, dtype=np.int64), size, uniform_keys(size, generator))
    line, inside = np.divmod(place, groups * size)
    return line * length + start + inside


Side = PositiveInt
Sides = Annotated[tuple[Side, Side], Field(description="rows and columns")]


class Block(Seeded):
    """The matrix is a grid of blocks; exactly round(density × blocks) of them are full, the rest empty."""

    pattern: Literal["block"] = Field(description="whole dense blocks at random places of a grid of blocks")
    block: Side | Sides = Field(description="side of a block, or [rows, columns]; must divide the matrix")
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
