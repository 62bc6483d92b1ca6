"""The folder of a sweep: every point as JSON and CSV, its fronts, a table, plots, and how it was made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator.report.folder import MARKER, NO_FILES, as_text, check_free, csv_text, default_folder, new_folder, write_json
from simulator.study.sweep.analysis import fronts
from simulator.study.sweep.plots import save_sweep_plots
from simulator.study.sweep.study import Study, flat_rows, rows_csv
from simulator.study.sweep.tables import study_table

FILE = "sweep.json"
_WIDTH = 110


def check_sweep_folder(folder: Path, sweep: str, *, force: bool) -> None:
    """Raise OutputError where the folder must not be written; the folder of the same sweep may be."""
    check_free(folder, force=force or holds_sweep(folder, sweep))


def sweep_folder(name: str, sweep: str, *, force: bool) -> Path:
    """Where a sweep of that name and id is written unless told: the folder that holds it, or the first that is free."""
    return default_folder(Path("reports") / f"sweep-{name}", force=force, same=lambda folder: holds_sweep(folder, sweep))


def holds_sweep(folder: Path, sweep: str) -> bool:
    """Whether a folder holds the results of this very sweep."""
    try:
        return bool(json.loads((folder / FILE).read_text(encoding="utf-8"))["id"] == sweep)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def write_sweep(folder: Path, study: Study, made: Mapping[str, Any], *, force: bool, files: Mapping[str, str] = NO_FILES) -> None:
    """Write the folder, whole or not at all. `files` are more of them: text by name. Raises OutputError."""
    on_fronts = [(front.workload, row) for front in fronts(study.rows, study.spec.objectives) for row in front.rows]
    marked = [{"front": of} | flat for (of, _), flat in zip(on_fronts, flat_rows([row for _, row in on_fronts]), strict=True)]
    with new_folder(folder, force=force or holds_sweep(folder, study.id)) as draft:
        write_json(draft / FILE, study.to_dict())
        (draft / "points.csv").write_text(rows_csv(study.rows), encoding="utf-8")
        (draft / "fronts.csv").write_text(csv_text(marked, columns=["front", "place"]), encoding="utf-8")
        (draft / "table.txt").write_text(as_text(study_table(study), _WIDTH), encoding="utf-8")
        save_sweep_plots(study, draft)
        for name, text in files.items():
            (draft / name).write_text(text, encoding="utf-8")
        write_json(draft / MARKER, made)
