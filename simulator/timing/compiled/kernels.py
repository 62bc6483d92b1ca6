"""Loads the kernels: Numba is imported, and they are compiled or read from the cache, when they are first needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from simulator.timing.compiled.cache import kernel_cache

Kernel = Callable[..., None]
"""Runs a memory from its clock's cycle on, to its end or to a cycle."""


@dataclass(frozen=True)
class Kernels:
    """The compiled loops."""

    run_gather: Kernel
    run_scatter: Kernel
    run_switch: Kernel


@cache
def load_kernels() -> Kernels:
    """Import Numba and the kernels, which are compiled at their first call if the cache does not hold them."""
    import numba

    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(kernel_cache())
    try:
        from simulator.timing.compiled.fabric_kernels import run_gather, run_scatter
        from simulator.timing.compiled.switch_kernels import run_switch
    finally:
        numba.config.CACHE_DIR = before
    return Kernels(run_gather, run_scatter, run_switch)


def kernels_loaded() -> bool:
    """Whether this process has the kernels already."""
    return load_kernels.cache_info().currsize > 0
