"""Which part of a training step each operation is, by the last part of its name, and what each part takes."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.result import Result

FORWARD = "forward"
PHASES: dict[str, tuple[str, ...]] = {
    FORWARD: (),
    "attention": ("qk", "av"),
    "dX": ("dx",),
    "dW": ("dw",),
    "attention backward": ("dp", "dv", "dq", "dk"),
}
"""Phase → last parts of the names of its operations, as `sparsim trace` writes them; all others are the forward pass."""
LINEAR = (FORWARD, "dX", "dW")
"""Phases of the products with weights."""
_PHASE_OF = {suffix: phase for phase, suffixes in PHASES.items() for suffix in suffixes}


@dataclass(frozen=True)
class Phase:
    """All operations of one phase."""

    name: str
    operations: int
    macs_useful: int
    macs_dense: int
    cycles: int
    """By which its operations end after all operations before them: the phases of a run add up to its cycles."""
    energy_pj: float
    """Of its operations: those of a run add up to its energy, but for what passes between operations."""


def phases_of(result: Result) -> tuple[Phase, ...]:
    """The phases of a run that have operations, in the order of `PHASES`."""
    found: dict[str, list[Phase]] = {name: [] for name in PHASES}
    ended = 0
    for activity, operation in zip(result.activity.operations, result.operations, strict=True):
        name = _PHASE_OF.get(activity.name.rpartition(".")[2], FORWARD)
        more = max(0, activity.end_cycle - ended)
        ended += more
        found[name].append(Phase(name, 1, operation.useful_macs, activity.dense_macs, more, operation.energy_pj))
    return tuple(_sum(name, parts) for name, parts in found.items() if parts)


def _sum(name: str, parts: list[Phase]) -> Phase:
    return Phase(
        name,
        len(parts),
        sum(part.macs_useful for part in parts),
        sum(part.macs_dense for part in parts),
        sum(part.cycles for part in parts),
        sum(part.energy_pj for part in parts),
    )
