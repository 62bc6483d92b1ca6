"""What the cells of an array are held to: the formula's cycles, and NumPy's numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.errors import require

Matrix = NDArray[np.float64]


def check_array(name: str, formula_cycles: int, measured_cycles: int, expected: Matrix, y: Matrix) -> None:
    """The cells take the formula's cycles and compute NumPy's Y: exactly on integers, else to rounding."""
    require(formula_cycles == measured_cycles, f"{name}: {measured_cycles} cycles cell by cell, {formula_cycles} by formula")
    integral = bool((expected == np.rint(expected)).all())
    error = float(np.abs(expected - y).max(initial=0.0))
    scale = float(np.abs(expected).max(initial=1.0))
    require(error == 0 if integral else error <= 1e-9 * scale, f"{name}: Y differs from NumPy's by {error:g}")
