"""Sizes of tile at the granularity of the hardware, and parts of the array that are worth a try, whatever an operation's zeros are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct

from simulator.kinds.systolic.array_product import Extent, Mask
from simulator.kinds.systolic.estimate import Grid, Integers
from simulator.kinds.systolic.families import Family
from simulator.kinds.systolic.folds import Dataflow, dimensions
from simulator.kinds.systolic.machine import SKIP_SCAN_BITS, ArrayMachine, SystolicFabric
from simulator.machine.model import Datatypes

MOST_SIZES = 16
"""Sizes of tile that are tried along a dimension; where there are more, those between which one in five folds is saved."""

FEW_FOLDS = 8
"""Folds along a dimension up to which one fold more is worth a try."""


class Tried(Struct, frozen=True, eq=False):
    """Schedules that are worth a look."""

    fabrics: tuple[SystolicFabric, ...]
    """Parts of the array."""
    grid: Grid
    cell_of: Integers
    """[schedules] cell of each: those on one part of the array that stream in pieces of one size take one time there."""
    cells: Grid
    """A schedule of each cell."""
    sizes: Integers
    """[cells] schedules."""

    @classmethod
    def of(cls, fabrics: Sequence[SystolicFabric], grid: Grid, streamed: Integers) -> Tried:
        """Schedules on parts of the array, and how much of a tile each streams at a time."""
        most = int(streamed.max(initial=0)) + 1
        _, first, cell_of, sizes = np.unique(grid.part * most + streamed, return_index=True, return_inverse=True, return_counts=True)
        return cls(tuple(fabrics), grid, cell_of, grid.where(first), sizes)

    def where(self, chosen: Mask) -> Tried:
        """Those of some cells."""
        if chosen.all():
            return self
        kept = chosen[self.cell_of]
        numbers = np.cumsum(chosen) - 1
        return Tried(self.fabrics, self.grid.where(kept), numbers[self.cell_of[kept]], self.cells.where(chosen), self.sizes[chosen])


class Frame(Struct, frozen=True):
    """All that sizes of tile depend on: schedules of operations that agree in it are cut alike."""

    types: Datatypes
    fabric: SystolicFabric
    shape: Extent
    kept_of: tuple[int, int]
    """Of every so many input features, how many steps stand for them."""
    dataflow: Dataflow

    @classmethod
    def of(cls, machine: ArrayMachine, family: Family) -> Frame:
        """Of a family's schedules."""
        product = family.product
        return cls(machine.datatypes, family.fabric, product.shape, (product.kept, product.of), family.dataflow)


@lru_cache(maxsize=48)
def tried_sizes(frame: Frame) -> Tried:
    """Parts of the array, and sizes of tile on each of them."""
    parts: list[SystolicFabric] = []
    grids: list[Grid] = []
    for tried in _parts(frame):
        grids += [_grid(frame, part, len(parts) + place) for place, part in enumerate(tried)]
        parts += tried
        if any(grid.m.size for grid in grids):
            break
    grid = Grid.joined(grids)
    return Tried.of(parts, grid, grid.streamed(frame.dataflow))


def _parts(frame: Frame) -> Iterator[list[SystolicFabric]]:
    """The array with as many of its rows and columns as are worth a try, and, for where nothing fits, with fewer and fewer.

    Worth a try are all of them, and halves of halves down to a sixteenth; so many that a dimension has up to three folds more; as many
    as are streamed, which hide their loads; and what goes evenly into a buffer. A serial array is SCALE-Sim's, which is always used whole.
    """
    fabric = frame.fabric
    if fabric.weight_load == "serial":
        yield [fabric]
        return
    on_rows, on_cols, streamed = dimensions(frame.dataflow, frame.shape)
    unit = frame.kept_of[0] if frame.dataflow == "ws" else 1
    near = [] if fabric.skip_zero_tiles or fabric.column_skip else [streamed, 2 * streamed]
    row_room, col_room, _ = _room(frame)
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


