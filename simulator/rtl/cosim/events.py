"""What happens in a cluster, in words that hardware and engines share."""

from __future__ import annotations

from dataclasses import dataclass

Label = tuple[str, int, str]
"""Component, its number (a link, of a router), and what it does."""

FIELDS = {
    "issue": ("port", "tag", "line", "token", "row"),
    "drop": ("entries",),
    "land": ("tag",),
    "consume": ("tag",),
    "read": (),
    "add": ("line", "sum"),
    "merge": ("token", "row"),
    "write": ("token", "row", "word"),
    "access": ("unit", "tag", "line"),
    "grant": ("inputs", "channel", "source", "sink", "tag"),
}
"""What is told of each."""


@dataclass(frozen=True)
class Cycle:
    """What happened in one cycle."""

    events: dict[Label, tuple[int, ...]]
    pointers: int
    """Round-robin pointers at its start: of each, the mask of the places from it on; one behind another, in the order of routers."""


def named(label: Label) -> str:
    """In words."""
    component, number, what = label
    of = f"{component}, {'input' if what.startswith('accept') else 'output'} {number}" if "router" in component else f"{component} {number}"
    return f"{of}: {what}"


def told(label: Label, fields: tuple[int, ...] | None) -> str:
    """What is told of an event."""
    if fields is None:
        return "—"
    names = FIELDS[label[2].split(" ")[0]]
    return ", ".join(f"{name} {value}" for name, value in zip(names, fields, strict=True)) or "yes"
