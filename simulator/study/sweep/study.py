"""A sweep as records: a row a point, and the study that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from simulator.errors import ConfigError, OutputError
from simulator.report.folder import csv_text
from simulator.report.notebook import drawn
from simulator.result import METRICS
from simulator.result.damaged import UNSOUND, complaint, json_of
from simulator.result.frames import frame
from simulator.study.sweep.expression import Expression
from simulator.study.sweep.inputs import Scaled
from simulator.study.sweep.keys import labelled
from simulator.study.sweep.point import ComputedPoint
from simulator.study.sweep.spec import Scalar, SweepSpec
from simulator.version import package_version

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SCHEMA_VERSION = 2


@dataclass(frozen=True)
class Row:
    """One point of a sweep."""

    place: int
    """Place in the sweep, from 0."""
    key: str
    assignments: Mapping[str, Scalar]
    record: Mapping[str, Any] | None
    """Metrics and figures by component; None where it failed."""
    failure: str | None = None
    reason: str = ""
    broken: tuple[str, ...] = ()
    """Constraints that it breaks; one that cannot be computed is followed by the reason."""
    sizes: Mapping[str, Scalar] = field(default_factory=dict)
    """Keys of the machine that `equal` has changed."""
    unexamined: int = 0
    """Designs that could be better, which the search for these sizes had no budget to look at."""

    @classmethod
    def of(cls, spec: SweepSpec, place: int, assignments: Mapping[str, Scalar], found: ComputedPoint, sized: Scaled | None = None) -> Row:
        """The row of what was found for the values of the axes, on a machine that was sized so."""
        broken = broken_constraints(spec, assignments, found.record)
        sizes, unexamined = (sized.sizes, sized.unexamined) if sized is not None else ({}, 0)
        return cls(place, found.key, assignments, found.record, found.failure, found.reason, broken, sizes, unexamined)

    @property
    def feasible(self) -> bool:
        """It ran, and breaks no constraint."""
        return self.record is not None and not self.broken

    @property
    def label(self) -> str:
        """Its values, for messages and plots."""
        return labelled(self.assignments) or "the only point"

    def breaks(self, constraint: str) -> bool:
        """Whether it breaks a constraint, or that cannot be computed here."""
        return any(text == constraint or text.startswith(f"{constraint}: ") for text in self.broken)

    def band(self, name: str) -> tuple[float, float] | None:
        """Low and high end of a metric over the bands of the constants; None where it has no band, or none was asked for."""
        found = (self.record or {}).get("bands", {}).get(name)
        return None if found is None else (found[0], found[1])

    def flat_bands(self) -> dict[str, float]:
        """`energy_pj_low`, `energy_pj_high`, …: the ends of every band that it has."""
        bands: Mapping[str, Sequence[float]] = (self.record or {}).get("bands", {})
        return {f"{name}_{end}": value for name, band in bands.items() for end, value in zip(("low", "high"), band, strict=True)}

    def metric(self, name: str) -> float:
        """A scalar metric of a point that ran."""
        assert self.record is not None
        return float(self.record[name])


def broken_constraints(spec: SweepSpec, assignments: Mapping[str, Any], record: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The constraints that a point breaks; none where it has no figures. One that cannot be computed comes with the reason."""
    if record is None:
        return ()
    known = {**record, **assignments}
    return tuple(broken for text in spec.constraints if (broken := _broken(text, known)) is not None)


def _broken(text: str, known: Mapping[str, Any]) -> str | None:
    """The constraint where it is broken, and why where that is for a reason of its own; None where it holds."""

    def lookup(name: str) -> Any:
        if name not in known:
            raise LookupError(f"{name}: neither a metric nor a value that an axis gave this point")
        return known[name]

    try:
        return None if Expression.parse(text).holds(lookup) else text
    except ConfigError as error:
        return str(error)


def over_the_bands(spec: SweepSpec, row: Row) -> tuple[str, ...]:
    """The constraints that a point breaks where all metrics with a band are at its low end, or all at its high end."""
    record = row.record or {}
    ends = [{name: band[end] for name, band in record.get("bands", {}).items()} for end in (0, 1)]
    broken = [broken_constraints(spec, row.assignments, {**record, **end}) for end in ends if end]
    return tuple(dict.fromkeys(text for texts in broken for text in texts))


