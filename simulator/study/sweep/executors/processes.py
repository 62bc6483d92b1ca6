"""Worker processes on this computer, each in an executor of its own, so that one that dies takes only its own points along."""

from __future__ import annotations

import multiprocessing
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from simulator.study.comparison.processes import end_with_parent, undisturbed
from simulator.study.sweep.executors.backend import Backend
from simulator.study.sweep.executors.shared import spool, unspool


class Lanes(Executor):
    """Several executors of one process each; a task goes to the one with the fewest, and a dead one is replaced."""

    def __init__(self, workers: int) -> None:
        self._lanes = [_Lane() for _ in range(workers)]

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Return a future that raises BrokenProcessPool where its worker dies."""
        return min(self._lanes, key=lambda lane: lane.waiting).submit(function, *arguments, **named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers; what they are doing is lost."""
        for lane in self._lanes:
            lane.end()


class _Lane:
    """One worker process, started when it first has something to do."""

    def __init__(self) -> None:
        self._executor: ProcessPoolExecutor | None = None
        self._futures: set[Future[Any]] = set()

    @property
    def waiting(self) -> int:
        """Tasks that are not done."""
        self._futures = {future for future in self._futures if not future.done()}
        return len(self._futures)

    def submit(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Future[Any]:
        """Return a future of the worker; a new worker takes the place of one that was found dead."""
        try:
            future = self._started().submit(function, *arguments, **named)
        except BrokenProcessPool:
            self.end()
            future = self._started().submit(function, *arguments, **named)
        self._futures.add(future)
        return future

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin)
            with undisturbed():
                self._executor.submit(int).add_done_callback(lambda future: future.cancelled() or future.exception())
        return self._executor

    def end(self) -> None:
        """Kill the worker; a simulation has nothing to tidy up."""
        if self._executor is None:
            return
        for process in list((getattr(self._executor, "_processes", None) or {}).values()):
            with suppress(OSError):
                process.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = None


@contextmanager
def processes(workers: int, address: str | None) -> Iterator[Backend]:
    """So many worker processes; inputs reach them through a folder that ends with the sweep."""
    folder = Path(tempfile.mkdtemp(prefix="sparsim-sweep-"))
    lanes = Lanes(workers)
    try:
        yield Backend(lanes, workers, lambda key, value: spool(folder, key, value), crashes=(BrokenProcessPool,), forget=unspool)
    finally:
        lanes.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def _begin() -> None:
    """Set up a worker: Ctrl-C is the parent's business, and without a parent there is none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent()
