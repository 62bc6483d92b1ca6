"""A finished sweep as one record, which a folder holds and plots are drawn from."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from simulator.errors import OutputError
from simulator.result import METRICS
from simulator.study.sweep.bands import Standing
from simulator.study.sweep.row import Row
from simulator.study.sweep.run import SweepRun
from simulator.study.sweep.spec import SweepSpec
from simulator.version import package_version

SCHEMA_VERSION = 2
FILE = "sweep.json"


@dataclass(frozen=True)
class Study:
    """Sweep file and rows."""

    spec: SweepSpec
    rows: tuple[Row, ...]
    id: str
    excluded: int
    standings: tuple[Standing, ...] = ()

    @classmethod
    def of(cls, run: SweepRun) -> Study:
        """The study of a sweep that has come to its end."""
        return cls(run.spec, run.rows, run.id, run.excluded, run.standings)

    def to_dict(self) -> dict[str, Any]:
        """JSON values; the same sweep gives the same."""
        return {
            "schema_version": SCHEMA_VERSION,
            "sparsim_version": package_version(),
            "id": self.id,
            "sweep": self.spec.model_dump(mode="json"),
            "excluded": self.excluded,
            "rows": [asdict(row) for row in self.rows],
            "standings": [asdict(standing) for standing in self.standings],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Study:
        """Inverse of `to_dict`. Raises OutputError for another schema version."""
        if record.get("schema_version") != SCHEMA_VERSION:
            raise OutputError(f"a sweep of schema version {record.get('schema_version')!r}; this sparsim reads version {SCHEMA_VERSION}")
        rows = tuple(Row(**{**row, "broken": tuple(row["broken"])}) for row in record["rows"])
        standings = tuple(Standing(**entry) for entry in record["standings"])
        return cls(SweepSpec.model_validate(record["sweep"]), rows, record["id"], record["excluded"], standings)

    @classmethod
    def load(cls, path: Path) -> Study:
        """Read a sweep.json. Raises OutputError where the file is none."""
        try:
            return cls.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OutputError(f"{path}: not a sweep of sparsim ({type(error).__name__}: {error})") from error


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
    flat = flat_rows(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(flat[0]) if flat else ["place"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()
