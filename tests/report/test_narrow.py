"""Tables of a terminal that is too narrow for them: figures stand one below the other, and none is cut."""

import re
from functools import cache
from pathlib import Path

import pytest
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from sample_results import FABRICS, sample_result

from simulator.cost.validation import load_figures, load_rebuild, rebuild, validate
from simulator.machine import load_machine
from simulator.report.folder import as_text
from simulator.report.inspection.machine import machine_summary, machine_table
from simulator.report.inspection.workload import workload_summary
from simulator.report.layout import Stacked
from simulator.report.rebuilds import rebuild_tables
from simulator.report.summary import summary_table
from simulator.report.tables import operations_table
from simulator.report.validation import validation_tables
from simulator.workload import load_workload

ROOT = Path(__file__).parents[2]
MACHINES = ROOT / "tests" / "machines"
SHOWN = ("summary", "operations", "machine", "whole machine", "workload")


@cache
def shown(what: str) -> RenderableType:
    if what in ("machine", "whole machine"):
        return {"machine": machine_summary, "whole machine": machine_table}[what](load_machine(MACHINES / "crossbar.yaml"))
    if what == "workload":
        return workload_summary(load_workload("spmm-1024"))
    results = [sample_result(name) for name in FABRICS]
    return summary_table(results) if what == "summary" else operations_table(results[0])


def figures(text: str) -> set[str]:
    return set(re.findall(r"\d[\d.,×]*", text))


@pytest.mark.parametrize("what", SHOWN)
def test_no_figure_is_cut_on_a_narrow_terminal(what: str) -> None:
    wide = as_text(shown(what), 200)
    for width in (20, 30, 40, 60, 80):
        narrow = as_text(shown(what), width)
        assert max(map(len, narrow.splitlines())) <= width
        assert figures(wide) <= figures(narrow), width


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_figure_beside_a_published_one_is_cut(width: int) -> None:
    rebuilds = rebuild_tables([rebuild(load_rebuild("eie"))])
    published = validation_tables(validate([load_figures(ROOT / "configs" / "validation" / "networks.yaml")]), [], None)
    for tables in (rebuilds, published):
        wide, narrow = (re.sub(r"\s+", " ", as_text(tables, columns)) for columns in (200, width))
        assert figures(wide) <= figures(narrow)
        assert "…" not in narrow


def test_a_row_without_room_is_a_figure_a_line_behind_its_heading() -> None:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("name", no_wrap=True)
    for heading in (Text("time\nns"), "area", ""):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row("crossbar", "1,234", "5.6", "mm²")
    table.add_row()
    table.add_row(Text("  one"), "", "7.8", "mm²")
    assert as_text(Stacked(table), 24).splitlines()[-1].split() == ["one", "7.8", "mm²"]
    assert as_text(Stacked(table), 22).splitlines() == ["crossbar", "  time ns 1,234", "  area 5.6 mm²", "", "  one", "  area 7.8 mm²"]
