"""Operations of a workload through an array's hardware, beside its engine, its formulas and NumPy."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import asdict

import numpy as np

from simulator.activity import Counts
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.program import ArrayProgram
from simulator.kinds.systolic.reference import Matrix, PlacedFold, folds_of
from simulator.kinds.systolic.rtl.cosim import FoldRun, difference, run_both
from simulator.kinds.systolic.rtl.elaboration import shape_of
from simulator.kinds.systolic.search import plan_systolic
from simulator.kinds.systolic.tiles import array_tiles
from simulator.machine.model import Elaborated
from simulator.rtl.design import Agreement, CosimOptions, Difference
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from simulator.workload.made import whole_product
from simulator.workload.types import Operation

CELL_LIMIT_PE_CYCLES = 10_000
"""Cells × steps beyond which further folds of an operation are left out; one is always run."""

_LARGEST = 127
"""Of integers that stand for other values: sums of them do not run over."""


def cosimulate_array(elaborated: Elaborated, operation: Operation, residency: Residency, how: CosimOptions) -> Iterator[Agreement]:
    """The first tiles of an operation, or as many of their folds as are small enough to be simulated; nothing where no fold is run.

    Operands that are no integers of the array's width are stood for by such. Raises ConfigError for what is not elaborated.
    """
    machine = ArrayMachine.inside(elaborated)
    shape = shape_of(machine)
    planned = plan_systolic(machine, operation, residency, SystemSpec.of(elaborated))
    schedule, product = planned.schedule, whole_product(operation)
    wanted = int(planned.times.folds[: how.tiles].sum())
    folds: list[PlacedFold] = []
    cell_steps = 0
    w, x = (as_integers(values, shape.operand_bits) for values in (product.weight.to_dense(), product.activations.values()))
    if schedule.product.row_order is not None:
        w = w[schedule.product.row_order]
    for fold in itertools.islice(folds_of(schedule.fabric, schedule, w, x), wanted):
        cell_steps += machine.fabric.multipliers * max(len(fold.operands.rows), schedule.fabric.rows)
        if folds and cell_steps > CELL_LIMIT_PE_CYCLES:
            break
        folds.append(fold)
    if not folds:
        return
    run = run_both(machine, schedule, folds, waveform=how.waveform)
    whole = len(folds) == wanted
    found = difference(run)
    if found is None and whole:
        found = _of_formulas(machine, planned, run, operation, how.tiles)
    compared = {"folds": len(folds), "registers": run.registers_compared, "sums": run.sums_compared}
    yield Agreement(
        f"{operation.name} ({schedule.dataflow}, {len(folds)} of {int(planned.times.folds.sum())} folds)",
        run.cycles,
        compared | ({"counters": len(_counted(run.counts))} if whole else {}),
        found,
        run.recording.seconds,
    )


def as_integers(values: Matrix, bits: int) -> Matrix:
    """Values as integers of a width: themselves, or, where they are none, their sizes by the largest, and a zero only where one was."""
    limit = 2 ** (bits - 1) - 1
    largest = np.abs(values).max(initial=0.0)
    if largest <= limit and (values == np.rint(values)).all():
        return values
    return np.asarray(np.sign(values) * np.maximum(1, np.rint(np.abs(values) * (min(limit, _LARGEST) / largest))))


def _of_formulas(machine: ArrayMachine, planned: ArrayProgram, run: FoldRun, operation: Operation, tiles: int) -> Difference | None:
    """Cycles of a whole operation, and counters of whole tiles, as the model's formulas have them."""
    if tiles >= planned.tiles and run.cycles != planned.times.total:
        return Difference(run.cycles, f"hardware takes {run.cycles:,} cycles, the formula {planned.times.total:,}")
    formulas = Counts.total([tile.counts for tile in array_tiles(machine, planned.schedule, planned.plan, planned.times).each()[:tiles]])
    if tiles >= planned.tiles and operation.gradient is None:
        formulas = formulas + Counts(macs_useful=operation.macs_useful)
    for name, count in _counted(formulas).items():
        if (found := getattr(run.counts, name)) != count:
            return Difference(run.cycles, f"counter {name}: {found:,} in hardware, {count:,} by formula")
    return None


def _counted(counts: Counts) -> dict[str, int]:
    return {name: count for name, count in asdict(counts).items() if count}
