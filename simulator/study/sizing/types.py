"""What sizing gives back: the machine, what was changed, and how near it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from simulator.errors import MappingError
from simulator.machine.model import Machine
from simulator.result import Result
from simulator.study.design import design_of

Quantity = Literal["area", "throughput", "power", "bandwidth"]
Objective = Literal["time", "energy", "edap", "area"]
UNITS: dict[Quantity, str] = {"area": "mm²", "throughput": "TOPS", "power": "W", "bandwidth": "GB/s"}
RunResult = Result | MappingError
"""A run, or why the machine cannot hold the workload."""


@dataclass(frozen=True)
class Incumbent:
    """What a design must not exceed to be of use."""

    objective: Objective
    value: float
    """Of the objective: that of the best design so far."""
    seconds: float
    """The longest that the workload may take."""


class Runner(Protocol):
    """Runs machines on the workload, perhaps several at a time; one that cannot hold it gives its MappingError."""

    def run(self, machines: Sequence[Machine]) -> list[RunResult]:
        """Simulate them."""

    def bound(self, machines: Sequence[Machine], incumbent: Incumbent) -> list[float | MappingError]:
        """A value of the objective that no run of each goes below, by its own schedules; ∞ where it is beyond what the incumbent has."""

    def attempt(self, machines: Sequence[Machine], incumbent: Incumbent) -> list[RunResult | None]:
        """Simulate them, each until it is seen that it cannot keep to what the incumbent has; then None."""


@dataclass(frozen=True)
class Change:
    """One key of the machine file that sizing replaced."""

    key: str
    before: Any
    after: Any


@dataclass(frozen=True)
class SearchCounts:
    """What a search over a grid looked at; the six counts of designs add up to the grid."""

    objective: Objective
    grid: Mapping[str, tuple[Any, ...]]
    """Values that were tried of each key."""
    designs: int
    """All combinations of them that are of this kind."""
    illegal: int
    """Refused as a machine, or unable to hold the workload."""
    over_cap: int
    """More than the cap allows, or less than the throughput that is asked for."""
    pruned: int
    """Cannot be better than the best, or fast enough, by bounds that no run goes below; or the same timing in no less area."""
    given_up: int
    """Of which some operations were simulated, until those and the bounds of the others said that they cannot be better."""
    simulated: int
    skipped: int
    """Neither simulated nor excluded, because the budget was spent; 0 where the best is the grid's."""
    best: float
    """The objective's value of the chosen one: s, pJ, J·s·mm², or mm²."""


@dataclass(frozen=True)
class Sized:
    """One machine, sized for a fair comparison."""

    original: Machine
    machine: Machine
    quantity: Quantity
    target: float
    achieved: float
    next_size: float | None = None
    """What the next legal size would have: the granularity. None where there is none, or where the sizes are no steps."""
    search: SearchCounts | None = None
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The word for it, which sizing keeps."""
        return design_of(self.machine)

    @property
    def difference(self) -> float:
        """What remains between achieved and target, as a share of the target."""
        return self.achieved / self.target - 1

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every key that differs from the original."""
        before, after = _flat(self.original.model_dump()), _flat(self.machine.model_dump())
        return tuple(Change(key, before.get(key), value) for key, value in after.items() if before.get(key) != value)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "machine": self.machine.name,
            "kind": self.kind,
            "quantity": self.quantity,
            "unit": UNITS[self.quantity],
            "target": self.target,
            "achieved": self.achieved,
            "difference": self.difference,
            "next_size": self.next_size,
            "changes": [asdict(change) for change in self.changes],
            "search": None if self.search is None else {**asdict(self.search), "grid": {k: list(v) for k, v in self.search.grid.items()}},
            "notes": list(self.notes),
        }


def _flat(record: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in record.items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return flat
