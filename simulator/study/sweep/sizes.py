"""`equal`: what every machine of a sweep is sized to before it is run: one area by its size alone, or its own best sizes within it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from simulator.cost import load_technology
from simulator.errors import ConfigError, SparsimError
from simulator.kinds import kind_of
from simulator.machine import Machine
from simulator.study.design import design_key
from simulator.study.sizing.equalise import Progress, equalise
from simulator.study.sizing.scale import own_area_mm2, rebuilt, within_area
from simulator.study.sizing.types import Runner
from simulator.study.sweep.point import PricedIn, Recipe, Scaled
from simulator.version import MODEL_VERSION
from simulator.workload import Workload


@dataclass(frozen=True)
class Target:
    """An area, and where an array has its SRAM from."""

    area_mm2: float
    model: Machine | None
    """The machine whose area it is; it stays as it is. None where the file says a number."""
    sram: Machine | None


def target_of(wanted: Machine | float, machines: Sequence[Machine]) -> Target:
    """The target of a sweep over these machines: the area of one, or mm².

    Raises ConfigError where the machine that gives an array its SRAM cannot be scaled to it.
    """
    area_mm2, model = (own_area_mm2(wanted), wanted) if isinstance(wanted, Machine) else (wanted, None)
    if model is not None and _gives_sram(model):
        return Target(area_mm2, model, model)
    giver = next(filter(_gives_sram, machines), None)
    return Target(area_mm2, model, None if giver is None else within_area(giver, area_mm2).machine)


def _gives_sram(machine: Machine) -> bool:
    return kind_of(machine).sizes.sram(machine) is not None


def scaled(machine: Machine, target: Target) -> Scaled:
    """The machine at its largest size within the target. Raises ConfigError where none is that small."""
    if machine == target.model:
        return Scaled(machine, {})
    found = within_area(machine, target.area_mm2, target.sram)
    return Scaled(found.machine, {change.key: change.after for change in found.changes})


@dataclass(frozen=True, eq=False)
class SizeSearch:
    """What is searched for: the best sizes of one machine on one workload."""

    machine: Machine
    recipe: Recipe
    area_mm2: float
    objective: Literal["time", "energy", "edap"]
    budget: int | None
    """Most simulations."""
    kept: tuple[str, ...] = ()
    """Keys that the sweep gives, and that are not searched for."""

    @property
    def name(self) -> str:
        """What progress calls it."""
        return f"best {self.machine.name} for {self.recipe.document.model.name}"

    @cached_property
    def key(self) -> str:
        """Hash of all that the sizes depend on."""
        technology = PricedIn.of(load_technology(self.machine.technology, self.machine.technology_overrides)).key
        return design_key(
            self.machine,
            technology=technology,
            workload=self.recipe.key,
            area_mm2=self.area_mm2,
            objective=self.objective,
            budget=self.budget,
            kept=self.kept,
            version=MODEL_VERSION.of("timing", "cost", "sizing"),
        )

    def found(self, workload: Workload, run: Runner | None = None, progress: Progress = lambda name, fraction: None) -> Scaled:
        """Search on the workload that the recipe makes, by runs in this process unless told otherwise.

        Raises ConfigError where no design of the machine's kind holds the workload within the area.
        """
        (sized,) = equalise(
            (self.machine,),
            "area",
            workload,
            to=f"{self.area_mm2!r}mm2",
            best=True,
            objective=self.objective,
            budget=self.budget,
            keep=self.kept,
            run=run,
            progress=progress,
        )
        unexamined = 0 if sized.search is None else sized.search.skipped
        return Scaled(sized.machine, {change.key: change.after for change in sized.changes}, unexamined)

    def restored(self, record: dict[str, Any]) -> Scaled | None:
        """What was found before; None where nothing was, or the machine takes no such sizes."""
        machine = rebuilt(self.machine, record["sizes"]) if "sizes" in record else None
        return None if machine is None else Scaled(machine, record["sizes"], record["unexamined"])


def to_record(found: Scaled) -> dict[str, Any]:
    """JSON values; `SizeSearch.restored` is the inverse."""
    return {"sizes": dict(found.sizes), "unexamined": found.unexamined}


def refusal(error: SparsimError) -> dict[str, Any]:
    """JSON values of a search that found nothing; `raise_refusal` says so again."""
    return {"refused": str(error)}


def raise_refusal(record: Mapping[str, Any]) -> None:
    """Raise ConfigError where the record is one of a search that found nothing."""
    if "refused" in record:
        raise ConfigError(record["refused"])


def searched(search: SizeSearch) -> Scaled:
    """Search in this process, and remember nothing."""
    return search.found(search.recipe.make())
