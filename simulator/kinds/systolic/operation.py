"""One operation on a systolic array, from schedule to tiles, fills and drains."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, Bounds, Counts
from simulator.engine.cluster import CAUSE
from simulator.errors import require
from simulator.kinds.systolic.chains import ArrayChain
from simulator.kinds.systolic.fills import EdgeFills
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.program import ArrayProgram
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.search import plan_systolic
from simulator.kinds.systolic.tiles import ArrayTiles, array_tiles
from simulator.kinds.systolic.timing import compute_cycles
from simulator.recall import NOTHING, Recall
from simulator.system.operation import OperationRun
from simulator.system.program import MemoryLevel, OperationProgram
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from simulator.telling import tell
from simulator.workload.made import whole_product
from simulator.workload.types import Operation

ArrayEngine = Callable[[SystolicSchedule, NDArray[np.float64], NDArray[np.float64]], tuple[int, NDArray[np.float64]]]
"""Cycles and Y[M, N] of an operation, from W[M, K] and X[K, N] as dense arrays."""

PLANNED, LISTED = 0.6, 0.8
"""Of what a long operation takes, when its schedule is found, and when its tiles are listed; the rest is their play on the system."""
CELL_LIMIT_PE_CYCLES = 200_000
"""Largest operation that is moved cell by cell; beyond it the formula, which tests hold equal, stands alone."""


def run_systolic(
    machine: ArrayMachine,
    spec: SystemSpec,
    operation: Operation,
    residency: Residency,
    index: int,
    array: ArrayEngine | None,
    recall: Recall = NOTHING,
) -> OperationRun:
    """Schedule an operation for a system, time its folds, and list what the system level must move for them.

    Of a sampled product the array makes every place of the folds that it runs, and all places leave.
    """
    planned = plan_systolic(machine, operation, residency, spec, recall)
    tell(PLANNED)
    program = planned.program.of_operation(index)
    tell(LISTED)
    return run_of(machine, spec, planned, program, operation, residency, array)


def run_chain(
    machine: ArrayMachine,
    spec: SystemSpec,
    chain: Sequence[Operation],
    residency: Sequence[Residency],
    first: int,
    array: ArrayEngine | None,
    recall: Recall = NOTHING,
) -> tuple[OperationRun, ...]:
    """The same of fused operations, of which the first is the `first`-th of its workload."""
    fused = ArrayChain(machine, tuple(chain), tuple(residency))
    planned = fused.planned(spec, recall)
    programs = fused.operation_programs(planned, first)
    return tuple(run_of(machine, spec, *each, array) for each in zip(planned, programs, chain, residency, strict=True))


def run_of(
    machine: ArrayMachine,
    spec: SystemSpec,
    planned: ArrayProgram,
    program: OperationProgram,
    operation: Operation,
    residency: Residency,
    array: ArrayEngine | None,
) -> OperationRun:
    """What an operation does by a plan."""
    product, schedule = whole_product(operation), planned.schedule
    tiles = array_tiles(machine, schedule, planned.plan, planned.times)
    outputs = _cells(machine, product, schedule, array)
    counts = tiles.counts + Counts(macs_useful=operation.macs_useful) + _fill_counts(spec, planned, residency)
    simulated = 0 if outputs is None else planned.tiles
    return OperationRun(
        operation,
        residency,
        program=program,
        counts=counts,
        unit_cycles=_causes(machine, tiles, counts.mac_slots),
        bounds=Bounds(unit_cycles=-(-counts.mac_slots // machine.fabric.multipliers)),
        details=_details(schedule, tiles) | _stored(planned.edges),
        checked={"tiles_simulated": simulated, "tiles_compared": simulated},
        outputs=outputs,
    )


def _fill_counts(spec: SystemSpec, planned: ArrayProgram, residency: Residency) -> Counts:
    """What comes with the fills and goes with the drains: what is decoded, unpacked and packed on the way, and presence bits."""
    edges, x_fills, w_fills = planned.edges, planned.x_fills, planned.w_fills
    made = edges.array.weight_home == "activation"
    decoded = w_fills.decoded_elements > 0

    def moved(sizes: NDArray[np.int64], home: MemoryLevel) -> int:
        burst = spec.dram_burst_bytes if home == "dram" else 1
        return int((-(-sizes // burst)).sum()) * burst

    x_home, w_home, _ = planned.homes
    x_elements = int(planned.xs.of_filled(edges.x_elements.ravel()).sum()) if residency.forms.x.packed else 0
    w_elements = int(w_fills.decoded_elements.sum())
    covers = (planned.xs, edges.x_presence_bits), (planned.ws, edges.w_presence_bits)
    return Counts(
        weight_value_bytes=w_fills.value_bytes,
        weight_metadata_bytes=w_fills.metadata_bytes,
        weight_bits_decoded=0 if made else int(w_fills.stored.total[decoded].sum()),
        w_elements_decoded=w_elements,
        w_bytes_decoded=moved(w_fills.bytes[decoded], w_home),
        x_bytes_unpacked=moved(x_fills.bytes, x_home) if x_elements else 0,
        x_elements_unpacked=x_elements,
        activations_unpacked=x_elements + (w_elements if made else 0),
        activations_packed=edges.outputs if residency.forms.y.packed else 0,
        presence_bits_filled=sum(int(bits.ravel()[of.covered[1]].sum()) for of, bits in covers),
        presence_bits_scanned=edges.presence_reads(),
    )


def _cells(
    machine: ArrayMachine, operation: Operation, schedule: SystolicSchedule, array: ArrayEngine | None
) -> NDArray[np.float64] | None:
    """Y as the cells computed it, tile after tile, held against the formula and NumPy; None where no cell was simulated."""
    if array is None:
        return None
    cycles = compute_cycles(schedule)
    if machine.fabric.multipliers * cycles > CELL_LIMIT_PE_CYCLES:
        return None
    w, x = operation.weight.to_dense(), operation.activations.values()
    measured, y = array(schedule, w, x)
    wanted = schedule.product.sampled if schedule.fabric.skip_zero_tiles else None
    whole = w @ x if wanted is None else np.where(wanted, w @ x, y)
    check_array(operation.name, cycles, measured, whole, y)
    return y


def _causes(machine: ArrayMachine, tiles: ArrayTiles, mac_slots: int) -> NDArray[np.int64]:
    causes = np.zeros(len(CAUSES), dtype=np.int64)
    causes[CAUSE["computing"]] = mac_slots
    causes[CAUSE["imbalance"]] = tiles.edge_pe_cycles.sum()
    causes[CAUSE["fill_drain"]] = machine.fabric.multipliers * tiles.times.total - int(causes.sum())
    return causes


def _stored(edges: EdgeFills) -> dict[str, int | str]:
    """The form of W in memory and, unless it is made from activations, the room that it takes there."""
    made = edges.array.weight_home == "activation"
    return {"weight_format": edges.weight_form} | ({} if made else {"weight_stored_bytes": edges.weight_stored_bytes})


def _details(schedule: SystolicSchedule, tiles: ArrayTiles) -> dict[str, int | str]:
    return {
        "dataflow": schedule.dataflow,
        "m_tiles": len(schedule.m_tiles),
        "k_tiles": len(schedule.k_tiles),
        "n_tiles": len(schedule.n_tiles),
        "loop_order": schedule.loop_order,
        "array": f"{schedule.fabric.rows} × {schedule.fabric.cols}",
        "row_order": "natural" if schedule.product.row_order is None else "grouped",
        "folds": int(tiles.times.folds.sum()),
    }


Matrix = NDArray[np.float64]


def check_array(name: str, formula_cycles: int, measured_cycles: int, expected: Matrix, y: Matrix) -> None:
    """The cells take the formula's cycles and compute NumPy's Y: exactly on integers, else to rounding."""
    require(formula_cycles == measured_cycles, f"{name}: {measured_cycles} cycles cell by cell, {formula_cycles} by formula")
    integral = bool((expected == np.rint(expected)).all())
    error = float(np.abs(expected - y).max(initial=0.0))
    scale = float(np.abs(expected).max(initial=1.0))
    require(error == 0 if integral else error <= 1e-9 * scale, f"{name}: Y differs from NumPy's by {error:g}")
