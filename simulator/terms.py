"""Terms: the records by which every counter, metric, cause, bound, bandwidth level and component is declared, each once.

A declaration stands beside what it declares: counters, causes and bounds in `simulator.activity`, metrics with their formulas
in `simulator.result.metrics`, components with the kind of hardware that has them. Results, JSON, CSV, tables, plots, `sparsim explain`
and docs/metrics.md follow from these records; `simulator.report.glossary` collects them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, field, fields
from typing import Any, Generic, Literal, Self, TypeVar, overload

from msgspec import Struct

Section = Literal["metric", "cause", "bound", "bandwidth", "component", "pattern", "counter"]

SECTIONS: dict[Section, str] = {
    "metric": "Metrics",
    "cause": "Causes of a unit-cycle",
    "bound": "Bounds",
    "bandwidth": "Bandwidth levels",
    "component": "Components",
    "pattern": "Patterns of nonzeros",
    "counter": "Counters",
}
"""Headings, in the order of the docs."""

Better = Literal["low", "high", ""]
"""Which end of a metric is the better one; neither where that depends on the question."""


class Term(Struct, frozen=True):
    """What something is called and what it means."""

    name: str
    """Key of files and of JSON."""
    section: Section
    label: str
    """What tables and plots call it."""
    unit: str
    short: str
    """The footnote: one line."""
    more: str = ""
    """What a reader may want to know beyond it."""


class Cause(Term, frozen=True):
    """Why a unit spends a cycle as it does."""

    colour: str = ""
    """In every plot."""


class ComponentWords(Term, frozen=True):
    """Words and look of a component: hardware that has areas and energies of its own in reports."""

    colour: str = ""
    """In every plot: greens multiply, blues store, oranges route, purples broadcast, greys are overhead."""
    rank: int = 0
    """Place in a stacked bar, from the axis outwards."""
    branch: str = ""
    """Branch of the area tree."""
    drawn_as: str = ""
    """Name of the component of another kind of machine that does the same: one colour and one legend entry for both."""

    @property
    def role(self) -> str:
        """Name of the component that it is drawn as."""
        return self.drawn_as or self.name


def cause(name: str, label: str, short: str, more: str = "", *, colour: str) -> Cause:
    """Declare a cause."""
    return Cause(name, "cause", label, "unit-cycles", short, more, colour)


def component(
    name: str, label: str, short: str, *, branch: str, rank: int = 0, colour: str = "", drawn_as: str = "", more: str = ""
) -> ComponentWords:
    """Declare a component: with a rank and a colour, or drawn as another one."""
    return ComponentWords(name, "component", label, "mm², pJ", short, more, colour, rank, branch, drawn_as)


def level(name: str, label: str, short: str) -> Term:
    """Declare a level of the memory system that has a bandwidth."""
    return Term(name, "bandwidth", label, "GB/s", short)


def counter(short: str, *, unit: str = "", clocked: bool = False) -> Any:
    """Declare a counter: a field of `Counts`, 0 unless it is given; clocked if the engines count it, cycle by cycle."""
    return field(default=0, metadata={"short": short, "unit": unit, "clocked": clocked})


def bound(label: str, short: str) -> Any:
    """Declare a bound: a field of `Bounds`, in cycles."""
    return field(default=0, metadata={"short": short, "unit": "cycles", "label": label})


def terms_of(record: type[Any], section: Section) -> tuple[Term, ...]:
    """Terms of the counters or bounds that a dataclass declares, in order; the label of one that has none is its name, spaced."""
    return tuple(_term_of(entry, section) for entry in fields(record))


def _term_of(entry: Field[Any], section: Section) -> Term:
    declared = entry.metadata
    return Term(entry.name, section, declared.get("label", entry.name.replace("_", " ")), declared["unit"], declared["short"])


T = TypeVar("T")


class Metric(Generic[T]):
    """A metric: its term, its formula, which end of it is better, whether it has a band.

    It is an attribute of the class that declares it with `@metric(...)`, and computes itself from an instance. The formula of a
    banded metric reads only the time, the areas and the energies, so that `of` answers for whatever has these, as numbers or as
    arrays of variants.
    """

    def __init__(self, formula: Callable[[Any], T], term: Term, better: Better, banded: bool, scalar: bool) -> None:
        """Made by `metric`."""
        self.formula = formula
        self.term = term
        self.better = better
        self.banded = banded
        """Whether the bands of the constants give it one."""
        self.scalar = scalar
        """Whether it is one number, a column of tables; else it is by component, cause, bound or level, or a flag."""
        self.__doc__ = f"{term.short[0].upper()}{term.short[1:]}."

    @property
    def name(self) -> str:
        """Key of files and of JSON."""
        return self.term.name

    def of(self, priced: Any) -> Any:
        """The metric of an object that has the time, areas and energies of a run: its own attribute of that name, else the formula."""
        return getattr(priced, self.name) if hasattr(priced, self.name) else self.formula(priced)

    @overload
    def __get__(self, run: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, run: object, owner: type[Any]) -> T: ...
    def __get__(self, run: object | None, owner: type[Any]) -> Self | T:
        return self if run is None else self.formula(run)

    def __set__(self, run: object, value: object) -> None:
        raise AttributeError(f"{self.name} follows from its formula and cannot be set")


def metric(
    label: str, unit: str, short: str, more: str = "", *, better: Better = "", banded: bool = False, scalar: bool = True
) -> Callable[[Callable[[Any], T]], Metric[T]]:
    """Declare a metric: the name and the body of the method below are its name and its formula."""

    def declared(formula: Callable[[Any], T]) -> Metric[T]:
        return Metric(formula, Term(formula.__name__, "metric", label, unit, short, more), better, banded, scalar)

    return declared


def metrics_of(owner: type[Any]) -> dict[str, Metric[Any]]:
    """Metrics that a class declares, by name, in order."""
    return {name: value for name, value in vars(owner).items() if isinstance(value, Metric)}
