"""Tables without colours are, to the letter, those that rich lays out."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sample_results import FABRICS, sample_result

from simulator.report import tables
from simulator.report.plain import plain_lines, plain_width
from simulator.report.tables import Whole, run_details, run_table

WIDEST = 500


def _shown(table: Any, width: int, *, crop: bool = True) -> str:
    console = Console(markup=False, file=io.StringIO(), width=width, color_system=None)
    console.print(table, crop=crop)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("width", [40, 110])
def test_tables_of_runs_are_those_of_rich(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    results = [sample_result(name) for name in FABRICS]

    def both() -> str:
        return _shown(run_table(results, results), width) + _shown(run_details(results[0]), width, crop=False)

    quick = both()
    monkeypatch.setattr(tables, "is_plain", lambda console: False)
    monkeypatch.setattr(tables, "plain_width", lambda table: None)
    assert quick == both()


def _table(*cells: Any, **looks: Any) -> Table:
    table = Table(**{"box": None, "pad_edge": False, "padding": (0, 1), **looks})
    table.add_column("名前\nname", no_wrap=True)
    table.add_column(Text("of a\nlong heading"), justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_row("a", "12 ", Text(" b"))
    table.add_row()
    table.add_row(*cells)
    return table


@pytest.mark.parametrize("cells", [("größe", Text("1\n2"), "x"), ("机机机", "", ""), (Text("a:b:c"), "[/x]", "")])
@pytest.mark.parametrize("padding", [(0, 1), (0, 1, 0, 0), (0, 2, 0, 3)])
def test_any_letters_and_lines_in_cells(cells: tuple[Any, ...], padding: tuple[int, ...]) -> None:
    table = _table(*cells, padding=padding)
    lines = plain_lines(table, WIDEST)
    assert lines is not None
    assert "".join(line + "\n" for line in lines) == _shown(table, WIDEST) == _shown(Whole(table), WIDEST)
    assert plain_lines(table, 20) is None


@pytest.mark.parametrize(
    "table",
    [
        _table(":smiley:", "", ""),
        _table("tab\tbed", "", ""),
        _table(Table("a"), "", ""),
        _table(Text("right", justify="right"), "", ""),
        _table("a", title="above"),
        _table("a", pad_edge=True),
        _table("a", show_header=False),
        Table("may wrap", box=None, pad_edge=False),
    ],
)
def test_what_only_rich_can_lay_out_is_left_to_it(table: Table) -> None:
    assert (plain_width(table), plain_lines(table, WIDEST)) == (None, None)
    assert _shown(Whole(table), WIDEST) == _shown(table, WIDEST)
