"""Many break-evens side by side: a row for each pair of machines, workload, metric and crossing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from simulator.report.folder import csv_text
from simulator.study.breakeven.breakeven import FILE, BreakEven, Curve


@dataclass(frozen=True)
class Entry:
    """One crossing, or none where the better one is the same at every value that has figures."""

    workload: str
    first: str
    second: str
    axis: str
    metric: str
    better_below: str
    """Name of a machine, or `equal`; where there is no break-even, at every value that has figures."""
    better_above: str
    break_even: float | None
    band_low: float | None
    """None where the band has no end within the range, or the metric no band."""
    band_high: float | None
    moved_most_by: str
    range_low: float
    range_high: float
    equal_area: bool


def break_even_files(folder: Path) -> list[Path]:
    """The break-evens of the folders within a folder, sorted."""
    return sorted(folder.glob(f"*/{FILE}"))


def load_break_evens(files: Sequence[Path]) -> list[Entry]:
    """All entries of some files. Raises OutputError where one is no break-even."""
    return [entry for file in files for entry in _entries(BreakEven.load(file))]


def _entries(answer: BreakEven) -> Iterator[Entry]:
    for curve in answer.curves:
        if curve.values:
            yield from _of_curve(answer, curve)


def _of_curve(answer: BreakEven, curve: Curve) -> Iterator[Entry]:
    first, second = answer.names
    known = (answer.workload, first, second, answer.axis, curve.metric)
    ends = min(curve.values), max(curve.values)
    if not curve.crossings:
        better = answer.called(curve.throughout) if curve.throughout else ""
        yield Entry(*known, better, better, None, None, None, "", *ends, answer.equal_area)
    for index, crossing in enumerate(curve.crossings):
        band = curve.bands[index] if curve.bands else None
        below, above = answer.called(crossing.below), answer.called(crossing.above)
        low, high, mover = (band.low, band.high, band.mover) if band else (None, None, "")
        yield Entry(*known, below, above, crossing.value, low, high, mover, *ends, answer.equal_area)


def break_evens_csv(entries: Sequence[Entry]) -> str:
    """A row an entry."""
    return csv_text([asdict(entry) for entry in entries], columns=[field.name for field in fields(Entry)])
