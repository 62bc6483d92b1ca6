"""What a family's schedules take, estimated for many sizes of tile at once, as if all tiles of a size were alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.kinds.systolic.array_product import Extent
from simulator.kinds.systolic.families import Family
from simulator.kinds.systolic.folds import Axis, fold_edges, fold_steps, held_lines
from simulator.kinds.systolic.machine import ArrayMachine, SystolicFabric
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.timing import fold_intervals, serial_cycles
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency

FINE = 16
"""Steps of the smallest K tile of which it is asked whether it has a nonzero."""
NEARLY_ALL = 0.98
"""Share of the smallest tiles with a nonzero from which all count as having one."""

Integers = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Grid:
    """Sizes of tile, and the loop order, of many schedules."""

    m: Integers
    k: Integers
    n: Integers
    tokens_outermost: NDArray[np.bool_]

    def where(self, chosen: NDArray[np.bool_]) -> Grid:
        """Some of them."""
        return Grid(self.m[chosen], self.k[chosen], self.n[chosen], self.tokens_outermost[chosen])


def dimensions(family: Family) -> Extent:
    """Extents on rows, on columns, and streamed."""
    m, k, n = family.product.shape
    return {"ws": (k, m, n), "is": (k, n, m), "os": (n, m, k)}[family.dataflow]


def operand_bytes(machine: ArrayMachine, family: Family, residency: Residency) -> tuple[float, float, float]:
    """Bytes of all of X, W and Y where they live, without presence bits."""
    product, types, y_form = family.product, machine.datatypes, residency.forms.y
    m, k, n = product.shape
    w_bits = product.left_bits if family.compressed else product.batch * m * k * types.weight_bits
    y_bits = product.batch * m * n * types.activation_bits
    if y_form.packed:
        y_bits = y_form.bits(slice(0, product.batch * m), (0, n), types.activation_bits)
    return product.right_bits / 8, w_bits / 8, y_bits / 8


def bytes_cycles(machine: ArrayMachine, family: Family, residency: Residency, spec: SystemSpec) -> float:
    """Cycles that DRAM and the trunks need to move every operand once."""
    x_bytes, w_bytes, y_bytes = operand_bytes(machine, family, residency)
    x_dram, y_dram = residency.x == "dram", residency.y == "dram"
    dram = x_bytes * x_dram + w_bytes * (x_dram or not family.product.made) + y_bytes * y_dram
    trunks = x_bytes / spec.x_bytes_per_cycle, w_bytes / spec.w_bytes_per_cycle, y_bytes / spec.drain_bytes_per_cycle
    return max(dram / spec.dram_bytes_per_cycle, *trunks)


def whole_folds(family: Family, fabric: SystolicFabric) -> tuple[int, int]:
    """Folds that a part of the array runs where no dimension is cut, and cycles that they add up to."""
    product, flow = family.product, family.dataflow
    on_rows, on_cols, streamed = dimensions(family)
    if not (fabric.skip_zero_tiles or fabric.column_skip):
        folds = product.batch * -(-on_rows // fabric.rows) * -(-on_cols // fabric.cols)
        return folds, folds * int(fold_intervals(fabric, np.array([streamed]), flow)[0])
    m, k, n = (((0, extent),) for extent in product.shape)
    steps = fold_steps(fabric, product, flow, SystolicSchedule(fabric, product, flow, m, k, n, "m_rounds").axes)
    return int(np.count_nonzero(steps)), int(fold_intervals(fabric, steps, flow).sum())


def _any_share(before: Integers, steps: int, blocks: int) -> float:
    """Share of the tiles of so many steps and blocks that have a nonzero, from [batch, blocks + 1, K + 1] counts of those before."""
    ends = [
        np.minimum(np.arange(0, size + width - 1, width), size - 1) for size, width in zip(before.shape[1:], (blocks, steps), strict=True)
    ]
    rows = before[:, ends[0]][:, :, ends[1]]
    rows = rows[:, 1:] - rows[:, :-1]
    within = rows[:, :, 1:] != rows[:, :, :-1]
    return float(np.count_nonzero(within) / int(within.size))


def _counts_before(lines: NDArray[np.bool_]) -> Integers:
    """[batch, blocks, K] → [batch, blocks + 1, K + 1] sums of what lies before in both."""
    return np.pad(lines.cumsum(axis=1).cumsum(axis=2), ((0, 0), (1, 0), (1, 0)))


class Estimate:
    """Schedules of one family on one part of the array."""

    def __init__(
        self, machine: ArrayMachine, family: Family, fabric: SystolicFabric, grid: Grid, residency: Residency, spec: SystemSpec
    ) -> None:
        self.machine, self.family, self.fabric, self.grid = machine, family, fabric, grid
        self.residency, self.spec = residency, spec
        m, k, n = family.product.shape
        self.counts = -(-m // grid.m), -(-k // grid.k), -(-n // grid.n)
        """Tiles along M, K and N."""

    def array_cycles(self) -> Reals:
        """Of the array itself: folds that are run, each for its steps or for what hides behind them."""
        fabric, flow, streamed = self.fabric, self.family.dataflow, dimensions(self.family)[2]
        size = {"ws": self.grid.n, "is": self.grid.m, "os": self.grid.k}[flow]
        tiles = -(-streamed // size)
        last = streamed - (tiles - 1) * size
        folds: int | Reals
        folds, whole = whole_folds(self.family, fabric)
        if fabric.weight_load == "serial":
            return np.asarray(whole + folds * (tiles - 1) * serial_cycles(fabric, flow), dtype=np.float64)
        if flow == "os" and fabric.column_skip:
            intervals = np.maximum(whole, folds * tiles * fabric.rows)
        else:
            if flow == "os":  # a fold is run in the K tiles in which its weights are not all zero
                folds = folds * self._run(np.full(len(tiles), fabric.cols))
            intervals = folds * ((tiles - 1) * np.maximum(size, fabric.rows) + np.maximum(last, fabric.rows))
        hidden = np.minimum(0, (size if flow == "os" else last) - fabric.rows)
        return np.asarray(intervals + (fabric.rows + fabric.skew + hidden) * (folds > 0), dtype=np.float64)

    def delays(self) -> Integers:
        """[schedules] cycles from the end of a tile until its last output has left the array."""
        fabric, flow = self.fabric, self.family.dataflow
        if fabric.weight_load == "serial":
            return np.zeros(len(self.grid.m), dtype=np.int64)
        hidden = fabric.rows if flow == "os" else np.minimum(0, (self.grid.n if flow == "ws" else self.grid.m) - fabric.rows)
        return np.maximum(0, np.asarray(fabric.skew + hidden + np.zeros_like(self.grid.m)))

    def passes(self) -> tuple[Reals, Reals]:
        """How often all of X and all of W are brought in: turns of the serpentine keep what lies there, two halves keep two tiles."""
        m, k, n = self.counts
        tiles = m * k * n
        x = tiles - np.where(self.grid.tokens_outermost, n * (m - 1), m - 1)
        w = tiles - np.where(self.grid.tokens_outermost, n - 1, m * (n - 1))
        inner_x, inner_w = np.where(self.grid.tokens_outermost, k, n * k), np.where(self.grid.tokens_outermost, m * k, k)
        return np.where(inner_x <= 2, 1.0, x / (k * n)), np.where(inner_w <= 2, 1.0, w / (m * k))

    def _run(self, held: Integers) -> Reals:
        """[schedules] share of the tiles of K steps and so much of what lies on columns in which anything is multiplied.

        The others are not filled. Where nearly all of the smallest do, all count as if they did.
        """
        fabric, flow, product = self.fabric, self.family.dataflow, self.family.product
        operand = product.right if flow == "is" else product.left
        everything = np.ones(len(held))
        if operand is None or not (fabric.skip_zero_tiles or (fabric.column_skip and flow == "os")):
            return everything
        blocks, steps = -(-held // fabric.cols), np.maximum(self.grid.k, FINE)
        if not blocks.size or _any_share(self._before, int(steps.min()), int(blocks.min())) > NEARLY_ALL:
            return everything
        keys = blocks * (int(steps.max()) + 1) + steps
        tried = np.flatnonzero(np.bincount(keys))
        shares = np.zeros(int(tried[-1]) + 1)
        shares[tried] = [_any_share(self._before, key % (int(steps.max()) + 1), key // (int(steps.max()) + 1)) for key in tried.tolist()]
        return shares[keys]

    @cached_property
    def _before(self) -> Integers:
        columns = Axis.cut(((0, dimensions(self.family)[1]),), self.fabric.cols)
        return _counts_before(held_lines(self.family.product, self.family.dataflow, columns))

    def _new_in_second(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """[schedules] whether the second tile needs another tile of X, and of W, than the first."""
        m, k, n = self.counts
        tokens_vary, features_vary = ~self.grid.tokens_outermost | (m == 1), self.grid.tokens_outermost | (n == 1)
        return (k > 1) | ((n > 1) & tokens_vary), (k > 1) | ((m > 1) & features_vary)

    def ranks(self) -> Reals:
        """[3, schedules] cycles, bytes from and to DRAM, bytes from and to the buffer.

        Cycles are the longest of what must be done one after another: fills, tiles, drains, each with what cannot overlap at its
        ends. A tile of W counts its share of all of W.
        """
        machine, product, spec, fabric = self.machine, self.family.product, self.spec, self.machine.fabric
        (m, k, n), batch = product.shape, product.batch
        x_bytes, w_bytes, y_bytes = operand_bytes(machine, self.family, self.residency)
        w_words = batch * m * k / machine.w_word
        if product.left is not None and product.of == 1 and 8 * w_bytes < batch * m * k * machine.datatypes.weight_bits:
            w_words = min(w_words, len(product.left.rows))  # a decoder writes words that hold a nonzero
        x_presence, w_presence = self._presence_bytes()
        x_bytes, w_bytes = x_bytes + x_presence, max(w_bytes + w_presence, 1.0)
        x_time = max(x_bytes / spec.x_bytes_per_cycle, batch * product.inputs(k) * n / (fabric.rows * machine.x_word))
        w_time = max(w_bytes / spec.w_bytes_per_cycle, w_words / fabric.cols)
        m_tiles, k_tiles, n_tiles = self.counts
        x_share, w_share = 1 / (batch * k_tiles * n_tiles), 1 / (batch * m_tiles * k_tiles)
        y_tile = self.grid.m * self.grid.n * (y_bytes / (batch * m * n))
        x_dram, y_dram = self.residency.x == "dram", self.residency.y == "dram"
        w_dram = x_dram or not product.made
        run = self._run(self.grid.n if self.family.dataflow == "is" else self.grid.m)
        x_passes, w_passes = (passes * run for passes in self.passes())
        rate, latency = spec.dram_bytes_per_cycle, spec.dram_latency_cycles * (x_dram or w_dram)
        fills = x_passes * x_bytes * x_dram + w_passes * w_bytes * w_dram
        array = self.array_cycles()
        step = array / (batch * m_tiles * k_tiles * n_tiles)
        y_time = np.maximum(y_bytes / spec.drain_bytes_per_cycle, y_bytes / rate * y_dram)
        # a half is filled again once its tile is done, or drained: two halves share two delays, two transfers and their tiles
        alone = [(batch * m_tiles * n_tiles * self.delays() + y_time + array) / 2]
        alone += [
            (passes / share * spec.dram_latency_cycles * dram + passes * max(time, size / rate * dram) + array) / 2
            for passes, share, dram, time, size in (
                (x_passes, x_share, x_dram, x_time, x_bytes),
                (w_passes, w_share, w_dram, w_time, w_bytes),
            )
        ]
        first = latency + np.maximum.reduce(
            [(x_bytes * x_share * x_dram + w_bytes * w_share * w_dram) / rate, x_time * x_share, w_time * w_share]
        )
        x_next, w_next = self._new_in_second()
        second = latency + (x_bytes * x_share * (1 + x_next) * x_dram + w_bytes * w_share * (1 + w_next) * w_dram) / rate
        end = np.maximum(y_tile / spec.drain_bytes_per_cycle, y_tile / rate * y_dram)
        drained = y_bytes - y_tile
        port = x_passes * x_time * (not x_dram) + w_passes * w_time * (not w_dram)
        filled = np.maximum.reduce([(fills + drained * y_dram) / rate, x_passes * x_time, w_passes * w_time, port])
        cycles = np.maximum.reduce(
            [
                first + array + end,
                second + array - step + end,
                latency + filled + step + end,
                first + step + drained / spec.drain_bytes_per_cycle + end,
                *alone,
            ]
        )
        buffer = x_passes * x_bytes * (not x_dram) + w_passes * w_bytes * (not w_dram) + y_bytes * (not y_dram)
        return np.stack((cycles, fills + y_bytes * y_dram, buffer))

    def _presence_bytes(self) -> tuple[float, float]:
        """Presence bits that come with all of X and with all of W."""
        fabric, product, flow = self.fabric, self.family.product, self.family.dataflow
        edges = zip(product.shape, fold_edges(fabric, flow), strict=True)
        m, k, n = (len(Axis.cut(((0, extent),), edge).sizes) for extent, edge in edges)
        line = product.shape[1] if fabric.column_skip and flow == "os" else k if fabric.skip_zero_tiles else 0
        x = 0 if product.right is None or flow == "ws" else n * line
        w = 0 if product.left is None or flow == "is" else m * line
        return product.batch * x / 8, product.batch * w / 8
