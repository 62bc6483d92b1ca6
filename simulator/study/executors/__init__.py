"""The one pool of workers: where comparisons, sweeps and searches for sizes run their tasks.

`executor.py` says what an executor is, and runs tasks in this process; `processes.py` and `dask.py` are the others. `dispatch.py`
hands tasks to any of them and deals with workers that die. Another place to run is one file and one line in `EXECUTORS`;
what only the others need is loaded where one of them is asked for.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from simulator.study.executors.dispatch import Dispatch
from simulator.study.executors.executor import Executor, Report, TimeLimitError, Work, in_process, silent, time_limit


def _processes(workers: int, address: str | None) -> AbstractContextManager[Executor]:
    from simulator.study.executors.processes import processes

    return processes(workers, address)


def _dask(workers: int, address: str | None) -> AbstractContextManager[Executor]:
    from simulator.study.executors.dask import dask

    return dask(workers, address)


EXECUTORS: dict[str, Callable[[int, str | None], AbstractContextManager[Executor]]] = {
    "in_process": in_process,
    "processes": _processes,
    "dask": _dask,
}
"""(workers, address of a cluster) → an executor that ends with its `with` block."""


def local(workers: int) -> AbstractContextManager[Executor]:
    """So many processes of this computer; for one, this process itself."""
    return in_process(1, None) if workers <= 1 else _processes(workers, None)


__all__ = ["EXECUTORS", "Dispatch", "Executor", "Report", "TimeLimitError", "Work", "local", "silent", "time_limit"]
