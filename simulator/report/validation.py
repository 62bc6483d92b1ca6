"""The report of `sparsim validate`: tables, and a folder with them, every figure as CSV, the summary as JSON, and the plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simulator.cost.validation import CLASSES, Row, Summary, summarise, summarise_cross_check
from simulator.report.folder import MARKER, as_text, csv_text, new_folder, write_json
from simulator.report.layout import Stacked
from simulator.report.numbers import significant
from simulator.report.pictures import PictureFormat
from simulator.study.bank_conflicts import BankConflicts

_WIDTH = 168
_ERROR = "error: model ÷ published − 1; against the nearer end of a published range, 0 within it"
_FITTED = "fitted: a constant of the model was chosen by the figure; predicted: none was; median and worst of absolute errors"
_CHECK = "runs of CACTI 7; below 22 nm it only scales its 22 nm, so that 7 nm is no check; bias: median error with its sign"
_CLASSES = "component: a block, macro or device by itself; product: share of a die; board: a board under load, all its losses included"
_ROLES = ("predicted", "fitted")
_SOURCE = 24
"""Columns that the words of a source take at least."""
_UNITS = {"um2": "µm²", "mm2": "mm²"}


def validation_record(rows: Sequence[Row], checks: Sequence[Row], conflicts: BankConflicts | None) -> dict[str, Any]:
    """JSON values: the summaries, and every figure with its model; of a cross-check only the summary; bank conflicts where given."""
    return {
        "summary": [summary.to_dict() for summary in summarise(rows)],
        "cross_check": [summary.to_dict() for summary in summarise_cross_check(checks)],
        "bank_conflicts": conflicts.to_dict() if conflicts is not None else None,
        "figures": [row.to_dict() for row in rows],
    }


def validation_tables(rows: Sequence[Row], checks: Sequence[Row], conflicts: BankConflicts | None) -> Group:
    """All figures, by class, predicted ones first; the summary; where there are any, the distance to another model and bank conflicts."""
    return Group(Stacked(_figures_table(rows)), _footnote(_ERROR), *_tables(rows, checks, conflicts))


def _tables(rows: Sequence[Row], checks: Sequence[Row], conflicts: BankConflicts | None) -> list[RenderableType]:
    parts: list[RenderableType] = [Stacked(_summary_table(summarise(rows))), _footnote(f"{_FITTED}\n{_CLASSES}")]
    if checks:
        parts += [Stacked(_check_table(summarise_cross_check(checks))), _footnote(_CHECK)]
    if conflicts is not None:
        parts += [Stacked(_conflicts_table(conflicts)), _footnote(_rates(conflicts))]
    return parts


def validation_summary(rows: Sequence[Row], checks: Sequence[Row]) -> Group:
    """What a terminal shows first: how far off the models are where nothing was fitted, in a sentence, then the summaries."""
    summaries = summarise(rows)
    nearest = f"{len(checks)} {_CHECK.split(';')[0]} are compared too" if checks else ""
    notes = ("errors: model ÷ published − 1", "fitted: a constant was chosen by the figure", nearest)
    table = Stacked(_summary_table(summaries, title=None))
    return Group(Text(f"{_verdict(summaries)}\n", style="bold"), table, Text("; ".join(filter(None, notes)), style="dim"))


def _verdict(summaries: Sequence[Summary]) -> str:
    own = [entry for entry in summaries if entry.role == "predicted" and entry.figure_class == "component"]
    if not own:
        return "No figure of a component was predicted: nothing says how far off the models are."
    said = [f"{entry.name} by {_percent(entry.median_error, sign=False)} ({entry.figures})" for entry in own]
    return f"Where nothing was fitted, components are off in the median: {', '.join(said)}."


def write_validation(
    rows: Sequence[Row],
    checks: Sequence[Row],
    conflicts: BankConflicts | None,
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
        record = validation_record(rows, checks, conflicts)
        write_json(draft / "summary.json", {key: record[key] for key in ("summary", "cross_check", "bank_conflicts")})
        table = csv_text([row.to_dict() for row in (*rows, *checks)], end="\r\n")
        (draft / "figures.csv").write_bytes(table.encode())
        (draft / "table.txt").write_text(as_text(validation_tables(rows, checks, conflicts), _WIDTH), encoding="utf-8")
        save(validation_figure(rows, checks), draft, "validation", formats)
        write_json(draft / MARKER, made)


def _figures_table(rows: Sequence[Row]) -> Table:
    table = Table(title="published figures and the models", box=None, title_justify="left", header_style="bold")
    for heading, justify in (("figure", "left"), ("node", "right"), ("quantity", "left"), ("published", "right"), ("model", "right"),
                             ("unit", "left"), ("error", "right"), ("class", "left"), ("", "left"), ("source", "left")):  # fmt: skip
        whole, least = heading in ("figure", "published", "model", "error", "node"), _SOURCE if heading == "source" else None
        table.add_column(heading, justify=justify, no_wrap=whole, min_width=least, overflow="fold")  # type: ignore[arg-type]
    for row in sorted(rows, key=lambda row: (CLASSES.index(row.figure_class), _ROLES.index(row.role), row.group)):
        style = "" if row.role == "predicted" else "dim"
        memory = " (from memory)" if row.confidence == "memory" else ""
        table.add_row(
            row.id, row.technology, row.quantity.replace("_", " "), _published(row), significant(row.model, 4),
            _UNITS.get(row.unit, row.unit), _percent(row.error), row.figure_class, row.role, row.source + memory, style=style,
        )  # fmt: skip
    return table


def _footnote(text: str) -> Text:
    return Text(f"{text}\n", style="dim")


def _summary_table(summaries: Sequence[Summary], title: str | None = "errors") -> Table:
    table = Table(title=title, box=None, padding=(0, 1, 0, 0), title_justify="left", header_style="bold", pad_edge=False)
    for heading in ("", "class", "", "figures", "median", "worst", "of"):
        table.add_column(heading, justify="right" if heading in ("figures", "median", "worst") else "left", no_wrap=heading != "of")
    for summary in summaries:
        median, worst = _percent(summary.median_error, sign=False), _percent(summary.worst_error)
        table.add_row(
            summary.name, summary.figure_class, summary.role, str(summary.figures), median, worst, summary.worst.replace("_", " ")
        )
    return table


def _check_table(summaries: Sequence[Summary]) -> Table:
    table = Table(title="another model, not silicon", box=None, title_justify="left", header_style="bold")
    for heading in ("node and quantity", "runs", "median", "bias", "worst"):
        table.add_column(heading, justify="left" if heading == "node and quantity" else "right", no_wrap=True)
    for summary in summaries:
        table.add_row(
            summary.name.replace("_", " "), str(summary.figures), _percent(summary.median_error, sign=False), _percent(summary.bias),
            _percent(summary.worst_error),
        )  # fmt: skip
    return table


def _conflicts_table(found: BankConflicts) -> Table:
    table = Table(title="bank conflicts: a GPU's shared memory and the banks", box=None, title_justify="left", header_style="bold")
    for heading in ("distinct words in the most wanted bank", "patterns", "measured cycles", "of the banks"):
        table.add_column(heading, justify="right", no_wrap=True)
    for entry in found.conflicts:
        table.add_row(str(entry.words), str(entry.patterns), f"{entry.measured_cycles:.2f}", str(entry.model_cycles))
    return table


def _rates(found: BankConflicts) -> str:
    return (
        "a load of 32 lanes in 32 banks; measured: 2 × words + 0.6 from two words on; "
        f"random words: {found.measured_random_rate:.3f} of the conflict-free rate measured, {found.model_random_rate:.3f} by the banks"
    )


def _published(row: Row) -> str:
    if row.published_low == row.published_high:
        return f"{row.published_low:,.10g}"
    return f"{row.published_low:,.10g}–{row.published_high:,.10g}"


def _percent(error: float, *, sign: bool = True) -> str:
    return f"{error:{'+' if sign else ''}.1%}"
