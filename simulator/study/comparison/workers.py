"""Runs in this process, or in several that end with it."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from simulator.errors import MappingError, WorkerError
from simulator.machine.model import Machine
from simulator.pipeline import simulate
from simulator.result import Ideal, Result
from simulator.study.comparison.processes import end_with_parent, undisturbed
from simulator.workload.types import Workload

if TYPE_CHECKING:
    from simulator.study.sizing.types import Outcome, Rival, Runner

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Task:
    """One run to do."""

    machine: Machine
    ideal: Ideal
    engine: Literal["compiled", "reference"]

    @property
    def name(self) -> str:
        """What progress calls it."""
        return self.machine.name if self.ideal == "none" else f"{self.machine.name} (ideal {self.ideal})"

    def run(self, workload: Workload, progress: Progress) -> Result:
        """Simulate it; `progress` gets the task's name and the fraction done."""
        result = simulate(
            self.machine,
            workload,
            engine=self.engine,
            ideal=self.ideal,
            progress=lambda _, fraction: progress(self.name, fraction),
        )
        progress(self.name, 1.0)
        return result


def run_tasks(tasks: Sequence[Task], workload: Workload, jobs: int, progress: Progress) -> list[Result]:
    """Run all tasks, `jobs` at a time, and return their results in the order of the tasks.

    The first error ends all of them and is raised; so does Ctrl-C.
    """
    with _runner(workload, min(jobs, len(tasks)), progress) as run:
        return run(tasks)


@contextmanager
def machine_runner(workload: Workload, jobs: int, engine: Literal["compiled", "reference"] = "compiled") -> Iterator[Runner]:
    """Yield what runs machines, `jobs` at a time, batch after batch in the same processes."""
    from simulator.study.sizing.trials import InTurn

    with _runner(InTurn(workload, engine), jobs, lambda name, fraction: None) as run:
        yield _Spread(run)


@dataclass(frozen=True)
class _Spread:
    """A `Runner` that asks one machine at a time of whichever process is free."""

    ask: Callable[[Sequence[Any]], list[Any]]

    def run(self, machines: Sequence[Machine]) -> list[Outcome]:
        return self.ask([_Question("run", machine) for machine in machines])

    def bound(self, machines: Sequence[Machine], rival: Rival) -> list[float | MappingError]:
        return self.ask([_Question("bound", machine, (rival,)) for machine in machines])

    def attempt(self, machines: Sequence[Machine], rival: Rival) -> list[Outcome | None]:
        return self.ask([_Question("attempt", machine, (rival,)) for machine in machines])


@dataclass(frozen=True)
class _Question:
    """A method of `Runner`, for one machine."""

    method: Literal["run", "bound", "attempt"]
    machine: Machine
    more: tuple[Any, ...] = ()

    def run(self, runner: Runner, progress: Progress) -> Any:
        (answer,) = getattr(runner, self.method)([self.machine], *self.more)
        return answer


@contextmanager
def _runner(held: Any, jobs: int, progress: Progress) -> Iterator[Callable[[Sequence[Any]], list[Any]]]:
    """Yield a function that runs tasks on what each process holds, `jobs` at a time; with one job, in this process."""
    if jobs <= 1:
        yield lambda tasks: [task.run(held, progress) for task in tasks]
        return
    context = multiprocessing.get_context("spawn")
    reports = context.SimpleQueue()
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(jobs, context, _start, (held, reports))

    def run(tasks: Sequence[Any]) -> list[Any]:
        with undisturbed():
            futures = [executor.submit(_run, task) for task in tasks]
        _follow(futures, reports, progress)
        return [future.result() for future in futures]

    try:
        yield run
    except BrokenProcessPool as error:
        raise WorkerError("a worker process died, perhaps for want of memory; try again with one process (-j 1)") from error
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.kill()
        raise
    finally:
        executor.shutdown(cancel_futures=True)
        reports.close()


def _follow(futures: Sequence[Future[Any]], reports: Any, progress: Progress) -> None:
    """Hand on what the workers report until all are done; raise the first error."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=0.1, return_when=FIRST_COMPLETED)
        while not reports.empty():
            progress(*reports.get())
        for future in done:
            future.result()


class _Worker:
    """What a worker process holds: what all tasks need, sent once, and the way to report."""

    held: Any
    reports: Any


def _start(held: Any, reports: Any) -> None:
    """Set up a worker: Ctrl-C is the parent's business, and without a parent there is none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
    _Worker.held, _Worker.reports = held, reports
    end_with_parent()


def _run(task: Any) -> Any:
    return task.run(_Worker.held, lambda name, fraction: _Worker.reports.put((name, fraction)))
