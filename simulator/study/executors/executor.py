"""What an executor is, what its workers do with a batch of tasks, and the executor that is this process."""

from __future__ import annotations

import gc
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

KEPT = 8
"""Shared inputs that a worker process keeps in memory, of those that were not forgotten."""
_NO_LIMIT_S = 1e8
"""Three years; alarms cannot be set much further."""

Report = Callable[[str, float], None]
"""What a task tells on its way: what it does, and the fraction of it that is done."""
Work = Callable[[Sequence[Any], Mapping[str, Any], Report], list[Any]]
"""Tasks, their shared inputs by key, and where to report → a result for each. A function that workers can import."""
Batch = tuple[list[Any], float]
"""Results of the tasks of a batch, and how many seconds they took together."""


class Executor(Protocol):
    """Workers, and how tasks, inputs and reports travel between them and this process."""

    workers: int
    queued: int
    """Batches to keep submitted for each worker, so that none waits."""
    crashes: tuple[type[BaseException], ...]
    """What a future raises whose worker died, beside what `concurrent.futures` has for it."""

    def begin(self, work: Work) -> None:
        """Have workers start that would else start with their first batch: there will be work for all of them."""

    def submit(self, worker: int, work: Work, tasks: Sequence[Any], inputs: Mapping[str, Any], listen: Report) -> Future[Batch]:
        """Have a worker do a batch, the one of that number where they can be told apart.

        `inputs` are what `share` returned, by key. `listen` hears what the tasks report.
        """

    def share(self, value: object) -> Any:
        """Take an input to where the workers are, once; return what stands for it."""

    def forget(self, shared: Any) -> None:
        """Let go of what `share` returned."""

    def hand_on(self) -> None:
        """Tell what tasks have reported meanwhile; in the thread that calls this."""


def silent(name: str, fraction: float) -> None:
    """A `Report` that nobody hears."""


def done(work: Work, tasks: Sequence[Any], inputs: Mapping[str, Any], report: Report = silent) -> Batch:
    """Do a batch: what runs in a worker."""
    _READ.let_go()
    began = time.perf_counter()
    results = work(tasks, _Fetched(inputs), report)
    return results, time.perf_counter() - began


class InProcess:
    """This process as the only worker: a batch is done before `submit` returns. A task that takes it down takes all down."""

    workers = 1
    queued = 1
    crashes: tuple[type[BaseException], ...] = ()

    def begin(self, work: Work) -> None:
        """It is here."""

    def submit(self, worker: int, work: Work, tasks: Sequence[Any], inputs: Mapping[str, Any], listen: Report) -> Future[Batch]:
        """Return a future that is done already."""
        future: Future[Batch] = Future()
        try:
            future.set_result(done(work, tasks, inputs, listen))
        except Exception as error:
            future.set_exception(error)
        return future

    def share(self, value: object) -> object:
        """The input is here."""
        return value

    def forget(self, shared: object) -> None:
        """Nothing was taken anywhere."""

    def hand_on(self) -> None:
        """Tasks told it themselves."""


@contextmanager
def in_process(workers: int, address: str | None) -> Iterator[Executor]:
    """One worker, whatever is asked for: this process."""
    yield InProcess()


class Spooled(Struct, frozen=True):
    """An input in a file of a folder that the processes of one computer share."""

    path: Path

    @classmethod
    def write(cls, path: Path, value: object) -> Spooled:
        """Write an input, whole or not at all."""
        draft = path.with_suffix(".part")
        draft.write_bytes(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))
        draft.replace(path)
        return cls(path)


class _Fetched(dict[str, Any]):
    """Shared inputs by key, each read from its file when it is first asked for; a worker keeps the last few of them."""

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        return _READ.of(value.path) if isinstance(value, Spooled) else value


class _Read:
    """Inputs that this process has read: the last few that it used, until they are forgotten where they come from.

    What was worked out of an input is held by it, hundreds of megabytes perhaps.
    """

    def __init__(self) -> None:
        self._values: dict[Path, Any] = {}

    def of(self, path: Path) -> Any:
        """What is in a file, which this program has written into a folder of its own."""
        value = self._values.pop(path) if path in self._values else pickle.loads(path.read_bytes())
        self._values[path] = value
        while len(self._values) > KEPT:
            del self._values[next(iter(self._values))]
        return value

    def let_go(self) -> None:
        """Drop inputs whose file is gone."""
        gone = [path for path in self._values if not path.exists()]
        for path in gone:
            del self._values[path]
        if gone:
            gc.collect()


_READ = _Read()


class TimeLimitError(Exception):
    """A task took longer than it may."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[Callable[[], None]]:
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
