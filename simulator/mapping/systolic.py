"""Tiling of one operation on a systolic array: tile sizes, folds, and the dataflow that takes the fewest cycles."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from simulator.errors import MappingError
from simulator.machine.model import Machine, SystolicFabric
from simulator.mapping.loops import Span
from simulator.mapping.program import LoopOrder, content_changes
from simulator.mapping.residency import Homes
from simulator.workload.types import Operation

Dataflow = Literal["ws", "os", "is"]
Extent = tuple[int, int, int]
"""Output features, input features, tokens of a tile (M, K, N)."""


@dataclass(frozen=True)
class FoldShape:
    """How a dataflow lays a tile on the array: what it spreads over rows and columns, and what it streams."""

    rows: int
    cols: int
    stream: int


LAYOUTS: dict[Dataflow, Callable[[Extent], FoldShape]] = {
    "ws": lambda e: FoldShape(rows=e[1], cols=e[0], stream=e[2]),
    "is": lambda e: FoldShape(rows=e[1], cols=e[2], stream=e[0]),
    "os": lambda e: FoldShape(rows=e[2], cols=e[0], stream=e[1]),
}
"""Weight-stationary holds K × M and streams tokens; input-stationary holds K × N and streams output features;
output-stationary holds N × M (tokens on the rows) and streams input features."""


@dataclass(frozen=True)
class SystolicSchedule:
    """How one operation, or each block of a batched one, is cut into tiles of folds."""

    operation: Operation
    homes: Homes
    dataflow: Dataflow
    m_tiles: tuple[Span, ...]
    k_tiles: tuple[Span, ...]
    n_tiles: tuple[Span, ...]
    loop_order: LoopOrder
    """`m_rounds`: output features, then tokens; `rounds_m`: the reverse. K is innermost."""

    def positions(self) -> Iterator[tuple[int, int, int, int]]:
        """(block, M, N, K) tile indices in execution order; a batched product is its blocks one after another."""
        blocks = range(self.operation.batch)
        ms, ns, ks = (range(len(spans)) for spans in (self.m_tiles, self.n_tiles, self.k_tiles))
        if self.loop_order == "m_rounds":
            return ((b, m, n, k) for b, m, n, k in itertools.product(blocks, ms, ns, ks))
        return ((b, m, n, k) for b, n, m, k in itertools.product(blocks, ns, ms, ks))

    def extents(self) -> Counter[Extent]:
        """How many tiles there are of each size."""
        batch = self.operation.batch
        sizes = [Counter(stop - start for start, stop in spans) for spans in (self.m_tiles, self.k_tiles, self.n_tiles)]
        return Counter(
            {(m, k, n): batch * sizes[0][m] * sizes[1][k] * sizes[2][n] for m, k, n in itertools.product(*(tuple(size) for size in sizes))}
        )

    def extent(self, m: int, n: int, k: int) -> Extent:
        """Size of a tile."""
        sizes = [stop - start for start, stop in (self.m_tiles[m], self.k_tiles[k], self.n_tiles[n])]
        return sizes[0], sizes[1], sizes[2]


def fold_count(fabric: SystolicFabric, shape: FoldShape) -> int:
    """Folds of a tile: ⌈rows / R⌉ · ⌈cols / C⌉."""
    return -(-shape.rows // fabric.rows) * -(-shape.cols // fabric.cols)


def fold_interval(fabric: SystolicFabric, shape: FoldShape, dataflow: Dataflow) -> int:
    """Cycles that a fold adds to those before it.

    Overlapped, a fold streams for `stream` cycles while the next stationary operand is shifted in, R cycles; or, where
    outputs are held, while the outputs of the fold before are shifted out, R cycles, before its own are done. Serial is
    SCALE-Sim's: load, stream, and let the skew run out before the next fold.
    """
    if fabric.weight_load == "overlapped":
        return max(shape.stream, fabric.rows)
    load = 0 if dataflow == "os" else fabric.rows
    return load + shape.stream + fabric.rows + fabric.cols - 2


def lead_cycles(fabric: SystolicFabric, shape: FoldShape, dataflow: Dataflow) -> int:
    """Cycles of an operation's first fold beyond its interval: the load that hides behind none; `os` has no outputs to await."""
    if fabric.weight_load == "serial":
        return 0
    return shape.stream - fold_interval(fabric, shape, dataflow) if dataflow == "os" else fabric.rows