def _room(frame: Frame) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """How much of what lies on rows, on columns and is streamed goes into the two buffers that hold it, were the other dimension whole."""
    fabric, types, (kept, of) = frame.fabric, frame.types, frame.kept_of
    m, k, n = frame.shape
    x = int(fabric.x_buffer_kib * 8192 * kept / of / types.activation_bits)
    w, y = int(fabric.w_buffer_kib * 8192 / types.weight_bits), int(fabric.y_buffer_kib * 8192 / types.accumulate_bits)
    room = {"m": (w // k, y // n), "k": (x // n, w // m), "n": (x // k, y // m)}
    order = {"ws": "kmn", "is": "knm", "os": "nmk"}[frame.dataflow]
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


@lru_cache(maxsize=1024)
def _sizes(count: int, room: tuple[int, ...]) -> list[int]:
    """Even shares of a number of folds or elements, those among them that just go into a buffer."""
    sizes = [_fewest(count, min(most, count)) for most in room if most]
    parts = 1.0
    while parts < count:
        size = -(-count // int(parts))
        sizes.append(size)
        parts = parts + 1 if parts < MOST_SIZES / 2 else parts * 1.25
    return sorted({*sizes, 1}, reverse=True)


def _grid(frame: Frame, part: SystolicFabric, number: int) -> Grid:
    """Whole folds of what is held, even shares of what is streamed, in both loop orders, where the buffers hold them."""
    on_rows, on_cols, streamed = dimensions(frame.dataflow, frame.shape)
    flow = frame.dataflow
    steps = part.rows, part.cols, frame.kept_of[0] if flow == "os" else 1
    held_rows, held_cols, stream = (
        [size * step for size in _sizes(-(-extent // step), tuple(most // step for most in room))]
        for extent, step, room in zip((on_rows, on_cols, streamed), steps, _room(frame), strict=True)
    )
    sizes = {
        "ws": (held_cols, held_rows, stream),
        "is": (stream, held_rows, held_cols),
        "os": (held_cols, stream, held_rows),
    }[flow]
    m, k, n = (np.array(sorted({min(size, extent) for size in of}, reverse=True)) for of, extent in zip(sizes, frame.shape, strict=True))
    fits = _fit(frame, part, m, k, n)
    both = np.stack((fits, fits), axis=-1)
    both[..., 1] &= ((m < frame.shape[0])[:, None] & (n < frame.shape[2]))[:, None, :]  # with one tile along either, both orders are one
    at_m, at_k, at_n, order = np.nonzero(both)
    return Grid(np.full(len(at_m), number), m[at_m], k[at_k], n[at_n], order == 1)


def _fit(frame: Frame, part: SystolicFabric, m: Integers, k: Integers, n: Integers) -> Mask:
    """[sizes of M, of K, of N] whether the buffers hold a tile."""
    types, (kept, of), flow = frame.types, frame.kept_of, frame.dataflow
    inputs = -(-k * of // kept)
    x = inputs[:, None] * n * types.activation_bits <= part.x_buffer_kib * 8192
    w = m[:, None] * k * types.weight_bits <= part.w_buffer_kib * 8192
    y = m[:, None] * n * types.accumulate_bits <= part.y_buffer_kib * 8192
    fits: Mask = x & w[:, :, None] & y[:, None, :]
    if flow == "os" and part.column_skip:
        fits &= (k <= SKIP_SCAN_BITS * part.rows)[:, None]  # or the sequencer would not be through its presence bits in time
    if part.weight_load == "serial":  # SCALE-Sim's fold streams all that there is, where the buffers hold it
        axis = {"is": 0, "os": 1, "ws": 2}[flow]
        streamed = np.expand_dims((m, k, n)[axis], tuple(other for other in range(3) if other != axis))
        fits &= streamed == np.max(np.broadcast_to(streamed, fits.shape), where=fits, initial=0)
    return fits
