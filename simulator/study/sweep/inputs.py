"""What points are made of, each known by the hash of its content: a workload, a technology, a machine at the size that `equal` asks for.

A machine is scaled to one area by its size alone, or is the best that a search finds within it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from simulator.cost.technology import Technology
from simulator.engine.engines import SMALL_RUN_REQUESTS
from simulator.errors import ConfigError
from simulator.kinds import kind_of
from simulator.machine import Machine
from simulator.pricing import technology_of
from simulator.recall import Recall
from simulator.specs import Document
from simulator.study.design import design_key, digest, file_digest
from simulator.study.sizing import Runner, Sized
from simulator.study.sizing.equalise import Progress, equalise
from simulator.study.sizing.looks import Tell, untold
from simulator.study.sizing.quantities import SearchName
from simulator.study.sizing.scale import own_area_mm2, rebuilt, within_area
from simulator.study.sweep.spec import Scalar
from simulator.version import MODEL_VERSION
from simulator.workload import Workload
from simulator.workload.build import build_workload
from simulator.workload.patterns import Pattern
from simulator.workload.spec import WorkloadSpec

RECALLED = 250_000
"""Tiles and parts of transfers that a worker remembers at most: about 100 MB, or tinygpt on 60 fabrics, with the programs of each."""


@dataclass(frozen=True, eq=False)
class Recipe:
    """A workload that is known and not yet made: the validated file, and what it reads."""

    document: Document[WorkloadSpec]
    folder: Path
    key: str
    """Hash of the file after defaults and of the bytes of every matrix that it names; it says the content, for one version of the model."""

    @classmethod
    def of(cls, document: Document[WorkloadSpec], folder: Path) -> Recipe:
        """Raises ConfigError where a matrix file cannot be read."""
        record = document.model.model_dump(mode="json", exclude={"name", "description"})
        files = [
            spec.file
            for op in document.model.operations
            for spec in (op.weight, op.activation, op.gradient)
            if spec is not None and spec.file is not None
        ]
        return cls(document, folder, digest([record, {file: file_digest(folder / file) for file in dict.fromkeys(files)}]))

    def make(self) -> Workload:
        """Read or draw its operands. Raises OperandError."""
        return build_workload(self.document, self.folder)

    def requests(self, machine: Machine) -> int:
        """About as many requests as a run on the machine makes; where a matrix file would have to be read to tell, many."""
        kind, total = kind_of(machine), 0
        if not kind.kernels:
            return 0
        for op in self.document.model.operations:
            shape, weight = op.shape, op.weight
            if not isinstance(weight, Pattern) or shape.m is None or shape.k is None or shape.n is None:
                return SMALL_RUN_REQUESTS
            nnz = (shape.batch or 1) * weight.nonzeros((shape.m, shape.k))
            total += kind.list_entries(machine, nnz, shape.n)
        return total


@dataclass(frozen=True, eq=False)
class PricedIn:
    """A technology and the hash of its constants."""

    technology: Technology
    key: str

    @classmethod
    def of(cls, machine: Machine) -> PricedIn:
        """What a machine is priced in. Raises ConfigError where there is no such technology."""
        technology = technology_of(machine)
        return cls(technology, digest(technology.model_dump(mode="json")))

    def make(self) -> Technology:
        """It is at hand."""
        return self.technology


@dataclass(frozen=True)
class Remembering:
    """What each worker keeps of the fabrics that it has simulated."""

    most: int
    """Tiles and parts of transfers."""

    def make(self) -> Recall:
        """Nothing yet."""
        return Recall(self.most)


@dataclass(frozen=True)
class Scaled:
    """A machine that was scaled, and every key that this changed."""

    machine: Machine
    sizes: Mapping[str, Scalar]
    unexamined: int = 0
    """Designs that could be better, which a search for the best sizes had no budget to look at."""

    @classmethod
    def of(cls, sized: Sized) -> Scaled:
        """What points and stores keep of it."""
        changed = {change.key: change.after for change in sized.changes}
        return cls(sized.machine, changed, _unexamined(sized))


def _unexamined(sized: Sized) -> int:
    """Of steps, those that are known to be better and were not gone on from."""
    if sized.walk is not None:
        return len(sized.walk.certificate.better) if sized.walk.cut_short else 0
    return 0 if sized.search is None else sized.search.skipped


@dataclass(frozen=True)
class Target:
    """An area that machines are scaled to, and where an array has its SRAM from."""

    area_mm2: float
    model: Machine | None
    """The machine whose area it is; it stays as it is. None where the file says a number."""
    sram: Machine | None

    def scaled(self, machine: Machine) -> Scaled:
        """The machine at its largest size within the area. Raises ConfigError where none is that small."""
        return Scaled(machine, {}) if machine == self.model else Scaled.of(within_area(machine, self.area_mm2, self.sram))


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


@dataclass(frozen=True, eq=False)
class SizeSearch:
    """What is searched for: the best sizes of one machine on one workload."""

    machine: Machine
    recipe: Recipe
    area_mm2: float
    objective: Literal["time", "energy", "edap"]
    search: SearchName
    budget: int | None
    """Most simulations."""
    kept: tuple[str, ...] = ()
    """Keys that the sweep gives, and that are not searched for."""
    at: str = ""
    """Where in the sweep, for people: other sizes may be found there. Alike searches are one, wherever."""

    @property
    def name(self) -> str:
        """What progress calls it."""
        where = f", {self.at}" if self.at else ""
        return f"best {self.machine.name} for {self.recipe.document.model.name}{where}"

    @cached_property
    def key(self) -> str:
        """Hash of all that the sizes depend on."""
        return design_key(
            self.machine,
            technology=PricedIn.of(self.machine).key,
            workload=self.recipe.key,
            area_mm2=self.area_mm2,
            objective=self.objective,
            search=self.search,
            budget=self.budget,
            kept=self.kept,
            version=MODEL_VERSION.of("timing", "cost", "sizing"),
        )

    def found(
        self,
        workload: Workload,
        run: Runner | None = None,
        progress: Progress = lambda name, fraction: None,
        told: Tell = untold,
    ) -> Scaled:
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
            search=self.search,
            budget=self.budget,
            keep=self.kept,
            run=run,
            progress=progress,
            told=lambda _, standing: told(standing),
        )
        return Scaled.of(sized)

    def restored(self, record: Mapping[str, Any]) -> Scaled | None:
        """What a store remembers; None where the machine takes no such sizes. Raises ConfigError where nothing was found."""
        if REFUSED in record:
            raise ConfigError(record[REFUSED])
        machine = rebuilt(self.machine, record["sizes"])
        return None if machine is None else Scaled(machine, record["sizes"], record["unexamined"])


REFUSED = "refused"
"""Key of what a store remembers of a search that found nothing: the reason."""


def searched(search: SizeSearch) -> Scaled:
    """Search in this process, and remember nothing."""
    return search.found(search.recipe.make())
