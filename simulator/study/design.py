"""Which design is this: the word for it, those that comparisons set against each other, and the key that figures are stored under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from simulator.errors import ConfigError
from simulator.kinds import kind_of
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine
from simulator.result.codec import elaborated_to_dict, machine_to_dict

RunT = TypeVar("RunT")

_LABELS = {"name", "technology", "technology_overrides"}
"""Keys of a machine that its cycles and counts do not depend on."""


def design_of(machine: Machine) -> str:
    """The word for a design: `crossbar`, `replication`, `hybrid`, `partition` or `systolic`; what sizing keeps as it is."""
    return kind_of(machine).sizes.design(machine)


def crossbar_and_replication(runs: Sequence[RunT], machine: Callable[[RunT], Machine]) -> tuple[RunT, RunT] | None:
    """The first run of one copy and one network, and the first of a copy a unit; None where one is missing."""
    designs = [design_of(machine(run)) for run in runs]
    if "crossbar" not in designs or "replication" not in designs:
        return None
    return runs[designs.index("crossbar")], runs[designs.index("replication")]


def best_and_array(runs: Sequence[RunT], machine: Callable[[RunT], Machine], figure: Callable[[RunT], float]) -> tuple[RunT, RunT] | None:
    """The run of a machine that leaves zeros out with the least figure, and the first of a dense array; None where one is missing."""
    array = next((run for run in runs if kind_of(machine(run)).dense), None)
    best = min((run for run in runs if not kind_of(machine(run)).dense), key=figure, default=None)
    return None if array is None or best is None else (best, array)


def design_key(machine: Machine | Elaborated, **options: Any) -> str:
    """Hash of a machine and of the options that matter beside it: workload, technology, engine, version of the model; JSON values.

    Of the machine every key counts but its names and its technology, and the content of the file that it names; where it is
    elaborated, also what was settled then. Raises ConfigError where the file cannot be read.

    design_key(machine, workload=recipe.key, version=MODEL_VERSION.of("timing"))
    """
    record: dict[str, Any] = {"options": options}
    if isinstance(machine, Elaborated):
        record["elaborated"] = elaborated_to_dict(machine)
        machine = machine.machine
    files = [file_digest(file) for file in kind_of(machine).files(machine)]
    record["machine"] = {key: value for key, value in machine_to_dict(machine).items() if key not in _LABELS}
    record["placement"] = files[0] if files else None
    return digest(record)


def digest(record: Any) -> str:
    """SHA-256 of a JSON value."""
    text = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file, read again only where its size or time has changed. Raises ConfigError where it cannot be read."""
    try:
        status = path.stat()
        return _sha256_at(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error


@lru_cache(maxsize=4096)
def _sha256_at(path: Path, size: int, changed_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
