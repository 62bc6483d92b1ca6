"""What pricing needs of a saved result, read without the rest of the file: thousands of them in a moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from simulator.activity import Counts, run_name
from simulator.cost.pricer import Counted
from simulator.errors import OutputError
from simulator.kinds import kind_of
from simulator.machine.model import Elaborated
from simulator.pricing import counted, counts_by_kind
from simulator.result import codec
from simulator.result.damaged import UNSOUND, complaint
from simulator.result.metrics import RunMetrics
from simulator.result.result import Result
from simulator.version import package_version


class SavedRun(Struct, frozen=True):
    """A run without its operations and without its price."""

    elaborated: Elaborated
    counted: Counted
    """What pricing needs."""
    workload: str
    ideal: str
    technology: str
    """That it was priced in."""

    @property
    def name(self) -> str:
        """Name of the machine; with the ideal part, where there is one."""
        return run_name(self.elaborated.machine.name, self.ideal)

    @property
    def seconds(self) -> float:
        """Cycles over the clock."""
        return self.counted.cycles / (self.elaborated.machine.clock_ghz * 1e9)


def saved_run(result: Result) -> SavedRun:
    """The same of a result in memory."""
    return run_of(result, result.workload.name)


def run_of(metrics: RunMetrics, workload: str) -> SavedRun:
    """The same of a run's metrics."""
    return SavedRun(metrics.elaborated, counted(metrics.machine, metrics.activity), workload, metrics.ideal, metrics.technology)


def result_files(place: Path) -> list[Path]:
    """The file itself, or every result of a folder and of the folders below it, sorted. Raises OutputError where there is none."""
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise OutputError(f"{place}: no such file or folder; allowed: a result.json, or a folder that holds results")
    found = sorted(path for path in place.rglob("result*.json") if not any(part.startswith(".") for part in path.relative_to(place).parts))
    if not found:
        raise OutputError(f"{place}: holds no result; allowed: a folder with result.json or result-MACHINE.json, in it or below it")
    return found


def read_runs(files: Iterable[Path]) -> Iterator[SavedRun | OutputError]:
    """Each file's run, or what is wrong with it: no result, another schema, or of another version of sparsim."""
    machines: dict[tuple[bytes, bytes], Elaborated] = {}
    for file in files:
        try:
            yield _read(file, machines)
        except OutputError as error:
            yield error


def check_version(version: str, place: object) -> None:
    """Raise OutputError for a result of another version: what its counters stand for may have changed."""
    if version != package_version():
        raise OutputError(
            f"{place}: made by sparsim {version}, whose counters may mean something else than those of {package_version()}; simulate again"
        )


class _Named(msgspec.Struct):
    name: str


class _Made(msgspec.Struct):
    schema_version: int
    sparsim_version: str


class _Run(_Made):
    """What of result.json pricing needs."""

    cycles: int
    counts: Counts
    ideal: str
    technology: str
    machine: msgspec.Raw
    elaborated: msgspec.Raw
    workload: _Named


class _Operation(msgspec.Struct):
    details: dict[str, Any]
    counts: Counts


class _Operations(msgspec.Struct):
    operations: list[_Operation]


_MADE = msgspec.json.Decoder(_Made)
_RUN = msgspec.json.Decoder(_Run)
_OPERATIONS_OF = msgspec.json.Decoder(_Operations)
_OPERATIONS = b',\n "operations": ['
_END = b"\n}\n"


def head_of(text: bytes) -> bytes:
    """A result as it was written, without its operations and their costs, nine tenths of it; any other text as it is."""
    place = text.find(_OPERATIONS)
    return text[:place] + _END if place > 0 and text.endswith(_END) else text


def _decoded(text: bytes, file: Path) -> _Run:
    try:
        run = _RUN.decode(text)
    except msgspec.ValidationError:
        _check(_MADE.decode(text), file)  # of another version other keys are missing: that version is the reason to give
        raise
    _check(run, file)
    return run


def _operations(text: bytes) -> list[tuple[dict[str, Any], Counts]]:
    """How each operation was mapped, and what it counted: where kinds of work are paid apart, the head of a file is not enough."""
    return [(entry.details, entry.counts) for entry in _OPERATIONS_OF.decode(text).operations]


def _check(made: _Made, file: Path) -> None:
    try:
        codec.check_schema(made.schema_version)
    except OutputError as error:
        raise OutputError(f"{file}: {error}") from error
    check_version(made.sparsim_version, file)


def _read(file: Path, machines: dict[tuple[bytes, bytes], Elaborated]) -> SavedRun:
    """Runs of one machine share it: `machines` holds those that were met, by their text."""
    try:
        text = file.read_bytes()
        run = _decoded(head_of(text), file)
        key = bytes(run.machine), bytes(run.elaborated)
        if key not in machines:
            machines[key] = codec.elaborated_from_dict(msgspec.json.decode(key[0]), msgspec.json.decode(key[1]))
        machine = machines[key].machine
        by_kind = counts_by_kind(machine, _operations(text)) if kind_of(machine).work else {}
    except OSError as error:
        raise OutputError(f"{file}: cannot be read: {error.strerror}") from error
    except UNSOUND as error:
        raise OutputError(f"{file}: not a whole sparsim result: {complaint(error)}") from error
    return SavedRun(machines[key], Counted(run.counts, run.cycles, by_kind), run.workload.name, run.ideal, run.technology)
