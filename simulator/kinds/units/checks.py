"""Conservation laws of a fabric of units, for every tile; a broken one is a bug in sparsim and stops the run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simulator.engine.cluster import ClusterSpec, Outcomes
from simulator.engine.work import TileValues, TileWork
from simulator.errors import require

Matrix = NDArray[np.float64]


def check_accumulators(spec: ClusterSpec, work: TileWork) -> None:
    """A row is open for all token words of the tile at once. Raises ValueError."""
    if work.token_words > spec.accumulators:
        raise ValueError(f"a row of {work.token_words} token words needs as many accumulators; a unit has {spec.accumulators}")


def require_each(holds: NDArray[np.bool_], law: Callable[[int], str]) -> None:
    """Raise CheckError where a law does not hold for one of [tiles]; `law` says which, of that tile."""
    if not holds.all():
        require(False, law(int(np.argmin(holds))))


def check_causes(spec: ClusterSpec, outcomes: Outcomes) -> None:
    """Every unit-cycle has one cause."""
    causes, cycles = outcomes.unit_cycles.sum(axis=1), outcomes.cycles
    require_each(causes == spec.units * cycles, lambda tile: f"{causes[tile]} unit-cycles have a cause of {spec.units} × {cycles[tile]}")
    require_each(outcomes.unit_cycles.min(axis=1) >= 0, lambda tile: "no cause has a negative count")


def check_equal(values: TileValues, expected: Matrix, outputs: Matrix) -> None:
    """The numbers of a tile are NumPy's: exactly on integers, else to rounding."""
    scale = float(np.abs(expected).max(initial=1.0))
    error = float(np.abs(expected - outputs).max(initial=0.0))
    integral = bool((values.weights == np.rint(values.weights)).all() and (values.words == np.rint(values.words)).all())
    require(error == 0 if integral else error <= 1e-9 * scale, f"Y of a tile differs from NumPy's by {error:g}")


def check_entries(name: str, examined: int, nonzeros: int, token_words: int) -> None:
    """Over all tiles of an operation, every nonzero of W met every token word once."""
    expected = nonzeros * token_words
    require(examined == expected, f"{name}: {examined} list entries examined of {nonzeros} nonzeros × {token_words} token words")
