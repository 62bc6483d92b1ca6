"""How all plots look: sizes, one colour for each component and cause everywhere, and how files are written."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FuncFormatter, NullFormatter, NullLocator
from msgspec import Struct

from simulator.activity import CAUSE_TERMS
from simulator.report.folder import write_whole
from simulator.report.glossary import components
from simulator.report.pictures import PictureFormat, PictureStyle, current_style
from simulator.report.plots.fitting import break_lines, shorten

OTHER_COLOUR = "#e3e3e3"

CAUSE_COLOURS: dict[str, str] = {entry.name: entry.colour for entry in CAUSE_TERMS}

_RC: dict[Any, Any] = {
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.1,
    "figure.constrained_layout.h_pad": 0.08,
    # about where layout puts axes, for names that are placed before
    "figure.subplot.left": 0.07,
    "figure.subplot.right": 0.99,
    "figure.subplot.bottom": 0.12,
    "figure.subplot.top": 0.92,
    "figure.subplot.wspace": 0.06,
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "font.size": 10,
    "axes.titlesize": "medium",
    "figure.titlesize": "medium",
    "figure.titleweight": "bold",
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
    "legend.fontsize": "small",
    "hatch.linewidth": 0.6,
    "svg.hashsalt": "sparsim",
    "svg.fonttype": "none",  # text stays text, which a paper's editor can change and a reader can search
    "pdf.fonttype": 42,
    "text.parse_math": False,  # names of files and axes are no formulas
}


class _Sheet(Struct, frozen=True):
    """What a style is made of."""

    width: float | None
    """Inches; None: as wide as the picture asks for."""
    height: float | None
    letters: float
    """Size of letters, points."""
    crowding: float
    """How many times as much of a bar as on a screen a share's digits take."""


_SHEETS: dict[PictureStyle, _Sheet] = {
    "screen": _Sheet(None, None, 10.0, 1.0),
    "column": _Sheet(3.5, None, 7.5, 1.5),
    "slide": _Sheet(10.0, 5.625, 14.0, 2.4),
}


def paper(width: float, height: float) -> tuple[float, float]:
    """Inches of a figure that asks for so many on a screen: a column keeps the height that its smaller letters need."""
    sheet = _SHEETS[current_style()]
    if sheet.width is None:
        return width, height
    return sheet.width, sheet.height or max(height * sheet.letters / _SHEETS["screen"].letters, 1.6)


def scaled_paper(width: float, height: float) -> tuple[float, float]:
    """Inches of a figure that is drawn to scale: as wide as the style has it, and as high as that makes it."""
    sheet = _SHEETS[current_style()]
    if sheet.width is None:
        return width, height
    scale = min(sheet.width / width, (sheet.height or height) / height)
    return (width * scale, height * scale) if sheet.height else (sheet.width, max(height * scale, 1.6))


def narrow() -> bool:
    """Whether there is room for one panel beside another: in a column there is none, and legends stand below."""
    return current_style() == "column"


def crowding() -> float:
    """How many times as much of a bar as on a screen a share's digits take."""
    return _SHEETS[current_style()].crowding


def legend_place(columns: int = 1) -> dict[str, Any]:
    """Where a figure's legend stands: right of its axes, or below them in a column."""
    if narrow():
        return {"loc": "outside lower center", "ncols": 3, "columnspacing": 1.0, "handlelength": 1.4, "handletextpad": 0.5}
    return {"loc": "outside right upper", "ncols": columns, "borderaxespad": 0.3}


def component_colours() -> dict[str, str]:
    """Colours by component, in the order of a stacked bar; lightness tells neighbours apart."""
    return {entry.name: entry.colour for entry in sorted(components(), key=lambda entry: entry.rank) if entry.colour}


@contextmanager
def styled() -> Iterator[None]:
    """Within it, figures have the project's look; matplotlib's own settings are as before afterwards."""
    letters = {"font.size": _SHEETS[current_style()].letters, "savefig.dpi": 300 if narrow() else 160}
    with matplotlib.rc_context(_RC | letters), warnings.catch_warnings(), _quiet("matplotlib.font_manager"):
        # where labels leave no room for axes the layout is as it was, which shows
        warnings.filterwarnings("ignore", message="constrained_layout not applied")
        yield


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Within it, a logger tells errors alone: a font for other scripts that has no bold letters is no news."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def save(figure: Figure, folder: Path, name: str, formats: Sequence[PictureFormat] = ("png",)) -> None:
    """Write NAME in each format; the same figure gives the same bytes."""
    finish(figure)
    for kind in formats:
        write_whole(folder / f"{name}.{kind}", render(figure, kind))


