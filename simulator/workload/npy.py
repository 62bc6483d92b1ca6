"""NumPy `.npy` files: a dense array or a Boolean mask, whose header is judged before the array is read."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from simulator.errors import OperandError
from simulator.workload.csr import Csr, check_size, flat_csr
from simulator.workload.limits import MAX_NONZEROS
from simulator.workload.npz import npy_header


def read_npy(path: Path) -> Csr:
    """Return the nonzeros of a 2-D array; a Boolean one is a pattern without values. OperandError where it is unsound."""
    size = path.stat().st_size
    try:
        with path.open("rb") as stream:
            shape, dtype = npy_header(stream, path.name)
            _check(shape, dtype, size - stream.tell())
            stream.seek(0)
            array = npy.read_array(stream, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise OperandError(f"not a whole .npy file: {error}") from error
    return array_csr(array)


def array_csr(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Csr:
    """Return the nonzeros of a 2-D array of real numbers or Booleans; OperandError where a value is not finite."""
    shape = (array.shape[0], array.shape[1])
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        raise OperandError("a value is NaN or infinite; allowed: finite numbers")
    flat = np.flatnonzero(array)
    check_size(shape, len(flat))
    data = None if array.dtype.kind == "b" else np.ascontiguousarray(array).reshape(-1)[flat].astype(np.float64)
    return flat_csr(shape, flat.astype(np.int64, copy=False), data)


def _check(shape: tuple[int, ...], dtype: np.dtype[np.generic], size: int) -> None:
    if dtype.hasobject:
        raise OperandError("holds pickled Python objects, which are never loaded; allowed: arrays of numbers")
    if dtype.kind not in "biuf":
        raise OperandError(f"an array of type {dtype}; allowed: real numbers, integers, Booleans")
    if len(shape) != 2:
        raise OperandError(f"an array of {len(shape)} dimensions; allowed: 2")
    check_size((shape[0], shape[1]), 0)
    if math.prod(shape) > MAX_NONZEROS:
        raise OperandError(f"{shape[0]} × {shape[1]} elements; allowed: at most {MAX_NONZEROS}")
    if size != math.prod(shape) * dtype.itemsize:
        raise OperandError(f"truncated or too long: {size} bytes for {math.prod(shape)} elements of type {dtype}")
