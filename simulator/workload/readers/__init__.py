"""Matrix files: one reader a format, named in READERS; start at `read_matrix`.

They are written by hand, and strict, because a matrix file comes from anywhere: each judges the header against the size of the
file before it spends memory on what the header promises, and says what is wrong in a line.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from simulator.errors import OperandError
from simulator.specs import not_a_file
from simulator.workload.csr import Csr
from simulator.workload.readers.coordinates import read_tns, read_tsv
from simulator.workload.readers.mtx import read_mtx
from simulator.workload.readers.npz import read_npz
from simulator.workload.readers.numpy_files import read_npy
from simulator.workload.readers.smtx import read_smtx
from simulator.workload.readers.strangers import about_ending, found_instead

__all__ = ["READERS", "read_matrix"]

READERS: dict[str, Callable[[Path], Csr]] = {
    ".npz": read_npz, ".npy": read_npy, ".mtx": read_mtx, ".mtx.gz": read_mtx, ".smtx": read_smtx, ".tsv": read_tsv, ".tns": read_tns,
}  # fmt: skip
"""Reader of each file ending."""


def read_matrix(path: Path) -> Csr:
    """Return the matrix of a file; OperandError, beginning with the file's name, where it cannot be read."""
    reader = next((reader for ending, reader in READERS.items() if path.name.lower().endswith(ending)), None)
    reason = not_a_file(path)
    if reason is None and reader is None:
        reason = f"no known matrix format; allowed endings: {', '.join(READERS)}{about_ending(path)}"
    if reason is not None or reader is None:
        raise OperandError(f"{path}: {reason}")
    try:
        return reader(path)
    except OperandError as error:
        raise OperandError(f"{path}: {error}{found_instead(path)}") from error
    except MemoryError as error:
        raise OperandError(f"{path}: too large for the memory of this computer") from error