def axis_paths(rows: Sequence[Row]) -> list[str]:
    """Axes that take more than one value, in order."""
    paths = dict.fromkeys(path for row in rows for path in row.assignments)
    return [path for path in paths if len({repr(row.assignments.get(path)) for row in rows}) > 1]


@dataclass(frozen=True)
class Robustness:
    """Whether the best point for an objective stays better than one rival over the bands of the constants."""

    objective: str
    best: str
    rival: str
    ratio: float
    """Rival over best, at the nominal constants."""
    low: float
    """The same over the combined band, every constant at one value in both."""
    high: float
    robust: bool
    """Holds at both ends of every constant, and in the combined band."""
    turns_on: str
    """What changes the better one; empty where it is robust."""
    workload: str = ""
    """Values of the axes that make the workload, where the sweep has several: only points that do the same work are rivals."""


@dataclass(frozen=True)
class Study:
    """Sweep file and rows."""

    spec: SweepSpec
    rows: tuple[Row, ...]
    id: str
    excluded: int
    """Combinations that a condition of `where` left out."""
    robustness: tuple[Robustness, ...] = ()
    """How the best points stand over the bands of the constants, where the sweep carries them."""

    def to_frame(self) -> pd.DataFrame:
        """One row a point: values of the axes, metrics, bands, sizes, and why it failed where it did. Needs pandas."""
        return frame(flat_rows(self.rows), "place")

    def plot(self) -> Figure | None:
        """The front: the first objective against each of the others; None where no point has figures."""
        from simulator.study.sweep.fronts import pareto_figure

        return drawn(pareto_figure(self))

    @property
    def failures(self) -> list[Row]:
        """Rows without figures."""
        return [row for row in self.rows if row.record is None]

    def to_dict(self) -> dict[str, Any]:
        """JSON values; the same sweep gives the same."""
        return {
            "schema_version": SCHEMA_VERSION,
            "sparsim_version": package_version(),
            "id": self.id,
            "sweep": self.spec.model_dump(mode="json"),
            "excluded": self.excluded,
            "rows": [asdict(row) for row in self.rows],
            "standings": [asdict(held) for held in self.robustness],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Study:
        """Inverse of `to_dict`. Raises OutputError for another schema version."""
        if record.get("schema_version") != SCHEMA_VERSION:
            raise OutputError(f"a sweep of schema version {record.get('schema_version')!r}; this sparsim reads version {SCHEMA_VERSION}")
        rows = tuple(msgspec.convert(row, Row) for row in record["rows"])
        robustness = tuple(msgspec.convert(entry, Robustness) for entry in record["standings"])
        return cls(SweepSpec.model_validate(record["sweep"]), rows, record["id"], record["excluded"], robustness)

    @classmethod
    def load(cls, path: Path) -> Study:
        """Read a sweep.json. Raises OutputError where the file is none."""
        try:
            return cls.from_dict(json_of(path))
        except OSError as error:
            raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
        except UNSOUND as error:
            raise OutputError(f"{path}: not a sweep of sparsim: {complaint(error)}") from error


def flat_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One flat mapping a row: place, values of the axes, metrics, their bands, scaled sizes, failure; for tables of other programs."""
    paths = dict.fromkeys(path for row in rows for path in row.assignments)
    sizes = dict.fromkeys(path for row in rows for path in row.sizes)
    bands = dict.fromkeys(name for row in rows for name in row.flat_bands())
    cut_short = any(row.unexamined for row in rows)
    flat = []
    for row in rows:
        entry: dict[str, Any] = {"place": row.place}
        entry |= {path: row.assignments.get(path) for path in paths}
        entry |= {f"scaled.{path}": row.sizes.get(path) for path in sizes}
        entry |= {"scaled.unexamined": row.unexamined} if cut_short else {}
        entry |= {name: None if row.record is None else row.record[name] for name in METRICS}
        entry |= {name: row.flat_bands().get(name) for name in bands}
        entry |= {"broken": "; ".join(row.broken), "failure": row.failure or "", "reason": row.reason, "key": row.key}
        flat.append(entry)
    return flat


def rows_csv(rows: Sequence[Row]) -> str:
    """The flat rows as CSV."""
    return csv_text(flat_rows(rows), columns=["place"])
