"""What is imported: matrices of files, tensors of checkpoints, layers of topologies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.errors import OperandError
from simulator.specs import not_a_file
from simulator.workload.csr import Csr
from simulator.workload.readers import READERS, read_matrix


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
    """Return what a file holds; `tensors` are names or globs of a checkpoint's, none: all that have two
    dimensions.

    Raises OperandError, beginning with the file's name, where it cannot be read or a name is not there.
    """
    reason = not_a_file(path)
    if reason is not None:
        raise OperandError(f"{path}: {reason}")
    reader = next((reader for ending, reader in _READERS.items() if path.name.endswith(ending)), None)
    if reader is None:
        raise OperandError(f"{path}: no known format; allowed endings: {', '.join(_READERS)}")
    return reader(path, tensors)


def left_out(path: Path, tensors: Sequence[str]) -> list[str]:
    """Return what of a file is not read unasked, as words: tensors of a checkpoint that may be filters, or may be buffers.

    Raises OperandError as `read_sources` does.
    """
    if not path.name.endswith(_CHECKPOINTS):
        return []
    from simulator.workload.importing import checkpoints

    return checkpoints.left_out(path, tensors)


def _matrix_file(path: Path, tensors: Sequence[str]) -> list[Source]:
    ending = next(ending for ending in READERS if path.name.endswith(ending))
    return [Source(path.name.removesuffix(ending), read_matrix(path))]


def _topology(path: Path, tensors: Sequence[str]) -> list[Source]:
    from simulator.workload.importing.scalesim import read_topology

    return read_topology(path)


def _checkpoint(path: Path, tensors: Sequence[str]) -> list[Source]:
    from simulator.workload.importing.checkpoints import read_checkpoint

    return read_checkpoint(path, tensors)


_CHECKPOINTS = (".safetensors", ".safetensors.index.json")
_READERS: dict[str, Callable[[Path, Sequence[str]], list[Source]]] = {
    **dict.fromkeys(READERS, _matrix_file),
    **dict.fromkeys(_CHECKPOINTS, _checkpoint),
    ".csv": _topology,
}
"""Reader of each file ending."""
