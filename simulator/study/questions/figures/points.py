"""Figures of single points: a value, a ratio of two, the best along an axis, how a column grows, arithmetic of other figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulator.errors import ConfigError
from simulator.specs import nearest_hint
from simulator.study.questions.estimate import Estimate, computed
from simulator.study.questions.evidence import Best, Evidence
from simulator.study.questions.figures.base import Figure, Found, Pick
from simulator.study.questions.quantities import Seen
from simulator.study.sweep.expression import Expression
from simulator.study.sweep.keys import shown
from simulator.study.sweep.spec import Scalar


class _Picked(Figure, Pick):
    """A figure of a column at the points that it picks itself."""

    of: str = Field(description="column")

    def columns(self) -> Iterator[str]:
        """`of`."""
        yield self.of

    def picks(self) -> Iterator[Pick]:
        """Itself."""
        yield self


class _Along(_Picked):
    """One that goes along an axis."""

    along: str = Field(description="axis")

    def axes(self) -> Iterator[str]:
        """`along`."""
        yield self.along


class Value(_Picked):
    """A column at one point."""

    kind: Literal["value"]

    def found(self, evidence: Evidence, others: Mapping[str, Found]) -> Found:
        """The column there."""
        return Found(evidence.estimate(self.one(evidence, self.of), self.of))


class Over(Pick):
    """The other point of a ratio."""

    same: bool = Field(True, description="an axis without value here has the value of `at`; false: it may have any")


class Ratio(_Picked):
    """A column at one point over the same, or another column, at another."""

    kind: Literal["ratio"]
    by: str | None = Field(None, description="column of the other point; default: the same")
    over: Over = Field(description="the other point")

    def columns(self) -> Iterator[str]:
        """Both."""
        yield self.of
        yield self.by or self.of

    def _other(self) -> Pick:
        return self.over.model_copy(update={"sweep": self.over.sweep or self.sweep, "at": {**self._shared(), **self.over.at}})

    def _shared(self) -> Mapping[str, object]:
        """Axes of another sweep are others."""
        return self.at if self.over.same and self.over.sweep in (None, self.sweep) else {}

    def picks(self) -> Iterator[Pick]:
        """Both points."""
        yield self
        yield self._other()

    def found(self, evidence: Evidence, others: Mapping[str, Found]) -> Found:
        """The ratio, each factor at the same end on both sides."""
        above = evidence.estimate(self.one(evidence, self.of), self.of)
        below = evidence.estimate(self._other().one(evidence, self.by or self.of), self.by or self.of)
        return Found(above / below)


class Extreme(_Along):
    """Where along an axis a column is best, and by how much; other axes that `at` leaves open are at their best too."""

    kind: Literal["best_along"]
    words: ClassVar[tuple[str, ...]] = ("value", "low", "high", "at", "second", "level")
    best: Best = Field("least", description="which end of the column is better")
    level: float = Field(0.03, ge=0, description="values of the axis whose column is this near the best, as a share, are level with it")

    def found(self, evidence: Evidence, others: Mapping[str, Found]) -> Found:
        """The runner-up's column over the best one's (of the most: the other way round), and who is who."""
        groups = by_value(evidence, self, self.along, self.of)
        order = sorted(groups, key=lambda value: groups[value].nominal * (1 if self.best == "least" else -1))
        first, second = order[0], order[min(1, len(order) - 1)]
        ratio = groups[second] / groups[first] if self.best == "least" else groups[first] / groups[second]
        edge = 1 + self.level
        near = [value for value in groups if 1 / edge <= groups[value].nominal / groups[first].nominal <= edge]
        return Found(ratio, {"at": shown(first), "second": shown(second), "level": " and ".join(map(shown, near))})


def by_value(evidence: Evidence, pick: Pick, along: str, column: str) -> dict[Scalar, Estimate]:
    """Value of an axis → the column at the best of its points that the pick leaves. Raises ConfigError where there is none."""
    points = evidence.points(pick.sweep, pick.at)
    groups: dict[Scalar, list[Seen]] = {}
    for each in points:
        if along in each.row.assignments:
            groups.setdefault(each.row.assignments[along], []).append(each)
    if not groups:
        raise ConfigError(f"no point with a value of {along} has figures")
    return {value: evidence.estimate(evidence.best(own, column, pick.best or "least"), column) for value, own in groups.items()}


class Slope(_Along):
    """The exponent of a column between the ends of an axis: 1 where it grows in proportion, 2 with the square."""

    kind: Literal["exponent"]
    words: ClassVar[tuple[str, ...]] = ("value", "low", "high", "first", "last")
    along: str = Field(description="axis of numbers")

    def found(self, evidence: Evidence, others: Mapping[str, Found]) -> Found:
        """log of the ratio of the column ÷ log of the ratio of the axis."""
        groups = by_value(evidence, self, self.along, self.of)
        ends = sorted(float(value) for value in groups)
        if len(ends) < 2:
            raise ConfigError(f"{self.along} has one value with figures; an exponent needs two")
        first, last = (next(value for value in groups if float(value) == end) for end in (ends[0], ends[-1]))
        ratio = groups[last] / groups[first]
        words = {name: f"{end:,}" if type(end) is int else shown(end) for name, end in (("first", first), ("last", last))}
        return Found(Estimate(np.log(ratio.variants) / math.log(float(last) / float(first))), words)


class Computed(Figure):
    """Arithmetic of figures above it."""

    kind: Literal["computed"]
    of: str = Field(description="expression of names of figures")
    unit: str = Field("", description="of the result")

    def found(self, evidence: Evidence, others: Mapping[str, Found]) -> Found:
        """Variant by variant."""

        def value(name: str) -> object:
            head, _, word = name.partition(".")
            if head not in others:
                raise LookupError(
                    f"{name}: no figure above this one; there are {', '.join(others) or 'none'}{nearest_hint(head, list(others))}"
                )
            found = others[head]
            if not word and found.estimate is not None:
                return found.estimate
            if word in found.words:
                return found.words[word]
            raise LookupError(f"{name}: no such word of that figure; allowed: {', '.join(found.words) or 'none'}")

        return Found(computed(Expression.parse(self.of), value, self.unit, len(evidence.factors)))
