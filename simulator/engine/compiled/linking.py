"""An object file of Linux on x86-64 to an image, whose parts find each other by their distance, which never changes.

What LLVM makes of a loop that clears or copies, a call of the C library, goes by an address that is filled in when the image is
loaded. Names of fields, and numbers, are those of the System V ABI (generic, and x86-64).
"""

from __future__ import annotations

import numpy as np

from simulator.engine.compiled.images import ADDRESS_BYTES, Image

_OFFSET_OF_SECTIONS, _NUMBER_OF_SECTIONS = (40, "<u8"), (60, "<u2")
"""Where in the header, and as what, these stand (e_shoff, e_shnum)."""
_SECTION = np.dtype("<u4, <u4, <u8, <u8, <u8, <u8, <u4, <u4, <u8, <u8")
_SECTION.names = ("name", "type", "flags", "addr", "offset", "size", "link", "info", "addralign", "entsize")
_SYMBOL = np.dtype("<u4, u1, u1, <u2, <u8, <u8")
_SYMBOL.names = ("name", "info", "other", "shndx", "value", "size")
_RELOCATION = np.dtype("<u8, <u4, <u4, <i8")
_RELOCATION.names = ("offset", "type", "symbol", "addend")
_PROGBITS, _SYMTAB, _RELA = 1, 2, 4
_WRITABLE, _ALLOCATED = 1, 2
_DISTANCES = (2, 4)
"""Relocations that are S + A - P in 32 bits: R_X86_64_PC32, and R_X86_64_PLT32 of what lies in the same image."""
_CALLED = ("memset", "memcpy", "memmove")
"""Functions of the C library that LLVM calls of itself."""
_JUMP = b"\x66\x90\xff\x25\0\0\0\0"
"""Two bytes of nothing, then jmp *0(%rip): to the address that stands behind it."""


def image_of(object_file: bytes, name: str) -> Image | None:
    """The image of an object file, to be called at its function of that name; None where its parts need more than their distance."""
    (first,), (number,) = (np.frombuffer(object_file, kind, 1, place) for place, kind in (_OFFSET_OF_SECTIONS, _NUMBER_OF_SECTIONS))
    sections = np.frombuffer(object_file, _SECTION, int(number), int(first))

    def content(section: np.void) -> bytes:
        return object_file[int(section["offset"]) :][: int(section["size"])]

    code, starts, addresses = bytearray(), dict[int, int](), dict[str, int]()
    for place, section in enumerate(sections):
        # what tells debuggers and exceptions of frames is of a type of its own, and left out: kernels raise nothing
        if section["flags"] & _ALLOCATED and section["type"] == _PROGBITS:
            if section["flags"] & _WRITABLE:
                return None
            _align(code, int(section["addralign"]))
            starts[place] = len(code)
            code += content(section)

    (table,) = (section for section in sections if section["type"] == _SYMTAB)
    texts, symbols = content(sections[table["link"]]), np.frombuffer(content(table), _SYMBOL)
    names = [texts[start : texts.index(b"\0", start)].decode() for start in symbols["name"]]

    def place_of(symbol: int) -> int | None:
        section, called = int(symbols[symbol]["shndx"]), names[symbol]
        if section in starts:
            return starts[section] + int(symbols[symbol]["value"])
        if called not in _CALLED:
            return None
        if called not in addresses:
            _align(code, ADDRESS_BYTES)
            addresses[called] = len(code) + len(_JUMP)
            code.extend(_JUMP + bytes(ADDRESS_BYTES))
        return addresses[called] - len(_JUMP)

    for section in sections:
        if section["type"] != _RELA or int(section["info"]) not in starts:
            continue
        for each in np.frombuffer(content(section), _RELOCATION):
            target = place_of(int(each["symbol"]))
            if each["type"] not in _DISTANCES or target is None:
                return None
            place = starts[int(section["info"])] + int(each["offset"])
            code[place : place + 4] = (target + int(each["addend"]) - place).to_bytes(4, "little", signed=True)
    entry = place_of(names.index(name))
    return None if entry is None else Image(bytes(code), entry, addresses)


def _align(code: bytearray, apart: int) -> None:
    """Up to a multiple of so many bytes."""
    code.extend(bytes(-len(code) % max(1, apart)))
