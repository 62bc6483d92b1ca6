"""Rebuilds: a published accelerator as a list of parts, each with its published area and power and the hardware that stands for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from simulator.cost.validation.figures import Confidence, of_any_hardware
from simulator.cost.validation.hardware import QUANTITIES, Hardware
from simulator.errors import ConfigError
from simulator.specs import Document, FileModel, config_names, config_path, load_yaml_document, nearest_hint

AreaName = Literal["cell_area", "placed_area", "die_area"]
_FOLDER = "validation/rebuilds"
"""Of the shipped ones, in configs."""


class Piece(FileModel):
    """Hardware that stands for a part or for some of it."""

    component: str = Field(description="hardware of the registry")
    parameters: Hardware = Field(description="of that hardware")
    times: int = Field(1, ge=1, le=10**9, description="how many of it: areas and events are those of one")
    area: AreaName | None = Field(None, description="which of its areas was published; none: it counts for the power alone")
    events: dict[str, float] = Field(default_factory=dict, description="how often a cycle, by the energy that each takes")

    @model_validator(mode="after")
    def _answered(self) -> Self:
        answers = self.parameters.quantities
        if self.area is not None and self.area not in answers:
            raise ValueError(f"area: the model gives none of a {self.component}")
        if self.area is None and not self.events:
            raise ValueError("area: found neither an area nor events; allowed: an area that was published, events of a cycle, or both")
        energies = [name for name in answers if QUANTITIES[name].group == "energy"]
        for name, rate in self.events.items():
            if name not in energies:
                words = ", ".join(energies) or f"nothing, the model gives no energy of a {self.component}"
                raise ValueError(f'events: found "{name}"; allowed: {words}{nearest_hint(name, energies)}')
            if rate < 0:
                raise ValueError(f"events: found {rate:g} for {name}; allowed: at least 0")
        return self


if TYPE_CHECKING:
    AnyPiece = Piece
else:
    AnyPiece = of_any_hardware(Piece)


class Part(FileModel):
    """A line of a published breakdown, and what it is built of."""

    name: str = Field(min_length=1, max_length=64, description="as published")
    published_um2: float | None = Field(None, ge=0, description="its area; 0: within another part's, and only in the total here")
    published_mw: float | None = Field(None, gt=0, description="its power")
    confidence: Confidence = Field("read", description="how the area was had, and the power where it does not say otherwise")
    confidence_mw: Confidence | None = Field(None, description="how the power was had")
    hardware: tuple[AnyPiece, ...] = Field((), description="what stands for it; none: it is not rebuilt, and only in the published total")
    flops_clocked: int = Field(0, ge=0, le=10**9, description="flops that are clocked and written every cycle, for the power")
    control: float = Field(0.0, ge=0, le=10, description="clock and control, as a share of the areas of its hardware")
    note: str = Field("", description="what to keep in mind")


class TotalPublished(FileModel):
    """The whole, as it was published."""

    um2: float | None = Field(None, gt=0, description="its area")
    mw: float | None = Field(None, gt=0, description="its power")
    confidence: Confidence | None = Field(None, description="how it was had; default: from memory if all parts are, else read")


class Rebuild(FileModel):
    """A published accelerator."""

    name: str = Field(min_length=1, max_length=64, description="of the accelerator")
    source: str = Field("", description="who says so")
    technology: str = Field(description="a file of configs/technologies, or a path")
    overrides: dict[str, float] = Field(
        default_factory=dict, description="constants of the technology that the publication states otherwise"
    )
    clock_ghz: float = Field(1.0, gt=0, le=100, description="clock at which the power was published")
    parts: tuple[Part, ...] = Field(min_length=1, description="of its breakdown")
    total_published: TotalPublished = Field(
        default_factory=lambda: TotalPublished(um2=None, mw=None, confidence=None), description="the whole, in the publication's own words"
    )
    note: str = Field("", description="what to keep in mind")

    @property
    def total_confidence(self) -> Confidence:
        """How the total was had: from memory, where nothing else is said and every part is."""
        if self.total_published.confidence is not None:
            return self.total_published.confidence
        had = {part.confidence for part in self.parts if part.published_um2 or part.published_mw}
        return "memory" if had == {"memory"} else "read"


def load_rebuild(name_or_path: str | Path) -> Document[Rebuild]:
    """Return a rebuild, by its path or the name of a shipped one, with the places of its keys.

    Raises ConfigError for anything that is not of the format, a part that stands twice, or where nothing is rebuilt at all.
    """
    document = load_yaml_document(config_path(_FOLDER, name_or_path), Rebuild)
    seen: set[str] = set()
    for index, part in enumerate(document.model.parts):
        if part.name in seen:
            raise ConfigError(f"{document.where(['parts', index, 'name'])}: found {part.name!r} a second time; allowed: a name of its own")
        seen.add(part.name)
    if not any(part.hardware for part in document.model.parts):
        raise ConfigError(f"{document.where(['parts'])}: no part has hardware; allowed: at least one that has")
    return document


def shipped_rebuilds() -> list[Document[Rebuild]]:
    """Return the rebuilds of configs/validation/rebuilds, by name; sizes in names by number, 64 before 1024."""
    return [load_rebuild(name) for name in sorted(config_names(_FOLDER), key=_by_number)]


def _by_number(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]
