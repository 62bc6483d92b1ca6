"""How one operation is cut into tiles of folds on a systolic array, and in which order the tiles are run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from simulator.kinds.systolic.array_product import ArrayProduct, Extent
from simulator.kinds.systolic.folds import Axes, Dataflow, fold_axes
from simulator.kinds.systolic.machine import SystolicFabric
from simulator.system.program import LoopOrder, Span

Position = tuple[int, int, int, int]
"""Block, M tile, N tile, K tile."""


@dataclass(frozen=True, eq=False)
class SystolicSchedule:
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
    def positions(self) -> tuple[Position, ...]:
        """Tiles in execution order; a batched product is its blocks one after another.

        Within a block the order is serpentine: each inner loop runs back where the last one ended, so that the tile of X or of
        W that lies there is met again at once.
        """
        return tuple(self._visit())

    def _visit(self) -> Iterator[Position]:
        ms, ns, ks = range(len(self.m_tiles)), range(len(self.n_tiles)), range(len(self.k_tiles))
        outer, inner = (ms, ns) if self.loop_order == "m_rounds" else (ns, ms)
        for block in range(self.product.batch):
            for first in outer:
                for place in inner:
                    second = inner[-1 - place] if first % 2 else place
                    backwards = (first * len(inner) + place) % 2
                    m, n = (first, second) if self.loop_order == "m_rounds" else (second, first)
                    yield from ((block, m, n, k) for k in (ks[::-1] if backwards else ks))

    def extent(self, m: int, n: int, k: int) -> Extent:
        """Size of a tile."""
        sizes = [stop - start for start, stop in (self.m_tiles[m], self.k_tiles[k], self.n_tiles[n])]
        return sizes[0], sizes[1], sizes[2]

    @cached_property
    def axes(self) -> Axes:
        """The blocks that its folds span."""
        return fold_axes(self.fabric, self.dataflow, (self.m_tiles, self.k_tiles, self.n_tiles))


def cut(extent: int, size: int) -> tuple[Span, ...]:
    """Tiles of one size; the last takes what is left."""
    return tuple((start, min(start + size, extent)) for start in range(0, extent, size))
