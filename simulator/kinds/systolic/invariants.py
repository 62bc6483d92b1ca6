"""What no size of tile changes of a family's schedules, on each part of the array that they may use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.kinds.systolic.compiled import WHOLE_KERNEL
from simulator.kinds.systolic.compiled import engine as compiled
from simulator.kinds.systolic.compiled.layout import Cut
from simulator.kinds.systolic.families import Family
from simulator.kinds.systolic.fold_tables import cut_of, fold_tables
from simulator.kinds.systolic.folds import Axis, dimensions, fold_edges, fold_steps, held_lines
from simulator.kinds.systolic.machine import SystolicFabric
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.timing import fold_interval, fold_intervals

Integers = NDArray[np.int64]
Reals = NDArray[np.float64]


def whole_folds(family: Family, fabric: SystolicFabric) -> tuple[int, int]:
    """Folds that a part of the array runs where no dimension is cut, and cycles that they add up to."""
    product, flow = family.product, family.dataflow
    on_rows, on_cols, streamed = dimensions(flow, product.shape)
    if not (fabric.skip_zero_tiles or fabric.column_skip):
        folds = product.batch * -(-on_rows // fabric.rows) * -(-on_cols // fabric.cols)
        return folds, folds * fold_interval(fabric, streamed, flow)
    cut = cut_of(product, flow, fabric, product.shape, tokens_outermost=False)
    return product.fact(("whole", cut), lambda: _whole_folds(family, fabric, cut))


def _whole_folds(family: Family, fabric: SystolicFabric, cut: Cut) -> tuple[int, int]:
    """Of a part that skips, for which it matters where nonzeros are."""
    product, flow = family.product, family.dataflow
    if WHOLE_KERNEL.ready:
        return compiled.whole_folds(cut, fold_tables(product, cut))
    m, k, n = (((0, extent),) for extent in product.shape)
    steps = fold_steps(fabric, product, flow, SystolicSchedule(fabric, product, flow, m, k, n, "m_rounds").axes)
    return int(np.count_nonzero(steps)), int(fold_intervals(fabric, steps, flow).sum())


class Shares:
    """Of tiles of so many steps and blocks of columns, the share that has a nonzero."""

    def __init__(self, family: Family, cols: int) -> None:
        self.family, self.cols = family, cols
        self._of_steps: dict[int, NDArray[np.int32]] = {}
        """[batch, blocks + 1, tiles] lines with a nonzero before each block and each tile of so many steps."""

    @cached_property
    def _before(self) -> NDArray[np.int32]:
        """[batch, blocks + 1, K + 1] lines with a nonzero before each in both."""
        product, flow = self.family.product, self.family.dataflow
        lines = held_lines(product, flow, Axis.cut(((0, dimensions(flow, product.shape)[1]),), self.cols))
        return np.pad(lines.cumsum(axis=1, dtype=np.int32).cumsum(axis=2, dtype=np.int32), ((0, 0), (1, 0), (1, 0)))

    def share(self, steps: int, blocks: int) -> float:
        """Of one size."""
        held = "right" if self.family.dataflow == "is" else "left"
        return self.family.product.fact(("share", held, self.cols, steps, blocks), lambda: self._share(steps, blocks))

    def _share(self, steps: int, blocks: int) -> float:
        if steps not in self._of_steps:
            self._of_steps[steps] = np.diff(self._before[:, :, _ends(self._before.shape[2], steps)])
        before = self._of_steps[steps][:, _ends(self._before.shape[1], blocks)]
        within = before[:, 1:] != before[:, :-1]
        return float(np.count_nonzero(within) / int(within.size))


def _ends(size: int, width: int) -> Integers:
    return np.minimum(np.arange(0, size + width - 1, width), size - 1)


class Parts:
    """The parts of the array that a family's schedules may use, and what no size of tile changes of each."""

    def __init__(self, family: Family, fabrics: Sequence[SystolicFabric]) -> None:
        self.family, self.fabrics = family, fabrics
        self._shares: dict[int, Shares] = {}

    @cached_property
    def whole(self) -> tuple[Integers, Integers]:
        """[parts] folds where no dimension is cut, and the cycles that they add up to."""
        folds, cycles = zip(*(whole_folds(self.family, part) for part in self.fabrics), strict=True)
        return np.array(folds), np.array(cycles)

    @cached_property
    def presence_bytes(self) -> tuple[Reals, Reals]:
        """[parts] of presence bits that come with all of X and with all of W."""
        product, flow = self.family.product, self.family.dataflow
        x, w = zip(*(_presence_bits(self.family, part) for part in self.fabrics), strict=True)
        scanned = product.right is not None and flow != "ws", product.left is not None and flow != "is"
        return np.array(x) * product.batch / 8 * scanned[0], np.array(w) * product.batch / 8 * scanned[1]

    def forget(self) -> None:
        """Let go of what is as large as the operands."""
        self._shares.clear()

    def shares(self, cols: int) -> Shares:
        """Of tiles in which anything is multiplied, on so many columns."""
        if cols not in self._shares:
            self._shares[cols] = Shares(self.family, cols)
        return self._shares[cols]


def _presence_bits(family: Family, fabric: SystolicFabric) -> tuple[int, int]:
    """Of all of X and of all of W of a block, where each is scanned."""
    edges = zip(family.product.shape, fold_edges(fabric, family.dataflow), strict=True)
    m, k, n = (-(-extent // (edge or extent)) for extent, edge in edges)
    skips_steps = fabric.column_skip and family.dataflow == "os"
    line = family.product.shape[1] if skips_steps else k if fabric.skip_zero_tiles else 0
    return n * line, m * line
