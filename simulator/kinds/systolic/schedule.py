"""Tiling of one operation on a systolic array: tile sizes, and the dataflow that takes the least time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.errors import MappingError
from simulator.kinds.systolic.array_product import ArrayProduct, Extent, packed, product_of, sampled_outputs
from simulator.kinds.systolic.folds import Axes, Axis, Dataflow, Steps, fold_axes, fold_edges, fold_steps
from simulator.kinds.systolic.machine import SKIP_SCAN_BITS, ArrayMachine, SystolicFabric, edge_word_elements
from simulator.system.program import LoopOrder, Span, content_changes
from simulator.system.tensors import Residency
from simulator.system.weights import whole_bits
from simulator.workload.made import whole_product
from simulator.workload.types import Operation

Position = tuple[int, int, int, int]
"""Block, M tile, N tile, K tile."""


@dataclass(frozen=True)
class SystolicSchedule:
    """How one product, or each block of a batched one, is cut into tiles of folds.

    Weight-stationary holds K × M and streams tokens; input-stationary holds K × N and streams output features;
    output-stationary holds N × M (tokens on the rows) and streams input features.
    """

    product: ArrayProduct
    residency: Residency
    dataflow: Dataflow
    m_tiles: tuple[Span, ...]
    k_tiles: tuple[Span, ...]
    """In steps, of which a packed operand has fewer than input features."""
    n_tiles: tuple[Span, ...]
    loop_order: LoopOrder
    """`m_rounds`: output features, then tokens; `rounds_m`: the reverse. K is innermost."""

    def positions(self) -> Iterator[Position]:
        """Tiles in execution order; a batched product is its blocks one after another."""
        m, n, k = len(self.m_tiles), len(self.n_tiles), len(self.k_tiles)
        return self._visit(range(self.product.batch), range(m), range(n), range(k))

    def backwards(self) -> Iterator[Position]:
        """Tiles in the reverse order."""
        m, n, k = len(self.m_tiles), len(self.n_tiles), len(self.k_tiles)
        return self._visit(range(self.product.batch)[::-1], range(m)[::-1], range(n)[::-1], range(k)[::-1])

    def _visit(self, blocks: range, ms: range, ns: range, ks: range) -> Iterator[Position]:
        if self.loop_order == "m_rounds":
            return ((b, m, n, k) for b, m, n, k in itertools.product(blocks, ms, ns, ks))
        return ((b, m, n, k) for b, n, m, k in itertools.product(blocks, ns, ms, ks))

    def extent(self, m: int, n: int, k: int) -> Extent:
        """Size of a tile."""
        sizes = [stop - start for start, stop in (self.m_tiles[m], self.k_tiles[k], self.n_tiles[n])]
        return sizes[0], sizes[1], sizes[2]

    def axes(self, fabric: SystolicFabric) -> Axes:
        """The blocks that its folds span."""
        return fold_axes(fabric, self.dataflow, (self.m_tiles, self.k_tiles, self.n_tiles))


@dataclass(frozen=True)
class FoldPlan:
    """The folds of a schedule."""

    axes: Axes
    steps: Steps

    def of_tile(self, position: Position) -> Steps:
        """[M blocks, K blocks, N blocks] steps of a tile's folds."""
        block, m, n, k = position
        return self.steps[block, self.axes[0].blocks(m), self.axes[1].blocks(k), self.axes[2].blocks(n)]


def fold_plan(fabric: SystolicFabric, schedule: SystolicSchedule) -> FoldPlan:
    """Which folds a schedule runs, and their steps."""
    axes = schedule.axes(fabric)
    return FoldPlan(axes, fold_steps(fabric, schedule.product, schedule.dataflow, axes))


