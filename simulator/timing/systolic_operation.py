"""One operation on a systolic array, from schedule to tiles, fills and drains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, Bounds, Counts
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine, SystolicFabric
from simulator.mapping.dense_product import dense_product
from simulator.mapping.program import Drain, Fill, Part, TileStep, content_indices
from simulator.mapping.residency import Homes
from simulator.mapping.stored import stored_weight
from simulator.mapping.systolic import SystolicSchedule, schedule_systolic
from simulator.timing.checks import check_array
from simulator.timing.fabric import CAUSE
from simulator.timing.operation import OperationRun
from simulator.timing.systolic import ArrayTile, array_tiles, fill_bank_cycles
from simulator.workload.storage import StoredBits
from simulator.workload.types import Operation

ArrayEngine = Callable[[SystolicFabric, SystolicSchedule, NDArray[np.float64], NDArray[np.float64]], tuple[int, NDArray[np.float64]]]
"""Cycles and Y[M, N] of an operation, from W[M, K] and X[K, N] as dense arrays."""

CELL_LIMIT_PE_CYCLES = 200_000
"""Largest operation that is moved cell by cell; beyond it the formula, which tests hold equal, stands alone."""


def run_systolic(elaborated: Elaborated, operation: Operation, homes: Homes, index: int, array: ArrayEngine | None) -> OperationRun:
    """Schedule an operation, time its folds, and list what the system level must move for them.

    Of a sampled product the array makes every place, and all of them leave.
    """
    machine = elaborated.machine
    product = dense_product(operation)
    schedule = schedule_systolic(machine, product, homes)
    tiles = array_tiles(machine.systolic, schedule)
    outputs = _cells(machine, schedule, tiles, array)
    positions = list(schedule.positions())
    xs = content_indices([(block, n, k) for block, _, n, k in positions], 0)
    ws = content_indices([(block, m, k) for block, m, _, k in positions], 0)
    ys = content_indices([(block, m, n) for block, m, n, _ in positions], 0)
    counts = Counts(macs_useful=operation.macs_useful)
    for tile in tiles:
        counts = counts + tile.counts
    extents = [schedule.extent(m, n, k) for _, m, n, k in positions]
    made = product.weight_home == "activation"
    x_parts, dense_parts = zip(*(_operand_parts(machine, extent) for extent in extents), strict=True)
    w_bits = [_weight_bits(machine, schedule, *place) for place in positions]
    w_parts = [replace(part, bytes=-(-bits.total // 8)) for part, bits in zip(dense_parts, w_bits, strict=True)]
    for place in _first_places(ws):
        counts = counts + _weight_counts(operation, w_bits[place])
    y_parts = [Part(-(-m * n * machine.datatypes.activation_bits // 8)) for m, _, n in extents]
    delays = [tile.drain_delay_cycles for tile in tiles]
    return OperationRun(
        operation,
        homes,
        tiles=tuple(TileStep(index, tile.cycles, x, w, y) for tile, x, w, y in zip(tiles, xs, ws, ys, strict=True)),
        x_fills=tuple(Fill(index, homes.x, (x_parts[place],), waits=True) for place in _first_places(xs)),
        w_fills=tuple(Fill(index, homes.x if made else "dram", (w_parts[place],), waits=made) for place in _first_places(ws)),
        drains=tuple(Drain(index, homes.y, (y_parts[place],), delays[place]) for place in _last_places(ys)),
        counts=counts,
        unit_cycles=_causes(machine, tiles, counts.mac_slots),
        bounds=Bounds(unit_cycles=-(-counts.mac_slots // machine.multipliers)),
        details=_details(schedule),
        checked={"tiles_simulated": 0 if outputs is None else len(tiles), "tiles_compared": 0 if outputs is None else len(tiles)},
        outputs=outputs,
    )


def _cells(machine: Machine, schedule: SystolicSchedule, tiles: list[ArrayTile], array: ArrayEngine | None) -> NDArray[np.float64] | None:
    """Y as the cells computed it, held against the formula and NumPy; None where no cell was simulated."""
    cycles = sum(tile.cycles for tile in tiles)
    if array is None or machine.multipliers * cycles > CELL_LIMIT_PE_CYCLES:
        return None
    w, x = schedule.operation.weight.to_dense(), schedule.operation.activations.values()
    measured, y = array(machine.systolic, schedule, w, x)
    check_array(schedule.operation.name, cycles, measured, w @ x, y)
    return y


def _causes(machine: Machine, tiles: list[ArrayTile], mac_slots: int) -> NDArray[np.int64]:
    causes = np.zeros(len(CAUSES), dtype=np.int64)
    causes[CAUSE["computing"]] = mac_slots
    causes[CAUSE["imbalance"]] = sum(tile.edge_pe_cycles for tile in tiles)
    causes[CAUSE["fill_drain"]] = machine.multipliers * sum(tile.cycles for tile in tiles) - int(causes.sum())
    return causes


def _operand_parts(machine: Machine, extent: tuple[int, int, int]) -> tuple[Part, Part]:
    fabric, types = machine.systolic, machine.datatypes
    m, k, n = extent
    x = Part(-(-k * n * types.activation_bits // 8), fill_bank_cycles(k * n, fabric.rows))
    w = Part(-(-k * m * types.weight_bits // 8), fill_bank_cycles(k * m, fabric.cols))
    return x, w


def _weight_bits(machine: Machine, schedule: SystolicSchedule, block: int, m: int, n: int, k: int) -> StoredBits:
    """What a tile of W takes where it lies: dense, or in the storage format that its operation names."""
    product = schedule.operation
    height, width, _ = product.block_shape
    (first_row, last_row), (first_column, last_column) = schedule.m_tiles[m], schedule.k_tiles[k]
    rows, columns = (block * height + first_row, block * height + last_row), (block * width + first_column, block * width + last_column)
    dense = StoredBits((last_row - first_row) * (last_column - first_column) * machine.datatypes.weight_bits, 0)
    return stored_weight(machine, product, rows, columns) or dense


def _weight_counts(operation: Operation, bits: StoredBits) -> Counts:
    size, values = -(-bits.total // 8), bits.values // 8
    decoded = bits.total if operation.storage is not None else 0
    return Counts(weight_value_bytes=values, weight_metadata_bytes=size - values, weight_bits_decoded=decoded)


def _details(schedule: SystolicSchedule) -> dict[str, int | str]:
    return {
        "dataflow": schedule.dataflow,
        "m_tiles": len(schedule.m_tiles),
        "k_tiles": len(schedule.k_tiles),
        "n_tiles": len(schedule.n_tiles),
        "loop_order": schedule.loop_order,
    }


def _first_places(contents: list[int]) -> list[int]:
    return [place for place, content in enumerate(contents) if place == 0 or content != contents[place - 1]]


def _last_places(contents: list[int]) -> list[int]:
    return [place for place, content in enumerate(contents) if place + 1 == len(contents) or content != contents[place + 1]]
