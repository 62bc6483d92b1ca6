"""Where a product has nonzeros, fold by fold, as the compiled kernels read it."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.kinds.systolic.array_product import ArrayProduct, Extent, Mask
from simulator.kinds.systolic.compiled.layout import FLOWS, Cut
from simulator.kinds.systolic.folds import Axis, Dataflow, fold_edges, wanted_blocks
from simulator.kinds.systolic.machine import SystolicFabric
from simulator.system.program import spans

Counts = NDArray[np.int32]
NO_COUNTS: Counts = np.zeros(1, dtype=np.int32)
NONE_WANTED: NDArray[np.uint8] = np.zeros(1, dtype=np.uint8)
NONE_COMMON: NDArray[np.int64] = np.zeros(1, dtype=np.int64)


class FoldTables(Struct, frozen=True, eq=False):
    """What decides which folds of a schedule are run, and how many steps each streams; one number each where nothing does."""

    left: Counts
    """[batch, M blocks, K + 1] steps before each in which a block of W has a nonzero."""
    right: Counts
    """[batch, N blocks, K + 1] the same of X."""
    wanted: NDArray[np.uint8]
    """[batch, M blocks, N blocks] whether any output is."""
    common: NDArray[np.int64]
    """[batch, M blocks, K tiles, N blocks] steps in which both operands have a nonzero, where both have zeros."""


def cut_of(product: ArrayProduct, flow: Dataflow, fabric: SystolicFabric, tile: Extent, *, tokens_outermost: bool) -> Cut:
    """A schedule as the kernels take it."""
    skips_steps = fabric.column_skip and flow == "os"
    (m, k, n), (m_tile, k_tile, n_tile) = product.shape, tile
    m_fold, k_fold, n_fold = (edge or size for edge, size in zip(fold_edges(fabric, flow), tile, strict=True))
    has_left, has_right = product.left is not None, product.right is not None
    return Cut(
        product.batch, m, k, n, m_tile, k_tile, n_tile, m_fold, k_fold, n_fold,
        tokens_outermost=tokens_outermost,
        flow=FLOWS[flow],
        serial=fabric.weight_load == "serial",
        rows=fabric.rows,
        skew=fabric.skew,
        skips_folds=fabric.skip_zero_tiles,
        skips_steps=skips_steps,
        has_left=has_left,
        has_right=has_right,
        has_wanted=product.sampled is not None,
        has_common=skips_steps and has_left and has_right,
    )  # fmt: skip


def fold_tables(product: ArrayProduct, cut: Cut) -> FoldTables:
    """Those of a schedule, found once for all schedules whose blocks have the same edges."""
    if not (cut.skips_folds or cut.skips_steps):
        return FoldTables(NO_COUNTS, NO_COUNTS, NONE_WANTED, NONE_COMMON)
    flow, m, n = cut.flow, _blocks(cut.m, cut.m_tile, cut.m_fold), _blocks(cut.n, cut.n_tile, cut.n_fold)
    left, right, wanted, common = NO_COUNTS, NO_COUNTS, NONE_WANTED, NONE_COMMON
    if cut.has_left and flow != FLOWS["is"]:
        left = product.once(("left before", *m), lambda: _before(product.left_lines(_edges(*m))))
    if cut.has_right and flow != FLOWS["ws"]:
        right = product.once(("right before", *n), lambda: _before(np.swapaxes(product.right_lines(_edges(*n)), 1, 2)))
    if cut.has_wanted:
        wanted = product.once(("wanted", *m, *n), lambda: wanted_blocks(product, _edges(*m)[:-1], _edges(*n)[:-1]).astype(np.uint8))
    if cut.has_common:
        k_edges = (*range(0, cut.k, cut.k_tile), cut.k)
        key = "common", *m, *n, cut.k_tile
        common = product.once(key, lambda: np.ascontiguousarray(product.common_steps(_edges(*m), k_edges, _edges(*n))))
    return FoldTables(left, right, wanted, common)


def _blocks(extent: int, tile: int, fold: int) -> Extent:
    """An axis as it is cut into folds, tile by tile: tiles of whole folds have edges where the whole would have them."""
    return (extent, extent, fold) if tile % fold == 0 else (extent, tile, fold)


def _edges(extent: int, tile: int, fold: int) -> tuple[int, ...]:
    return Axis.cut(spans(extent, tile), fold).edges


def _before(lines: Mask) -> Counts:
    """[batch, blocks, K + 1] of lines [batch, blocks, K] with a nonzero."""
    before = np.zeros((*lines.shape[:2], lines.shape[2] + 1), dtype=np.int32)
    np.cumsum(lines, axis=2, out=before[:, :, 1:])
    return before
