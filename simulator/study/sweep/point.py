"""A point of a sweep: one machine on one workload, known by all that determines its figures; what a worker does for it; what comes of it.

A machine is timed on a workload once, and priced in every technology that is asked for.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from simulator.activity import Activity, Ideal
from simulator.cost.technology import Technology
from simulator.engine.engines import EngineName
from simulator.errors import CheckError, ConfigError, MappingError, SparsimError, WorkerError
from simulator.kinds import kind_of
from simulator.machine import Elaborated
from simulator.pipeline import time_workload
from simulator.pricing import counted, elaborate, pricer_of
from simulator.result import METRICS, codec
from simulator.result.metrics import RunMetrics
from simulator.result.saved import run_of
from simulator.study.design import design_key, digest
from simulator.study.executors import Report, TimeLimitError, time_limit
from simulator.study.sweep.inputs import PricedIn, Recipe, Scaled
from simulator.study.sweep.spec import Scalar, SweepSpec
from simulator.study.uncertainty import METRICS as BANDED
from simulator.study.uncertainty import assess_in
from simulator.version import MODEL_VERSION

Failure = Literal["invalid", "mapping", "memory", "time limit", "killed", "bug", "error"]
FAILURES: dict[Failure, str] = {
    "invalid": "no such machine or workload",
    "mapping": "the machine cannot hold the workload",
    "memory": "out of memory",
    "time limit": "longer than --time-limit",
    "killed": "took its process down, or was killed with it",
    "bug": "broke a conservation law: a bug in sparsim",
    "error": "raised an unexpected error: a bug in sparsim",
}
"""Why a point can fail."""


@dataclass(frozen=True)
class ComputedPoint:
    """A point that was run, as the store keeps it: its figures, or why it has none."""

    key: str
    timing_key: str
    """Empty for what is no machine or no workload."""
    record: Mapping[str, Any] | None
    """Metrics, bounds, causes, and figures by component; None where it failed."""
    failure: Failure | None = None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Point:
    """One machine on one workload, with the values that the axes gave it."""

    assignments: Mapping[str, Scalar]
    elaborated: Elaborated
    technology: PricedIn
    recipe: Recipe
    sized: Scaled
    """What `equal` made of the machine."""
    engine: EngineName
    ideal: Ideal
    bands: bool
    """Whether its record has what the constants' bands make of it."""
    timing_key: str
    """Hash of all that its cycles and counts depend on: no technology, but for the latency that it elaborates to."""
    key: str
    """Hash of all that its figures depend on."""

    @classmethod
    def of(cls, spec: SweepSpec, assignments: Mapping[str, Scalar], sized: Scaled, technology: PricedIn, recipe: Recipe) -> Point:
        """Raises SparsimError where the machine cannot be built."""
        elaborated = elaborate(sized.machine, technology.technology)
        kind_of(sized.machine).check_files(sized.machine)
        timing_key = design_key(elaborated, workload=recipe.key, engine=spec.engine, ideal=spec.ideal, version=MODEL_VERSION.of("timing"))
        key = digest({"timing": timing_key, "technology": technology.key, "bands": spec.bands, "version": MODEL_VERSION.of("cost")})
        return cls(assignments, elaborated, technology, recipe, sized, spec.engine, spec.ideal, spec.bands, timing_key, key)


@dataclass(frozen=True)
class Invalid:
    """A combination that is no machine or no workload, and why; or one whose best sizes could not be searched for."""

    assignments: Mapping[str, Scalar]
    reason: str
    failure: Failure = "invalid"


def record_of(run: RunMetrics) -> dict[str, Any]:
    """Every metric of a run, and what plots need beside them; JSON values only.

    Raises ConfigError where a metric is no finite number: a constant or a size is beyond reason.
    """
    derived = run.derived()
    for name in METRICS:
        if not math.isfinite(derived[name]):
            raise ConfigError(f"{name} comes out as {derived[name]}: a constant or a size is beyond reason")
    record: dict[str, Any] = codec.plain(derived)
    return record


def bands_of(run: RunMetrics, technology: Technology) -> dict[str, Any]:
    """`bands`: metric → [low, high], the combined band of each metric that has one."""
    known = assess_in([run_of(run, "")], [technology])
    (name,) = known.names
    combined = {metric: known.spread(name, metric).combined for metric in BANDED}
    return {"bands": {metric: [band.low, band.high] for metric, band in combined.items()}}


