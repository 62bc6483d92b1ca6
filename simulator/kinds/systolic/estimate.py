"""What a family's schedules take, estimated for many sizes of tile at once, as if all tiles of a size were alike."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.kinds.systolic.families import Family
from simulator.kinds.systolic.folds import Dataflow, dimensions
from simulator.kinds.systolic.invariants import Parts, Shares
from simulator.kinds.systolic.machine import ArrayMachine, SystolicFabric
from simulator.kinds.systolic.timing import serial_cycles
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency

FINE = 16
"""Steps of the smallest K tile of which it is asked whether it has a nonzero."""
NEARLY_ALL = 0.98
"""Share of the smallest tiles with a nonzero from which all count as having one."""

Integers = NDArray[np.int64]
Reals = NDArray[np.float64]


class Grid(Struct, frozen=True, eq=False):
    """Sizes of tile, and the loop order, of many schedules, and which part of the array each uses."""

    part: Integers
    m: Integers
    k: Integers
    n: Integers
    tokens_outermost: NDArray[np.bool_]

    def where(self, chosen: NDArray[np.bool_] | Integers) -> Grid:
        """Some of them."""
        return Grid(self.part[chosen], self.m[chosen], self.k[chosen], self.n[chosen], self.tokens_outermost[chosen])

    def streamed(self, flow: Dataflow) -> Integers:
        """What of a tile is streamed at a time."""
        return {"ws": self.n, "is": self.m, "os": self.k}[flow]

    @classmethod
    def joined(cls, grids: Sequence[Grid]) -> Grid:
        """One after another."""
        return cls(*(np.concatenate(of) for of in zip(*((g.part, g.m, g.k, g.n, g.tokens_outermost) for g in grids), strict=True)))


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


class Nearly(Struct, frozen=True):
    """[parts] whether nearly all of the smallest tiles that are tried have a nonzero, so that all count as if they did."""

    filled: tuple[bool, ...]
    """Tiles as they are filled."""
    run: tuple[bool, ...]
    """K tiles of a block of columns, as folds are run."""


class Estimate:
    """Schedules of one family on parts of the array."""

    def __init__(
        self,
        machine: ArrayMachine,
        family: Family,
        parts: Parts,
        grid: Grid,
        residency: Residency,
        spec: SystemSpec,
    ) -> None:
        self.machine, self.family, self.parts, self.grid = machine, family, parts, grid
        self.residency, self.spec = residency, spec
        sizes = ((part.rows, part.cols, part.skew) for part in parts.fabrics)
        self.rows, self.cols, self.skew = (np.array(of)[grid.part] for of in zip(*sizes, strict=True))
        m, k, n = family.product.shape
        self.counts = -(-m // grid.m), -(-k // grid.k), -(-n // grid.n)
        """Tiles along M, K and N."""

    @property
    def _pieces(self) -> tuple[Integers, Integers, Integers]:
        """[schedules] what a tile streams at a time, how often, and the last time."""
        streamed = dimensions(self.family.dataflow, self.family.product.shape)[2]
        size = self.grid.streamed(self.family.dataflow)
        tiles = -(-streamed // size)
        return size, tiles, streamed - (tiles - 1) * size

    def array_cycles(self, run: Reals | float) -> Reals:
        """[schedules] of the array itself: folds that are run, each for its steps or for what hides behind them.

        `run`: share of the tiles of K steps and a block of columns in which anything is multiplied.
        """
        fabric, flow = self.family.fabric, self.family.dataflow
        size, tiles, last = self._pieces
        folds, whole = (of[self.grid.part] for of in self.parts.whole)
        if fabric.weight_load == "serial":
            more = np.array([serial_cycles(part, flow) for part in self.parts.fabrics])[self.grid.part]
            return np.asarray(whole + folds * (tiles - 1) * more, dtype=np.float64)
        if flow == "os" and fabric.column_skip:
            intervals: NDArray[Any] = np.maximum(whole, folds * tiles * self.rows)
        else:  # an output-stationary fold is run in the K tiles in which its weights are not all zero
            intervals = folds * (run if flow == "os" else 1) * ((tiles - 1) * np.maximum(size, self.rows) + np.maximum(last, self.rows))
        hidden = np.minimum(0, (size if flow == "os" else last) - self.rows)
        return np.asarray(intervals + (self.rows + self.skew + hidden) * (intervals > 0), dtype=np.float64)

    def least_cycles(self) -> Reals:
        """[schedules] cycles that no schedule of these sizes goes below: those of its folds, and DRAM's latency before the first."""
        fabric, flow = self.family.fabric, self.family.dataflow
        folds, whole = (of[self.grid.part] for of in self.parts.whole)
        _, _, last = self._pieces
        array = self.array_cycles(1.0) if flow != "os" and fabric.weight_load == "overlapped" else self._least_of_folds(folds, whole, last)
        return array + self.spec.dram_latency_cycles * (self.residency.x == "dram") * (folds > 0)

    def _least_of_folds(self, folds: Integers, whole: Integers, last: Integers) -> Reals:
        """[schedules] of serial or output-stationary folds, where tiles of K that are empty are passed over."""
        fabric, skips = self.family.fabric, self.family.skips
        if fabric.weight_load == "serial":
            return np.asarray(whole * (not skips), dtype=np.float64)
        each = whole if fabric.column_skip or not skips else folds * np.maximum(last, self.rows)
        return np.asarray(each + (self.skew + 1) * (folds > 0), dtype=np.float64)

    def delays(self) -> Integers:
        """[schedules] cycles from the end of a tile until its last output has left the array."""
        flow = self.family.dataflow
        if self.family.fabric.weight_load == "serial":
            return np.zeros(len(self.grid.m), dtype=np.int64)
        hidden = self.rows if flow == "os" else np.minimum(0, (self.grid.n if flow == "ws" else self.grid.m) - self.rows)
        return np.asarray(np.maximum(0, self.skew + hidden))

    def passes(self) -> tuple[Reals, Reals]:
        """How often all of X and all of W are brought in: turns of the serpentine keep what lies there, two halves keep two tiles."""
        m, k, n = self.counts
        tiles = m * k * n
        x = tiles - np.where(self.grid.tokens_outermost, n * (m - 1), m - 1)
        w = tiles - np.where(self.grid.tokens_outermost, n - 1, m * (n - 1))
        inner_x, inner_w = np.where(self.grid.tokens_outermost, k, n * k), np.where(self.grid.tokens_outermost, m * k, k)
        return np.where(inner_x <= 2, 1.0, x / (k * n)), np.where(inner_w <= 2, 1.0, w / (m * k))

    @property
    def skips(self) -> bool:
        """Whether tiles may be passed over."""
        fabric, flow, product = self.family.fabric, self.family.dataflow, self.family.product
        operand = product.right if flow == "is" else product.left
        return operand is not None and (fabric.skip_zero_tiles or (fabric.column_skip and flow == "os"))

    @cached_property
    def nearly_all(self) -> Nearly:
        """Parts of the array on which nearly all of the smallest tiles have a nonzero."""
        return Nearly(self._nearly_all(self._filled), self._nearly_all(self.cols))

    @property
    def _filled(self) -> Integers:
        """[schedules] what of a tile lies on columns, as it is filled."""
        return self.grid.n if self.family.dataflow == "is" else self.grid.m

    def _nearly_all(self, held: Integers) -> tuple[bool, ...]:
        if not self.skips:
            return (True,) * len(self.parts.fabrics)
        blocks, steps = self._blocks_and_steps(held)
        return tuple(
            own.start < own.stop and self.parts.shares(part.cols).share(int(steps[own].min()), int(blocks[own].min())) > NEARLY_ALL
            for part, own in self._by_part()
        )

    def _blocks_and_steps(self, held: Integers) -> tuple[Integers, Integers]:
        return -(-held // self.cols), np.maximum(self.grid.k, FINE)

    def _by_part(self) -> Iterator[tuple[SystolicFabric, slice]]:
        """Every part with its schedules."""
        starts = np.searchsorted(self.grid.part, np.arange(len(self.parts.fabrics) + 1))
        return zip(self.parts.fabrics, itertools.starmap(slice, itertools.pairwise(starts.tolist())), strict=True)

    def _share(self, held: Integers, nearly: Sequence[bool]) -> Reals:
        """[schedules] share of the tiles of K steps and so much of what lies on columns in which anything is multiplied.

        The others are not filled. Where nearly all of the smallest do, all count as if they did.
        """
        shares = np.ones(len(held))
        if all(nearly):
            return shares
        blocks, steps = self._blocks_and_steps(held)
        for (part, own), full in zip(self._by_part(), nearly, strict=True):
            if not full and own.start < own.stop:
                shares[own] = _shares_of(self.parts.shares(part.cols), blocks[own], steps[own])
        return shares

    def folds_run(self, nearly: Nearly) -> Reals | float:
        """[schedules] share of the folds of an output-stationary array that are run."""
        return self._share(self.cols, nearly.run) if self.family.dataflow == "os" else 1.0

    def _new_in_second(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """[schedules] whether the second tile needs another tile of X, and of W, than the first."""
        m, k, n = self.counts
        tokens_vary, features_vary = ~self.grid.tokens_outermost | (m == 1), self.grid.tokens_outermost | (n == 1)
        return (k > 1) | ((n > 1) & tokens_vary), (k > 1) | ((m > 1) & features_vary)

    def ranks(self, nearly: Nearly) -> Reals:
        """[3, schedules] cycles, bytes from and to DRAM, bytes from and to the buffer."""
        return self.ranks_at(self._share(self._filled, nearly.filled), self.folds_run(nearly))

    def ranks_at(self, filled: Reals | float, run: Reals | float) -> Reals:
        """The same where such shares of all tiles are filled, and of all folds are run.

        Cycles are the longest of what must be done one after another: fills, tiles, drains, each with what cannot overlap at its
        ends. A tile of W counts its share of all of W.
        """
        machine, product, spec = self.machine, self.family.product, self.spec
        (m, k, n), batch = product.shape, product.batch
        x_alone, w_alone, y_bytes = operand_bytes(machine, self.family, self.residency)
        w_words = batch * m * k / machine.w_word
        if product.left is not None and product.of == 1 and 8 * w_alone < batch * m * k * machine.datatypes.weight_bits:
            w_words = min(w_words, len(product.left.rows))  # a decoder writes words that hold a nonzero
        x_presence, w_presence = (of[self.grid.part] for of in self.parts.presence_bytes)
        x_bytes, w_bytes = x_alone + x_presence, np.maximum(w_alone + w_presence, 1.0)
        x_time = np.maximum(x_bytes / spec.x_bytes_per_cycle, batch * product.inputs(k) * n / (machine.fabric.rows * machine.x_word))
        w_time = np.maximum(w_bytes / spec.w_bytes_per_cycle, w_words / machine.fabric.cols)
        m_tiles, k_tiles, n_tiles = self.counts
        x_share, w_share = 1 / (batch * k_tiles * n_tiles), 1 / (batch * m_tiles * k_tiles)
        y_tile = self.grid.m * self.grid.n * (y_bytes / (batch * m * n))
        x_dram, y_dram = self.residency.x == "dram", self.residency.y == "dram"
        w_dram = x_dram or not product.made
        x_passes, w_passes = (passes * filled for passes in self.passes())
        rate, latency = spec.dram_bytes_per_cycle, spec.dram_latency_cycles * (x_dram or w_dram)
        fills = x_passes * x_bytes * x_dram + w_passes * w_bytes * w_dram
        array = self.array_cycles(run)
        step = array / (batch * m_tiles * k_tiles * n_tiles)
        y_time = np.maximum(y_bytes / spec.drain_bytes_per_cycle, y_bytes / rate * y_dram)
        # a half is filled again once its tile is done, or drained: two halves share two delays, two transfers and their tiles
        alone = [(batch * m_tiles * n_tiles * self.delays() + y_time + array) / 2]
        alone += [
            (passes / share * spec.dram_latency_cycles * dram + passes * np.maximum(time, size / rate * dram) + array) / 2
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


def _shares_of(shares: Shares, blocks: Integers, steps: Integers) -> Reals:
    sizes, of = np.unique(blocks * (int(steps.max()) + 1) + steps, return_inverse=True)
    tried = zip(*(each.tolist() for each in np.divmod(sizes, int(steps.max()) + 1)), strict=True)
    return np.array([shares.share(width, height) for height, width in tried])[of]
