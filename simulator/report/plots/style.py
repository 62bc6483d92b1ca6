"""How all plots look: sizes, one colour for each component and cause everywhere, and how files are written."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FuncFormatter

from simulator.activity import CAUSE_TERMS
from simulator.report.folder import write_whole
from simulator.report.glossary import components
from simulator.report.pictures import PictureFormat

OTHER_COLOUR = "#e3e3e3"

CAUSE_COLOURS: dict[str, str] = {entry.name: entry.colour for entry in CAUSE_TERMS}

_RC: dict[Any, Any] = {
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.1,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.edgecolor": "#666666",
    "axes.labelcolor": "#333333",
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.hashsalt": "sparsim",
    "text.parse_math": False,  # names of files and axes are no formulas
}


def component_colours() -> dict[str, str]:
    """Colours by component, in the order of a stacked bar; lightness tells neighbours apart."""
    return {entry.name: entry.colour for entry in sorted(components(), key=lambda entry: entry.rank) if entry.colour}


def roles() -> dict[str, str]:
    """Component → the one whose colour and legend entry it shares."""
    return {entry.name: entry.role for entry in components()}


@contextmanager
def styled() -> Iterator[None]:
    """Within it, figures have the project's look; matplotlib's own settings are as before afterwards."""
    with matplotlib.rc_context(_RC), warnings.catch_warnings():
        # where labels leave no room for axes the layout is as it was, which shows
        warnings.filterwarnings("ignore", message="constrained_layout not applied")
        yield


def save(figure: Figure, folder: Path, name: str, formats: Sequence[PictureFormat] = ("png",)) -> None:
    """Write NAME.png, NAME.svg or both; the same figure gives the same bytes."""
    _spell(figure)
    with styled():
        figure.draw_without_rendering()
    with matplotlib.rc_context({"figure.constrained_layout.use": False, "figure.autolayout": False}):
        figure.set_layout_engine(None)  # laid out once, not twice more for each format
    for kind in formats:
        file = io.BytesIO()
        render(figure, file, kind)
        write_whole(folder / f"{name}.{kind}", file.getvalue())


@cache
def _drawn() -> frozenset[int]:
    """Characters that the plots' font has."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties())).get_charmap())


def _spelt(text: str) -> str:
    """A text with the characters that the font lacks by their numbers, as `\\u673a`: no box tells one name from another."""
    return "".join(mark if ord(mark) in _drawn() or mark.isspace() else f"\\u{ord(mark):04x}" for mark in text)


def _spell(figure: Figure) -> None:
    """Spell all texts of a figure, labels of ticks among them, which are made anew at every drawing."""
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        before = axis.get_major_formatter()
        if isinstance(before, FuncFormatter | FixedFormatter):
            axis.set_major_formatter(FuncFormatter(lambda value, place, before=before: _spelt(before(value, place))))
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if (spelt := _spelt(text.get_text())) != text.get_text():
            text.set_text(spelt)


def render(figure: Figure, file: IO[bytes], kind: str) -> None:
    """Write the figure as `png` or `svg`, without a date."""
    with styled():
        figure.savefig(file, format=kind, metadata={"Software": None} if kind == "png" else {"Date": None})


def ink(colour: str) -> str:
    """Black or white, whichever reads better on the colour."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else "#222222"
