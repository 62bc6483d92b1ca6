"""What a figure of a study is: the section of the file, and what comes of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from pydantic import Field

from simulator.errors import ConfigError
from simulator.specs import FileModel
from simulator.specs.models import Section
from simulator.study.questions.estimate import Estimate
from simulator.study.questions.evidence import Best, Evidence
from simulator.study.questions.quantities import Seen
from simulator.study.sweep.keys import short, shown
from simulator.study.sweep.spec import Scalar

Values = Scalar | Annotated[tuple[Scalar, ...], Field(min_length=1)]
"""Of an axis."""


@dataclass(frozen=True)
class Found:
    """A figure: a number with its band, words that sentences may use, or both."""

    estimate: Estimate | None = None
    words: Mapping[str, Any] = field(default_factory=dict)
    """Beside `value`, `low` and `high`, which every estimate has."""


class Pick(FileModel):
    """Which point of which sweep."""

    sweep: str | None = Field(None, description="name of the sweep; needed where there are several")
    at: dict[str, Values] = Field(default_factory=dict, description="axis → value, or a list of values that it may have")
    best: Best | None = Field(None, description="of the axes that `at` leaves open: the point with the least or the most of it")

    @property
    def place(self) -> str:
        """Its values, for messages."""
        given = {path: values if isinstance(values, tuple) else (values,) for path, values in self.at.items()}
        return ", ".join(f"{short(path)} {' or '.join(map(shown, values))}" for path, values in given.items()) or "any place"

    def one(self, evidence: Evidence, column: str) -> Seen:
        """The point. Raises ConfigError where there is none, or where several are left and nothing says which."""
        points = evidence.points(self.sweep, self.at)
        if not points:
            failed = [row.reason for sweep, row in evidence.failed if sweep == evidence.sweep(self.sweep)]
            why = f"; the first that failed: {failed[0]}" if failed else ""
            raise ConfigError(f"no point at {self.place} has figures{why}")
        if self.best is not None:
            return evidence.best(points, column, self.best)
        if len(points) > 1:
            raise ConfigError(f"{len(points)} points at {self.place}; allowed: a value for each axis, or best: least")
        return points[0]


class Figure(Section):
    """A figure of a study; its `kind` says which model of `figures` it is."""

    home: ClassVar[str] = "simulator.study.questions.figures"
    words: ClassVar[tuple[str, ...]] = ("value", "low", "high")
    """What sentences may ask of it."""

    kind: Any

    @abstractmethod
    def found(self, evidence: Evidence, others: Mapping[str, Found]) -> Found:
        """Work it out; `others` are the figures above it in the file. Raises ConfigError where it has no value."""

    def columns(self) -> Iterator[str]:
        """Columns that it names."""
        yield from ()

    def picks(self) -> Iterator[Pick]:
        """Points that it names."""
        yield from ()

    def axes(self) -> Iterator[str]:
        """Axes that it names outside of `at`."""
        yield from ()
