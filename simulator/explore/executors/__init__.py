"""Where points are run, by name. Another place is one file and one line here."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from simulator.explore.executors.backend import Backend
from simulator.explore.executors.dask import dask
from simulator.explore.executors.in_process import in_process
from simulator.explore.executors.processes import processes

EXECUTORS: dict[str, Callable[[int, str | None], AbstractContextManager[Backend]]] = {
    "in_process": in_process,
    "processes": processes,
    "dask": dask,
}
"""(workers, address of a cluster) → a backend that ends with its `with` block."""

__all__ = ["EXECUTORS", "Backend"]
