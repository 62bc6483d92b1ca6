"""The report of `sparsim validate`: tables, and a folder with them, every figure as CSV, the summary as JSON, and the plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from simulator.cost.validation import Row, Summary, summarise, summarise_cross_check
from simulator.report.folder import MARKER, as_text, csv_text, new_folder, write_json
from simulator.report.numbers import significant
from simulator.report.pictures import PictureFormat

_WIDTH = 168
_ERROR = "error: model ÷ published − 1; against the nearer end of a published range, 0 within it"
_FITTED = "fitted: a constant of the model was chosen by the figure; predicted: none was; median and worst of absolute errors"
_CHECK = "runs of CACTI 7; below 22 nm it only scales its 22 nm, so that 7 nm is no check; bias: median error with its sign"
_ROLES = ("predicted", "fitted")


def validation_record(rows: Sequence[Row], checks: Sequence[Row]) -> dict[str, Any]:
    """JSON values: the summaries, and every figure with its model; of a cross-check only the summary."""
    return {
        "summary": [asdict(summary) for summary in summarise(rows)],
        "cross_check": [asdict(summary) for summary in summarise_cross_check(checks)],
        "figures": [row.to_dict() for row in rows],
    }


def validation_tables(rows: Sequence[Row], checks: Sequence[Row]) -> Group:
    """All figures, predicted ones first; then the summary; then, where there is one, the distance to another model."""
    parts: list[Table | Text] = [_figures_table(rows), _footnote(_ERROR), _summary_table(summarise(rows)), _footnote(_FITTED)]
    if checks:
        parts += [_check_table(summarise_cross_check(checks)), _footnote(_CHECK)]
    return Group(*parts)


def write_validation(
    rows: Sequence[Row],
    checks: Sequence[Row],
    folder: Path,
    made: Mapping[str, Any],
    formats: Sequence[PictureFormat] = ("png",),
    *,
    force: bool,
) -> None:
    """Write figures.csv, summary.json, table.txt and the plot into a folder, whole or not at all, and run.json with `made`.

    Raises OutputError where the folder may not be written.
    """
    from simulator.report.plots.style import save
    from simulator.report.plots.validation import validation_figure

    with new_folder(folder, force=force) as draft:
        record = validation_record(rows, checks)
        write_json(draft / "summary.json", {key: record[key] for key in ("summary", "cross_check")})
        table = csv_text([row.to_dict() for row in (*rows, *checks)], end="\r\n")
        (draft / "figures.csv").write_bytes(table.encode())
        (draft / "table.txt").write_text(as_text(validation_tables(rows, checks), _WIDTH), encoding="utf-8")
        save(validation_figure(rows, checks), draft, "validation", formats)
        write_json(draft / MARKER, made)


def _figures_table(rows: Sequence[Row]) -> Table:
    table = Table(title="published figures and the models", box=None, title_justify="left", header_style="bold")
    for heading, justify in (("figure", "left"), ("node", "right"), ("quantity", "left"), ("published", "right"), ("model", "right"),
                             ("unit", "left"), ("error", "right"), ("", "left"), ("source", "left")):  # fmt: skip
        table.add_column(heading, justify=justify, no_wrap=heading in ("published", "model", "error", "node"))  # type: ignore[arg-type]
    for row in sorted(rows, key=lambda row: (_ROLES.index(row.role), row.group)):
        style = "" if row.role == "predicted" else "dim"
        memory = " (from memory)" if row.confidence == "memory" else ""
        table.add_row(
            row.id, row.technology, row.quantity.replace("_", " "), _published(row), significant(row.model, 4), row.unit,
            _percent(row.error), row.role, row.source + memory, style=style,
        )  # fmt: skip
    return table


def _footnote(text: str) -> Text:
    return Text(f"{text}\n", style="dim")


def _summary_table(summaries: Sequence[Summary]) -> Table:
    table = Table(title="errors", box=None, title_justify="left", header_style="bold")
    for heading in ("", "", "figures", "median", "worst", "of"):
        table.add_column(heading, justify="right" if heading in ("figures", "median", "worst") else "left")
    for summary in summaries:
        median, worst = _percent(summary.median_error, sign=False), _percent(summary.worst_error)
        table.add_row(summary.name, summary.role, str(summary.figures), median, worst, summary.worst)
    return table


def _check_table(summaries: Sequence[Summary]) -> Table:
    table = Table(title="another model, not silicon", box=None, title_justify="left", header_style="bold")
    for heading in ("node and quantity", "runs", "median", "bias", "worst"):
        table.add_column(heading, justify="left" if heading == "node and quantity" else "right")
    for summary in summaries:
        table.add_row(
            summary.name.replace("_", " "), str(summary.figures), _percent(summary.median_error, sign=False), _percent(summary.bias),
            _percent(summary.worst_error),
        )  # fmt: skip
    return table


def _published(row: Row) -> str:
    if row.published_low == row.published_high:
        return f"{row.published_low:,.10g}"
    return f"{row.published_low:,.10g}–{row.published_high:,.10g}"


def _percent(error: float, *, sign: bool = True) -> str:
    return f"{error:{'+' if sign else ''}.1%}"
