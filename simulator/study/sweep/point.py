"""A point of a sweep: one machine on one workload, known by everything that determines its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.cost.technology import Technology
from simulator.engine.engines import SMALL_RUN_REQUESTS
from simulator.kinds import kind_of
from simulator.machine import Elaborated, Machine
from simulator.pricing import elaborate
from simulator.specs import Document
from simulator.study.design import design_key, digest, file_digest
from simulator.study.sweep.job import Failure
from simulator.study.sweep.spec import Scalar
from simulator.version import MODEL_VERSION
from simulator.workload import Workload
from simulator.workload.build import build_workload
from simulator.workload.patterns import Pattern
from simulator.workload.spec import WorkloadSpec


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

    def constants(self) -> Technology:
        """The technology, as what makes a shared input."""
        return self.technology

    @classmethod
    def of(cls, technology: Technology) -> PricedIn:
        """Hash the constants."""
        return cls(technology, digest(technology.model_dump(mode="json")))


@dataclass(frozen=True)
class Scaled:
    """A machine that was scaled, and every key that this changed."""

    machine: Machine
    sizes: Mapping[str, Scalar]
    unexamined: int = 0
    """Designs that could be better, which a search for the best sizes had no budget to look at."""


@dataclass(frozen=True, eq=False)
class Point:
    """One machine on one workload, with the values that the axes gave it."""

    assignments: Mapping[str, Scalar]
    elaborated: Elaborated
    technology: PricedIn
    recipe: Recipe
    sized: Scaled
    """What `equal` made of the machine."""
    engine: Any
    ideal: Any
    bands: bool
    """Whether its record has what the constants' bands make of it."""
    timing_key: str
    """Hash of all that its cycles and counts depend on: no technology, but for the latency that it elaborates to."""
    key: str
    """Hash of all that its figures depend on."""

    @classmethod
    def of(
        cls,
        assignments: Mapping[str, Scalar],
        machine: Machine,
        technology: PricedIn,
        recipe: Recipe,
        *,
        sized: Scaled,
        engine: str,
        ideal: str,
        bands: bool,
    ) -> Point:
        """Raises SparsimError where the machine cannot be built."""
        elaborated = elaborate(machine, technology.technology)
        kind_of(machine).check_files(machine)
        timing_key = design_key(elaborated, workload=recipe.key, engine=engine, ideal=ideal, version=MODEL_VERSION.of("timing"))
        key = digest({"timing": timing_key, "technology": technology.key, "bands": bands, "version": MODEL_VERSION.of("cost")})
        return cls(assignments, elaborated, technology, recipe, sized, engine, ideal, bands, timing_key, key)


@dataclass(frozen=True)
class Invalid:
    """A combination that is no machine or no workload, and why; or one whose best sizes could not be searched for."""

    assignments: Mapping[str, Scalar]
    reason: str
    failure: Failure = "invalid"