def prepare(figure: Figure) -> None:
    """Spell what the font lacks, and cut long names: before names are put beside points, and before the figure is laid out."""
    _spell(figure)
    shorten(figure)


def finish(figure: Figure) -> None:
    """Make all texts fit, and give axes their places for good, without drawing anything: once, not twice more for each format.

    Where a title or a label turns out to be too long it is broken into lines, which take room, and all is laid out again.
    """
    with _without_marks_between(figure):
        prepare(figure)
        engine = figure.get_layout_engine()
        if engine is not None:
            with styled():
                engine.execute(figure)
                for _ in range(_TIMES):
                    if not break_lines(figure):
                        break
                    engine.execute(figure)
            with _no_layout():
                figure.set_layout_engine(None)


@contextmanager
def _without_marks_between(figure: Figure) -> Iterator[None]:
    """Within it, axes have no ticks between their numbers, which have no part in a layout, and would be placed again and again for it."""
    every = (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis))
    kept = [(axis.minor, axis.get_minor_locator()) for axis in every if isinstance(axis.get_minor_formatter(), NullFormatter)]
    for ticker, _ in kept:
        ticker.locator = NullLocator()
    try:
        yield
    finally:
        for ticker, locator in kept:
            ticker.locator = locator


_TIMES = 3
"""That a layout may make a text too long which was not before."""


def _no_layout() -> AbstractContextManager[None]:
    """Within it, figures without a layout engine are given none."""
    return matplotlib.rc_context({"figure.constrained_layout.use": False, "figure.autolayout": False})


@cache
def _drawn() -> frozenset[int]:
    """Characters that the plots' font has."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties())).get_charmap())


_FALLBACKS = (
    "Noto Sans",
    "Noto Sans CJK",
    "Source Han Sans",
    "WenQuanYi",
    "IPA",
    "Droid Sans Fallback",
    "Unifont",
    "Hiragino",
    "MS Gothic",
    "SimHei",
)
"""Beginnings of the names of fonts that have letters beyond Latin, Greek and Cyrillic, as far as a computer has them."""


@cache
def _fallback(missing: frozenset[str]) -> tuple[str, frozenset[str]]:
    """The font that has the most of some characters, and those; no name where none is installed."""
    from matplotlib.font_manager import fontManager, get_font

    best: tuple[str, frozenset[str]] = ("", frozenset())
    for entry in fontManager.ttflist:
        if entry.name.startswith(_FALLBACKS) and entry.style == "normal":
            known = get_font(entry.fname).get_charmap()
            found = frozenset(mark for mark in missing if ord(mark) in known)
            best = max(best, (entry.name, found), key=lambda font: len(font[1]))
    return best


def _missing(text: str) -> frozenset[str]:
    return frozenset(mark for mark in text if ord(mark) not in _drawn() and not mark.isspace())


def spelt(text: str) -> str:
    """A text with the characters that no font has by their numbers, as `\\u673a`: no box tells one name from another."""
    lacking = _missing(text)
    if not lacking:
        return text
    unknown = lacking - _fallback(lacking)[1]
    return "".join(f"\\u{ord(mark):04x}" if mark in unknown else mark for mark in text)


def families(text: str) -> list[str]:
    """The plots' font, and after it the one that has what it lacks of a text."""
    lacking = _missing(text)
    found = _fallback(lacking)[0] if lacking else ""
    return [*matplotlib.rcParams["font.sans-serif"][:1], *([found] if found else [])]


def _spell(figure: Figure) -> None:
    """Spell all texts of a figure, labels of ticks among them, which are made anew at every drawing; give them a font that has them."""
    lacking: set[str] = set()

    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        before = axis.get_major_formatter()
        if isinstance(before, FuncFormatter | FixedFormatter):
            axis.set_major_formatter(FuncFormatter(lambda value, place, before=before: spelt(before(value, place))))
            lacking.update(mark for label in before.format_ticks(axis.get_majorticklocs().tolist()) for mark in _missing(label))
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    for text in texts:
        lacking.update(_missing(text.get_text()))
        if (said := spelt(text.get_text())) != text.get_text():
            text.set_text(said)
    if len(found := families("".join(sorted(lacking)))) > 1:
        for text in texts:
            text.set_fontfamily(found)
        for axes in figure.axes:
            axes.tick_params(labelfontfamily=found)


_NO_DATE: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def render(figure: Figure, kind: PictureFormat) -> bytes:
    """The bytes of a file of the figure, without a date."""
    file = io.BytesIO()
    with styled(), _no_layout():
        figure.savefig(file, format=kind, metadata=_NO_DATE[kind])
    return file.getvalue()


def ink(colour: str) -> str:
    """Black or white, whichever reads better on the colour."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else "#222222"
