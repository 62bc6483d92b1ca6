"""Points one after another in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

from simulator.study.sweep.executors.backend import Backend


class InProcess(Executor):
    """Runs what it is given before `submit` returns."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Return a future that is done already."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments, **named))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def in_process(workers: int, address: str | None) -> Iterator[Backend]:
    """One worker: this process. A point that takes it down takes the sweep with it."""
    yield Backend(InProcess(), 1, lambda key, value: value, crashes=(), queued=1)
