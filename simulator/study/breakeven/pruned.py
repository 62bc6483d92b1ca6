"""A workload whose matrices are pruned anew at every density: of a checkpoint, or of a trace that keeps their values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from simulator.errors import ConfigError, OperandError
from simulator.specs import load_yaml_document, some_of, workload_path
from simulator.specs.documents import called
from simulator.specs.tree import plain
from simulator.workload.importing import read_sources, trace_spec, write_matrices
from simulator.workload.spec import WorkloadSpec

PruneRule = Literal["magnitude", "row"]
TOKENS = 256
"""N of the products of a checkpoint unless told."""
_WORKLOADS = (".yaml", ".yml")
_NO_VALUES = "has no values, so that it cannot be pruned"


@dataclass(frozen=True)
class Prunable:
    """A workload file in which every matrix with values is pruned to a density that an axis can move."""

    file: Path
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Tensors of a checkpoint that are no product, and why."""
    turned: Sequence[str] = ()
    """Tensors that were stored [in, out]."""
    unpacked: Mapping[str, str] = field(default_factory=dict)
    """How weights of several tensors were packed, by name."""


@contextmanager
def prunable(workload: str, rule: PruneRule, tokens: int | None = None) -> Iterator[Prunable]:
    """Yield the workload of a checkpoint or a matrix, with so many tokens, or of a workload file or its folder; it ends with the block.

    Raises ConfigError where the file names no matrix, or tokens are given to one that has its own, and OperandError where a checkpoint
    cannot be read.
    """
    with TemporaryDirectory(prefix="sparsim-prune-") as place:
        folder, path = Path(place), Path(workload)
        if path.is_file() and path.suffix not in _WORKLOADS:
            read = read_sources(path, (), "auto")
            patterns = [source.name for source in read.sources if source.matrix is not None and source.matrix.data is None]
            sources = [source for source in read.sources if source.name not in patterns]
            if not sources:
                raise OperandError(f"{path}: {some_of(patterns)}: {_NO_VALUES}")
            record = trace_spec(path.stem, sources, tokens or TOKENS, path.name)
            left_out = read.left_out | dict.fromkeys(patterns, _NO_VALUES)
            turned = [source.name for source in sources if source.turned]
            unpacked = {source.name: source.packing for source in sources if source.packing}
            write_matrices(sources, folder)
            named = str(path)
        else:
            if tokens is not None:
                raise ConfigError(f"--tokens {tokens}: {workload} has N of its own; -s workload.*.shape.n={tokens} sets another")
            file = workload_path(workload)
            record, left_out = plain(load_yaml_document(file, WorkloadSpec).root), {}
            turned, unpacked, named = [], {}, str(file)
            _name_whole(record, file.parent)
            path = file.parent if file.stem == "workload" else file
        pruned = [operation for operation in record["operations"] if _prune(operation, rule)]
        if not pruned:
            raise ConfigError(f"--prune {rule}: no operation of {workload} has a weight from a matrix file")
        made = folder / f"{path.resolve().stem}.yaml"
        made.write_text(json.dumps(record), encoding="utf-8")
        with called(made, named):
            yield Prunable(made, left_out, turned, unpacked)


def _prune(operation: dict[str, Any], rule: PruneRule) -> bool:
    """Have an operation's matrix pruned, where it has one of its own, and say whether it has."""
    weight = operation.get("weight") or {}
    if "file" not in weight or "blocks" in weight or operation.get("weight_home", "dram") != "dram":
        return False
    weight |= {"prune": rule, "density": 1.0}
    if operation["kind"] == "GEMM":
        operation["kind"] = "SpMM"
    return True


def _name_whole(record: Any, folder: Path) -> None:
    """Let every matrix be found from another folder."""
    for operation in record["operations"]:
        for operand in operation.values():
            if isinstance(operand, dict) and operand.get("file") is not None:
                operand["file"] = str((folder / operand["file"]).resolve())
