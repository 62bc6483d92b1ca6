"""Questions to a store: which sweep a name means, its rows, which of them meet a condition, how two sweeps differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.errors import ConfigError, OutputError
from simulator.report.folder import write_whole
from simulator.result import METRICS
from simulator.specs import nearest_hint
from simulator.study.sweep.expression import Expression
from simulator.study.sweep.spec import SweepSpec
from simulator.study.sweep.store import Removed, Store, StoredSweep
from simulator.study.sweep.study import Row, flat_rows, rows_csv
from simulator.version import MODEL_VERSION

STALE = "stale"
"""All sweeps that another version of the model has run."""


def find_sweep(store: Store, name: str) -> StoredSweep:
    """The sweep of an id, of the beginning of one, or the last of a name. Raises ConfigError where there is none."""
    sweeps = store.sweeps()
    found = [sweep for sweep in sweeps if sweep.name == name] or [sweep for sweep in sweeps if sweep.id.startswith(name)]
    if not found:
        names = list(dict.fromkeys(sweep.name for sweep in sweeps))
        raise ConfigError(f"{name}: no such sweep in {store.path}; allowed: {', '.join(names) or 'it is empty'}{nearest_hint(name, names)}")
    return found[0]


def sweep_rows(store: Store, sweep: StoredSweep, metrics: Sequence[str]) -> list[Row]:
    """Rows of a sweep that have been run. Raises ConfigError where other code has stored it, in other words or without these metrics."""
    try:
        spec = SweepSpec.model_validate(sweep.spec)
    except ValueError as error:
        raise _of_another_version(sweep, "its sweep file has keys or values that this one does not know") from error
    rows = [Row.of(spec, place, values, found) for place, values, found in store.members(sweep.id) if found is not None]
    missing = [name for name in metrics if any(row.record is not None and name not in row.record for row in rows)]
    if missing:
        raise _of_another_version(sweep, f"its points have no {', '.join(missing)}")
    return rows


def _of_another_version(sweep: StoredSweep, why: str) -> ConfigError:
    return ConfigError(
        f"{sweep.name}: was stored by another version of sparsim ({why}); "
        f"run it again, or remove it with --prune {sweep.id} or --prune {STALE}"
    )


def filtered(rows: Sequence[Row], condition: str) -> list[Row]:
    """Rows that meet a condition on metrics, key paths of axes, and `failure`; one that lacks what it names does not meet it.

    Raises ConfigError for a name that no row has.
    """
    expression = Expression.parse(condition)
    known = {path for row in rows for path in (*row.assignments, *row.flat_bands())} | set(METRICS) | {"failure"}
    for name in expression.paths:
        if rows and name not in known:
            raise ConfigError(f"{condition}: unknown name {name}; allowed: {', '.join(sorted(known))}{nearest_hint(name, known)}")
    return [row for row in rows if set(expression.paths) <= (values := _values(row)).keys() and expression.holds(values.__getitem__)]


def _values(row: Row) -> dict[str, Any]:
    """Everything that a condition can name; a failed point has no metrics, and not every point has every axis."""
    return {**(row.record or {}), **row.flat_bands(), **row.assignments, "failure": row.failure or ""}


@dataclass(frozen=True)
class Difference:
    """A point of two sweeps whose figures are not the same."""

    assignments: Mapping[str, Any]
    figures: Mapping[str, tuple[float | None, float | None]]
    """Metric → its value in the first and in the second; None where the point failed."""


@dataclass(frozen=True)
class Differences:
    """How two sweeps differ."""

    points: tuple[Difference, ...]
    same: int
    """Points with the same figures in both."""
    alone: int
    """Points that only one of them has."""


def differences(first: Sequence[Row], second: Sequence[Row], metrics: Sequence[str]) -> Differences:
    """Compare the figures of points of equal values of the axes."""
    here, there = ({tuple(sorted(row.assignments.items(), key=repr)): row for row in rows} for rows in (first, second))
    found, same = [], 0
    for values in here.keys() & there.keys():
        pairs = {name: (_figure(here[values], name), _figure(there[values], name)) for name in metrics}
        unequal = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        same += not unequal
        if unequal:
            found.append((here[values].place, Difference(here[values].assignments, unequal)))
    ordered = tuple(difference for _, difference in sorted(found, key=lambda item: item[0]))
    return Differences(ordered, same, len(here.keys() ^ there.keys()))


def _figure(row: Row, name: str) -> float | None:
    return None if row.record is None else row.metric(name)


def export(rows: Sequence[Row], file: Path) -> None:
    """Write rows as .csv or .parquet, whole or not at all.

    Raises OutputError for another ending, where pandas or pyarrow is missing, or where the disk refuses.
    """
    if file.suffix == ".csv":
        content = rows_csv(rows).encode()
    elif file.suffix == ".parquet":
        content = _parquet(rows)
    else:
        raise OutputError(f"{file}: found the ending {file.suffix or 'nothing'}; allowed: .csv, .parquet")
    write_whole(file, content)


def _parquet(rows: Sequence[Row]) -> bytes:
    try:
        import io

        import pandas as pd

        frame = pd.DataFrame(flat_rows(rows))
        for column in frame.columns:
            if _is_text(frame[column]):
                frame[column] = frame[column].map(lambda value: None if value is None else str(value))
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        return buffer.getvalue()
    except ImportError as error:
        raise OutputError("Parquet needs pandas and pyarrow: pip install 'sparsim[frame]'") from error


def _is_text(values: Iterable[Any]) -> bool:
    """Whether a column is written as text: one of Parquet has one type, and its integers 64 bits; an axis may mix 8 and auto."""
    there = [value for value in values if value is not None]
    return len({type(value) for value in there}) > 1 or any(isinstance(value, int) and not -(2**63) <= value < 2**63 for value in there)


def prune(store: Store, names: Sequence[str]) -> tuple[list[StoredSweep], Removed]:
    """Remove sweeps by name or id, or all that is of other code (`stale`); return them, and what went with them."""
    version = str(MODEL_VERSION)
    gone: dict[str, StoredSweep] = {}
    for name in names:
        found = [sweep for sweep in store.sweeps() if sweep.version != version] if name == STALE else [find_sweep(store, name)]
        gone |= {sweep.id: sweep for sweep in found}
    return list(gone.values()), store.remove(list(gone), other_searches=STALE in names)
