"""The folder of a sweep: sweep.json, points.csv, table.txt and plots; drawn again without simulating."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.report.folder import MARKER, check_free, new_folder, write_json
from simulator.study.sweep.study import FILE, Study, rows_csv

if TYPE_CHECKING:
    from simulator.study.sweep.breakeven import BreakEven

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


def write_break_even(folder: Path, answer: BreakEven, made: Mapping[str, Any], *, force: bool) -> None:
    """Write breakeven.json, its plot and run.json, whole or not at all. Raises OutputError."""
    from simulator.report.plots.style import save
    from simulator.study.sweep.breakeven import FILE as ANSWER
    from simulator.study.sweep.plots.curves import break_even_figure

    with new_folder(folder, force=force) as draft:
        write_json(draft / ANSWER, answer.to_dict())
        figure = break_even_figure(answer)
        if figure is not None:
            save(figure, draft, "breakeven")
        write_json(draft / MARKER, made)


def _table_text(study: Study) -> str:
    from rich.console import Console

    from simulator.study.sweep.tables import study_table

    buffer = io.StringIO()
    Console(markup=False, file=buffer, width=_WIDTH, color_system=None, highlight=False).print(study_table(study))
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"
