"""The folds of a product on a systolic array: which are run, and how many steps each streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.kinds.systolic.array_product import ArrayProduct, Extent, Mask
from simulator.kinds.systolic.machine import SystolicFabric
from simulator.system.program import Span

Dataflow = Literal["ws", "os", "is"]
Steps = NDArray[np.int64]
"""[batch, M blocks, K blocks, N blocks]: steps of each fold; 0: it is not run."""


class Axis(Struct, frozen=True):
    """One dimension cut into tiles, and each tile into what one fold spans."""

    edges: tuple[int, ...]
    """[blocks + 1]"""
    first: tuple[int, ...]
    """[tiles + 1] first block of each tile."""

    @classmethod
    def cut(cls, tiles: tuple[Span, ...], step: int | None) -> Axis:
        """Blocks of `step` within each tile; without a step a tile is one block."""
        edges: list[int] = []
        first = [0]
        for start, stop in tiles:
            edges.extend(range(start, stop, step or stop - start))
            first.append(len(edges))
        return cls((*edges, tiles[-1][1]), tuple(first))

    @property
    def sizes(self) -> NDArray[np.int64]:
        """[blocks]"""
        return np.diff(self.edges)

    @property
    def starts(self) -> NDArray[np.int64]:
        """[blocks] first element of each."""
        return np.array(self.edges[:-1], dtype=np.int64)

    def blocks(self, tile: int) -> slice:
        """Blocks of a tile."""
        return slice(self.first[tile], self.first[tile + 1])


Axes = tuple[Axis, Axis, Axis]
"""M, K, N."""


def dimensions(flow: Dataflow, shape: Extent) -> Extent:
    """Extents on rows, on columns, and streamed."""
    m, k, n = shape
    return {"ws": (k, m, n), "is": (k, n, m), "os": (n, m, k)}[flow]


def fold_edges(fabric: SystolicFabric, flow: Dataflow) -> tuple[int | None, int | None, int | None]:
    """What a fold spans of M, K and N; None: the whole tile, which is streamed."""
    rows, cols = fabric.rows, fabric.cols
    return {"ws": (cols, rows, None), "is": (None, rows, cols), "os": (cols, None, rows)}[flow]


def fold_axes(fabric: SystolicFabric, flow: Dataflow, tiles: tuple[tuple[Span, ...], ...]) -> Axes:
    """The M, K and N axes of a dataflow, from its tiles."""
    m, k, n = (Axis.cut(spans, step) for spans, step in zip(tiles, fold_edges(fabric, flow), strict=True))
    return m, k, n


def fold_steps(fabric: SystolicFabric, product: ArrayProduct, flow: Dataflow, axes: Axes) -> Steps:
    """Steps of every fold, by the options of the fabric.

    `skip_zero_tiles`: a fold is not run where its stationary tile (output-stationary: either operand, or the sampled
    outputs) holds no nonzero. `column_skip`: an output-stationary fold streams only the steps in which one of its weights
    and one of its activations are nonzero.
    """
    blocks = tuple(len(axis.edges) - 1 for axis in axes)
    streamed = {"ws": 2, "is": 0, "os": 1}[flow]
    lengths = np.expand_dims(axes[streamed].sizes, tuple(axis for axis in range(3) if axis != streamed))
    steps: Steps = np.broadcast_to(lengths, (product.batch, *blocks)).astype(np.int64)
    if fabric.skip_zero_tiles:
        steps = steps * _present(product, flow, axes)
    if fabric.column_skip and flow == "os":
        steps = np.minimum(steps, _wanted_steps(product, axes))
    return steps


def read_steps(product: ArrayProduct, axes: Axes, word: int) -> Steps:
    """Output-stationary with `column_skip`: elements that an edge bank reads for each fold.

    A bank gives words of `word` consecutive steps: a word is read once if any of its steps remains, and costs all of it.
    """
    left, right = product.left_lines(axes[0].edges), product.right_lines(axes[2].edges)
    reads = []
    for start, stop in zip(axes[1].edges, axes[1].edges[1:], strict=False):
        some = np.zeros((product.batch, left.shape[1], -(-(stop - start) // word), right.shape[2]), dtype=np.bool_)
        for place in range(min(word, stop - start)):
            ours, theirs = left[:, :, start + place : stop : word], right[:, start + place : stop : word]
            some[:, :, : ours.shape[2]] |= ours[:, :, :, None] & theirs[:, None]
        missing = -(stop - start) % word
        reads.append(word * some.sum(axis=2, dtype=np.int64) - missing * some[:, :, -1])
    return np.stack(reads, axis=2)


def held_lines(product: ArrayProduct, flow: Dataflow, columns: Axis) -> Mask:
    """[batch, blocks, K] whether what lies on a block of columns has a nonzero in a step: W, or X where inputs are stationary."""
    if flow == "is":
        return np.moveaxis(np.broadcast_to(product.right_lines(columns.edges), (product.batch, product.shape[1], len(columns.sizes))), 2, 1)
    return product.left_lines(columns.edges)


def _present(product: ArrayProduct, flow: Dataflow, axes: Axes) -> NDArray[np.bool_]:
    """[batch, M, K, N blocks], or what broadcasts to it: whether a fold has anything to multiply."""
    some: NDArray[np.bool_] = np.ones((1, 1, 1, 1), dtype=np.bool_)
    m, k, n = axes
    if product.left is not None and flow != "is":
        some = some & np.logical_or.reduceat(product.left_lines(m.edges), k.starts, axis=2)[:, :, :, None]
    if product.right is not None and flow != "ws":
        some = some & np.logical_or.reduceat(product.right_lines(n.edges), k.starts, axis=1)[:, None]
    if product.sampled is not None:
        some = some & wanted_blocks(product, m.starts, n.starts)[:, :, None]
    return some


def wanted_blocks(product: ArrayProduct, m_starts: Sequence[int] | Steps, n_starts: Sequence[int] | Steps) -> Mask:
    """[batch, M blocks, N blocks] whether any output of a block is wanted, of a product that does not want all."""
    assert product.sampled is not None, "all outputs are wanted"
    wanted = product.sampled.reshape(product.batch, product.shape[0], -1)
    blocks: Mask = np.logical_or.reduceat(np.logical_or.reduceat(wanted, m_starts, axis=1), n_starts, axis=2)
    return blocks


def _wanted_steps(product: ArrayProduct, axes: Axes) -> Steps:
    """[batch, M blocks, K tiles, N blocks] steps of which neither operand is all zero in the fold."""
    m, k, n = axes
    if product.left is None and product.right is None:
        return np.expand_dims(k.sizes, (0, 1, 3))
    return product.common_steps(m.edges, k.edges, n.edges)
