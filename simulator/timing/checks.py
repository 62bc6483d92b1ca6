"""Conservation laws that every run is held to; a broken one is a bug in sparsim and stops the run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Activity, OperationActivity
from simulator.errors import CheckError
from simulator.mapping.work import ClusterWork, TileValues
from simulator.timing.fabric import ClusterOutcome, ClusterSpec

Matrix = NDArray[np.float64]


def _require(holds: bool, law: str) -> None:
    if not holds:
        raise CheckError(f"conservation law broken: {law}; this is a bug in sparsim, please report it with the command that shows it")


def check_cluster(spec: ClusterSpec, work: ClusterWork, outcome: ClusterOutcome) -> None:
    """Every entry is examined once, every request answered and multiplied once, every unit-cycle has one cause."""
    wanted = int(work.present[:, work.word].sum())
    _require(outcome.list_entries == work.entries, f"{outcome.list_entries} entries examined of {work.entries}")
    _require(outcome.requests == wanted, f"{outcome.requests} requests for {wanted} entries whose word is not zero")
    _require(outcome.requests + outcome.entries_dropped == work.entries, "requests + dropped = entries")
    _require(outcome.replies == outcome.requests == outcome.accumulator_updates, "requests = replies = multiplied words")
    _require(outcome.rows_merged == outcome.output_bank_writes, "rows merged = rows written")
    causes = int(outcome.unit_cycles.sum())
    _require(causes == spec.units * outcome.cycles, f"{causes} unit-cycles have a cause of {spec.units} × {outcome.cycles}")
    _require(bool((outcome.unit_cycles >= 0).all()), "no cause has a negative count")


def check_values(work: ClusterWork, values: TileValues, outcome: ClusterOutcome) -> None:
    """What the output banks received is the tile of W times the tile of X: exactly on integers, else to rounding."""
    if outcome.outputs is None:
        return
    expected = np.zeros_like(outcome.outputs)
    unit = np.repeat(np.arange(work.units), np.diff(work.unit_ptr))
    words = values.words.reshape(work.token_words, work.k_words, -1)
    for token in range(work.token_words):
        np.add.at(expected[:, token], (unit, work.row), values.weights[:, None] * words[token, work.word])
    scale = float(np.abs(expected).max(initial=1.0))
    error = float(np.abs(expected - outcome.outputs).max(initial=0.0))
    integral = bool((values.weights == np.rint(values.weights)).all() and (values.words == np.rint(values.words)).all())
    _require(error == 0 if integral else error <= 1e-9 * scale, f"Y of a tile differs from NumPy's by {error:g}")


def check_array(name: str, formula_cycles: int, measured_cycles: int, expected: Matrix, y: Matrix) -> None:
    """The cells take the formula's cycles and compute NumPy's Y: exactly on integers, else to rounding."""
    _require(formula_cycles == measured_cycles, f"{name}: {measured_cycles} cycles cell by cell, {formula_cycles} by formula")
    integral = bool((expected == np.rint(expected)).all())
    error = float(np.abs(expected - y).max(initial=0.0))
    scale = float(np.abs(expected).max(initial=1.0))
    _require(error == 0 if integral else error <= 1e-9 * scale, f"{name}: Y differs from NumPy's by {error:g}")


def check_operation(units: int, operation: OperationActivity) -> None:
    """An operation's unit-cycles add up, its multiplier slots cover its useful MACs, and it beats no bound."""
    causes = sum(operation.unit_cycles.values())
    _require(causes == units * operation.compute_cycles, f"{operation.name}: {causes} unit-cycles of {units} × {operation.compute_cycles}")
    counts, bounds = operation.counts, operation.bounds
    _require(counts.mac_slots >= counts.macs_useful, f"{operation.name}: fewer multiplier slots than useful MACs")
    fastest = max(bounds.unit_cycles, bounds.bank_cycles, bounds.network_cycles)
    _require(operation.compute_cycles >= fastest, f"{operation.name}: {operation.compute_cycles} cycles beat the bound of {fastest}")


def check_run(activity: Activity, moved_bytes: Mapping[str, int]) -> None:
    """Every unit-cycle of the run has one cause, no bound is beaten, and what was moved is what was counted."""
    causes = sum(activity.unit_cycles.values())
    _require(causes == activity.units * activity.cycles, f"{causes} unit-cycles of {activity.units} × {activity.cycles}")
    name, cycles = activity.bounds.largest
    _require(activity.cycles >= cycles, f"{activity.cycles} cycles beat the {name} bound of {cycles}")
    for counter, moved in moved_bytes.items():
        counted = activity.counts.to_dict()[counter]
        _require(moved == counted, f"{counter}: {moved} bytes moved, {counted} counted")
