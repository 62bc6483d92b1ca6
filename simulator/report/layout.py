"""How tables are laid out where a terminal has little room: at their own width, a row after another, or some columns at a time."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Column, Table
from rich.text import Text

_WIDEST = 500
"""Columns that no table takes."""


class Whole:
    """A table at its own width, whatever the terminal's: a number that is cut off is no number."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # a table that does not expand takes what it needs of any width, which need not be measured before
        yield from console.render(self.table, options.update(width=_WIDEST))


class Stacked:
    """A table where its figures have room; where they have not, a row after another, a figure a line.

    What has no heading stands behind the cell before it.
    """

    def __init__(self, table: Table) -> None:
        self.table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if _least(self.table) <= options.max_width:
            yield self.table
            return
        if self.table.title:
            yield Text(_plain(self.table.title), style="bold")
        columns = self.table.columns
        headings = [" ".join(_plain(column.header).split()) for column in columns]
        if columns[0].justify == "left":
            headings[0] = ""  # it says itself what it is
        for row in zip(*(column.cells for column in columns), strict=True):
            lines: list[str] = []
            for heading, cell in zip(headings, map(_plain, row), strict=True):
                if cell and lines and not heading:
                    lines[-1] += f" {cell.strip()}"
                elif cell:
                    lines.append(f"{heading} {cell.strip()}" if heading else cell)
            block = Text("\n  ".join(lines))
            block.stylize("bold", 0, len(lines[0]) if lines else 0)
            yield block


def _least(table: Table) -> int:
    """The least width in which a table cuts nothing that may not wrap, nor a word of a heading."""
    gap = table.padding[1] + table.padding[3]
    return sum(map(_needed, table.columns)) + gap * (len(table.columns) - 1)


def _needed(column: Column) -> int:
    whole = [line for cell in (column.header, *column.cells) for line in _plain(cell).splitlines()]
    needed = max(map(cell_len, whole if column.no_wrap else _plain(column.header).split()), default=0)
    return max(min(needed, column.max_width or needed), column.min_width or 0)


def _plain(cell: RenderableType) -> str:
    return cell.plain if isinstance(cell, Text) else str(cell)


class Fitted:
    """Tables one below the other, each with as many of the columns as have room: `table(slice)` makes that of some of `count`."""

    def __init__(self, count: int, table: Callable[[slice], Table]) -> None:
        self.count = count
        self.table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for size in range(self.count, 0, -1):
            tables = [self.table(slice(start, start + size)) for start in range(0, self.count, size)]
            if size == 1 or all(_width(table, console, options) <= options.max_width for table in tables):
                break
        for place, table in enumerate(tables):
            if place:
                yield Text()
            yield Whole(table)


def _width(table: Table, console: Console, options: ConsoleOptions) -> int:
    return table.__rich_measure__(console, options.update(max_width=_WIDEST)).maximum
