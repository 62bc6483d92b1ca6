"""Texts that a picture has room for: names cut in their middle, titles broken into lines, digits only where they fit."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator

from simulator.report.pictures import PictureStyle, current_style

_CUT = "…"
_NAME: dict[PictureStyle, int] = {"screen": 30, "column": 24, "slide": 24}
"""Letters of a name beside a bar or a point; those of all machines that ship have 14 at most."""
_ENTRY: dict[PictureStyle, int] = {"screen": 110, "column": 60, "slide": 90}
"""Letters of an entry of a legend."""


def briefs(names: Iterable[str], most: int | None = None) -> dict[str, str]:
    """Each name with at most so many letters, by default those that the style has room for; none like another's.

    >>> briefs(["crossbar", "a-very-long-name-of-one", "a-very-long-name-of-two"], 12)
    {'crossbar': 'crossbar', 'a-very-long-name-of-one': 'a-very…f-one', 'a-very-long-name-of-two': 'a-very…f-two'}
    """
    room = _NAME[current_style()] if most is None else most
    every = list(dict.fromkeys(names))
    long = [name for name in every if len(name) > room]
    # of the shortest name, too, as much is left as there is room for
    same = max(0, min(_alike([name[::-1] for name in long]), min(map(len, long), default=0) - room))
    # where all end alike, what tells them apart stands before that end
    for ends in (0, same) if same else (0,):
        left = room - bool(ends)
        for tail in sorted(range(1, left - 1), key=lambda tail: abs(tail - (left - 1) // 2)):
            cut = {name: name[: len(name) - ends] for name in long}
            found = {name: f"{own[: left - 1 - tail]}{_CUT}{own[-tail:]}{_CUT if ends else ''}" for name, own in cut.items()}
            if len({*found.values(), *every} - {*long}) == len(every):
                return {name: found.get(name, name) for name in every}
    return {name: name for name in every}


def _alike(names: Sequence[str]) -> int:
    """Letters with which all of them begin."""
    columns = zip(*names, strict=False)
    return next((place for place, letters in enumerate(columns) if len(set(letters)) > 1), min(map(len, names), default=0))


def brief(name: str, most: int | None = None) -> str:
    """One name alone."""
    return briefs([name], most)[name]


def shorten(figure: Figure) -> None:
    """Cut the names that stand beside bars, and the entries of legends; names of several lines were cut before."""
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if isinstance(axis.get_major_locator(), FixedLocator):
            places = list(axis.get_majorticklocs())
            names = axis.get_major_formatter().format_ticks(places)
            short = briefs(name for name in names if "\n" not in name) | {name: name for name in names if "\n" in name}
            if any(short[name] != name for name in short):
                axis.set_ticks(places, [short[name] for name in names])
    for legend in figure.findobj(Legend):
        entries = legend.get_texts() if isinstance(legend, Legend) else []
        short = briefs([entry.get_text() for entry in entries], _ENTRY[current_style()])
        for entry in entries:
            entry.set_text(short[entry.get_text()])


def legend_columns(figure: Figure, entries: Sequence[str], most: int = 3) -> int:
    """How many columns of a legend a figure is wide enough for, whose entries go down the first one, then down the next."""
    letter = _LEGEND * float(matplotlib.rcParams["font.size"]) / 72
    for columns in range(min(most, len(entries)), 1, -1):
        rows = -(-len(entries) // columns)
        widths = [max(map(len, entries[start : start + rows])) for start in range(0, len(entries), rows)]
        if letter * sum(_LETTER * width + _HANDLE for width in widths) < figure.get_figwidth():
            return columns
    return 1


_LEGEND = 0.833
"""Size of a legend's letters, in those of all others."""
_LETTER, _HANDLE = 0.56, 4.8
"""Width of a letter and of what stands beside an entry, in sizes of its letters."""


