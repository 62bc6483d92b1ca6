"""How one operation is cut into tiles of folds on a systolic array, and in which order the tiles are run."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.kinds.systolic.array_product import ArrayProduct, Extent
from simulator.kinds.systolic.folds import Axes, Dataflow, fold_axes
from simulator.kinds.systolic.machine import SystolicFabric
from simulator.system.program import LoopOrder, Span

Position = tuple[int, int, int, int]
"""Block, M tile, N tile, K tile."""


class SystolicSchedule(Struct, frozen=True, eq=False, dict=True):
    """How one product, or each block of a batched one, is cut into tiles of folds.

    Weight-stationary holds K × M and streams tokens; input-stationary holds K × N and streams output features;
    output-stationary holds N × M (tokens on the rows) and streams input features.
    """

    fabric: SystolicFabric
    """The rows, columns and options that it uses of the machine's array."""
    product: ArrayProduct
    dataflow: Dataflow
    m_tiles: tuple[Span, ...]
    k_tiles: tuple[Span, ...]
    """In steps, of which a packed operand has fewer than input features."""
    n_tiles: tuple[Span, ...]
    loop_order: LoopOrder
    """`m_rounds`: output features, then tokens; `rounds_m`: the reverse. K is innermost."""
    compressed: bool = True
    """Whether weights come through the decoder, where there is one, in the least of their forms."""

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """[4, tiles] block, M tile, N tile and K tile of tiles in execution order; a batched product is its blocks one after another.

        Within a block the order is serpentine: each inner loop runs back where the last one ended, so that the tile of X or of
        W that lies there is met again at once.
        """
        ms, ns, ks = len(self.m_tiles), len(self.n_tiles), len(self.k_tiles)
        outer, inner = (ms, ns) if self.loop_order == "m_rounds" else (ns, ms)
        block, first, place, k = (index.ravel() for index in np.indices((self.product.batch, outer, inner, ks)))
        second = np.where(first % 2, inner - 1 - place, place)
        k = np.where((first * inner + place) % 2, ks - 1 - k, k)
        return np.stack((block, first, second, k) if self.loop_order == "m_rounds" else (block, second, first, k))

    @cached_property
    def spans(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """[tiles, 2] first and end of each tile along M, K and N."""
        m, k, n = (np.array(tiles, dtype=np.int64) for tiles in (self.m_tiles, self.k_tiles, self.n_tiles))
        return m, k, n

    @cached_property
    def sizes(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """[tiles] sizes along M, K and N."""
        m, k, n = (spans[:, 1] - spans[:, 0] for spans in self.spans)
        return m, k, n

    @cached_property
    def positions(self) -> tuple[Position, ...]:
        """The same, tile by tile."""
        return tuple((block, m, n, k) for block, m, n, k in self.places.T.tolist())

    def extent(self, m: int, n: int, k: int) -> Extent:
        """Size of a tile."""
        sizes = [stop - start for start, stop in (self.m_tiles[m], self.k_tiles[k], self.n_tiles[n])]
        return sizes[0], sizes[1], sizes[2]

    @cached_property
    def axes(self) -> Axes:
        """The blocks that its folds span."""
        return fold_axes(self.fabric, self.dataflow, (self.m_tiles, self.k_tiles, self.n_tiles))
