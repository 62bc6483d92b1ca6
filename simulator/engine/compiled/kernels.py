"""Loads the kernels: Numba is imported, and they are compiled or read from the cache, when they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

from simulator.engine.compiled.cache import kernel_cache

Kernel = Callable[..., None]
"""Runs a memory from its clock's cycle on, to its end or to a cycle."""
_loading = Lock()


@dataclass(frozen=True)
class Kernels:
    """The compiled loops."""

    run_gather: Kernel
    run_scatter: Kernel
    run_switch: Kernel


def load_kernels() -> Kernels:
    """Import Numba and the kernels, which are compiled at their first call if the cache does not hold them."""
    with _loading:
        return _kernels()


@cache
def _kernels() -> Kernels:
    with _cached_in(str(kernel_cache())):
        from simulator.engine.compiled.fabric_kernels import run_gather, run_scatter
        from simulator.engine.compiled.switch_kernels import run_switch
    return Kernels(run_gather, run_scatter, run_switch)


@contextmanager
def _cached_in(folder: str) -> Iterator[None]:
    """Have kernels that are declared here cached in a folder, and those of other packages where they would be."""
    import numba

    config: Any = numba.config
    before, config.CACHE_DIR = config.CACHE_DIR, folder
    try:
        yield
    finally:
        config.CACHE_DIR = before


def kernels_loaded() -> bool:
    """Whether this process has the kernels already."""
    return _kernels.cache_info().currsize > 0