def tail_cycles(fabric: SystolicFabric, shape: FoldShape, dataflow: Dataflow) -> int:
    """Cycles of an operation's last fold beyond its interval: stream and skew, and for `os` the last drain."""
    if fabric.weight_load == "serial":
        return 0
    skew = fabric.rows + fabric.cols - 2
    return skew + fabric.rows if dataflow == "os" else skew + shape.stream - fold_interval(fabric, shape, dataflow)


def compute_cycles(fabric: SystolicFabric, schedule: SystolicSchedule) -> int:
    """The array's own cycles for one operation."""
    flow = schedule.dataflow
    total = lead_cycles(fabric, LAYOUTS[flow](schedule.extent(0, 0, 0)), flow)
    for extent, times in schedule.extents().items():
        shape = LAYOUTS[flow](extent)
        total += times * fold_count(fabric, shape) * fold_interval(fabric, shape, flow)
    last = schedule.extent(len(schedule.m_tiles) - 1, len(schedule.n_tiles) - 1, len(schedule.k_tiles) - 1)
    return total + tail_cycles(fabric, LAYOUTS[flow](last), flow)


def schedule_systolic(machine: Machine, operation: Operation, homes: Homes) -> SystolicSchedule:
    """The tiling with the fewest cycles, then DRAM bytes, then buffer bytes; MappingError where nothing fits."""
    fabric = machine.systolic
    flows: tuple[Dataflow, ...] = ("ws", "os", "is") if fabric.dataflow == "best" else (fabric.dataflow,)
    best: SystolicSchedule | None = None
    best_key: tuple[float, float, float] | None = None
    for schedule in _candidates(machine, operation, homes, flows):
        key = (compute_cycles(fabric, schedule), *_traffic(machine, schedule))
        if best_key is None or key < best_key:
            best, best_key = schedule, key
    if best is None:
        raise MappingError(
            f"{machine.name}: no tile of {operation.name} fits the operand buffers (x {fabric.x_buffer_kib:g}, w {fabric.w_buffer_kib:g}, "
            f"y {fabric.y_buffer_kib:g} KiB a half) of a {fabric.rows} × {fabric.cols} array"
        )
    return best


def _candidates(machine: Machine, operation: Operation, homes: Homes, flows: tuple[Dataflow, ...]) -> Iterator[SystolicSchedule]:
    m, k, n = operation.block_shape
    for flow in flows:
        for m_size, k_size, n_size in itertools.product(
            *(_sizes(size, step) for size, step in zip((m, k, n), _steps(machine.systolic, flow), strict=True))
        ):
            if not _fits(machine, (m_size, k_size, n_size)):
                continue
            spans = [_spans(size, step) for size, step in ((m, m_size), (k, k_size), (n, n_size))]
            for order in ("m_rounds", "rounds_m"):
                yield SystolicSchedule(operation, homes, flow, spans[0], spans[1], spans[2], order)


def _steps(fabric: SystolicFabric, flow: Dataflow) -> Extent:
    """What a tile's M, K and N are multiples of: the array's edge that the dataflow lays them on."""
    if flow == "ws":
        return fabric.cols, fabric.rows, 1
    return (1, fabric.rows, fabric.cols) if flow == "is" else (fabric.cols, 1, fabric.rows)


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


def _spans(size: int, step: int) -> tuple[Span, ...]:
    return tuple((start, min(start + step, size)) for start in range(0, size, step))


def _fits(machine: Machine, extent: Extent) -> bool:
    fabric, types = machine.systolic, machine.datatypes
    m, k, n = extent
    needs = (k * n * types.activation_bits, k * m * types.weight_bits, m * n * types.accumulate_bits)
    holds = (fabric.x_buffer_kib, fabric.w_buffer_kib, fabric.y_buffer_kib)
    return all(bits <= kib * 8192 for bits, kib in zip(needs, holds, strict=True))


def _traffic(machine: Machine, schedule: SystolicSchedule) -> tuple[float, float]:
    """DRAM and buffer bytes of a schedule's fills."""
    operation = schedule.operation
    m, k, n = operation.block_shape
    tiles = len(schedule.m_tiles), len(schedule.n_tiles), len(schedule.k_tiles)
    x_changes, w_changes = content_changes(schedule.loop_order, *tiles)
    x = operation.batch * x_changes * k * n * machine.datatypes.activation_bits / 8 / (tiles[1] * tiles[2])
    w = operation.batch * w_changes * k * m * machine.datatypes.weight_bits / 8 / (tiles[0] * tiles[2])
    return (w + x, 0.0) if schedule.homes.x == "dram" else (w, x)
