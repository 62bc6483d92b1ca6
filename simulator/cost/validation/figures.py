"""The list of published figures, and the hardware that it can name."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from msgspec.structs import replace
from pydantic import Field, create_model, model_validator

from simulator.cost.constants import DramConstants, load_dram_devices
from simulator.cost.technology import CONSTANTS
from simulator.cost.validation.arithmetic import (
    DatapathCell,
    FloatAdder,
    FloatMultiplier,
    IntegerAdder,
    IntegerMultiplier,
    ProcessingElements,
)
from simulator.cost.validation.hardware import QUANTITIES, Hardware
from simulator.cost.validation.memory import Dram, RegisterFile, Sram
from simulator.cost.validation.networks import BankAccess, Crossbar, Network, ReductionSwitches, VoqScheduler, Wire
from simulator.errors import ConfigError
from simulator.specs import Document, FileModel, data_folder, load_yaml_document, nearest_hint

HARDWARE: dict[str, type[Hardware]] = {
    "integer_adder": IntegerAdder,
    "integer_multiplier": IntegerMultiplier,
    "float_adder": FloatAdder,
    "float_multiplier": FloatMultiplier,
    "datapath_cell": DatapathCell,
    "processing_elements": ProcessingElements,
    "sram": Sram,
    "register_file": RegisterFile,
    "dram": Dram,
    "crossbar": Crossbar,
    "voq_scheduler": VoqScheduler,
    "network": Network,
    "reduction_switches": ReductionSwitches,
    "bank_access": BankAccess,
    "wire": Wire,
}
"""All hardware that a list can name. A new one is a class and a line here."""

Confidence = Literal["read", "digitised", "memory"]
Role = Literal["fitted", "predicted"]
FigureClass = Literal["component", "product", "board"]
CLASSES: tuple[FigureClass, ...] = ("component", "product", "board")
"""What was looked at: a block, a macro or a device by itself; a share of a whole die; a board under load, all its losses included."""


class Figure(FileModel):
    """One published figure, and the hardware that it is a figure of."""

    id: str = Field(pattern=r"^[\w.+-]+$", max_length=64, description="unique name")
    component: str = Field(description="hardware of the registry")
    parameters: Hardware = Field(description="of that hardware")
    technology: str = Field(description="a file of configs/technologies, or a path, beside the list or from where sparsim runs")
    overrides: dict[str, float] = Field(
        default_factory=dict, description="constants of the technology that the publication states otherwise"
    )
    quantity: str = Field(description="what of the hardware was published")
    value: float | None = Field(None, gt=0, description="the published value")
    low: float | None = Field(None, gt=0, description="or the lower end of a published range")
    high: float | None = Field(None, gt=0, description="and its upper end")
    unit: str = Field(description="of the value")
    source: str = Field(min_length=1, description="who says so")
    confidence: Confidence = Field("read", description="read in a document, digitised from a plot, or from memory")
    role: Role = Field("predicted", description="fitted where any constant of the model was chosen by it")
    constants: tuple[str, ...] = Field((), description="those constants, for a fitted figure")
    note: str = Field("", description="what to keep in mind")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.value is None) == (self.low is None) or (self.low is None) != (self.high is None):
            raise ValueError("value: give it, or low and high together")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low = {self.low:g} is not below high = {self.high:g}")
        units = QUANTITIES[self.quantity].units
        if self.unit not in units:
            raise ValueError(f'unit: found "{self.unit}"; allowed for {self.quantity}: {", ".join(units)}{nearest_hint(self.unit, units)}')
        if (self.role == "fitted") != bool(self.constants):
            raise ValueError("constants: a fitted figure names the constants that were fitted to it, a predicted one names none")
        return self

    @property
    def figure_class(self) -> FigureClass:
        """Its key `class`, which is no name in Python."""
        found: FigureClass = getattr(self, "class")
        return found

    @property
    def published(self) -> tuple[float, float]:
        """Low and high end of what was published, in its unit; equal where it is one value."""
        if self.value is not None:
            return self.value, self.value
        return self.low or 0.0, self.high or 0.0


def of_any_hardware(base: type[FileModel], further: Callable[[type[Hardware]], dict[str, Any]] = lambda hardware: {}) -> Any:
    """What is of one hardware of the registry, by the tag `component`: its parameters settled, and `further` fields of `base`."""

    def model(name: str, hardware: type[Hardware]) -> Any:
        optional = not any(info.is_required() for info in hardware.model_fields.values())
        fields: dict[str, Any] = {
            "component": (Literal.__getitem__(name), Field(description="hardware of the registry")),
            "parameters": (hardware, Field(default_factory=hardware) if optional else Field()),
        }
        return create_model(f"{hardware.__name__}{base.__name__}", __base__=base, **fields, **further(hardware))

    return Annotated[reduce(or_, (model(name, hardware) for name, hardware in HARDWARE.items())), Field(discriminator="component")]


def _of_figure(hardware: type[Hardware]) -> dict[str, Any]:
    """The quantities that a figure of it may be of, and the key that is no name in Python."""
    return {
        "quantity": (Literal.__getitem__(hardware.quantities), Field()),
        "class": (FigureClass, Field("component", description="what was looked at; classes are summed up apart")),
    }


if TYPE_CHECKING:
    AnyFigure = Figure
else:
    AnyFigure = of_any_hardware(Figure, _of_figure)


class FiguresFile(FileModel):
    """A list of published figures."""

    figures: tuple[AnyFigure, ...] = Field(min_length=1, description="published figures")


def load_figures(path: str | Path) -> Document[FiguresFile]:
    """Return a list of figures with the places of its keys.

    Raises ConfigError for anything that is not of the format, an id that stands twice, or a fitted constant that does not exist.
    """
    document = load_yaml_document(path, FiguresFile)
    known = constant_names()
    seen: set[str] = set()
    for index, figure in enumerate(document.model.figures):
        if figure.id in seen:
            raise ConfigError(f"{document.where(['figures', index, 'id'])}: found {figure.id!r} a second time; allowed: a name of its own")
        seen.add(figure.id)
        for name in figure.constants:
            if name not in known:
                place = document.where(["figures", index, "constants"])
                raise ConfigError(
                    f"{place}: found {name!r}; allowed: a constant of a technology, or DEVICE.CONSTANT{nearest_hint(name, known)}"
                )
    folder = Path(path).parent
    placed = tuple(figure.model_copy(update={"technology": _beside(folder, figure.technology)}) for figure in document.model.figures)
    return replace(document, model=FiguresFile(figures=placed))


def _beside(folder: Path, technology: str) -> str:
    """The path of a technology's file that stands beside the list; a name, or any other path, stays as it is."""
    path = folder / technology
    return str(path) if Path(technology).suffix and path.is_file() else technology


def shipped_figures() -> list[Document[FiguresFile]]:
    """Return the lists of configs/validation."""
    return [load_figures(path) for path in sorted((data_folder("configs") / "validation").glob("*.yaml"))]


def constant_names() -> list[str]:
    """Return the names of all constants that a figure may have been used to fit: of technologies, and of DRAM devices."""
    return [*CONSTANTS, *(f"{device}.{name}" for device in load_dram_devices() for name in DramConstants.model_fields)]
