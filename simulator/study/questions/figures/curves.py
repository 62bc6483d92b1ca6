"""Figures of whole curves: where two cross along an axis, and who is best where."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import ClassVar, Literal

from pydantic import Field

from simulator.errors import ConfigError
from simulator.study.breakeven.crossings import Crossing, Scale, better_of, crossing_band
from simulator.study.questions.estimate import Estimate
from simulator.study.questions.evidence import Best, Evidence
from simulator.study.questions.figures.base import Figure, Found, Pick
from simulator.study.questions.figures.points import by_value
from simulator.study.questions.figures.references import Measured, measured
from simulator.study.questions.quantities import Seen
from simulator.study.sweep.keys import labelled, shown
from simulator.study.sweep.spec import Scalar

_OF_NUMBERS = ("value", "low", "high")


class CurveOf(Pick):
    """One of the curves: points of the study, or a measured device."""

    name: str = Field(min_length=1, description="what sentences call it")
    of: str | None = Field(None, description="column; default: the figure's")
    measured: Measured | None = Field(None, description="a measured device in place of points; its density is the axis")


class CrossingOf(Figure):
    """Where the better one of two curves changes along an axis of numbers: log-linear between neighbours; the lowest of several."""

    kind: Literal["crossing"]
    words: ClassVar[tuple[str, ...]] = (*_OF_NUMBERS, "crosses", "throughout", "at", "times", "band", "below", "above")
    of: str = Field(description="column; less is better")
    along: str = Field(description="axis of numbers above 0")
    first: CurveOf
    second: CurveOf

    def columns(self) -> Iterator[str]:
        """Those of both curves."""
        for curve in (self.first, self.second):
            if curve.measured is None:
                yield curve.of or self.of

    def picks(self) -> Iterator[Pick]:
        """Those of both curves."""
        yield from (curve for curve in (self.first, self.second) if curve.measured is None)

    def axes(self) -> Iterator[str]:
        """`along`, where a curve has points."""
        if self.first.measured is None or self.second.measured is None:
            yield self.along

    def found(self, evidence: Evidence, others: Mapping[str, Found]) -> Found:
        """Where it is; where there is none, the ratio at the value at which the curves are nearest."""
        ratios = self._ratios(evidence)
        if len(ratios) < 2:
            raise ConfigError(f"{self.first.name} and {self.second.name} share {len(ratios)} values of {self.along}; a crossing needs two")
        values = sorted(ratios)
        logs = {value: math.log(ratios[value].nominal) for value in values}
        brackets = [(low, high) for low, high in pairwise(values) if better_of(logs[low]) != better_of(logs[high])]
        if not brackets:
            nearest = min(values, key=lambda value: abs(logs[value]))
            words = {"crosses": False, "throughout": self._called(logs[nearest]), "at": _density(nearest), "times": 0}
            return Found(ratios[nearest], dict.fromkeys(self.words[len(_OF_NUMBERS) :], "") | words)
        low, high = brackets[0]
        share = logs[low] / (logs[low] - logs[high])
        at = math.exp((1 - share) * math.log(low) + share * math.log(high))
        crossing = Crossing(low, high, better_of(logs[low]), better_of(logs[high]), at)
        scale = Scale(values[0], values[-1], logarithmic=True)
        band = crossing_band(crossing, values, [ratios[value].spread for value in values], list(evidence.factors), scale)
        ends = (
            "below the range" if band.low is None else _density(band.low),
            "above the range" if band.high is None else _density(band.high),
        )
        words = {
            "crosses": True,
            "throughout": "",
            "at": _density(at) + (f" (the lowest of {len(brackets)} crossings)" if len(brackets) > 1 else ""),
            "times": len(brackets),
            "band": " to ".join(ends),
            "below": self._called(logs[low]),
            "above": self._called(logs[high]),
        }
        return Found(None, {"value": at, "low": band.low or 0.0, "high": band.high or math.inf} | words)

    def _called(self, ratio: float) -> str:
        """The better one, by the logarithm of the ratio."""
        return {"first": self.first.name, "second": self.second.name, "equal": "neither"}[better_of(ratio)]

    def _ratios(self, evidence: Evidence) -> dict[float, Estimate]:
        """Value of the axis → first curve over second, where both have a figure."""
        simulated = [
            {float(value): estimate for value, estimate in by_value(evidence, curve, self.along, curve.of or self.of).items()}
            for curve in (self.first, self.second)
            if curve.measured is None
        ]
        lines = [curve.measured.curve(evidence) for curve in (self.first, self.second) if curve.measured is not None]
        values = set.intersection(*map(set, simulated)) if simulated else {value for line in lines for value in line.densities}
        values = {value for value in values if all(line.covers(value) for line in lines)}
        points = iter(simulated)
        above, below = (
            next(points) if curve.measured is None else {value: measured(evidence, curve.measured, value) for value in values}
            for curve in (self.first, self.second)
        )
        return {value: above[value] / below[value] for value in values}


def _density(value: float) -> str:
    """`1/12.3` below a half, else the number."""
    return f"1/{1 / value:.3g}" if 0 < value < 0.5 else f"{value:.3g}"


_Values = tuple[Scalar | None, ...]
"""Of several axes; None for one whose condition does not hold."""


class Winners(Figure):
    """Who is best at each combination of some axes: how often each, and where."""

    kind: Literal["winners"]
    words: ClassVar[tuple[str, ...]] = ("places", "summary", "most", "map", "alone", "shared")
    sweep: str | None = Field(None, description="name of the sweep; needed where there are several")
    of: str = Field(description="column")
    among: tuple[str, ...] = Field(min_length=1, description="axes whose combinations are the rivals; other axes are at their best")
    over: tuple[str, ...] = Field(min_length=1, description="axes whose combinations are the places")
    best: Best = Field("least", description="which end of the column is better")
    level: float = Field(0.03, ge=0, description="a rival this near the best, as a share, shares the place")
    names: dict[str, str] = Field(default_factory=dict, description="rival, its values with a space between → what sentences call it")

    def columns(self) -> Iterator[str]:
        """`of`."""
        yield self.of

    def picks(self) -> Iterator[Pick]:
        """All points of the sweep."""
        yield Pick(sweep=self.sweep, best=self.best)

    def axes(self) -> Iterator[str]:
        """Those of the rivals and of the places."""
        yield from self.among
        yield from self.over

    def found(self, evidence: Evidence, others: Mapping[str, Found]) -> Found:
        """Counts and a map, in words."""
        places: dict[_Values, dict[_Values, list[Seen]]] = {}
        for each in evidence.points(self.sweep, {}):
            place, rival = (tuple(each.row.assignments.get(axis) for axis in axes) for axes in (self.over, self.among))
            places.setdefault(place, {}).setdefault(rival, []).append(each)
        wins: Counter[str] = Counter()
        alone, lines = 0, []
        for place, own in places.items():
            figures = {
                rival: evidence.estimate(evidence.best(points, self.of, self.best), self.of).nominal for rival, points in own.items()
            }
            best = min(figures.values()) if self.best == "least" else max(figures.values())
            near = [self._name(rival) for rival, figure in figures.items() if max(figure / best, best / figure) <= 1 + self.level]
            wins.update(near)
            alone += len(near) == 1
            at = {axis: value for axis, value in zip(self.over, place, strict=True) if value is not None}
            lines.append(f"{labelled(at)}: {' and '.join(near)}")
        summary = "; ".join(f"{name} at {count} of {len(places)}" for name, count in wins.most_common())
        return Found(
            None,
            {
                "places": len(places),
                "summary": summary,
                "most": wins.most_common(1)[0][0],
                "map": "; ".join(lines),
                "alone": alone,
                "shared": len(places) - alone,
            },
        )

    def _name(self, rival: _Values) -> str:
        values = " ".join(shown(value) for value in rival if value is not None)
        return self.names.get(values, values)