def to_text(record: Mapping[str, Any]) -> str:
    """Compact JSON."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def activity_to_text(activity: Activity) -> str:
    """An activity as it is stored; `activity_from_text` is its inverse."""
    return to_text(codec.plain(activity))


def activity_from_text(text: str) -> Activity:
    """The activity of a stored text."""
    return codec.activity_from_dict(json.loads(text))


_LONGEST_REASON = 2000
RECALL = "recall"
"""Key of the shared input that each worker keeps: what fabrics did at earlier points."""


@dataclass(frozen=True)
class Job:
    """Points that differ in nothing but their technology. Workload and technologies go by the keys of shared inputs."""

    timing_key: str
    elaborated: Elaborated
    workload: str
    engine: EngineName
    ideal: Ideal
    bands: bool
    prices: tuple[tuple[str, str], ...]
    """(key of the point, key of its technology)."""
    activity: str | None
    """What an earlier sweep counted, as text; None: it has to be simulated."""
    requests: int
    """Requests that this process will see at least: few of them are quicker without compiled kernels."""
    time_limit_s: float | None

    @classmethod
    def of(cls, points: Sequence[Point], activity: str | None, requests: int, time_limit_s: float | None) -> Job:
        """The job of points of one timing."""
        first, prices = points[0], tuple((point.key, point.technology.key) for point in points)
        return cls(
            first.timing_key,
            first.elaborated,
            first.recipe.key,
            first.engine,
            first.ideal,
            first.bands,
            prices,
            activity,
            requests,
            time_limit_s,
        )

    @property
    def inputs(self) -> list[str]:
        """Keys of the shared inputs that it needs."""
        technologies = [technology for _, technology in self.prices]
        return technologies if self.activity is not None else [self.workload, RECALL, *technologies]


@dataclass(frozen=True)
class Done:
    """What a job gave."""

    outcomes: tuple[ComputedPoint, ...]
    activity: str | None
    """What was counted, as text; None where nothing was simulated, or it failed."""


def run_jobs(jobs: Sequence[Job], shared: Mapping[str, Any], report: Report) -> list[Done]:
    """Run jobs one after another; a failure is part of what comes back, never raised."""
    return [_run(job, shared) for job in jobs]


def _run(job: Job, shared: Mapping[str, Any]) -> Done:
    try:
        with time_limit(job.time_limit_s) as check:
            activity, counted = _timed(job, shared, check)
    except Exception as error:
        return failed(job, error)
    return Done(tuple(_priced(job, activity, *names, shared) for names in job.prices), counted)


def failed(job: Job, error: Exception) -> Done:
    """All points of a job, failed for one reason."""
    return Done(tuple(_failed(job, key, error) for key, _ in job.prices), None)


def _failed(job: Job, key: str, error: Exception) -> ComputedPoint:
    failure, reason = _why(error, job)
    return ComputedPoint(key, job.timing_key, None, failure, reason[:_LONGEST_REASON])


def _timed(job: Job, shared: Mapping[str, Any], check: Callable[[], None]) -> tuple[Activity, str | None]:
    """What the machine does, and its text where it was counted now."""
    if job.activity is not None:
        return activity_from_text(job.activity), None
    workload = shared[job.workload]
    timing = time_workload(
        job.elaborated,
        workload,
        engine=job.engine,
        ideal=job.ideal,
        threads=1,
        requests=job.requests,
        progress=lambda *_: check(),
        recall=shared[RECALL],
    )
    return timing.activity, activity_to_text(timing.activity)


def _priced(job: Job, activity: Activity, key: str, technology_key: str, shared: Mapping[str, Any]) -> ComputedPoint:
    """One point of the job; one that cannot be priced leaves the others alone."""
    try:
        # what is beyond a float becomes infinite, which `record_of` says in a sentence
        with time_limit(job.time_limit_s), np.errstate(over="ignore", invalid="ignore"):
            technology: Technology = shared[technology_key]
            # what was settled is in the key of the timing, and so is the same for all of these technologies
            cost = pricer_of(job.elaborated, technology).price(counted(job.elaborated.machine, activity))
            run = RunMetrics(elaborated=job.elaborated, activity=activity, cost=cost, ideal=job.ideal)
            return ComputedPoint(key, job.timing_key, record_of(run) | (bands_of(run, technology) if job.bands else {}))
    except Exception as error:
        return _failed(job, key, error)


def _why(error: Exception, job: Job) -> tuple[Failure, str]:
    """What kind of failure an exception is, and what to say of it."""
    match error:
        case TimeLimitError():
            return "time limit", f"not done after {job.time_limit_s:g} s"
        case MemoryError():
            return "memory", f"out of memory: {error}" if str(error) else "out of memory"
        case MappingError():
            return "mapping", str(error)
        case CheckError():
            return "bug", str(error)
        case WorkerError():
            return "killed", str(error)
        case SparsimError():
            return "invalid", str(error)
    return "error", f"{type(error).__name__}: {error}"
