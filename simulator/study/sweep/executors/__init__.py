"""Where points are run, by name. Another place is one file and one line here."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from simulator.study.sweep.executors.backend import Backend
from simulator.study.sweep.executors.dask import dask
from simulator.study.sweep.executors.in_process import in_process
from simulator.study.sweep.executors.processes import processes

EXECUTORS: dict[str, Callable[[int, str | None], AbstractContextManager[Backend]]] = {
    "in_process": in_process,
    "processes": processes,
    "dask": dask,
}
"""(workers, address of a cluster) → a backend that ends with its `with` block."""

__all__ = ["EXECUTORS", "Backend"]
