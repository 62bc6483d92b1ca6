"""One operation on a systolic array, from schedule to tiles, fills and drains."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, Bounds, Counts
from simulator.engine.cluster import CAUSE
from simulator.errors import require
from simulator.kinds.systolic.fills import Contents, EdgeFills, WeightFill, contents
from simulator.kinds.systolic.machine import ArrayMachine, SystolicFabric
from simulator.kinds.systolic.schedule import Position, SystolicSchedule, schedule_systolic
from simulator.kinds.systolic.tiles import ArrayTile, array_tiles
from simulator.machine.model import Elaborated
from simulator.system.operation import OperationRun
from simulator.system.program import Drain, Fill, MemoryLevel, OperationProgram, Part, TileStep, content_indices
from simulator.system.tensors import Residency
from simulator.workload.made import whole_product
from simulator.workload.types import Operation

ArrayEngine = Callable[[SystolicFabric, SystolicSchedule, NDArray[np.float64], NDArray[np.float64]], tuple[int, NDArray[np.float64]]]
"""Cycles and Y[M, N] of an operation, from W[M, K] and X[K, N] as dense arrays."""

CELL_LIMIT_PE_CYCLES = 200_000
"""Largest operation that is moved cell by cell; beyond it the formula, which tests hold equal, stands alone."""


def run_systolic(elaborated: Elaborated, operation: Operation, residency: Residency, index: int, array: ArrayEngine | None) -> OperationRun:
    """Schedule an operation, time its folds, and list what the system level must move for them.

    Of a sampled product the array makes every place of the folds that it runs, and all places leave.
    """
    machine, product = ArrayMachine.of(elaborated.machine), whole_product(operation)
    schedule = schedule_systolic(machine, operation, residency, elaborated.dram_bytes_per_cycle)
    tiles = array_tiles(machine, schedule)
    outputs = _cells(machine, product, schedule, tiles, array)
    made = product.weight_home == "activation"
    edges = EdgeFills(machine, schedule, operation, product)
    positions = list(schedule.positions())
    run = [tile.folds > 0 for tile in tiles]
    xs = contents([(block, n, k) for block, _, n, k in positions], run)
    ws = contents([(block, m, k) for block, m, _, k in positions], run)
    ys = content_indices([(block, m, n) for block, m, n, _ in positions], 0)
    x_parts = [edges.x_part(key, covered) for key, covered in zip(xs.filled, xs.keys, strict=True)]
    w_fills = [edges.w_fill(key, covered) for key, covered in zip(ws.filled, ws.keys, strict=True)]
    counts = _counts(operation, tiles) + _fill_counts(elaborated, edges, xs, ws, x_parts, w_fills)
    y_parts = [Part(_y_bytes(machine, schedule, position)) for position in positions]
    delays = [tile.drain_delay_cycles for tile in tiles]
    steps = zip(tiles, xs.indices, ws.indices, ys, strict=True)
    program = OperationProgram(
        tiles=tuple(TileStep(index, tile.cycles, x, w, y) for tile, x, w, y in steps),
        x_fills=tuple(Fill(index, residency.x, (part,), waits=True) for part in x_parts),
        w_fills=tuple(Fill(index, residency.x if made else "dram", (fill.part,), waits=made) for fill in w_fills),
        drains=tuple(Drain(index, residency.y, (y_parts[place],), delays[place]) for place in _last_places(ys)),
    )
    return OperationRun(
        operation,
        residency,
        program=program,
        counts=counts,
        unit_cycles=_causes(machine, tiles, counts.mac_slots),
        bounds=Bounds(unit_cycles=-(-counts.mac_slots // machine.fabric.multipliers)),
        details=_details(schedule, tiles) | _stored(edges),
        checked={"tiles_simulated": 0 if outputs is None else len(tiles), "tiles_compared": 0 if outputs is None else len(tiles)},
        outputs=outputs,
    )


def _y_bytes(machine: ArrayMachine, schedule: SystolicSchedule, position: Position) -> int:
    """Of a tile's outputs, as they lie in memory."""
    block, m, n, _ = position
    (first, last), height = schedule.m_tiles[m], schedule.product.shape[0]
    rows = slice(block * height + first, block * height + last)
    return -(-schedule.residency.forms.y.bits(rows, schedule.n_tiles[n], machine.datatypes.activation_bits) // 8)


def _counts(operation: Operation, tiles: list[ArrayTile]) -> Counts:
    return Counts.total([Counts(macs_useful=operation.macs_useful), *(tile.counts for tile in tiles)])


def _fill_counts(
    elaborated: Elaborated, edges: EdgeFills, xs: Contents, ws: Contents, x_parts: list[Part], w_fills: list[WeightFill]
) -> Counts:
    """What comes with the fills and goes with the drains: what is decoded, unpacked and packed on the way, and presence bits."""
    residency, made = edges.schedule.residency, edges.array.weight_home == "activation"

    def moved(part: Part, home: MemoryLevel) -> int:
        burst = elaborated.dram_burst_bytes if home == "dram" else 1
        return -(-part.bytes // burst) * burst

    w_home: MemoryLevel = residency.x if made else "dram"
    x_elements = sum(edges.x_elements(key) for key in xs.filled if key is not None) if residency.forms.x.packed else 0
    w_elements = sum(fill.decoded_elements for fill in w_fills)
    filled = sum(edges.x_presence_bits(n, k) for covered in xs.keys for _, n, k in covered)
    filled += sum(edges.w_presence_bits(m, k) for covered in ws.keys for _, m, k in covered)
    return Counts(
        weight_value_bytes=sum(fill.value_bytes for fill in w_fills),
        weight_metadata_bytes=sum(fill.metadata_bytes for fill in w_fills),
        weight_bits_decoded=0 if made else sum(fill.stored.total for fill in w_fills if fill.decoded_elements),
        w_elements_decoded=w_elements,
        w_bytes_decoded=sum(moved(fill.part, w_home) for fill in w_fills if fill.decoded_elements),
        x_bytes_unpacked=sum(moved(part, residency.x) for part in x_parts) if x_elements else 0,
        x_elements_unpacked=x_elements,
        activations_unpacked=x_elements + (w_elements if made else 0),
        activations_packed=edges.outputs if residency.forms.y.packed else 0,
        presence_bits_filled=filled,
        presence_bits_scanned=sum(edges.presence_reads(position) for position in edges.schedule.positions()),
    )


def _cells(
    machine: ArrayMachine, operation: Operation, schedule: SystolicSchedule, tiles: list[ArrayTile], array: ArrayEngine | None
) -> NDArray[np.float64] | None:
    """Y as the cells computed it, held against the formula and NumPy; None where no cell was simulated."""
    cycles = sum(tile.cycles for tile in tiles)
    if array is None or machine.fabric.multipliers * cycles > CELL_LIMIT_PE_CYCLES:
        return None
    w, x = operation.weight.to_dense(), operation.activations.values()
    measured, y = array(machine.fabric, schedule, w, x)
    wanted = schedule.product.sampled if machine.fabric.skip_zero_tiles else None
    whole = w @ x if wanted is None else np.where(wanted, w @ x, y)
    check_array(operation.name, cycles, measured, whole, y)
    return y


def _causes(machine: ArrayMachine, tiles: list[ArrayTile], mac_slots: int) -> NDArray[np.int64]:
    causes = np.zeros(len(CAUSES), dtype=np.int64)
    causes[CAUSE["computing"]] = mac_slots
    causes[CAUSE["imbalance"]] = sum(tile.edge_pe_cycles for tile in tiles)
    causes[CAUSE["fill_drain"]] = machine.fabric.multipliers * sum(tile.cycles for tile in tiles) - int(causes.sum())
    return causes


def _stored(edges: EdgeFills) -> dict[str, int | str]:
    """The form of W in memory and, unless it is made from activations, the room that it takes there."""
    made = edges.array.weight_home == "activation"
    return {"weight_format": edges.weight_form} | ({} if made else {"weight_stored_bytes": edges.weight_stored_bytes})


def _details(schedule: SystolicSchedule, tiles: list[ArrayTile]) -> dict[str, int | str]:
    return {
        "dataflow": schedule.dataflow,
        "m_tiles": len(schedule.m_tiles),
        "k_tiles": len(schedule.k_tiles),
        "n_tiles": len(schedule.n_tiles),
        "loop_order": schedule.loop_order,
        "folds": sum(tile.folds for tile in tiles),
    }


def _last_places(contents: list[int]) -> list[int]:
    return [place for place, content in enumerate(contents) if place + 1 == len(contents) or content != contents[place + 1]]


Matrix = NDArray[np.float64]


def check_array(name: str, formula_cycles: int, measured_cycles: int, expected: Matrix, y: Matrix) -> None:
    """The cells take the formula's cycles and compute NumPy's Y: exactly on integers, else to rounding."""
    require(formula_cycles == measured_cycles, f"{name}: {measured_cycles} cycles cell by cell, {formula_cycles} by formula")
    integral = bool((expected == np.rint(expected)).all())
    error = float(np.abs(expected - y).max(initial=0.0))
    scale = float(np.abs(expected).max(initial=1.0))
    require(error == 0 if integral else error <= 1e-9 * scale, f"{name}: Y differs from NumPy's by {error:g}")
