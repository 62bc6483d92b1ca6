"""Published figures beside what the models say, and how far apart they are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from statistics import median
from typing import Any, Literal

from simulator.cost.technology import Technology, load_technology
from simulator.cost.validation.figures import CLASSES, Figure, FigureClass, FiguresFile
from simulator.cost.validation.hardware import GROUPS, QUANTITIES, Group, Hardware
from simulator.cost.validation.memory import cacti_runs
from simulator.errors import ConfigError
from simulator.specs import Document, Key

RowRole = Literal["fitted", "predicted", "cross-check"]


@dataclass(frozen=True)
class Row:
    """One figure and its model."""

    id: str
    component: str
    technology: str
    quantity: str
    unit: str
    published_low: float
    published_high: float
    """Equal to the low end where one value was published."""
    model: float
    role: RowRole
    confidence: str
    source: str
    note: str
    figure_class: FigureClass = "component"

    @property
    def group(self) -> Group:
        """What it is summed up with."""
        return QUANTITIES[self.quantity].group

    @property
    def error(self) -> float:
        """model / published − 1; against the nearer end of a published range, and 0 within it."""
        return self.model / min(max(self.model, self.published_low), self.published_high) - 1

    @property
    def published(self) -> float:
        """The value, or the geometric mean of a range."""
        return float((self.published_low * self.published_high) ** 0.5)

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {**_with_class(asdict(self)), "error": self.error}


@dataclass(frozen=True)
class Summary:
    """The errors of rows that belong together."""

    name: str
    """Area, energy or other; of a cross-check, node and quantity."""
    role: RowRole
    figures: int
    median_error: float
    """Median of |error|."""
    worst_error: float
    """Error of the figure with the largest |error|."""
    worst: str
    """Its id."""
    bias: float
    """Median of the errors with their signs."""
    figure_class: FigureClass = "component"

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return _with_class(asdict(self))


def validate(documents: Iterable[Document[FiguresFile]]) -> list[Row]:
    """Return a row for every figure of the lists.

    Raises ConfigError, with file, line and key, where a technology, an override or a device is none.
    """
    return [_row(document, index, figure) for document in documents for index, figure in enumerate(document.model.figures)]


def cross_check() -> list[Row]:
    """Return a row for every quantity of the shipped runs of CACTI."""
    rows = []
    for name, macro, quantity, unit, value in cacti_runs():
        label = f"cacti_{name}_{macro.kib:g}k_{macro.width_bits}b_{macro.ports}_{quantity}"
        model = _modelled(macro, load_once(name, ()), quantity, unit)
        rows.append(
            Row(label, "sram", name, quantity, unit, value, value, model, "cross-check", "read", "CACTI 7, hwcomponents-cacti 1.0.40", "")
        )
    return rows


def summarise(rows: Sequence[Row]) -> list[Summary]:
    """Return the errors of fitted and predicted figures: area and energy apart, and each class of figures apart."""
    wanted = [(group, kind, role) for kind in CLASSES for group in GROUPS for role in ("fitted", "predicted")]
    chosen = [
        (group, [row for row in rows if (row.group, row.figure_class, row.role) == (group, kind, role)]) for group, kind, role in wanted
    ]
    return [_summary(group, found) for group, found in chosen if found]


def summarise_cross_check(rows: Sequence[Row]) -> list[Summary]:
    """Return the distance to CACTI by node and quantity."""
    kinds = dict.fromkeys((row.technology, row.quantity) for row in rows)
    return [
        _summary(f"{node} {quantity}", [row for row in rows if (row.technology, row.quantity) == (node, quantity)])
        for node, quantity in kinds
    ]


@lru_cache(maxsize=64)
def load_once(name: str, overrides: tuple[tuple[str, float], ...]) -> Technology:
    """Return a technology; figures share few."""
    return load_technology(name, dict(overrides))


def _row(document: Document[FiguresFile], index: int, figure: Figure) -> Row:
    try:
        technology = load_once(figure.technology, tuple(figure.overrides.items()))
    except ConfigError as error:
        raise ConfigError(placed(document, ["figures", index], str(error), "technology")) from error
    try:
        model = _modelled(figure.parameters, technology, figure.quantity, figure.unit)
    except ConfigError as error:
        raise ConfigError(placed(document, ["figures", index], str(error), "parameters")) from error
    low, high = figure.published
    note = "; ".join(part for part in (figure.note, *figure.parameters.notes(technology)) if part)
    return Row(
        figure.id, figure.component, technology.name, figure.quantity, figure.unit, low, high, model, figure.role, figure.confidence,
        figure.source, note, figure.figure_class,
    )  # fmt: skip


def _modelled(hardware: Hardware, technology: Technology, quantity: str, unit: str) -> float:
    try:
        value = hardware.modelled(technology)[quantity] / QUANTITIES[quantity].units[unit]
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise ConfigError("overrides: with these the model gives no finite figure")
    return value


def placed(document: Document[Any], above: Sequence[Key], message: str, otherwise: str) -> str:
    """The message with the place of the key below `above` that it begins with, or of the key `otherwise` there."""
    key, _, rest = message.partition(": ")
    path = key.replace("technology_overrides", "overrides").split(".")
    if path[0] not in ("overrides", "parameters"):
        path, rest = [otherwise], message
    return f"{document.where([*above, *path])}: {rest}"


def _summary(name: str, rows: Sequence[Row]) -> Summary:
    worst = max(rows, key=lambda row: abs(row.error))
    return Summary(
        name=name,
        role=rows[0].role,
        figures=len(rows),
        median_error=median(abs(row.error) for row in rows),
        worst_error=worst.error,
        worst=worst.id,
        bias=median(row.error for row in rows),
        figure_class=rows[0].figure_class,
    )


def _with_class(fields: dict[str, Any]) -> dict[str, Any]:
    """`figure_class` by the name that it has in files."""
    return {"class" if name == "figure_class" else name: value for name, value in fields.items()}
