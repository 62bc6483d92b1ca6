"""Candidates for an operation's schedule: sizes of tile at the granularity of the hardware, the best by an estimate of their time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from simulator.kinds.systolic.array_product import Extent
from simulator.kinds.systolic.estimate import Estimate, Grid, Parts, dimensions
from simulator.kinds.systolic.families import Family
from simulator.kinds.systolic.machine import SKIP_SCAN_BITS, ArrayMachine, SystolicFabric
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.system.program import LoopOrder, spans
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency

MOST_SIZES = 16
"""Sizes of tile that are tried along a dimension; where there are more, those between which one in five folds is saved."""

FEW_FOLDS = 8
"""Folds along a dimension up to which one fold more is worth a try."""
EQUAL = 1.002
"""Times that differ by less count as equal within a family: no engineer would move twice the bytes for them."""


@dataclass(frozen=True)
class Candidate:
    """Sizes and loop order, with the time that they are estimated to take."""

    cycles: float
    fabric: SystolicFabric
    tile: Extent
    loop_order: LoopOrder

    def schedule(self, family: Family) -> SystolicSchedule:
        """The schedule of that size."""
        m, k, n = (spans(extent, size) for extent, size in zip(family.product.shape, self.tile, strict=True))
        return SystolicSchedule(self.fabric, family.product, family.dataflow, m, k, n, self.loop_order, family.compressed)


def candidates(machine: ArrayMachine, family: Family, residency: Residency, spec: SystemSpec, most: int) -> list[Candidate]:
    """By turns the quickest by their estimates, and of those that are as good as equal the ones that move the least.

    None where no tile fits.
    """
    fabrics, grid = _tried(machine, family)
    if not grid.m.size:
        return []
    parts = Parts(family, fabrics)
    estimate = Estimate(machine, family, parts, grid, residency, spec)
    if estimate.skips:  # what is passed over is looked for only where it may decide
        slowest = estimate.ranks_at(1.0, 1.0)[0]
        within = max(float(np.sort(slowest)[:most][-1]), EQUAL * float(slowest.min()))
        grid = grid.where(estimate.array_cycles(0.0) <= within)
        estimate = Estimate(machine, family, parts, grid, residency, spec)
    ranks = estimate.ranks()
    near = np.flatnonzero(ranks[0] <= EQUAL * ranks[0].min())
    leanest = near[np.lexsort((near, ranks[0, near], ranks[2, near], ranks[1, near]))[: most // 2]]
    count = min(most, ranks.shape[1])
    quick = np.flatnonzero(ranks[0] <= np.partition(ranks[0], count - 1)[count - 1])
    quickest = quick[np.lexsort(ranks[::-1, quick])]
    by_turns = [place for pair in zip_longest(quickest.tolist(), leanest.tolist()) for place in pair if place is not None]
    best = list(dict.fromkeys(by_turns))[:most]
    return [_candidate(float(ranks[0, place]), fabrics, grid, place) for place in best]


def _tried(machine: ArrayMachine, family: Family) -> tuple[list[SystolicFabric], Grid]:
    """Parts of the array, and sizes of tile on each of them."""
    parts: list[SystolicFabric] = []
    grids: list[Grid] = []
    for tried in _parts(machine, family):
        grids += [_grid(machine, family, part, len(parts) + place) for place, part in enumerate(tried)]
        parts += tried
        if any(grid.m.size for grid in grids):
            break
    return parts, Grid.joined(grids)


def _candidate(cycles: float, parts: list[SystolicFabric], grid: Grid, place: int) -> Candidate:
    tile = int(grid.m[place]), int(grid.k[place]), int(grid.n[place])
    return Candidate(cycles, parts[grid.part[place]], tile, "rounds_m" if grid.tokens_outermost[place] else "m_rounds")


def _parts(machine: ArrayMachine, family: Family) -> Iterator[list[SystolicFabric]]:
    """The array with as many of its rows and columns as are worth a try, and, for where nothing fits, with fewer and fewer.

    Worth a try are all of them, and halves of halves down to a sixteenth; so many that a dimension has up to three folds more; as many
    as are streamed, which hide their loads; and what goes evenly into a buffer. A serial array is SCALE-Sim's, which is always used whole.
    """
    fabric = family.fabric
    if fabric.weight_load == "serial":
        yield [fabric]
        return
    on_rows, on_cols, streamed = dimensions(family)
    unit = family.product.kept if family.dataflow == "ws" else 1
    near = [] if fabric.skip_zero_tiles or fabric.column_skip else [streamed, 2 * streamed]
    row_room, col_room, _ = _room(machine, family)
    rows = _lines(on_rows, [*_parts_of(on_rows, fabric.rows), *near, *_shares(row_room, fabric.rows)], fabric.rows, unit)
    cols = _lines(on_cols, [*_parts_of(on_cols, fabric.cols), *_shares(col_room, fabric.cols)], fabric.cols, 1)
    pairs = [(r, cols[0]) for r in rows] + [(rows[0], c) for c in cols[1:]] + list(zip(rows[1:], cols[1:], strict=False))
    yield [fabric.model_copy(update={"rows": r, "cols": c}) for r, c in pairs]
    for power in range(5, 11):
        fewer = _lines(on_rows, [fabric.rows >> power], fabric.rows, unit)[0], _lines(on_cols, [fabric.cols >> power], fabric.cols, 1)[0]
        yield [fabric.model_copy(update={"rows": fewer[0], "cols": fewer[1]})]


def _parts_of(extent: int, edge: int) -> list[int]:
    folds = -(-extent // edge)
    more = [-(-extent // (folds + further)) for further in range(1, 4)] if folds <= FEW_FOLDS else []
    return [*(edge >> power for power in range(5)), *more]


def _room(machine: ArrayMachine, family: Family) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """How much of what lies on rows, on columns and is streamed goes into the two buffers that hold it, were the other dimension whole."""
    fabric, types, product = family.fabric, machine.datatypes, family.product
    m, k, n = product.shape
    x = int(fabric.x_buffer_kib * 8192 * product.kept / product.of / types.activation_bits)
    w, y = int(fabric.w_buffer_kib * 8192 / types.weight_bits), int(fabric.y_buffer_kib * 8192 / types.accumulate_bits)
    room = {"m": (w // k, y // n), "k": (x // n, w // m), "n": (x // k, y // m)}
    order = {"ws": "kmn", "is": "knm", "os": "nmk"}[family.dataflow]
    return room[order[0]], room[order[1]], room[order[2]]


def _shares(room: tuple[int, int], edge: int) -> list[int]:
    """The largest equal shares of what a buffer holds that an edge spans."""
    return [whole // -(-whole // edge) for whole in room if whole]


def _lines(extent: int, tried: list[int], edge: int, unit: int) -> list[int]:
    """Rows or columns, each reduced to the fewest that give no more folds; the most first."""
    fewest = {-(-_fewest(extent, min(max(most, 1), edge)) // unit) * unit for most in tried}
    return sorted(fewest, reverse=True)


def _fewest(extent: int, most: int) -> int:
    return -(-extent // -(-extent // most))


def _sizes(count: int, room: list[int]) -> list[int]:
    """Even shares of a number of folds or elements, those among them that just go into a buffer."""
    sizes = [_fewest(count, min(most, count)) for most in room if most]
    parts = 1.0
    while parts < count:
        size = -(-count // int(parts))
        sizes.append(size)
        parts = parts + 1 if parts < MOST_SIZES / 2 else parts * 1.25
    return sorted({*sizes, 1}, reverse=True)


def _grid(machine: ArrayMachine, family: Family, part: SystolicFabric, number: int) -> Grid:
    """Whole folds of what is held, even shares of what is streamed, in both loop orders, where the buffers hold them."""
    on_rows, on_cols, streamed = dimensions(family)
    product, flow = family.product, family.dataflow
    steps = part.rows, part.cols, product.kept if flow == "os" else 1
    held_rows, held_cols, stream = (
        [size * step for size in _sizes(-(-extent // step), [most // step for most in room])]
        for extent, step, room in zip((on_rows, on_cols, streamed), steps, _room(machine, family), strict=True)
    )
    sizes = {
        "ws": (held_cols, held_rows, stream),
        "is": (stream, held_rows, held_cols),
        "os": (held_cols, stream, held_rows),
    }[flow]
    capped = [sorted({min(size, extent) for size in of}, reverse=True) for of, extent in zip(sizes, product.shape, strict=True)]
    m, k, n, order = (axis.ravel() for axis in np.meshgrid(*capped, np.arange(2), indexing="ij"))
    one_way = (m >= product.shape[0]) | (n >= product.shape[2])  # with one tile along either, both orders are one
    grid = Grid(np.full(len(m), number), m, k, n, order == 1).where((order == 0) | ~one_way)
    return grid.where(_fit(machine, family, part, grid))


def _fit(machine: ArrayMachine, family: Family, part: SystolicFabric, grid: Grid) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    types, product, flow = machine.datatypes, family.product, family.dataflow
    inputs = -(-grid.k * product.of // product.kept)
    fits = (
        (inputs * grid.n * types.activation_bits <= part.x_buffer_kib * 8192)
        & (grid.k * grid.m * types.weight_bits <= part.w_buffer_kib * 8192)
        & (grid.m * grid.n * types.accumulate_bits <= part.y_buffer_kib * 8192)
    )
    if flow == "os" and part.column_skip:
        fits &= grid.k <= SKIP_SCAN_BITS * part.rows  # or the sequencer would not be through its presence bits in time
    if part.weight_load == "serial":  # SCALE-Sim's fold streams all that there is, where the buffers hold it
        streamed = {"ws": grid.n, "is": grid.m, "os": grid.k}[flow]
        fits &= streamed == np.max(streamed, where=fits, initial=0)
    return np.asarray(fits)
