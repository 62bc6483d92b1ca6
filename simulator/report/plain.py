"""Tables as rich lays them out where nothing is coloured: the same text, many times sooner.

rich measures, styles and pads each cell by itself, for tables of any make. Those of reports have no frames and nothing to wrap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text


def is_plain(console: Console) -> bool:
    """Whether a console shows text alone: no colours, nor bold letters, nor is it to tell later what would have had them."""
    return console.color_system is None and not console.record


def plain_width(table: Table) -> int | None:
    """Characters of a line of the table at its own width; None for one that only rich can lay out."""
    laid = _laid_out(table)
    return None if laid is None else sum(column.width for column in laid)


def plain_lines(table: Table, most: int) -> list[str] | None:
    """The lines of the table; None for one that only rich can lay out, or that is wider than so many characters.

    >>> table = Table(Column("name", no_wrap=True), Column("cycles", no_wrap=True, justify="right"), box=None, pad_edge=False)
    >>> table.add_row("a", Text("12"))
    >>> plain_lines(table, 80)
    ['name  cycles', 'a         12']
    """
    laid = _laid_out(table)
    if laid is None or sum(column.width for column in laid) > most:
        return None
    rows = zip(*(column.cells for column in laid), strict=True)
    return [line for row, cells in enumerate(rows) for line in _lines_of_row(laid, cells, last_ones=row == 0)]


class _Column(Struct, frozen=True):
    """A column: its cells, the heading first, each of some lines."""

    cells: Sequence[Sequence[str]]
    left: int
    """Characters of padding."""
    right: int
    from_the_right: bool
    width: int

    def shown(self, line: str) -> str:
        """A line of a cell, as wide as the column."""
        if self.from_the_right:
            line = line.rstrip()
        room = " " * (self.width - self.left - self.right - cell_len(line))
        return " " * self.left + (room + line if self.from_the_right else line + room) + " " * self.right


def _laid_out(table: Table) -> list[_Column] | None:
    if table.box or table.title or table.caption or table.expand or table.show_footer or not table.show_header or table.leading:
        return None
    top, right, bottom, left = table.padding
    if top or bottom or table.pad_edge or table.collapse_padding:
        return None
    last = len(table.columns) - 1
    columns = [_column(column, 0 if place == 0 else left, 0 if place == last else right) for place, column in enumerate(table.columns)]
    found = [column for column in columns if column is not None]
    return found if len(found) == len(columns) else None


def _column(column: Column, left: int, right: int) -> _Column | None:
    given = (column.width, column.min_width, column.max_width, column.ratio)
    if not column.no_wrap or column.justify not in ("left", "right") or column.vertical != "top" or any(given):
        return None
    cells = [_lines_of_cell(cell) for cell in (column.header, *column.cells)]
    known = [lines for lines in cells if lines is not None]
    if len(known) < len(cells):
        return None
    width = left + right + max(cell_len(line) for lines in known for line in lines)
    return _Column(known, left, right, column.justify == "right", width or 1)


def _lines_of_cell(cell: object) -> list[str] | None:
    """None for what is no text, and for text in which rich may see more than that: tabs, `:names:` of pictures."""
    if isinstance(cell, str) and ":" in cell:
        return None
    text = cell.plain if isinstance(cell, Text) and not cell.justify else cell
    return text.split("\n") if isinstance(text, str) and text.replace("\n", "").isprintable() else None


def _lines_of_row(columns: Sequence[_Column], cells: Sequence[Sequence[str]], *, last_ones: bool) -> Iterator[str]:
    """As many lines as the highest cell has; lower ones take the first of them, or the last ones."""
    height = max(map(len, cells))
    for line in range(height):
        pieces = []
        for column, lines in zip(columns, cells, strict=True):
            place = line - (height - len(lines) if last_ones else 0)
            pieces.append(column.shown(lines[place] if 0 <= place < len(lines) else ""))
        yield "".join(pieces)
