"""Kernels: read from the disk as machine code when they are first needed, or compiled, and Numba imported for it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.engine.compiled import kernel_files

_LOADED: dict[Kernel, Callable[..., None]] = {}
_loading = Lock()


class Kernel(Struct, frozen=True):
    """A compiled loop: it runs a memory from its clock's cycle on, to its end or to a cycle.

    Its function `run_NAME` is in `module`, and takes `arrays`, of these types, and a number.
    """

    name: str
    module: str
    arrays: tuple[str, ...]

    def __call__(self, *arguments: Any) -> None:
        """Run it on contiguous arrays and a number; the first call compiles it, if the disk does not hold it.

        Raises TypeError for an array of another type: the machine code takes every address for what it is declared to be.
        """
        *arrays, number = arguments
        run = _loaded(self)
        for array, dtype in zip(arrays, _types(self.arrays), strict=True):
            if not (array.dtype is dtype or array.dtype == dtype) or not array.flags.c_contiguous:
                raise TypeError(f"run_{self.name} takes contiguous arrays of {', '.join(self.arrays)}, not {array.dtype}")
        run(*map(_address, arrays), number)

    def warm_up(self) -> None:
        """Have it before it is needed, so that a user is told and processes do not all compile it at once."""
        _loaded(self)

    @property
    def ready(self) -> bool:
        """Whether it need not be compiled: it is loaded, or the disk holds one of exactly these sources, for this processor."""
        return self in _LOADED or kernel_files.read(self.name, self.module) is not None


@cache
def _types(names: tuple[str, ...]) -> tuple[np.dtype[Any], ...]:
    return tuple(map(np.dtype, names))


_NOTHING = ctypes.c_char * 0


def _address(array: NDArray[Any]) -> int:
    """Where its numbers are, by its buffer, which takes a fifth of asking NumPy; that, of one that may not be written."""
    if array.flags.writeable:
        return ctypes.addressof(_NOTHING.from_buffer(array.data))
    address: int = array.__array_interface__["data"][0]
    return address


def kernels_kept() -> bool:
    """Whether kernels that are compiled now are there for later runs."""
    return kernel_files.kept()


def _loaded(kernel: Kernel) -> Callable[..., None]:
    with _loading:
        if kernel not in _LOADED:
            _LOADED[kernel] = _load(kernel)
        return _LOADED[kernel]


def _load(kernel: Kernel) -> Callable[..., None]:
    """The kernel as C's `void run(void *…, int64_t)`, which lets other threads run meanwhile."""
    code = kernel_files.read(kernel.name, kernel.module)
    if code is None:
        from simulator.engine.compiled.building import machine_code

        code = machine_code(kernel.name, kernel.module, kernel.arrays)
        kernel_files.write(kernel.name, kernel.module, code)
    prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(kernel.arrays), ctypes.c_int64)
    run: Callable[..., None] = prototype(kernel_files.address(kernel.name, code))
    return run
