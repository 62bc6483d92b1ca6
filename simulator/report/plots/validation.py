"""Models against published figures: model ÷ published on one log axis, a row for each component, one marker shape a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from simulator.cost.validation import FigureClass, Row
from simulator.cost.validation.hardware import GROUPS
from simulator.cost.validation.memory import PHYSICAL_FROM_NM
from simulator.report.plots.ratios import FAR, MEMORY_COLOUR, draw_axis, draw_label, draw_legend, draw_nothing, memory_marker, side_by_side
from simulator.report.plots.style import paper, styled

MARKERS: dict[FigureClass, str] = {"component": "o", "product": "s", "board": "D"}
_COLOURS = {"area": "#2f83c4", "energy": "#c84f00"}
_OTHER_COLOUR = "#6a4c93"
_WIDTH = 5.6
_AXIS_WIDTH = 2.6
_LINE = 0.2
"""Inches of a row of one level."""
_LEVEL = 0.078
"""Inches that every further level takes."""
_NAME = 0.11
"""Inches that a name below the markers takes."""
_APART = 1.13
"""Factor between markers that do not touch."""


@dataclass(frozen=True)
class _Line:
    """A row of the picture."""

    label: str
    rows: tuple[Row, ...] = ()
    """None of a heading."""

    @property
    def ratios(self) -> list[float]:
        """Model ÷ published of each; of a range, its nearer end."""
        return [1 + row.error for row in self.rows]

    @cached_property
    def levels(self) -> list[int]:
        """Where each lies above or below the middle, so that none hides another; those of another model are a rug."""
        return [0] * len(self.rows) if self.is_check else side_by_side(self.ratios, _APART)

    @property
    def is_check(self) -> bool:
        """Whether it is of another model."""
        return any(row.role == "cross-check" for row in self.rows)

    @property
    def farthest(self) -> int | None:
        """The figure that is farthest off, where the row has several and it is off by more than a factor."""
        far = [max(ratio, 1 / ratio) for ratio in self.ratios]
        return far.index(max(far)) if len(far) > 1 and max(far) >= FAR and not self.is_check else None

    @property
    def height(self) -> float:
        """Inches."""
        if not self.rows:
            return 1.25 * _LINE
        return self.middle + _LINE / 2 - _LEVEL * min(self.levels) + (_NAME if self.farthest is not None else 0)

    @property
    def middle(self) -> float:
        """Inches from its top to its level 0."""
        return _LINE / 2 + _LEVEL * max(self.levels) if self.rows else _LINE * 0.7


def validation_figure(rows: Sequence[Row], checks: Sequence[Row]) -> Figure:
    """Sections of areas, energies and boards; fitted hollow, predicted filled, from memory grey, the farthest of a row by name.

    Beside a row: how many of its components were predicted, and the median of their errors; of a board, its error.
    """
    shown = [row for row in rows if row.model > 0]
    lines = [line for section in _sections(shown, checks) for line in section]
    height = sum(line.height for line in lines)
    with styled():
        figure = Figure(figsize=paper(_WIDTH, height + 1.75), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        draw_axis(axes, [ratio for line in lines for ratio in line.ratios], _AXIS_WIDTH)
        axes.set_ylim(height, 0)
        ticks: list[tuple[float, str]] = []
        top = 0.0
        for line in lines:
            middle = top + line.middle
            if line.rows:
                ticks.append((middle, line.label))
                _draw(axes, line, middle)
            else:
                draw_label(axes, middle, line.label, bold=True)
                axes.axhline(top + 0.04, color="#cccccc", linewidth=0.7)
            top += line.height
        axes.set_yticks([place for place, _ in ticks], [label for _, label in ticks])
        if not shown:
            draw_nothing(axes, "no figure")
        axes.text(1.02, -0.02, "predicted:\n n, median", transform=axes.get_yaxis_transform(), ha="left", va="bottom", fontsize="small")
        draw_legend(figure, _markers(shown, checks))
    return figure


def _sections(rows: Sequence[Row], checks: Sequence[Row]) -> list[list[_Line]]:
    """A heading and a row for each component; boards, which are another class, by figure."""
    names = list(dict.fromkeys(row.component for row in rows))
    found: list[tuple[str, list[_Line]]] = []
    for group in GROUPS:
        own = [row for row in rows if row.group == group and row.figure_class != "board"]
        lines = [_Line(name.replace("_", " "), tuple(row for row in own if row.component == name)) for name in names]
        others = [row for row in checks if row.group == group and (group != "area" or _node_nm(row) >= PHYSICAL_FROM_NM)]
        lines.append(_Line("sram, CACTI", tuple(others)))
        found.append((group, lines))
    found.append(("at the board", [_Line(row.id.replace("_", " "), (row,)) for row in rows if row.figure_class == "board"]))
    sections = []
    for title, lines in found:
        filled = [line for line in lines if line.rows]
        if filled:
            sections.append([_Line(title), *filled])
    return sections


def _draw(axes: Axes, line: _Line, middle: float) -> None:
    if line.is_check:
        axes.plot(line.ratios, [middle] * len(line.rows), marker="|", linestyle="", color="#555555", alpha=0.18, markersize=7)
        return
    for row, ratio, level in zip(line.rows, line.ratios, line.levels, strict=True):
        colour = _colour(row)
        axes.plot(
            [ratio], [middle - level * _LEVEL], marker=MARKERS[row.figure_class], linestyle="", markersize=5, markeredgewidth=1.1,
            markeredgecolor=colour, markerfacecolor=colour if row.role == "predicted" else "white", zorder=3,
        )  # fmt: skip
    if line.farthest is not None:
        row, ratio = line.rows[line.farthest], line.ratios[line.farthest]
        lowest = middle - min(line.levels) * _LEVEL + _LINE / 2
        axes.text(
            ratio,
            lowest,
            row.id.replace("_", " "),
            ha="left" if ratio < 1 else "right",
            va="center",
            fontsize="small",
            color="#333333",
            zorder=4,
        )
    board = line.rows[0].figure_class == "board"
    predicted = [row.error for row in line.rows if row.role == "predicted" and row.figure_class != "product"]
    if predicted:
        text = f"{predicted[0]:+.0%}" if board else f"{len(predicted)}, {median(abs(error) for error in predicted):.0%}"
        axes.text(1.02, middle, text, transform=axes.get_yaxis_transform(), ha="left", va="center", fontsize="small")


def _markers(rows: Sequence[Row], checks: Sequence[Row]) -> list[Line2D]:
    grey = "#555555"
    classes = [name for name in MARKERS if any(row.figure_class == name for row in rows)]
    markers = [Line2D([], [], marker=MARKERS[name], linestyle="", color=grey, label=name) for name in classes]
    markers += [
        Line2D([], [], marker="o", linestyle="", color=grey, label="predicted"),
        Line2D([], [], marker="o", linestyle="", markerfacecolor="white", markeredgecolor=grey, label="fitted"),
    ]
    if any(row.confidence == "memory" for row in rows):
        markers.append(memory_marker())
    if checks:
        markers.append(Line2D([], [], marker="|", linestyle="", color=grey, label="CACTI, not silicon"))
    return markers


def _node_nm(row: Row) -> float:
    return float(row.technology.removesuffix("nm"))


def _colour(row: Row) -> str:
    return MEMORY_COLOUR if row.confidence == "memory" else _COLOURS.get(row.group, _OTHER_COLOUR)
