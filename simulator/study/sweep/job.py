"""What a worker does: time a machine on a workload once, and price it in every technology that is asked for."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from simulator.activity import Activity
from simulator.cost.technology import Technology
from simulator.errors import CheckError, MappingError, SparsimError
from simulator.machine import Elaborated
from simulator.pipeline import time_workload
from simulator.pricing import price
from simulator.result.metrics import RunMetrics
from simulator.study.sweep.executors.shared import fetched
from simulator.study.sweep.record import Failure, Outcome, activity_from_text, activity_to_text, bands_of, record_of

_LONGEST_REASON = 2000
_NO_LIMIT_S = 1e8
"""Three years; alarms cannot be set much further."""


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


@dataclass(frozen=True)
class Done:
    """What a job gave."""

    outcomes: tuple[Outcome, ...]
    activity: str | None
    """What was counted, as text; None where nothing was simulated, or it failed."""
    seconds: float


Run = Callable[[Sequence[Job], Mapping[str, Any]], list[Done]]
"""What executors run: jobs, and their shared inputs by key."""


class TimeLimitError(Exception):
    """A point took longer than it may."""


def run_jobs(jobs: Sequence[Job], shared: Mapping[str, Any]) -> list[Done]:
    """Run jobs one after another; a failure is part of what comes back, never raised."""
    return [run_job(job, shared) for job in jobs]


def run_job(job: Job, shared: Mapping[str, Any]) -> Done:
    """Run one job."""
    began = time.perf_counter()
    try:
        with _limited(job.time_limit_s) as check:
            activity, counted = _timed(job, shared, check)
    except Exception as error:
        return Done(tuple(failed(job, *why(error, job))), None, time.perf_counter() - began)
    outcomes = tuple(_priced(job, activity, key, shared[technology]) for key, technology in job.prices)
    return Done(outcomes, counted, time.perf_counter() - began)


def failed(job: Job, failure: Failure, reason: str) -> list[Outcome]:
    """All points of a job, failed for one reason."""
    return [_failed(job, key, failure, reason) for key, _ in job.prices]


def _failed(job: Job, key: str, failure: Failure, reason: str) -> Outcome:
    return Outcome(key, job.timing_key, None, failure, reason[:_LONGEST_REASON])


def _timed(job: Job, shared: Mapping[str, Any], check: Callable[[], None]) -> tuple[Activity, str | None]:
    """What the machine does, and its text where it was counted now."""
    if job.activity is not None:
        return activity_from_text(job.activity), None
    workload = fetched(shared[job.workload])
    timing = time_workload(
        job.elaborated, workload, engine=job.engine, ideal=job.ideal, threads=1, requests=job.requests, progress=lambda *_: check()
    )
    return timing.activity, activity_to_text(timing.activity)


def _priced(job: Job, activity: Activity, key: str, technology_input: Any) -> Outcome:
    """One point of the job; one that cannot be priced leaves the others alone."""
    try:
        with _limited(job.time_limit_s):
            technology: Technology = fetched(technology_input)
            cost = price(activity, job.elaborated, technology)
            run = RunMetrics(elaborated=job.elaborated, activity=activity, cost=cost, ideal=job.ideal)
            return Outcome(key, job.timing_key, record_of(run) | (bands_of(run, technology) if job.bands else {}))
    except Exception as error:
        return _failed(job, key, *why(error, job))


def why(error: Exception, job: Job) -> tuple[Failure, str]:
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
        case SparsimError():
            return "invalid", str(error)
    return "error", f"{type(error).__name__}: {error}"


@contextmanager
def _limited(seconds: float | None) -> Iterator[Callable[[], None]]:
    """Raise TimeLimitError in the block after so many seconds.

    By an alarm where the thread can have one; elsewhere (threads of a Dask worker) when the block calls what is yielded.
    """
    seconds = None if seconds is None or seconds > _NO_LIMIT_S else seconds
    ends = None if seconds is None else time.perf_counter() + seconds

    def check() -> None:
        if ends is not None and time.perf_counter() > ends:
            raise TimeLimitError

    if seconds is None or threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield check
        return

    def ring(number: int, frame: Any) -> None:
        raise TimeLimitError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield check
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
