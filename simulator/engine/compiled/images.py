"""Kernels as images: machine code that runs wherever it lies, so that no linker, and none of LLVM, is needed to load it.

`linking.py` makes them of object files, where it can.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from collections.abc import Mapping

from msgspec import Struct, msgpack

_MARK = b"sparsim image\0"
ADDRESS_BYTES = 8
_alive: list[mmap.mmap] = []
"""Memory whose code may be called as long as the process lives."""


class Image(Struct, frozen=True):
    """What there is to run."""

    code: bytes
    entry: int
    """Where in it the function begins."""
    addresses: Mapping[str, int]
    """Where in it the addresses of functions of the C library are wanted, by their names."""

    def encoded(self) -> bytes:
        """As a file holds it."""
        return _MARK + msgpack.encode(self)

    def address(self) -> int:
        """Where the processor finds the function, once the image lies in memory. Raises OSError where the system refuses to run it."""
        library = ctypes.CDLL(None, use_errno=True)
        memory = mmap.mmap(-1, len(self.code))
        memory[:] = self.code
        for name, place in self.addresses.items():
            called = ctypes.cast(library[name], ctypes.c_void_p).value or 0
            memory[place : place + ADDRESS_BYTES] = called.to_bytes(ADDRESS_BYTES, "little")
        start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        # written first, run then: never both
        if library.mprotect(ctypes.c_void_p(start), ctypes.c_size_t(len(memory)), mmap.PROT_READ | mmap.PROT_EXEC):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        _alive.append(memory)
        return start + self.entry


def possible() -> bool:
    """Whether this is a system of which images are made: Linux on x86-64."""
    return sys.platform == "linux" and os.uname().machine == "x86_64" and sys.maxsize > 2**32


def decoded(code: bytes) -> Image | None:
    """The image that a file holds; None where it is an object file."""
    return msgpack.decode(code[len(_MARK) :], type=Image) if code.startswith(_MARK) else None
