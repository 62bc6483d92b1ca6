"""What a page shows, whatever it is of: sentences, points with their figures, bars of parts, files, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.report.numbers import common_scale
from simulator.result import METRICS
from simulator.terms import Better

MAIN = ("cycles", "seconds", "energy_pj", "fabric_area_mm2", "edap_js_mm2", "utilization", "effective_tops", "tops_per_w")
"""Metrics that are shown at first; the others are a click away."""


@dataclass(frozen=True)
class Column:
    """A metric of all points, in one unit for people."""

    name: str
    label: str
    unit: str
    meaning: str
    better: Better
    factor: float
    """From the metric's own unit."""
    main: bool

    @property
    def title(self) -> str:
        """With its unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True)
class Point:
    """A machine's run, or a point of a sweep."""

    name: str
    labels: Mapping[str, str]
    """What it is, in columns of words: its workload, values of axes."""
    figures: Mapping[str, float]
    """By metric, in the metric's own unit."""
    work: str = ""
    """What it did: only points of the same work are rivals."""
    colour: str = ""
    mark: str = ""
    """Of its machine in pictures, as matplotlib calls them."""
    note: str = ""
    """Why it has no figures, or what it breaks."""


@dataclass(frozen=True)
class Part:
    """A component or a cause over all bars."""

    label: str
    colour: str
    meaning: str
    values: Sequence[float]
    """[bars]"""


@dataclass(frozen=True)
class Bars:
    """Stacked bars."""

    title: str
    unit: str
    names: Sequence[str]
    """[bars]"""
    parts: Sequence[Part]


@dataclass(frozen=True)
class Drawing:
    """A picture that stands in the page itself."""

    title: str
    wide: bytes
    """PNG."""
    narrow: bytes
    """PNG of the same for a narrow screen, on which letters of the wide one could not be read."""


@dataclass(frozen=True)
class Answers:
    """A table of words that is read, not sorted."""

    heads: Sequence[tuple[str, str]]
    """(name, unit)"""
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Page:
    """All of it."""

    title: str
    sentences: Sequence[str]
    """The verdict first."""
    columns: Sequence[Column]
    points: Sequence[Point]
    axes: tuple[str, str]
    """Metrics that the scatter shows first, along x and y."""
    answers: Answers | None = None
    drawings: Sequence[Drawing] = ()
    lists: Sequence[tuple[str, Sequence[str]]] = ()
    """(title, lines)"""
    bars: Sequence[Bars] = ()
    files: Sequence[tuple[str, str]] = ()
    """(name, text)"""
    made: Sequence[tuple[str, str]] = ()
    """How it was made: (what, value)."""
    command: str = ""


def columns_of(points: Sequence[Mapping[str, float]], objectives: Sequence[str] = ()) -> list[Column]:
    """The metrics that points have, each in the unit that suits most of them; `objectives`, which decide, come first."""
    columns = []
    for name in dict.fromkeys([*(name for name in objectives if name in METRICS), *METRICS]):
        metric = METRICS[name]
        values = [figures[name] for figures in points if name in figures]
        if values:
            factor, unit = common_scale(values, metric.term.unit)
            if unit == "%":
                factor = 100.0
            main = name in (*MAIN, *objectives)
            columns.append(Column(name, metric.term.label, unit, metric.term.short, metric.better, factor, main))
    return columns
