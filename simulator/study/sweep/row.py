"""Rows of a sweep, what the axes were and what came of it, and the events that tell of them while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from simulator.errors import ConfigError
from simulator.study.sweep.expression import Expression
from simulator.study.sweep.spec import Scalar, SweepSpec

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """One point of a sweep."""

    place: int
    """Place in the sweep, from 0."""
    key: str
    assignments: Mapping[str, Scalar]
    record: Mapping[str, Any] | None
    """Metrics and figures by component; None where it failed."""
    failure: str | None = None
    reason: str = ""
    broken: tuple[str, ...] = ()
    """Constraints that it breaks; one that cannot be computed is followed by the reason."""
    sizes: Mapping[str, Scalar] = field(default_factory=dict)
    """Keys of the machine that `equal` has changed."""
    unexamined: int = 0
    """Designs that could be better, which the search for these sizes had no budget to look at."""

    @property
    def feasible(self) -> bool:
        """It ran, and breaks no constraint."""
        return self.record is not None and not self.broken

    @property
    def label(self) -> str:
        """Its values, for messages and plots."""
        return labelled(self.assignments) or "the only point"

    def breaks(self, constraint: str) -> bool:
        """Whether it breaks a constraint, or that cannot be computed here."""
        return any(text == constraint or text.startswith(f"{constraint}: ") for text in self.broken)

    def band(self, name: str) -> tuple[float, float] | None:
        """Low and high end of a metric over the bands of the constants; None where it has no band, or none was asked for."""
        found = (self.record or {}).get("bands", {}).get(name)
        return None if found is None else (found[0], found[1])

    def flat_bands(self) -> dict[str, float]:
        """`energy_pj_low`, `energy_pj_high`, …: the ends of every band that it has."""
        bands: Mapping[str, Sequence[float]] = (self.record or {}).get("bands", {})
        return {f"{name}_{end}": value for name, band in bands.items() for end, value in zip(("low", "high"), band, strict=True)}

    def metric(self, name: str) -> float:
        """A scalar metric of a point that ran."""
        assert self.record is not None
        return float(self.record[name])


def broken_constraints(spec: SweepSpec, assignments: Mapping[str, Any], record: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The constraints that a point breaks; none where it has no figures. One that cannot be computed comes with the reason."""
    if record is None:
        return ()
    known = {**record, **assignments}
    return tuple(broken for text in spec.constraints if (broken := _broken(text, known)) is not None)


def _broken(text: str, known: Mapping[str, Any]) -> str | None:
    """The constraint where it is broken, and why where that is for a reason of its own; None where it holds."""

    def lookup(name: str) -> Any:
        if name not in known:
            raise LookupError(f"{name}: neither a metric nor a value that an axis gave this point")
        return known[name]

    try:
        return None if Expression.parse(text).holds(lookup) else text
    except ConfigError as error:
        return str(error)


def over_the_bands(spec: SweepSpec, row: Row) -> tuple[str, ...]:
    """The constraints that a point breaks where all metrics with a band are at its low end, or all at its high end."""
    record = row.record or {}
    ends = [{name: band[end] for name, band in record.get("bands", {}).items()} for end in (0, 1)]
    broken = [broken_constraints(spec, row.assignments, {**record, **end}) for end in ends if end]
    return tuple(dict.fromkeys(text for texts in broken for text in texts))


def labelled(assignments: Mapping[str, Scalar]) -> str:
    """Values of axes, each after the short name of its key."""
    return ", ".join(f"{short(path)} {shown(value)}" for path, value in assignments.items())


def of_the_workload(path: str) -> bool:
    """Whether a key path is the workload itself or a key of its file."""
    return path.split(".")[0] == "workload"


def short(path: str) -> str:
    """The last name of a key path that says something: `replicas`; for `workload.*.weight.density`, `weight.density`."""
    keys = [key for key in path.split(".") if key != "*" and not key.isdecimal()]
    return ".".join(keys[-2:]) if len(keys) > 1 and keys[-2] in ("weight", "activation", "network") else keys[-1]


def shown(value: Scalar) -> str:
    """A value of an axis, in a few characters."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def axis_paths(rows: Sequence[Row]) -> list[str]:
    """Axes that take more than one value, in order."""
    paths = dict.fromkeys(path for row in rows for path in row.assignments)
    return [path for path in paths if len({repr(row.assignments.get(path)) for row in rows}) > 1]


def thinned(items: Sequence[T], most: int) -> list[T]:
    """At most so many of the items, evenly spread, first and last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(index * (len(items) - 1) / (most - 1))] for index in range(most)]


@dataclass(frozen=True)
class Planned:
    """Points have been chosen; nothing of them has been run."""

    points: int
    """Chosen so far."""
    expected: int
    """That the whole sweep will choose."""
    stored: int
    """Of these, found in the store."""
    excluded: int
    """Combinations that a condition of `where` left out."""
    invalid: Sequence[Row]
    """Combinations that are no machine or no workload."""


@dataclass(frozen=True)
class Finished:
    """A point is in the store."""

    row: Row
    computed: bool
    """Whether it was run now; false where the store had it."""


@dataclass(frozen=True)
class Searching:
    """The best sizes of a machine are looked for; its point is chosen after."""

    name: str
    """The machine and the workload."""
    fraction: float
    """Of the designs, decided."""


Event = Planned | Finished | Searching
Listener = Callable[[Event], None]