def interval_cycles(fabric: SystolicFabric, steps: Steps, dataflow: Dataflow) -> int:
    """Cycles that folds add to those before them; a fold without steps is not run and adds none.

    Overlapped, a fold streams for its steps while the next stationary operand is shifted in, R cycles; or, where
    outputs are held, while the outputs of the fold before are shifted out, R cycles, before its own are done. Serial is
    SCALE-Sim's: load, stream, and let the skew run out before the next fold.
    """
    run = steps[steps > 0]
    if fabric.weight_load == "overlapped":
        return int(np.maximum(run, fabric.rows).sum())
    load = 0 if dataflow == "os" else fabric.rows
    return int(run.sum()) + run.size * (load + fabric.rows + fabric.cols - 2)


def lead_cycles(fabric: SystolicFabric, first_steps: int, dataflow: Dataflow) -> int:
    """Cycles of an operation's first fold beyond its interval: the load that hides behind none; `os` has no outputs to await."""
    if fabric.weight_load == "serial":
        return 0
    return min(0, first_steps - fabric.rows) if dataflow == "os" else fabric.rows


def tail_cycles(fabric: SystolicFabric, last_steps: int, dataflow: Dataflow) -> int:
    """Cycles of an operation's last fold beyond its interval: stream and skew, and for `os` the last drain."""
    if fabric.weight_load == "serial":
        return 0
    skew = fabric.rows + fabric.cols - 2
    return skew + fabric.rows if dataflow == "os" else skew + min(0, last_steps - fabric.rows)


def compute_cycles(fabric: SystolicFabric, schedule: SystolicSchedule) -> int:
    """The array's own cycles for one operation; 0 where no fold is run."""
    plan = fold_plan(fabric, schedule)
    return _cycles(fabric, schedule, plan, interval_cycles(fabric, plan.steps, schedule.dataflow))


def _cycles(fabric: SystolicFabric, schedule: SystolicSchedule, plan: FoldPlan, intervals: int) -> int:
    if not intervals:
        return 0
    flow = schedule.dataflow
    first = next(steps for steps in map(plan.of_tile, schedule.positions()) if steps.any())
    last = next(steps for steps in map(plan.of_tile, schedule.backwards()) if steps.any())
    return intervals + lead_cycles(fabric, int(first[first > 0][0]), flow) + tail_cycles(fabric, int(last[last > 0][-1]), flow)


def schedule_systolic(
    machine: ArrayMachine, operation: Operation, residency: Residency, dram_bytes_per_cycle: float = math.inf
) -> SystolicSchedule:
    """The tiling that takes the least time, then cycles of the array, DRAM bytes, buffer bytes.

    Its time is the largest of the array's cycles and of what its fills take of DRAM, at that rate, and of the trunks and
    banks that take them in; with a DRAM of any rate, its fills are taken to hide behind the array. With `n_m`, an
    operation whose stored W has the pattern is tried packed as well. MappingError where nothing fits.
    """
    return schedule_products(machine, products_of(machine, operation, residency), residency, dram_bytes_per_cycle)


def products_of(machine: ArrayMachine, operation: Operation, residency: Residency) -> list[ArrayProduct]:
    """The ways in which an array can take an operation: as it is, and packed."""
    array = whole_product(operation)
    product = product_of(array, sampled_outputs(operation))
    features, tokens = slice(0, operation.shape[1]), (0, operation.shape[2])
    right_bits = residency.forms.x.bits(features, tokens, machine.datatypes.activation_bits)
    product = replace(product, left_bits=_whole_bits(machine, operation, array, residency), right_bits=right_bits)
    products = [product]
    if machine.fabric.n_m != "none" and array.weight_home == "dram" and array.storage is None:
        selected = packed(product, *machine.fabric.kept_of)
        if selected is not None:
            products.append(replace(selected, left_bits=selected.batch * math.prod(selected.shape[:2]) * machine.held_weight_bits))
    return products


