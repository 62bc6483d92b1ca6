"""Worker processes of this computer, each in an executor of its own, so that one that dies takes only its own tasks along."""

from __future__ import annotations

import gc
import multiprocessing
import multiprocessing.connection
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from simulator.owned import abandoned, clear, owner_mark
from simulator.study.executors.executor import Batch, Executor, Report, Spooled, Work, done, silent

_INTERRUPTS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What ends this process by its own handlers: Ctrl-C, `kill`, a terminal that is closed."""


class Processes:
    """So many processes, of which a dead one is replaced. Inputs travel through a folder."""

    queued = 2
    crashes: tuple[type[BaseException], ...] = (BrokenProcessPool,)

    def __init__(self, workers: int, folder: Path) -> None:
        self.workers = workers
        self._processes = [_Process() for _ in range(workers)]
        self._files = (folder / f"{number}.pickle" for number in count())

    def begin(self, work: Work) -> None:
        """Launch all processes; each imports what it will call."""
        for process in self._processes:
            process.begin(work)

    def submit(self, worker: int, work: Work, tasks: Sequence[Any], inputs: Mapping[str, Any], listen: Report) -> Future[Batch]:
        """Return a future that raises BrokenProcessPool where its worker dies."""
        return self._processes[worker].submit(work, tasks, inputs, listen)

    def share(self, value: object) -> Spooled:
        """Write an input into the folder."""
        return Spooled.write(next(self._files), value)

    def forget(self, shared: Spooled) -> None:
        """Remove the file of an input; workers that hold it let go with their next batch."""
        shared.path.unlink(missing_ok=True)

    def hand_on(self) -> None:
        """Tell what the workers have sent."""
        for process in self._processes:
            process.hand_on()

    def end(self) -> None:
        """End the workers; what they are doing is lost."""
        for process in self._processes:
            process.end()


class _Process:
    """One worker process, started when it first has something to do."""

    def __init__(self) -> None:
        self._executor: ProcessPoolExecutor | None = None
        self._reports: Connection | None = None
        self._listen: Report = silent

    def begin(self, work: Work) -> None:
        """Launch the worker. One that dies before it has anything to do is found dead then."""
        with suppress(BrokenProcessPool):
            self._started(work).submit(_known, work).add_done_callback(_unheard)

    def submit(self, work: Work, tasks: Sequence[Any], inputs: Mapping[str, Any], listen: Report) -> Future[Batch]:
        """Return a future of the worker; a new worker takes the place of one that was found dead."""
        self._listen = listen
        try:
            return self._started(work).submit(_done_here, work, tasks, inputs)
        except BrokenProcessPool:
            self.end()
            return self._started(work).submit(_done_here, work, tasks, inputs)

    def _started(self, work: Work) -> ProcessPoolExecutor:
        if self._executor is None:
            launch_tracker()
            context = _context(work)
            # a pipe for each worker: one that is killed while it writes neither holds a lock nor leaves others waiting
            self._reports, theirs = context.Pipe(duplex=False)
            self._executor = ProcessPoolExecutor(1, context, _begin, (theirs, dict(os.environ)))
            with _undisturbed():
                self._executor.submit(int).add_done_callback(_unheard)
            theirs.close()
        return self._executor

    def hand_on(self) -> None:
        """Tell what this worker has sent; a dead one may have left half a report."""
        with suppress(EOFError, OSError):
            while self._reports is not None and self._reports.poll():
                self._listen(*self._reports.recv())

    def end(self) -> None:
        """Kill the worker; a simulation has nothing to tidy up."""
        if self._executor is None:
            return
        for process in list((getattr(self._executor, "_processes", None) or {}).values()):
            with suppress(OSError):
                process.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = None
        if self._reports is not None:
            self._reports.close()
            self._reports = None


def _context(work: Work) -> BaseContext:
    """How workers start: where the system can, as copies of one process, without threads, that has imported what they will call."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    # of use until the first worker of this process
    context.set_forkserver_preload([work.__module__])
    return context


_UNSAID = "ignore:resource_tracker:UserWarning"
"""What Python's tracker would tell the terminal of a command that was killed: that it tidies up, as it does."""


def launch_tracker() -> None:
    """Start the process of Python's that removes the semaphores of one that was killed, so that a closed terminal does not end it.

    It ignores Ctrl-C by itself. Were it gone, another would be started as soon as a semaphore is removed, and complain of not knowing it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        return
    from multiprocessing import resource_tracker

    sys.warnoptions.append(_UNSAID)
    try:
        with _undisturbed():
            resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(_UNSAID)


def _known(work: Work) -> None:
    """A worker that is handed a function has imported its module."""


def _unheard(future: Future[Any]) -> None:
    """Whatever became of it."""
    future.cancelled() or future.exception()


_FOLDER = "sparsim-"
"""Begins the name of a temporary folder."""


@contextmanager
def processes(workers: int, address: str | None) -> Iterator[Executor]:
    """So many worker processes; their folder ends with them."""
    temporary = Path(tempfile.gettempdir())
    for left in abandoned(temporary, _FOLDER, ""):
        clear(left)
    folder = temporary / f"{_FOLDER}{owner_mark()}"
    folder.mkdir(mode=0o700)
    executor = Processes(workers, folder)
    try:
        yield executor
    finally:
        executor.end()
        shutil.rmtree(folder, ignore_errors=True)


class _Here:
    """What a worker process holds: the way to report."""

    reports: Connection


def _done_here(work: Work, tasks: Sequence[Any], inputs: Mapping[str, Any]) -> Batch:
    return done(work, tasks, inputs, lambda name, fraction: _Here.reports.send((name, fraction)))


_OBJECTS_BEFORE_COLLECTION = 1_000_000
"""Modules that a worker loads are no garbage; looking for some among them takes a tenth of its start."""


def _begin(reports: Connection, environment: Mapping[str, str]) -> None:
    """Set up a worker: Ctrl-C and a closed terminal are the parent's business, and without a parent there is none.

    It has the environment that its parent has now: what it is a copy of was given an earlier one.
    """
    os.environ.clear()
    os.environ.update(environment)
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _Here.reports = reports
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker process when its parent does, however that ends."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold interrupts back while workers are launched: a half-launched one would be lost, and fill the terminal with complaints.

    The workers inherit the mask, so that Ctrl-C reaches this process alone. The mask is not enough here, because the system
    may hand a signal to another thread; so its handler only takes note.
    """
    held: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    handlers = {number: signal.signal(number, lambda seen, _: held.append(seen)) for number in _INTERRUPTS} if main else {}
    masks = hasattr(signal, "pthread_sigmask")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS) if masks else set()
    try:
        yield
    except Exception:
        # the interrupt may be what broke the launch, and is what the user wants to hear of
        if not held:
            raise
    finally:
        if masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
    if held:
        signal.raise_signal(held[0])
