"""The one pool of workers: where comparisons, sweeps and searches for sizes run their tasks.

`executor.py` says what an executor is, and runs tasks in this process; `processes.py` and `dask.py` are the others. `dispatch.py`
hands tasks to any of them and deals with workers that die. Another place to run is one file and one line in `EXECUTORS`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from simulator.study.executors.dask import dask
from simulator.study.executors.dispatch import Dispatch
from simulator.study.executors.executor import Executor, Report, TimeLimitError, Work, in_process, silent, time_limit
from simulator.study.executors.processes import processes

EXECUTORS: dict[str, Callable[[int, str | None], AbstractContextManager[Executor]]] = {
    "in_process": in_process,
    "processes": processes,
    "dask": dask,
}
"""(workers, address of a cluster) → an executor that ends with its `with` block."""


def local(workers: int) -> AbstractContextManager[Executor]:
    """So many processes of this computer; for one, this process itself."""
    return in_process(1, None) if workers <= 1 else processes(workers, None)


__all__ = ["EXECUTORS", "Dispatch", "Executor", "Report", "TimeLimitError", "Work", "local", "silent", "time_limit"]
