"""What sizing gives back: the machine, what was changed, how near it came; as a sentence, a table, and a machine file to go on from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from simulator.machine.model import Machine
from simulator.report.numbers import counted, significant
from simulator.specs import as_yaml
from simulator.study.design import design_of
from simulator.study.sizing.certificate import TOLERANCE, Certificate, Neighbour, Walk
from simulator.study.sizing.quantities import UNITS, Objective, Quantity

if TYPE_CHECKING:
    from rich.console import RenderableType


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

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {**asdict(self), "grid": {key: list(tried) for key, tried in self.grid.items()}}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> SearchCounts:
        """Inverse of `to_dict`."""
        return cls(**{**record, "grid": {key: tuple(tried) for key, tried in record["grid"].items()}})


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
    """What a search over a grid looked at."""
    walk: Walk | None = None
    """What a search by single steps looked at, with the certificate of the machine."""
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
            "search": None if self.search is None else self.search.to_dict(),
            "walk": None if self.walk is None else self.walk.to_dict(),
            "notes": list(self.notes),
        }


def _flat(record: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in record.items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return flat


def sizing_table(sized: Sequence[Sized]) -> RenderableType:
    """A line a machine: what it came to, every key that changed, and what was searched."""
    from rich.console import Group
    from rich.text import Text

    lines = [Text(f"{sentence(entry)}; {_changed(entry)}") for entry in sized]
    return Group(Text(heading_of(sized), style="bold"), *lines)


def sizing_summary(sized: Sequence[Sized]) -> RenderableType:
    """What a terminal shows first: what each machine came to and whether a better one is known, then the keys that changed."""
    from rich.console import Group
    from rich.text import Text

    from simulator.report.summary import beside

    lines = [line for entry in sized for line in ((entry.machine.name, in_short(entry)), ("", _changed(entry)))]
    more = Text("what was searched: --full, or the machine files", style="dim")
    return Group(Text(heading_of(sized), style="bold"), beside(lines), more)


def _changed(entry: Sized) -> str:
    """`fabric.rows 64 → 108, fabric.cols 32 → 54`."""
    return ", ".join(f"{change.key} {change.before} → {change.after}" for change in entry.changes) or "nothing changed"


def terms_of(sized: Sequence[Sized]) -> str:
    """`at equal area`, for the verdict."""
    return f"at equal {sized[0].quantity}{', each at its own best sizes' if _searched_for(sized) else ''}"


def _searched_for(sized: Sequence[Sized]) -> bool:
    return bool(sized[0].search or sized[0].walk)


def heading_of(sized: Sequence[Sized]) -> str:
    """What all machines were made equal in."""
    first = sized[0]
    how = "each design at its own best sizes" if _searched_for(sized) else "by size alone"
    verb = {"area": "at most", "power": "at most", "throughput": "at least", "bandwidth": "exactly"}[first.quantity]
    return f"Sized to equal {first.quantity}: {verb} {_shown(first, first.target)}, {how}"


def sentence(entry: Sized) -> str:
    """What a machine came to, what the next size would be, and what a search saw."""
    text = f"{entry.machine.name}{'' if entry.kind == entry.machine.name else f' ({entry.kind})'}: {_came_to(entry)}"
    if entry.search is not None:
        text += f"; {_searched(entry.search)}"
    if entry.walk is not None:
        text += f"; {_walked(entry.walk)}"
    return "; ".join([text, *entry.notes])


def in_short(entry: Sized) -> str:
    """The same without its name, and without how it was searched."""
    said = [_came_to(entry)]
    if entry.search is not None:
        said.append(f"{entry.search.simulated:,} of {entry.search.designs:,} designs simulated")
    if entry.walk is not None:
        said.append(f"{entry.walk.simulated:,} designs simulated; {_single_steps(entry.walk.certificate)}")
    return "; ".join([*said, *entry.notes])


def _came_to(entry: Sized) -> str:
    off = f"{100 * abs(entry.difference):.1f} %"
    where = "as wanted" if off == "0.0 %" else f"{off} {'above' if entry.difference > 0 else 'below'}"
    text = f"{_shown(entry, entry.achieved)}, {where}"
    return text if entry.next_size is None else f"{text}; the next size has {_shown(entry, entry.next_size)}"


def machine_file(entry: Sized) -> str:
    """The sized machine as a file that can be run, edited and sized again."""
    record = entry.machine.model_dump(exclude_unset=True)
    text = as_yaml(record, flow=None)
    changed = "".join(f"#   {change.key}: {change.before} -> {change.after}\n" for change in entry.changes)
    return f"# {sentence(entry)}.\n{'# Changed:' if changed else '# Nothing changed.'}\n{changed}{text}"


def _searched(search: SearchCounts) -> str:
    kept = "exact within the grid" if not search.skipped else "cut short by the budget"
    return (
        f"of {search.designs:,} designs {search.illegal:,} are not possible, {search.over_cap:,} miss the target, "
        f"{search.pruned:,} cannot win, {search.given_up:,} were given up on the way, {search.simulated:,} were simulated ({kept})"
    )


def _walked(walk: Walk) -> str:
    gap = f"more than {100 * walk.gap:.1f} % better, by bounds" if walk.gap else "better"
    rehearsed = f"{walk.rehearsed:,} designs simulated on a part of the workload; on the whole " if walk.rehearsed else ""
    return (
        f"{rehearsed}from {counted(walk.starts, 'start')} {walk.moves} moves by single steps, "
        f"{walk.simulated:,} designs simulated, "
        f"{walk.bounded:,} bounded away; no other shape, all else equal, is {gap}; {certified(walk.certificate)}"
    )


def certified(certificate: Certificate) -> str:
    """What a certificate says, in a sentence."""
    ran = sum(each.ratio is not None for each in certificate.neighbours)
    best, share = certificate.best, f"{100 * TOLERANCE:g} %"
    if best is None or best.ratio is None:
        return f"none of the {len(certificate.neighbours)} single steps is a design to choose"
    verdict = f"none is better by more than {share}" if certificate.holds else f"NOT the best by {share}"
    bounded = sum(each.bound is not None for each in certificate.neighbours)
    away = f" and {bounded} bounded away" if bounded else ""
    return (
        f"all {len(certificate.neighbours)} single steps from it tried, {ran} simulated{away}: {verdict} "
        f"(the best, {_keys(best)}, has {100 * (best.ratio - 1):+.2f} %)"
    )


def _single_steps(certificate: Certificate) -> str:
    """Whether one is better, and which."""
    best, share = certificate.best, f"{100 * TOLERANCE:g} %"
    if certificate.holds or best is None or best.ratio is None:
        return f"no single step is better by {share}"
    return f"NOT the best by {share}: {_keys(best)} has {100 * (best.ratio - 1):+.2f} %"


def _keys(step: Neighbour) -> str:
    return ", ".join(f"{key}: {value}" for key, value in step.keys.items())


def _shown(entry: Sized, value: float) -> str:
    return f"{significant(value, 4)} {UNITS[entry.quantity]}"