class Fitting(Text):
    """A text within a length of an axis that is drawn where it fits, and left out where it does not."""

    def __init__(self, *place: Any, length: float, **looks: Any) -> None:
        """`length`: of the axis of x, in its data."""
        super().__init__(*place, **looks)
        self._length = length

    def draw(self, renderer: RendererBase, *args: Any, **kwargs: Any) -> None:
        """As any text, if it fits."""
        if self.axes is not None:
            ends = self.axes.transData.transform([(0.0, 0.0), (self._length, 0.0)])
            if self.get_window_extent(renderer).width > _AIR * abs(ends[1][0] - ends[0][0]):
                return
        super().draw(renderer, *args, **kwargs)


_AIR = 0.94
"""Of a part of a bar, what its digits may take."""


def break_lines(figure: Figure) -> bool:
    """Break titles, and labels of axes, that are longer than their room; whether any was. The figure has its layout."""
    renderer: RendererBase = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    broken = [_broken(text, room, renderer) for text, room in _rooms(figure, renderer)]
    return any(broken)


def _broken(text: Text, room: float, renderer: RendererBase) -> bool:
    extent = text.get_window_extent(renderer)
    length = extent.height if text.get_rotation() == 90 else extent.width
    room *= _SURE
    if length <= room or room <= 0:
        return False
    lines = text.get_text().splitlines()
    letters = max(int(max(map(len, lines)) * room / length), 8)
    text.set_text("\n".join(part for line in lines for part in textwrap.wrap(line, letters) or [""]))
    return True


_SURE = 0.96
"""Of its room, what a text may take: in the finer dots of a file letters are up to so much wider than in those of a layout."""


def _rooms(figure: Figure, renderer: RendererBase) -> Iterator[tuple[Text, float]]:
    """Titles and labels, and the pixels that each has along its direction."""
    margin = 0.06 * figure.dpi
    width, height = figure.bbox.width, figure.bbox.height
    for text in figure.texts:
        x = text.get_transform().transform(text.get_unitless_position())[0]
        yield text, _along(text.get_horizontalalignment(), x, margin, width - margin)
    legends = [legend.get_window_extent(renderer) for legend in figure.legends]
    places = {axes: axes.get_window_extent(renderer) for axes in figure.axes}
    for axes, own in places.items():
        beside = [other for other in places.values() if other.y0 < own.y1 and own.y0 < other.y1]
        left = max([margin, *(other.x1 for other in beside if other.x1 < own.x0)])
        right = min([width - margin, *(other.x0 - margin for other in beside if other.x0 > own.x1), *_beside(legends, own)])
        for title in _titles(axes):
            x = title.get_transform().transform(title.get_unitless_position())[0]
            yield title, _along(title.get_horizontalalignment(), x, left, right)
        yield axes.xaxis.label, 2 * min(own.x0 + own.width / 2 - left, right - own.x0 - own.width / 2)
        above = [other for other in places.values() if other.x0 < own.x1 and own.x0 < other.x1]
        low = max([margin, *((other.y1 + own.y0) / 2 for other in above if other.y1 < own.y0)])
        high = min([height - margin, *((other.y0 + own.y1) / 2 for other in above if other.y0 > own.y1)])
        middle = own.y0 + own.height / 2
        yield axes.yaxis.label, 2 * min(middle - low, high - middle)


def _beside(legends: Iterable[Any], own: Any) -> list[float]:
    """Left edges of the legends that stand right of axes."""
    return [legend.x0 for legend in legends if legend.x0 >= own.x1 and legend.y1 > own.y1 - own.height / 2]


def _titles(axes: Axes) -> list[Text]:
    """Those of its three that say something."""
    places: tuple[Literal["left", "center", "right"], ...] = ("left", "center", "right")
    wanted = {axes.get_title(loc) for loc in places} - {""}
    return [child for child in axes.get_children() if isinstance(child, Text) and child.get_text() in wanted]


def _along(alignment: str, x: float, left: float, right: float) -> float:
    """Pixels of a level text that is held at x."""
    if alignment == "left":
        return right - x
    return x - left if alignment == "right" else 2 * min(x - left, right - x)
