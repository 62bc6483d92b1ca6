"""What is known of a machine that was found best: every single step from it, simulated, and what no design goes below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from simulator.study.sizing.quantities import Objective

TOLERANCE = 0.01
"""A certificate holds where no single step is better by more than this share."""


@dataclass(frozen=True)
class Neighbour:
    """A single step from a machine, and what it came to."""

    keys: Mapping[str, Any]
    """What it has of the keys that were changed."""
    ratio: float | None
    """Its value of the objective over the machine's; None where it is no design to choose."""
    why: str = ""
    """Why it is none: over the cap, or unable to hold the workload; or, with a bound, that it need not be simulated."""
    bound: float | None = None
    """No run of one that cannot be better by more than the tolerance goes below: also over the machine's value."""


@dataclass(frozen=True)
class Certificate:
    """Every single step from a machine, in every key: simulated on the workload, or bounded from below."""

    objective: Objective
    value: float
    """The machine's: s, pJ, J·s·mm², or mm²."""
    neighbours: tuple[Neighbour, ...]

    @property
    def best(self) -> Neighbour | None:
        """The step to the least value; None where no step leads to a design that may be chosen."""
        return min((each for each in self.neighbours if each.ratio is not None), key=lambda each: each.ratio or 0.0, default=None)

    @property
    def better(self) -> tuple[Neighbour, ...]:
        """The steps that are better by more than the tolerance."""
        return tuple(each for each in self.neighbours if each.ratio is not None and each.ratio < 1 - TOLERANCE)

    @property
    def holds(self) -> bool:
        """Whether no single step is better by more than the tolerance."""
        return not self.better

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"holds": self.holds, "tolerance": TOLERANCE, **asdict(self)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Certificate:
        """Inverse of `to_dict`."""
        return cls(record["objective"], record["value"], tuple(Neighbour(**each) for each in record["neighbours"]))


@dataclass(frozen=True)
class Walk:
    """What a search by single steps looked at, and what is known of the machine where it ended."""

    objective: Objective
    best: float
    """The objective's value of the chosen one: s, pJ, J·s·mm², or mm²."""
    bound: float
    """No shape of the grid (units, lanes, copies; edges), all else as the chosen one has it, goes below; at most `best`."""
    starts: int
    """Designs from which it walked."""
    moves: int
    """Steps that were taken."""
    rehearsed: int
    """Designs simulated on a part of the workload, to find out where to begin; not counted below."""
    simulated: int
    bounded: int
    """Left out because no run of theirs could have been better than the best by then."""
    over_cap: int
    illegal: int
    """Refused as a machine, or unable to hold the workload."""
    cut_short: bool
    """Whether the budget was spent before the search had ended."""
    certificate: Certificate

    @property
    def gap(self) -> float:
        """How much better, as a share of the best, such a shape could be at most."""
        return 1 - self.bound / self.best

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {**asdict(self), "gap": self.gap, "certificate": self.certificate.to_dict()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Walk:
        """Inverse of `to_dict`."""
        fields = {name: value for name, value in record.items() if name not in ("gap", "certificate")}
        return cls(**fields, certificate=Certificate.from_dict(record["certificate"]))
