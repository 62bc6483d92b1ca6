"""Published accelerators beside the same hardware as the models price it: a row a part, and the whole."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from simulator.cost.registers import flop_clock_pj, flop_data_pj
from simulator.cost.technology import Technology
from simulator.cost.validation.figures import Confidence
from simulator.cost.validation.rebuild_files import Part, Piece, Rebuild
from simulator.cost.validation.rows import load_once, placed
from simulator.errors import ConfigError
from simulator.specs import Document, Key

Measure = Literal["um2", "mw"]
MEASURES: tuple[Measure, ...] = ("um2", "mw")


@dataclass(frozen=True)
class Beside:
    """One published figure beside its model."""

    published: float | None
    """None where nothing was published; 0 where it is within another part's."""
    model: float | None
    """None where nothing stands for it."""
    confidence: Confidence

    @property
    def ratio(self) -> float | None:
        """model / published; None where there is nothing to compare."""
        return self.model / self.published if self.published and self.model else None

    @property
    def counts(self) -> bool:
        """Whether it is summed up: a ratio, and not one of a figure from memory."""
        return self.ratio is not None and self.confidence != "memory"

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"published": self.published, "model": self.model, "ratio": self.ratio, "confidence": self.confidence}


@dataclass(frozen=True)
class RebuiltPart:
    """A part, or the whole."""

    name: str
    um2: Beside
    mw: Beside
    note: str = ""

    def beside(self, measure: Measure) -> Beside:
        """Its area or its power."""
        return self.um2 if measure == "um2" else self.mw

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"name": self.name, "um2": self.um2.to_dict(), "mw": self.mw.to_dict(), "note": self.note}


@dataclass(frozen=True)
class Rebuilt:
    """An accelerator: its parts in the order of the file, and the whole (what is not rebuilt is in the published total alone)."""

    name: str
    technology: str
    clock_ghz: float
    source: str
    note: str
    parts: tuple[RebuiltPart, ...]
    total: RebuiltPart

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "name": self.name,
            "technology": self.technology,
            "clock_ghz": self.clock_ghz,
            "source": self.source,
            "note": self.note,
            "parts": [part.to_dict() for part in self.parts],
            "total": self.total.to_dict(),
        }


@dataclass(frozen=True)
class RebuildSummary:
    """Ratios that belong together, those of figures from memory left out."""

    of: Literal["parts", "whole"]
    measure: Measure
    figures: int
    median_error: float
    """Median of |model / published − 1|."""
    median_ratio: float
    worst_ratio: float
    """The one farthest from 1, as a factor."""
    worst: str


def rebuild(document: Document[Rebuild]) -> Rebuilt:
    """Price the hardware of every part.

    Area: of each piece, the area that it names × `times`, and `control` of their sum. Power: each piece's events a cycle × their
    energy × `times`, and `flops_clocked` × the energy of a flop that is clocked and written, × clock_ghz: dynamic power alone, since
    what published powers have of leakage is rarely said. Raises ConfigError, with file, line and key, where a technology, an override
    or a device is none, or no finite figure comes out.
    """
    model = document.model
    try:
        technology = load_once(model.technology, tuple(model.overrides.items()))
    except ConfigError as error:
        raise ConfigError(placed(document, [], str(error), "technology")) from error
    parts = tuple(_part(document, index, technology) for index in range(len(model.parts)))
    published, confidence = model.total_published, model.total_confidence
    total = RebuiltPart(
        "total",
        Beside(published.um2, _sum(part.um2.model for part in parts), confidence),
        Beside(published.mw, _sum(part.mw.model for part in parts), confidence),
    )
    return Rebuilt(model.name, model.technology, model.clock_ghz, model.source, model.note, parts, total)


def summarise_rebuilds(rebuilt: Sequence[Rebuilt]) -> list[RebuildSummary]:
    """Return the ratios of parts and of wholes, areas and powers apart; nothing that was cited from memory counts."""
    found = []
    for measure in MEASURES:
        parts = [(f"{each.name}: {part.name}", part.beside(measure)) for each in rebuilt for part in each.parts]
        wholes = [(each.name, each.total.beside(measure)) for each in rebuilt]
        found += [summary for of, entries in (("parts", parts), ("whole", wholes)) for summary in _summary(of, measure, entries)]
    return found


def _summary(of: Any, measure: Measure, entries: Iterable[tuple[str, Beside]]) -> Iterable[RebuildSummary]:
    ratios = [(name, ratio) for name, beside in entries if beside.counts and (ratio := beside.ratio) is not None]
    if not ratios:
        return
    worst, worst_ratio = max(ratios, key=lambda entry: abs(math.log(entry[1])))
    errors = median(abs(ratio - 1) for _, ratio in ratios)
    yield RebuildSummary(of, measure, len(ratios), errors, median(ratio for _, ratio in ratios), worst_ratio, worst)


def _part(document: Document[Rebuild], index: int, technology: Technology) -> RebuiltPart:
    part = document.model.parts[index]
    priced = [_piece(document, [index, "hardware", number], piece, technology) for number, piece in enumerate(part.hardware)]
    area = _sum(um2 for um2, _ in priced)
    um2 = area * (1 + part.control) if area is not None else None
    cycle_pj = _sum([*(energy_pj for _, energy_pj in priced), _flops_pj(part, technology)])
    mw = cycle_pj * document.model.clock_ghz if cycle_pj is not None else None
    return RebuiltPart(
        part.name,
        Beside(part.published_um2, um2, part.confidence),
        Beside(part.published_mw, mw, part.confidence_mw or part.confidence),
        part.note,
    )


def _piece(document: Document[Rebuild], path: Sequence[Key], piece: Piece, technology: Technology) -> tuple[float | None, float | None]:
    """Area in um² and energy of a cycle in pJ; None where the file asks for none."""
    try:
        answers = piece.parameters.modelled(technology)
        area = piece.times * answers[piece.area] if piece.area is not None else None
        energy_pj = piece.times * sum(rate * answers[name] for name, rate in piece.events.items()) if piece.events else None
    except ConfigError as error:
        raise ConfigError(placed(document, ["parts", *path], str(error), "parameters")) from error
    except OverflowError:
        area = energy_pj = math.inf
    if not all(math.isfinite(value) for value in (area, energy_pj) if value is not None):
        raise ConfigError(
            f"{document.where(['parts', *path])}: the model gives no finite figure of it; allowed: hardware of a size that can be built"
        )
    return area, energy_pj


def _flops_pj(part: Part, technology: Technology) -> float | None:
    if not part.flops_clocked:
        return None
    return flop_clock_pj(technology, part.flops_clocked) + flop_data_pj(technology, part.flops_clocked)


def _sum(values: Iterable[float | None]) -> float | None:
    """None where there is nothing to add."""
    found = [value for value in values if value is not None]
    return sum(found) if found else None
