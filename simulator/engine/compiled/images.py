"""Machine code as one piece of bytes that runs wherever it lies, so that no linker, and none of LLVM, is needed to load it.

Of an object file of Linux on x86-64 whose parts find each other by their distance alone, which never changes once they lie side by
side: it is laid out once, when a kernel is compiled. What LLVM makes of a loop that clears or copies, a call of the C library, goes by
an address that is filled in when the image is loaded. Field names and numbers are those of the System V ABI (generic, and x86-64).
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys

import numpy as np
from msgspec import Struct, msgpack

_MARK = b"sparsim image\0"
_HEADER = np.dtype(
    [("ident", "V16"), ("type", "<u2"), ("machine", "<u2"), ("version", "<u4"), ("entry", "<u8"), ("phoff", "<u8"), ("shoff", "<u8")]
    + [("flags", "<u4"), *((name, "<u2") for name in ("ehsize", "phentsize", "phnum", "shentsize", "shnum", "shstrndx"))]
)
_SECTION = np.dtype(
    [("name", "<u4"), ("type", "<u4"), ("flags", "<u8"), ("addr", "<u8"), ("offset", "<u8"), ("size", "<u8")]
    + [("link", "<u4"), ("info", "<u4"), ("addralign", "<u8"), ("entsize", "<u8")]
)
_SYMBOL = np.dtype([("name", "<u4"), ("info", "u1"), ("other", "u1"), ("shndx", "<u2"), ("value", "<u8"), ("size", "<u8")])
_RELOCATION = np.dtype([("offset", "<u8"), ("type", "<u4"), ("symbol", "<u4"), ("addend", "<i8")])
_PROGBITS, _SYMTAB, _RELA = 1, 2, 4
_WRITABLE, _ALLOCATED = 1, 2
_DISTANCES = (2, 4)
"""Relocations that are S + A - P in 32 bits: R_X86_64_PC32, and R_X86_64_PLT32 of what lies in the same image."""
_CALLED = ("memset", "memcpy", "memmove")
"""Functions of the C library that LLVM may call of itself."""
_JUMP = b"\x66\x90\xff\x25\0\0\0\0"
"""Two bytes of nothing, then jmp *0(%rip): to the address that stands behind it."""
_ADDRESS_BYTES = 8
_alive: list[mmap.mmap] = []
"""Memory whose code may be called as long as the process lives."""


class _Image(Struct, frozen=True):
    """What a file holds behind its mark."""

    code: bytes
    entry: int
    """Where in it the function begins."""
    addresses: dict[str, int]
    """Where in it the addresses of functions of the C library are wanted."""


def possible() -> bool:
    """Whether this is a system of which images are made."""
    return sys.platform == "linux" and os.uname().machine == "x86_64" and sys.maxsize > 2**32


def is_image(code: bytes) -> bool:
    """Whether machine code is an image, rather than an object file."""
    return code.startswith(_MARK)


def image_of(object_file: bytes, name: str) -> bytes | None:
    """The image of an object file, to be called at its function of that name; None where its parts need more than each other's distance."""
    header = np.frombuffer(object_file, _HEADER, 1)[0]
    sections = np.frombuffer(object_file, _SECTION, int(header["shnum"]), int(header["shoff"]))
    (table,) = (section for section in sections if section["type"] == _SYMTAB)
    texts = _content(object_file, sections[table["link"]])
    symbols = np.frombuffer(_content(object_file, table), _SYMBOL)
    names = [texts[start : texts.index(b"\0", start)].decode() for start in symbols["name"]]

    code, starts, addresses = bytearray(), dict[int, int](), dict[str, int]()
    for number, section in enumerate(sections):
        # what tells debuggers and exceptions of frames is of a type of its own, and left out: kernels raise nothing
        if section["flags"] & _ALLOCATED and section["type"] == _PROGBITS:
            if section["flags"] & _WRITABLE:
                return None
            _align(code, int(section["addralign"]))
            starts[number] = len(code)
            code += _content(object_file, section)

    def place_of(number: int) -> int | None:
        symbol, called = symbols[number], names[number]
        if int(symbol["shndx"]) in starts:
            return starts[int(symbol["shndx"])] + int(symbol["value"])
        if called not in _CALLED:
            return None
        if called not in addresses:
            _align(code, _ADDRESS_BYTES)
            addresses[called] = len(code) + len(_JUMP)
            code.extend(_JUMP + bytes(_ADDRESS_BYTES))
        return addresses[called] - len(_JUMP)

    for section in sections:
        if section["type"] != _RELA or int(section["info"]) not in starts:
            continue
        for each in np.frombuffer(_content(object_file, section), _RELOCATION):
            target = place_of(int(each["symbol"]))
            if each["type"] not in _DISTANCES or target is None:
                return None
            place = starts[int(section["info"])] + int(each["offset"])
            code[place : place + 4] = (target + int(each["addend"]) - place).to_bytes(4, "little", signed=True)
    entry = place_of(names.index(name))
    return None if entry is None else _MARK + msgpack.encode(_Image(bytes(code), entry, addresses))


def address(image: bytes) -> int:
    """Where the processor finds the function of an image, once it lies in memory. Raises OSError where the system refuses to run it."""
    content, library = msgpack.decode(image[len(_MARK) :], type=_Image), ctypes.CDLL(None, use_errno=True)
    memory = mmap.mmap(-1, len(content.code))
    memory[:] = content.code
    for name, place in content.addresses.items():
        called = ctypes.cast(library[name], ctypes.c_void_p).value
        assert called is not None
        memory[place : place + _ADDRESS_BYTES] = called.to_bytes(_ADDRESS_BYTES, "little")
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    # written first, run then: never both
    if library.mprotect(ctypes.c_void_p(start), ctypes.c_size_t(len(memory)), mmap.PROT_READ | mmap.PROT_EXEC):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    _alive.append(memory)
    return start + content.entry


def _align(code: bytearray, bytes_apart: int) -> None:
    code.extend(bytes(-len(code) % max(1, bytes_apart)))


def _content(object_file: bytes, section: np.void) -> bytes:
    return object_file[int(section["offset"]) :][: int(section["size"])]