def least_cycles(fabric: SystolicFabric, product: ArrayProduct, flow: Dataflow) -> int:
    """Cycles of the array that no tiling goes below: its folds span what those of whole extents span, and stream no less."""
    whole = fold_axes(fabric, flow, tuple(((0, size),) for size in product.shape))
    if fabric.skip_zero_tiles:  # a short K tile may hold no nonzero, and then streams as if its steps were skipped
        fabric = fabric.model_copy(update={"column_skip": True})
    return interval_cycles(fabric, fold_steps(fabric, product, flow, whole), flow)


def flows_of(fabric: SystolicFabric, product: ArrayProduct) -> tuple[Dataflow, ...]:
    """The dataflows in which an array can run a product."""
    flows: tuple[Dataflow, ...] = ("ws", "os", "is") if fabric.dataflow == "best" else (fabric.dataflow,)
    return flows if product.of == 1 else tuple(flow for flow in flows if flow != "is")  # it would hold all activations of a group


def _whole_bits(machine: ArrayMachine, operation: Operation, array: Operation, residency: Residency) -> int:
    """Of W as the array takes it, where it lies, as one tile."""
    weight_bits = machine.datatypes.weight_bits
    if operation.gradient is not None:
        return residency.forms.gradient.bits(slice(0, operation.shape[0]), (0, operation.shape[2]), weight_bits)
    height, width, _ = array.block_shape
    dense_bits = array.batch * height * width * weight_bits
    return dense_bits if array.weight_home == "activation" else whole_bits(machine.machine, array, dense_bits)


def schedule_products(
    machine: ArrayMachine, products: Sequence[ArrayProduct], residency: Residency, dram_bytes_per_cycle: float
) -> SystolicSchedule:
    """The best schedule over several ways to write one product; MappingError where none fits."""
    fabric = machine.fabric
    best: SystolicSchedule | None = None
    best_key: tuple[float, float, float, float] | None = None
    for product in products:
        known: dict[tuple[Dataflow, tuple[tuple[int, ...], ...]], tuple[Steps, int]] = {}
        for schedule, axes in _candidates(machine, product, residency):
            folds = schedule.dataflow, tuple(axis.edges for axis in axes)
            if folds not in known:  # tiles that are whole folds share their folds with other cuts
                steps = fold_steps(fabric, product, schedule.dataflow, axes)
                known[folds] = steps, interval_cycles(fabric, steps, schedule.dataflow)
            steps, intervals = known[folds]
            traffic = _traffic(machine, schedule)
            filling = 0.0 if math.isinf(dram_bytes_per_cycle) else traffic.fill_cycles(dram_bytes_per_cycle)
            if best_key is not None and max(intervals, filling) > best_key[0]:
                continue  # lead and tail only add to it
            cycles = _cycles(fabric, schedule, FoldPlan(axes, steps), intervals)
            time = max(cycles, filling)
            rank = (time, cycles, traffic.dram_bytes, traffic.buffer_bytes)
            if best_key is None or rank < best_key:
                best, best_key = schedule, rank
    if best is None:
        raise MappingError(
            f"{machine.name}: no tile of {products[0].name} fits the operand buffers (x {fabric.x_buffer_kib:g}, "
            f"w {fabric.w_buffer_kib:g}, y {fabric.y_buffer_kib:g} KiB a half) of a {fabric.rows} × {fabric.cols} array"
        )
    return best


def _candidates(machine: ArrayMachine, product: ArrayProduct, residency: Residency) -> Iterator[tuple[SystolicSchedule, Axes]]:
    for flow in flows_of(machine.fabric, product):
        edges = fold_edges(machine.fabric, flow)
        least = edges[0] or 1, edges[1] or machine.fabric.rows, edges[2] or 1
        cuts = [_cuts(size, step, edge) for size, step, edge in zip(product.shape, least, edges, strict=True)]
        for m, k, n in itertools.product(*cuts):
            if not _fits(machine, product, flow, (m.size, k.size, n.size)):
                continue
            for order in ("m_rounds", "rounds_m"):
                yield SystolicSchedule(product, residency, flow, m.tiles, k.tiles, n.tiles, order), (m.axis, k.axis, n.axis)


