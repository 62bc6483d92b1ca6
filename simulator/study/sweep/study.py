"""A finished sweep as one record, and the folder that holds it: sweep.json, points.csv, table.txt and plots."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from simulator.errors import OutputError
from simulator.report.folder import MARKER, check_free, csv_text, new_folder, trimmed, write_json
from simulator.result import METRICS
from simulator.study.sweep.bands import Robustness
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
    robustness: tuple[Robustness, ...] = ()

    @classmethod
    def of(cls, run: SweepRun) -> Study:
        """The study of a sweep that has come to its end."""
        return cls(run.spec, run.rows, run.id, run.excluded, run.robustness)

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
        rows = tuple(Row(**{**row, "broken": tuple(row["broken"])}) for row in record["rows"])
        robustness = tuple(Robustness(**entry) for entry in record["standings"])
        return cls(SweepSpec.model_validate(record["sweep"]), rows, record["id"], record["excluded"], robustness)

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
    return csv_text(flat_rows(rows), columns=["place"])


_WIDTH = 110


def check_sweep_folder(folder: Path, sweep: str, *, force: bool) -> None:
    """Raise OutputError where the folder must not be written; the folder of the same sweep may be."""
    check_free(folder, force=force or holds_sweep(folder, sweep))


def holds_sweep(folder: Path, sweep: str) -> bool:
    """Whether a folder holds the results of this very sweep."""
    try:
        return bool(json.loads((folder / FILE).read_text(encoding="utf-8"))["id"] == sweep)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def write_sweep(folder: Path, study: Study, made: Mapping[str, Any], *, force: bool) -> None:
    """Write the folder, whole or not at all. Raises OutputError."""
    from simulator.study.sweep.plots import save_sweep_plots

    with new_folder(folder, force=force or holds_sweep(folder, study.id)) as draft:
        write_json(draft / FILE, study.to_dict())
        (draft / "points.csv").write_text(rows_csv(study.rows), encoding="utf-8")
        (draft / "table.txt").write_text(_table_text(study), encoding="utf-8")
        save_sweep_plots(study, draft)
        write_json(draft / MARKER, made)


def _table_text(study: Study) -> str:
    from rich.console import Console

    from simulator.study.sweep.tables import study_table

    buffer = io.StringIO()
    Console(markup=False, file=buffer, width=_WIDTH, color_system=None, highlight=False).print(study_table(study))
    return trimmed(buffer.getvalue())
