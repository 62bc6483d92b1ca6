"""The sweep file: pydantic models whose fields document every key."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from simulator.activity import Ideal
from simulator.specs import FileModel
from simulator.specs.naming import FileName

Scalar = bool | int | float | str
MAX_VALUES = 10_000
"""Values of one axis."""
MAX_END = 1e300
"""Of a range: what lies between two such is finite."""
MAX_POINTS = 1_000_000
"""Combinations of all axes that a grid may have."""
Range = Annotated[tuple[float, ...], Field(min_length=2, max_length=2)]


class AxisSpec(FileModel):
    """An axis in the long form; the short one is a list of values."""

    values: Annotated[tuple[Scalar, ...], Field(min_length=1, max_length=MAX_VALUES)] | None = Field(
        None, description="the values, in order"
    )
    linspace: Range | None = Field(None, description="[first, last], evenly spaced")
    logspace: Range | None = Field(None, description="[first, last], evenly spaced in the logarithm; both above 0")
    count: Annotated[int, Field(ge=2, le=MAX_VALUES)] | None = Field(None, description="how many values, beside linspace and logspace")
    integer: bool = Field(False, description="round the values of linspace and logspace to integers; equal ones count once")
    when: str | None = Field(None, description="a condition; where it does not hold the key is left as it is")

    @model_validator(mode="after")
    def _one_source(self) -> AxisSpec:
        given = [name for name in ("values", "linspace", "logspace") if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"{', '.join(given)} together" if given else "none"
            raise ValueError(f"an axis needs one of values, linspace and logspace; found {found}")
        if (self.count is None) != (given == ["values"]):
            raise ValueError(
                "count: says how many values linspace and logspace have, and belongs nowhere else"
                if self.count is not None
                else f"{given[0]}: needs count, how many values it has; allowed: count: an integer from 2 to {MAX_VALUES}"
            )
        if self.integer and given == ["values"]:
            raise ValueError("integer: belongs beside linspace and logspace; write integers as values")
        if self.logspace is not None and min(self.logspace) <= 0:
            raise ValueError(f"logspace: found {min(self.logspace):g}; allowed: numbers above 0")
        for name, ends in (("linspace", self.linspace), ("logspace", self.logspace)):
            if ends is not None and max(map(abs, ends)) > MAX_END:
                raise ValueError(f"{name}: found {max(ends, key=abs):g}; allowed: numbers up to {MAX_END:g}")
        return self

    def expanded(self) -> tuple[Scalar, ...]:
        """The values, in order."""
        if self.values is not None:
            return self.values
        assert self.count is not None
        ends = self.logspace or self.linspace or ()
        spaced = (np.linspace if self.logspace is None else np.geomspace)(ends[0], ends[1], self.count)
        # twelve digits, so that 0.1 is not written 0.09999999999999999
        numbers = [round(value) if self.integer else float(f"{value:.12g}") for value in spaced.tolist()]
        return tuple(dict.fromkeys(numbers))


class Setting(FileModel):
    """A key that follows from others, in the long form; the short one is its value."""

    value: Scalar = Field(description="a value, or an expression: ${fabric.units / 4}")
    when: str | None = Field(None, description="a condition; where it does not hold the key is left as it is")


class SearchSpec(FileModel):
    """Which combinations are run."""

    method: Literal["grid", "random", "halton", "nsga2", "tpe"] = Field("grid", description="grid: all of them")
    points: PositiveInt | None = Field(None, le=MAX_POINTS, description="how many are run; every method but grid needs it")
    seed: Annotated[int, Field(ge=0, lt=2**31)] = Field(0, description="seed of the draw")
    population: Annotated[int, Field(ge=2, le=10_000)] = Field(24, description="nsga2, tpe: points that are run before the next are chosen")

    @model_validator(mode="after")
    def _points_fit(self) -> SearchSpec:
        if (self.points is None) != (self.method == "grid"):
            needs = "runs all combinations; remove it" if self.method == "grid" else "needs a number of points, such as points: 200"
            raise ValueError(f"points: method: {self.method} {needs}")
        return self


class EqualSpec(FileModel):
    """What machines are scaled to, in the long form; the short one is `area`: that of the first machine."""

    area: Annotated[float, Field(gt=0, allow_inf_nan=False)] | str = Field(description="mm² of fabric, or the machine whose area it is")
    best: Literal["time", "energy", "edap"] | None = Field(
        None, description="each machine at its best sizes within the area, by a search on its point's workload for the least of this"
    )
    search: Literal["steps", "grid"] | None = Field(
        None, description="best: steps: single steps in every key until none is better (the default); grid: every design of a small grid"
    )
    on: str | None = Field(None, description="best: a workload to search on in place of each point's own, such as one layer of it")
    budget: PositiveInt | None = Field(
        None, description="most simulations of one search for the best sizes; unless told, as many as it takes"
    )

    @model_validator(mode="after")
    def _keys_of_a_search(self) -> EqualSpec:
        for name in ("search", "on", "budget"):
            if getattr(self, name) is not None and self.best is None:
                raise ValueError(f"{name}: belongs beside best; a machine that is scaled by its size alone is not searched for")
        return self


Axis = AxisSpec | Annotated[tuple[Scalar, ...], Field(min_length=1, max_length=MAX_VALUES)]


def _time_and_energy() -> dict[str, Literal["min", "max"]]:
    return {"seconds": "min", "energy_pj": "min"}


class SweepSpec(FileModel):
    """A whole sweep file."""

    name: FileName = Field(description="what reports call it")
    description: str = Field("", description="the question that it answers")
    machine: str | None = Field(None, description="base machine: a file, or a name in configs/machines; or an axis of that name")
    workload: str | None = Field(None, description="base workload: a file, or a name in workloads/; or an axis of that name")
    engine: Literal["compiled", "reference"] = Field("compiled", description="fabric engine")
    ideal: Ideal = Field("none", description="part of the machine that is made perfect")
    axes: dict[str, Axis] = Field(default_factory=dict, description="key path → values; workload.KEY means a key of the workload")
    zip: tuple[dict[str, Axis], ...] = Field((), description="groups of axes that step together, each with as many values as the others")
    set: dict[str, Setting | Scalar] = Field(default_factory=dict, description="keys that are fixed, or follow from the axes, in order")
    where: tuple[str, ...] = Field((), description="conditions; a combination that breaks one is no point of the sweep")
    objectives: dict[str, Literal["min", "max"]] = Field(
        default_factory=_time_and_energy,
        min_length=1,
        max_length=3,
        description="metric → which way is better",
    )
    constraints: tuple[str, ...] = Field((), description="conditions on metrics; a point that breaks one is run, and is never the best")
    equal: Literal["area"] | EqualSpec | None = Field(None, description="scale each machine by its size alone to one area of fabric")
    bands: bool = Field(False, description="carry what the constants' bands make of each point's energy, area and power")
    search: SearchSpec = Field(default_factory=SearchSpec, description="which combinations are run")

    @model_validator(mode="after")
    def _has_axes(self) -> SweepSpec:
        groups = [self.axes, *self.zip]
        if not any(groups):
            raise ValueError("axes: none is given; allowed: axes: {fabric.replicas: [1, 2, 4]}, or zip")
        seen: list[str] = [*self.set]
        for group in groups:
            for path in group:
                if path in seen:
                    raise ValueError(f"{path} is given twice among axes, zip and set; allowed: once")
                seen.append(path)
        for name in ("machine", "workload"):
            if name in self.set:
                raise ValueError(f"set: {name}: allowed as base, {name}: NAME, or among the axes, {name}: [NAME, …]")
            if (getattr(self, name) is None) == (name not in seen):
                raise ValueError(f"{name}: needed once: as base, {name}: NAME, or among the axes, {name}: [NAME, …]")
        return self


def values_of(axis: Axis) -> tuple[Scalar, ...]:
    """Values of an axis of either form."""
    return axis.expanded() if isinstance(axis, AxisSpec) else axis
