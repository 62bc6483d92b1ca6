"""What is imported: matrices of files, tensors of checkpoints, layers of topologies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from simulator.errors import OperandError
from simulator.specs import not_a_file
from simulator.workload.blocks import Stack
from simulator.workload.csr import Csr
from simulator.workload.readers import READERS, read_matrix
from simulator.workload.readers.strangers import about_ending

Layout = Literal["auto", "out-in", "in-out"]
"""How weights are stored: [out, in], as W[M,K] is, or turned; auto: as the file tells by its own names and shapes, else [out, in]."""


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
    turned: bool = False
    """Whether it was stored [in, out]."""
    packing: str = ""
    """How it was packed, where several tensors make it."""


@dataclass(frozen=True)
class Imported:
    """What is read of a file, and what of it is not."""

    sources: list[Source]
    left_out: dict[str, str] = field(default_factory=dict)
    """Why, of each."""


def read_sources(path: Path, tensors: Sequence[str], layout: Layout = "auto") -> Imported:
    """Return what a file holds, or a model's folder; `tensors` are names or globs of a checkpoint's, none: all that have two dimensions.

    Raises OperandError, beginning with the file's name, where it cannot be read or a name is not there.
    """
    path = _checkpoint_in(path) if path.is_dir() else path
    reason = not_a_file(path)
    if reason is not None:
        raise OperandError(f"{path}: {reason}")
    reader = next((reader for ending, reader in _READERS.items() if path.name.lower().endswith(ending)), None)
    if reader is None:
        raise OperandError(f"{path}: no known format; allowed endings: {', '.join(_READERS)}{about_ending(path)}")
    return reader(path, tensors, layout)


def _checkpoint_in(folder: Path) -> Path:
    """The checkpoint of a model's folder: its index, or its only safetensors file; the folder itself where there is no such."""
    for ending in reversed(_CHECKPOINTS):
        found = [path for path in folder.iterdir() if path.name.lower().endswith(ending)]
        if len(found) == 1:
            return found[0]
    return folder


def has_tensors(path: Path) -> bool:
    """Whether a source is a checkpoint, by its ending, or a folder, which may hold one."""
    return path.is_dir() or path.name.lower().endswith(_CHECKPOINTS)


def turned(source: Source) -> Source:
    """A source whose matrix was stored [in, out], as [out, in]."""
    return source if source.matrix is None else replace(source, matrix=Stack(1, source.matrix).transposed().matrix, turned=True)


def _matrix_file(path: Path, tensors: Sequence[str], layout: Layout) -> Imported:
    ending = next(ending for ending in READERS if path.name.lower().endswith(ending))
    source = Source(path.name[: -len(ending)], matrix := read_matrix(path))
    if not matrix.nnz:
        raise OperandError(f"{path}: no nonzero")
    return Imported([turned(source) if layout == "in-out" else source])


def _topology(path: Path, tensors: Sequence[str], layout: Layout) -> Imported:
    from simulator.workload.importing.scalesim import read_topology

    return read_topology(path)


def _checkpoint(path: Path, tensors: Sequence[str], layout: Layout) -> Imported:
    from simulator.workload.importing.checkpoints import read_checkpoint

    return read_checkpoint(path, tensors, layout)


_CHECKPOINTS = (".safetensors", ".safetensors.index.json")
_READERS: dict[str, Callable[[Path, Sequence[str], Layout], Imported]] = {
    **dict.fromkeys(READERS, _matrix_file),
    **dict.fromkeys(_CHECKPOINTS, _checkpoint),
    ".csv": _topology,
}
"""Reader of each file ending."""
