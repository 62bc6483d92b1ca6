"""What a glossary is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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


@dataclass(frozen=True)
class Term:
    """One entry of the glossary."""

    name: str
    section: Section
    label: str
    """What tables and plots call it."""
    unit: str
    short: str
    """The footnote: one line."""
    more: str = ""
    """What a reader may want to know beyond it."""
