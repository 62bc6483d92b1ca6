"""Results that were priced again: a row each, as a table, as CSV, and as a folder of whole results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.report.folder import MARKER, csv_text, new_folder, write_json
from simulator.repricing import PricedRun
from simulator.result import OBJECTIVE, Result

if TYPE_CHECKING:
    from rich.console import RenderableType

TABLE_ROWS = 50
"""Rows of a table for people; files and JSON hold all."""

_FIGURES = (
    "seconds",
    "area_mm2",
    "fabric_area_mm2",
    "energy_pj",
    "fabric_energy_pj",
    "power_w",
    "power_density_w_per_mm2",
    "edap_js_mm2",
)
_SHOWN = ("seconds", "fabric_area_mm2", "fabric_energy_pj", "energy_pj", "power_w", "power_density_w_per_mm2", "edap_js_mm2")


@dataclass(frozen=True)
class PricedFile:
    """A file and the price of its run."""

    file: str
    priced: PricedRun

    def row(self) -> dict[str, str | float]:
        """Names, cycles, and every figure."""
        priced, run = self.priced, self.priced.run
        names = {"file": self.file, "machine": run.elaborated.machine.name, "ideal": run.ideal, "workload": run.workload}
        figures = {name: priced.metric(name) for name in _FIGURES}
        return {**names, "technology": priced.technology, "cycles": run.counted.cycles, **figures}


def priced_csv(files: Sequence[PricedFile]) -> str:
    """One row a result."""
    return csv_text([entry.row() for entry in files])


def priced_sentences(files: Sequence[PricedFile]) -> list[str]:
    """Who is best by energy × time × area now, of runs of several machines on one workload in one technology; nothing of others."""
    from simulator.report.sentences import verdict_sentences
    from simulator.report.verdict import OBJECTIVES, Entrant, judge
    from simulator.study.design import design_of

    priced = [entry.priced for entry in files if entry.priced.run.ideal == "none"]
    places = {(each.run.workload, each.technology) for each in priced}
    names = {each.run.name for each in priced}
    if len(places) != 1 or len(names) < len(priced):
        return []
    ((workload, technology),) = places
    entrants = [
        Entrant(each.run.name, design_of(each.run.elaborated.machine), {name: each.metric(name) for name in OBJECTIVES}) for each in priced
    ]
    return verdict_sentences(judge(entrants, on=f"{workload} in {technology}"))


def priced_table(files: Sequence[PricedFile]) -> RenderableType:
    """The first `TABLE_ROWS` results, one a row, and how many more there are."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from simulator.report.glossary import OBJECTIVE_IN_SHORT, term
    from simulator.report.layout import Whole
    from simulator.report.numbers import common_scale, significant

    rows = [entry.row() for entry in files[:TABLE_ROWS]]
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("machine", "workload", "technology"):
        table.add_column(heading, no_wrap=True)
    scales = []
    for name in _SHOWN:
        entry = term(name, "metric")
        factor, unit = common_scale([float(row[name]) for row in rows], entry.unit)
        scales.append(factor)
        heading = (OBJECTIVE_IN_SHORT if name == OBJECTIVE else entry.label).replace(" ", "\n")
        table.add_column(f"{heading}\n{unit}", justify="right", no_wrap=True, vertical="bottom")
    for file, row in zip(files, rows, strict=False):
        figures = [significant(float(row[name]) * factor) for name, factor in zip(_SHOWN, scales, strict=True)]
        table.add_row(file.priced.run.name, str(row["workload"]), str(row["technology"]), *figures)
    more = len(files) - len(rows)
    return Group(Whole(table), *([Text(f"and {more:,} more; -o FILE.csv or --json gives all", style="dim")] if more else []))


def write_priced(folder: Path, results: Iterable[tuple[str, Result]], table: str, made: Mapping[str, Any], *, force: bool) -> None:
    """Write whole results under their relative names, summary.csv with `table`, and run.json.

    Raises OutputError where the folder exists (and not `force`) or cannot be written; it is whole or not there.
    """
    with new_folder(folder, force=force) as draft:
        for name, result in results:
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            result.to_json(draft / name)
        (draft / "summary.csv").write_text(table, encoding="utf-8")
        write_json(draft / MARKER, made)
