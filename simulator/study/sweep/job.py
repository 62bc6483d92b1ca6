"""What a worker does, and what is kept of it: a machine is timed on a workload once, and priced in every technology that is asked for."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from simulator.activity import Activity
from simulator.cost.technology import Technology
from simulator.errors import CheckError, ConfigError, MappingError, SparsimError, WorkerError
from simulator.machine import Elaborated
from simulator.pipeline import time_workload
from simulator.pricing import price
from simulator.result import METRICS, codec
from simulator.result.metrics import RunMetrics
from simulator.result.saved import run_of
from simulator.study.executors import Report, TimeLimitError, time_limit
from simulator.study.uncertainty import METRICS as BANDED
from simulator.study.uncertainty import assess_in

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
    """A point that was run: its figures, or why it has none."""

    key: str
    timing_key: str
    record: Mapping[str, Any] | None
    """Metrics, bounds, causes, and figures by component; None where it failed."""
    failure: Failure | None = None
    reason: str = ""

    @property
    def text(self) -> str | None:
        """The record as it is stored."""
        return None if self.record is None else to_text(self.record)


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


@dataclass(frozen=True)
class Job:
    """Points that differ in nothing but their technology. Workload and technologies go by the keys of shared inputs."""

    timing_key: str
    elaborated: Elaborated
    workload: str
    engine: Any
    ideal: Any
    bands: bool
    prices: tuple[tuple[str, str], ...]
    """(key of the point, key of its technology)."""
    activity: str | None
    """What an earlier sweep counted, as text; None: it has to be simulated."""
    requests: int
    """Requests that this process will see at least: few of them are quicker without compiled kernels."""
    time_limit_s: float | None

    @property
    def inputs(self) -> list[str]:
        """Keys of the shared inputs that it needs."""
        technologies = [technology for _, technology in self.prices]
        return technologies if self.activity is not None else [self.workload, *technologies]


@dataclass(frozen=True)
class Done:
    """What a job gave."""

    outcomes: tuple[ComputedPoint, ...]
    activity: str | None
    """What was counted, as text; None where nothing was simulated, or it failed."""


def run_jobs(jobs: Sequence[Job], shared: Mapping[str, Any], report: Report) -> list[Done]:
    """Run jobs one after another; a failure is part of what comes back, never raised."""
    return [run_job(job, shared) for job in jobs]


def run_job(job: Job, shared: Mapping[str, Any]) -> Done:
    """Run one job."""
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
        job.elaborated, workload, engine=job.engine, ideal=job.ideal, threads=1, requests=job.requests, progress=lambda *_: check()
    )
    return timing.activity, activity_to_text(timing.activity)


def _priced(job: Job, activity: Activity, key: str, technology_key: str, shared: Mapping[str, Any]) -> ComputedPoint:
    """One point of the job; one that cannot be priced leaves the others alone."""
    try:
        # what is beyond a float becomes infinite, which `record_of` says in a sentence
        with time_limit(job.time_limit_s), np.errstate(over="ignore", invalid="ignore"):
            technology: Technology = shared[technology_key]
            cost = price(activity, job.elaborated, technology)
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
