"""Conservation laws that every run is held to; a broken one is a bug in sparsim and stops the run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Activity, OperationActivity
from simulator.engine.cluster import ClusterOutcome, ClusterSpec, ScatterOutcome
from simulator.errors import CheckError
from simulator.kinds.scatter.work import ScatterWork
from simulator.kinds.units.work import ClusterWork, TileValues

Matrix = NDArray[np.float64]


def _broken(law: str) -> CheckError:
    return CheckError(f"conservation law broken: {law}; this is a bug in sparsim, please report it with the command that shows it")


def _require(holds: bool, law: str) -> None:
    if not holds:
        raise _broken(law)


def stalled(cycles: int) -> CheckError:
    """A tile that takes longer than serving one request after another: something was lost on the way."""
    return _broken(f"a tile is not done after {cycles} cycles, in which every request could have been served alone")


def collided(unit: int, cycle: int) -> CheckError:
    """Two words at one unit, where the requests were granted so that none could meet."""
    return _broken(f"two words meet at unit {unit} in cycle {cycle}")


def check_cluster(spec: ClusterSpec, work: ClusterWork, outcome: ClusterOutcome) -> None:
    """Every entry is examined once, every request answered and multiplied once, every unit-cycle has one cause."""
    wanted = int(work.present[:, work.word].sum())
    _require(outcome.list_entries == work.entries, f"{outcome.list_entries} entries examined of {work.entries}")
    _require(outcome.requests == wanted, f"{outcome.requests} requests for {wanted} entries whose word is not zero")
    _require(outcome.requests + outcome.entries_dropped == work.entries, "requests + dropped = entries")
    _require(outcome.replies == outcome.requests == outcome.accumulator_updates, "requests = replies = multiplied words")
    _require(outcome.rows_merged == outcome.output_bank_writes, "rows merged = rows written")
    _check_causes(spec, outcome.cycles, outcome.unit_cycles)


def _check_causes(spec: ClusterSpec, cycles: int, unit_cycles: NDArray[np.int64]) -> None:
    causes = int(unit_cycles.sum())
    _require(causes == spec.units * cycles, f"{causes} unit-cycles have a cause of {spec.units} × {cycles}")
    _require(bool((unit_cycles >= 0).all()), "no cause has a negative count")


def check_values(work: ClusterWork, values: TileValues, outcome: ClusterOutcome) -> None:
    """What the output banks received is the tile of W times the tile of X: exactly on integers, else to rounding."""
    if outcome.outputs is None:
        return
    expected = np.zeros_like(outcome.outputs)
    unit = np.repeat(np.arange(work.units), np.diff(work.unit_ptr))
    words = values.words.reshape(work.token_words, work.k_words, -1)
    for token in range(work.token_words):
        np.add.at(expected[:, token], (unit, work.row), values.weights[:, None] * words[token, work.word])
    _check_equal(values, expected, outcome.outputs)


def check_sampled(work: ClusterWork, values: TileValues, outcome: ClusterOutcome) -> None:
    """What was written for each place of the mask is the tile's part of dY · Xᵀ: exactly on integers, else to rounding."""
    if outcome.outputs is None:
        return
    expected = np.zeros_like(outcome.outputs)
    unit = np.repeat(np.arange(work.units), np.diff(work.unit_ptr))
    np.add.at(expected[:, 0, :, 0], (unit, work.row), (values.weights * values.words[work.word]).sum(axis=1))
    _check_equal(values, expected, outcome.outputs)


def _check_equal(values: TileValues, expected: Matrix, outputs: Matrix) -> None:
    scale = float(np.abs(expected).max(initial=1.0))
    error = float(np.abs(expected - outputs).max(initial=0.0))
    integral = bool((values.weights == np.rint(values.weights)).all() and (values.words == np.rint(values.words)).all())
    _require(error == 0 if integral else error <= 1e-9 * scale, f"Y of a tile differs from NumPy's by {error:g}")


def check_scatter(spec: ClusterSpec, work: ScatterWork, outcome: ScatterOutcome) -> None:
    """Every entry is examined once, every product accumulated once, every unit-cycle has one cause."""
    wanted = int(work.present[:, work.column].sum())
    _require(outcome.list_entries == work.entries, f"{outcome.list_entries} entries examined of {work.entries}")
    _require(outcome.requests == wanted, f"{outcome.requests} products of {wanted} entries whose word is not zero")
    _require(outcome.requests + outcome.entries_dropped == work.entries, "products + dropped = entries")
    _require(outcome.bank_accumulates == outcome.requests, "products sent = products accumulated")
    _check_causes(spec, outcome.cycles, outcome.unit_cycles)


def check_sums(work: ScatterWork, values: TileValues, outcome: ScatterOutcome) -> None:
    """What the banks hold is the tile of W times the tile of X: exactly on integers, else to rounding."""
    if outcome.outputs is None:
        return
    words = values.words.reshape(work.token_words, work.present.shape[1], -1)
    expected = np.zeros_like(outcome.outputs).reshape(work.token_words, work.m_words, -1)
    for token in range(work.token_words):
        np.add.at(expected[token], work.word, values.weights[:, None] * words[token, work.column])
    _check_equal(values, expected.reshape(outcome.outputs.shape), outcome.outputs)


def check_array(name: str, formula_cycles: int, measured_cycles: int, expected: Matrix, y: Matrix) -> None:
    """The cells take the formula's cycles and compute NumPy's Y: exactly on integers, else to rounding."""
    _require(formula_cycles == measured_cycles, f"{name}: {measured_cycles} cycles cell by cell, {formula_cycles} by formula")
    integral = bool((expected == np.rint(expected)).all())
    error = float(np.abs(expected - y).max(initial=0.0))
    scale = float(np.abs(expected).max(initial=1.0))
    _require(error == 0 if integral else error <= 1e-9 * scale, f"{name}: Y differs from NumPy's by {error:g}")


def check_entries(name: str, examined: int, nonzeros: int, token_words: int) -> None:
    """Over all tiles of an operation, every nonzero of W met every token word once."""
    expected = nonzeros * token_words
    _require(examined == expected, f"{name}: {examined} list entries examined of {nonzeros} nonzeros × {token_words} token words")


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
    _require(min(activity.unit_cycles.values()) >= 0, "no cause has a negative count")
    name, cycles = activity.bounds.largest
    _require(activity.cycles >= cycles, f"{activity.cycles} cycles beat the {name} bound of {cycles}")
    for counter, moved in moved_bytes.items():
        counted = activity.counts.to_dict()[counter]
        _require(moved == counted, f"{counter}: {moved} bytes moved, {counted} counted")
