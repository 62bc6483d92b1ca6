"""`equal: {area: …, best: …}`: each machine at its own best sizes within the area, found by a search on the workload of its point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simulator.cost import load_technology
from simulator.errors import ConfigError, SparsimError
from simulator.machine import Machine
from simulator.study.design import design_key
from simulator.study.sizing.equalise import Progress, equalise
from simulator.study.sizing.scale import rebuilt
from simulator.study.sizing.types import Runner
from simulator.study.sweep.equal import Scaled
from simulator.study.sweep.point import PricedIn, Recipe
from simulator.version import MODEL_VERSION
from simulator.workload import Workload


@dataclass(frozen=True, eq=False)
class Wanted:
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

    @property
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


Search = Callable[[Wanted], Scaled]


def to_record(found: Scaled) -> dict[str, Any]:
    """JSON values; `Wanted.restored` is the inverse."""
    return {"sizes": dict(found.sizes), "unexamined": found.unexamined}


def refusal(error: SparsimError) -> dict[str, Any]:
    """JSON values of a search that found nothing; `raise_refusal` says so again."""
    return {"refused": str(error)}


def raise_refusal(record: Mapping[str, Any]) -> None:
    """Raise ConfigError where the record is one of a search that found nothing."""
    if "refused" in record:
        raise ConfigError(record["refused"])


def searched(wanted: Wanted) -> Scaled:
    """Search in this process, and remember nothing."""
    return wanted.found(wanted.recipe.make())
