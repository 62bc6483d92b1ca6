"""Kernels as files of machine code: where they are kept, how one is known to be what was written, and how it comes to life.

A file belongs to exactly these sources, this processor and this LLVM by its name, and begins with a checksum of the rest. It needs
nothing but itself (`building.py` sees to that), so that neither Python's version nor Numba's, nor whether it is there, matters.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from simulator.activity import CAUSES, CLOCKED
from simulator.owned import abandoned, clear, owner_mark

_SUM_BYTES = 16
_alive: list[Any] = []
"""Engines whose code may be called as long as the process lives."""


def read(name: str, module: str) -> bytes | None:
    """Machine code of a kernel; None where the disk holds none, or not what was written."""
    try:
        content = _file(name, module).read_bytes()
    except OSError:
        return None
    code = content[_SUM_BYTES:]
    return code if code and content[:_SUM_BYTES] == _sum(code) else None


def write(name: str, module: str, code: bytes) -> None:
    """Keep the machine code of a kernel, if the disk lets it be kept."""
    file = _file(name, module)
    draft = file.with_name(f"{file.name}.{owner_mark()}")
    try:
        draft.write_bytes(_sum(code) + code)
        os.replace(draft, file)
    except OSError:  # a cache that cannot be written is read by nobody
        clear(draft)


def kept() -> bool:
    """Whether what is written now is there for later runs."""
    return _folder()[1]


def address(name: str, code: bytes) -> int:
    """Where the processor finds the function of that name, once the code lies in memory."""
    llvm = _llvm()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _alive.append(engine)
    return int(engine.get_function_address(name))


def target_machine() -> Any:
    """LLVM's idea of this processor."""
    llvm, (processor, features) = _llvm(), _processor()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=processor, features=features, opt=3, reloc="pic", codemodel="jitdefault", jit=True
    )


@cache
def _llvm() -> Any:
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


@cache
def _processor() -> tuple[str, str]:
    """Name, and instructions that it has and has not."""
    llvm = _llvm()
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def _sum(code: bytes) -> bytes:
    return hashlib.blake2b(code, digest_size=_SUM_BYTES).digest()


@cache
def _file(name: str, module: str) -> Path:
    """A kernel's file: named by all that its machine code follows from, the shared parts' sources and those beside it among it."""
    from llvmlite import __version__

    spec = find_spec(module)
    beside = Path(spec.origin).parent if spec and spec.origin else Path(__file__).parent
    digest = _digest(beside, __version__, _llvm().get_default_triple(), *_processor())
    return _folder()[0] / f"{name}-{digest}.kernel"


@cache
def _digest(beside: Path, *others: str) -> str:
    """Of the sources of the shared parts, and of those in a folder; of the others; and of the names by which kernels count."""
    digest = hashlib.blake2b(digest_size=12)
    for source in sorted({*Path(__file__).parent.rglob("*.py"), *beside.glob("*.py")}):
        digest.update(source.read_bytes())
    digest.update(repr((CAUSES, CLOCKED, *others)).encode())
    return digest.hexdigest()


@cache
def _folder() -> tuple[Path, bool]:
    """The user's cache folder, and that it is kept; where none can be written, one of this process and its workers alone."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    if sys.platform == "darwin":
        base = "~/Library/Caches"
    elif sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "~/AppData/Local")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        folder = Path(named) if named else Path(base).expanduser() / "sparsim"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder, named is None or not folder.name.startswith(_TEMPORARY)
    except (OSError, RuntimeError):
        return _temporary(), False


_TEMPORARY = "sparsim-kernels-"


def _temporary() -> Path:
    """A folder that ends with this process, and which its workers inherit; what killed ones have left of theirs goes."""
    parent = Path(tempfile.gettempdir())
    for left in abandoned(parent, _TEMPORARY, ""):
        clear(left)
    folder = parent / f"{_TEMPORARY}{owner_mark()}"
    folder.mkdir(mode=0o700)
    atexit.register(clear, folder)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return folder