@dataclass(frozen=True)
class Cut:
    """One way to cut a dimension into tiles."""

    size: int
    tiles: tuple[Span, ...]
    axis: Axis


def _cuts(extent: int, step: int, edge: int | None) -> list[Cut]:
    """Every size of tile that is tried."""
    spans = {size: tuple((start, min(start + size, extent)) for start in range(0, extent, size)) for size in _sizes(extent, step)}
    return [Cut(size, tiles, Axis.cut(tiles, edge)) for size, tiles in spans.items()]


def _sizes(size: int, step: int) -> list[int]:
    """The whole extent, and halves of it, rounded up to the array's edge."""
    sizes = [size]
    parts = 2
    while size // parts >= step and size // parts >= 1:
        share = -(-size // parts)
        rounded = -(-share // step) * step
        if rounded < sizes[-1]:
            sizes.append(rounded)
        parts *= 2
    if step < sizes[-1]:
        sizes.append(step)
    return sizes


def _fits(machine: ArrayMachine, product: ArrayProduct, flow: Dataflow, extent: Extent) -> bool:
    fabric, types = machine.fabric, machine.datatypes
    m, k, n = extent
    if flow == "os" and fabric.column_skip and k > SKIP_SCAN_BITS * fabric.rows:
        return False  # the sequencer would not be through its presence bits in time
    needs = (product.inputs(k) * n * types.activation_bits, k * m * machine.held_weight_bits, m * n * types.accumulate_bits)
    holds = (fabric.x_buffer_kib, fabric.w_buffer_kib, fabric.y_buffer_kib)
    return all(bits <= kib * 8192 for bits, kib in zip(needs, holds, strict=True))


@dataclass(frozen=True)
class Traffic:
    """What the fills of a schedule move."""

    dram_bytes: float
    buffer_bytes: float
    x_cycles: float
    """Of the X trunk and the banks that take X in."""
    w_cycles: float

    def fill_cycles(self, dram_bytes_per_cycle: float) -> float:
        """The longest that any of them is busy."""
        return max(self.dram_bytes / dram_bytes_per_cycle, self.x_cycles, self.w_cycles)


def _traffic(machine: ArrayMachine, schedule: SystolicSchedule) -> Traffic:
    """Over all fills, as if every tile were run."""
    fabric, product, trunks = machine.fabric, schedule.product, machine.trunks
    m, k, n = product.shape
    tiles = len(schedule.m_tiles), len(schedule.n_tiles), len(schedule.k_tiles)
    x_changes, w_changes = content_changes(schedule.loop_order, *tiles)
    x_passes, w_passes = x_changes / (tiles[1] * tiles[2]), w_changes / (tiles[0] * tiles[2])
    nonzeros = product.batch * m * k if product.left is None else len(product.left.rows)
    x_elements, w_elements = x_passes * product.batch * product.inputs(k) * n, w_passes * product.batch * m * k
    x = x_passes * product.right_bits / 8
    w = w_passes * product.left_bits / 8
    x_banks = fabric.rows * edge_word_elements(machine.datatypes.activation_bits)
    w_words = w_elements / edge_word_elements(machine.held_weight_bits)
    if product.left_bits < product.batch * m * k * machine.datatypes.weight_bits and product.of == 1:
        w_words = min(w_words, w_passes * nonzeros)  # words of zeros are not written
    from_dram = schedule.residency.x == "dram"
    return Traffic(
        dram_bytes=w + x if from_dram else w,
        buffer_bytes=0.0 if from_dram else x,
        x_cycles=max(x / trunks.x_bytes_per_cycle, x_elements / x_banks),
        w_cycles=max(w / trunks.w_bytes_per_cycle, w_words / fabric.cols),
    )
