"""What is imported: matrices of files, tensors of checkpoints, layers of topologies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from simulator.errors import OperandError
from simulator.specs import nearest_hint, not_a_file
from simulator.workload.csr import Csr
from simulator.workload.readers import READERS, read_matrix
from simulator.workload.readers.numpy_files import array_csr

_SHOWN = 8


@dataclass(frozen=True, eq=False)
class Source:
    """One weight: a matrix W[M,K], or only its shape and pattern."""

    name: str
    matrix: Csr | None = None
    shape: tuple[int, int, int] | None = None
    """M, K and N, where the source tells them instead of a matrix."""
    batch: int = 1
    """Products of that shape, one a block of W."""
    pattern: dict[str, object] = field(default_factory=dict)


def read_sources(path: Path, tensors: Sequence[str]) -> list[Source]:
    """Return what a file holds; `tensors` are names or globs of a safetensors file, none: all that have two dimensions.

    Raises OperandError, beginning with the file's name, where it cannot be read or a name is not there.
    """
    reason = not_a_file(path)
    if reason is not None:
        raise OperandError(f"{path}: {reason}")
    reader = next((reader for ending, reader in _READERS.items() if path.name.endswith(ending)), None)
    if reader is None:
        raise OperandError(f"{path}: no known format; allowed endings: {', '.join(_READERS)}")
    return reader(path, tensors)


def _matrix_file(path: Path, tensors: Sequence[str]) -> list[Source]:
    ending = next(ending for ending in READERS if path.name.endswith(ending))
    return [Source(path.name.removesuffix(ending), read_matrix(path))]


def _topology(path: Path, tensors: Sequence[str]) -> list[Source]:
    from simulator.workload.importing.scalesim import read_topology

    return read_topology(path)


def _checkpoint(path: Path, tensors: Sequence[str]) -> list[Source]:
    from simulator.workload.importing.safetensors import read_header, read_tensor

    try:
        header = read_header(path)
        names = _chosen({name: len(tensor.shape) for name, tensor in header.items()}, tensors)
        return [Source(name, array_csr(read_tensor(path, header[name]))) for name in names]
    except OperandError as error:
        raise OperandError(f"{path}: {error}") from error
    except OSError as error:
        raise OperandError(f"{path}: cannot be read: {error.strerror or error}") from error
    except MemoryError as error:
        raise OperandError(f"{path}: too large for the memory of this computer") from error


def _chosen(dimensions: dict[str, int], wanted: Sequence[str]) -> list[str]:
    """Names that are wanted, in the file's order; a name without wildcard must be there and have two dimensions."""
    for name in wanted:
        if name in dimensions and dimensions[name] != 2:
            raise OperandError(f"{name} has {dimensions[name]} dimensions; allowed: 2")
        if not any(fnmatchcase(known, name) and sides == 2 for known, sides in dimensions.items()):
            matrices = [known for known, sides in dimensions.items() if sides == 2]
            listed = ", ".join(matrices[:_SHOWN]) + (", …" if len(matrices) > _SHOWN else "")
            raise OperandError(f"no tensor {name} of 2 dimensions; there are {listed or 'none'}{nearest_hint(name, matrices)}")
    found = [name for name, sides in dimensions.items() if sides == 2 and (not wanted or any(fnmatchcase(name, glob) for glob in wanted))]
    if not found:
        raise OperandError("no tensor of 2 dimensions")
    return found


_READERS: dict[str, Callable[[Path, Sequence[str]], list[Source]]] = {
    **dict.fromkeys(READERS, _matrix_file),
    ".safetensors": _checkpoint,
    ".csv": _topology,
}
"""Reader of each file ending."""
