"""The report of `sparsim validate --rebuild`: a table, and a folder with it, every part as CSV, the ratios as JSON, and the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simulator.cost.validation import RebuildSummary, Rebuilt, summarise_rebuilds
from simulator.cost.validation.rebuilds import Beside
from simulator.report.folder import MARKER, as_text, csv_text, new_folder, write_json
from simulator.report.layout import Stacked
from simulator.report.numbers import significant
from simulator.report.pictures import PictureFormat

_WIDTH = 168
_RATIO = (
    "ratio: model ÷ published; *: cited from memory, and in no median; -: not published, or nothing stands for it\n"
    "total: all that is rebuilt over the published whole, which has the parts that are not rebuilt too; powers: dynamic only"
)
_SUMMARY = "median: of |ratio − 1|; whole: the totals"
_MEASURES = {"um2": "area", "mw": "power"}


def rebuild_record(rebuilt: Sequence[Rebuilt]) -> dict[str, Any]:
    """JSON values: the summaries, and every accelerator with its parts."""
    return {
        "summary": [asdict(summary) for summary in summarise_rebuilds(rebuilt)],
        "rebuilds": [each.to_dict() for each in rebuilt],
    }


def rebuild_tables(rebuilt: Sequence[Rebuilt]) -> Group:
    """All parts and totals; then the medians."""
    summaries = summarise_rebuilds(rebuilt)
    parts: list[RenderableType] = [Stacked(_parts_table(rebuilt)), Text(f"{_RATIO}\n", style="dim"), *_sources(rebuilt)]
    if summaries:
        parts += [Stacked(_summary_table(summaries)), Text(f"{_SUMMARY}\n", style="dim")]
    return Group(*parts)


def rebuild_summary(rebuilt: Sequence[Rebuilt]) -> Group:
    """What a terminal shows first: how far off the totals are, in a sentence, then a line an accelerator."""
    ratios = [part.ratio for each in rebuilt for part in (each.total.um2, each.total.mw) if part.ratio is not None]
    worst = max(ratios, key=lambda ratio: max(ratio, 1 / ratio), default=None)
    verdict = (
        "Nothing was published to compare with."
        if worst is None
        else (
            f"{len(rebuilt)} published accelerator{'' if len(rebuilt) == 1 else 's'}, rebuilt: model ÷ published of the totals is "
            f"{min(ratios):.2f} to {max(ratios):.2f}."
        )
    )
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("", "node", "area\nmodel ÷ published", "power\nmodel ÷ published", "parts"):
        table.add_column(heading, justify="left" if not heading else "right", no_wrap=True)
    for each in rebuilt:
        ratio = [f"{part.ratio:.2f}{_mark(part)}" if part.ratio is not None else "-" for part in (each.total.um2, each.total.mw)]
        table.add_row(each.name, each.technology, *ratio, str(len(each.parts)))
    return Group(Text(f"{verdict}\n", style="bold"), Stacked(table), Text("*: cited from memory; powers: dynamic only\n", style="dim"))


def _mark(beside: Beside) -> str:
    return "*" if beside.confidence == "memory" and beside.published is not None else ""


def write_rebuilds(
    rebuilt: Sequence[Rebuilt], folder: Path, made: Mapping[str, Any], formats: Sequence[PictureFormat] = ("png",), *, force: bool
) -> None:
    """Write parts.csv, summary.json, table.txt and the picture into a folder, whole or not at all, and run.json with `made`.

    Raises OutputError where the folder may not be written.
    """
    from simulator.report.plots.rebuilds import rebuilds_figure
    from simulator.report.plots.style import save

    with new_folder(folder, force=force) as draft:
        write_json(draft / "summary.json", rebuild_record(rebuilt))
        (draft / "parts.csv").write_bytes(csv_text(_rows(rebuilt), end="\r\n").encode())
        (draft / "table.txt").write_text(as_text(rebuild_tables(rebuilt), _WIDTH), encoding="utf-8")
        save(rebuilds_figure(rebuilt), draft, "rebuilds", formats)
        write_json(draft / MARKER, made)


def _rows(rebuilt: Sequence[Rebuilt]) -> list[dict[str, Any]]:
    return [
        {"rebuild": each.name, "technology": each.technology, "part": part.name}
        | {f"{name}_{key}": value for name, beside in (("um2", part.um2), ("mw", part.mw)) for key, value in beside.to_dict().items()}
        | {"note": part.note}
        for each in rebuilt
        for part in (*each.parts, each.total)
    ]


def _parts_table(rebuilt: Sequence[Rebuilt]) -> Table:
    table = Table(title="published accelerators, rebuilt", box=None, title_justify="left", header_style="bold")
    for heading in ("", "node", "part", "published µm²", "model", "ratio", "published mW", "model", "ratio", "note"):
        left = heading in ("", "part", "note")
        table.add_column(
            heading,
            justify="left" if left else "right",
            no_wrap=heading != "note",
            min_width=24 if heading == "note" else None,
            overflow="fold",
        )
    for each in rebuilt:
        for index, part in enumerate(each.parts):
            name, node = (each.name, each.technology) if index == 0 else ("", "")
            table.add_row(name, node, part.name, *_cells(part.um2), *_cells(part.mw), part.note)
        table.add_row("", "", each.total.name, *_cells(each.total.um2), *_cells(each.total.mw), "", style="bold", end_section=True)
    return table


def _cells(beside: Beside) -> tuple[str, str, str]:
    published = f"{beside.published:,.10g}{_mark(beside)}" if beside.published is not None else "-"
    model = significant(beside.model, 4) if beside.model is not None else "-"
    return published, model, f"{beside.ratio:.2f}" if beside.ratio is not None else "-"


def _sources(rebuilt: Sequence[Rebuilt]) -> list[Text]:
    lines = [f"{each.name}: {'; '.join(text for text in (each.source or 'source not stated', each.note) if text)}" for each in rebuilt]
    return [Text("\n".join(lines) + "\n", style="dim")]


def _summary_table(summaries: Sequence[RebuildSummary]) -> Table:
    table = Table(title="rebuilds, nothing from memory", box=None, title_justify="left", header_style="bold")
    for heading in ("", "", "figures", "median", "median ratio", "worst ratio", "of"):
        table.add_column(heading, justify="left" if heading in ("", "of") else "right", no_wrap=heading != "of", overflow="fold")
    for entry in summaries:
        table.add_row(
            _MEASURES[entry.measure], entry.of, str(entry.figures), f"{entry.median_error:.1%}", f"{entry.median_ratio:.2f}",
            f"{entry.worst_ratio:.2f}", entry.worst,
        )  # fmt: skip
    return table
