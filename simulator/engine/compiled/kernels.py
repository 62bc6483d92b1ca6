"""Kernels: Numba is imported, and they are compiled or read from the cache, when they are first needed."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from simulator.activity import CAUSES, CLOCKED
from simulator.owned import abandoned, clear, owner_mark

_loading = Lock()


@dataclass(frozen=True)
class Kernel:
    """A compiled loop: it runs a memory from its clock's cycle on, to its end or to a cycle.

    Its function `run_NAME` is in `module`, which is imported, and with it Numba, when the kernel is first called.
    """

    name: str
    module: str
    warm_up: Callable[[], object]
    """Run it on next to nothing: before it is needed, so that a user is told and processes do not all compile it at once."""

    def __call__(self, *arguments: Any) -> None:
        """Run it; the first call compiles it, if the disk does not hold it."""
        with _loading:
            run = _loaded(self)
        run(*arguments)
        _note_once(self)

    @property
    def cached(self) -> bool:
        """Whether the disk holds a kernel of exactly these sources."""
        return any(_sound_folder(self.module).rglob(f"*.run_{self.name}-*.nbi"))


@cache
def _loaded(kernel: Kernel) -> Callable[..., None]:
    with _cached_in(str(_sound_folder(kernel.module))):
        run: Callable[..., None] = getattr(import_module(kernel.module), f"run_{kernel.name}")
    return run


_SUMS = "sums.json"
"""File of a folder of kernels: a checksum of each of its files. Numba loads what it finds as code."""


@cache
def _sound_folder(module: str) -> Path:
    """Folder of a kernel, emptied where a file of it is not what was written: it is compiled again."""
    folder = _cache_folder(module)
    try:
        noted = json.loads((folder / _SUMS).read_text(encoding="utf-8"))
        sound = all(_sum(folder / name) == digest for name, digest in noted.items())
    except FileNotFoundError:
        sound = not (folder / _SUMS).exists() and not any(path.stat().st_size == 0 for path in folder.rglob("*.nb?"))
    except (OSError, ValueError, AttributeError, RecursionError):
        sound = False
    if not sound:
        shutil.rmtree(folder, ignore_errors=True)
    return folder


@cache
def _note_once(kernel: Kernel) -> None:
    """Write the checksums of a kernel that was compiled or read in this process, where they are not there yet."""
    folder = _cache_folder(kernel.module)
    sums = {str(path.relative_to(folder)): _sum(path) for path in sorted(folder.rglob("*.nb?"))}
    text = json.dumps(sums)
    draft = folder / f"{_SUMS}.{os.getpid()}"
    try:
        if sums and not ((folder / _SUMS).exists() and (folder / _SUMS).read_text(encoding="utf-8") == text):
            draft.write_text(text, encoding="utf-8")
            os.replace(draft, folder / _SUMS)
    except (OSError, ValueError):  # a cache that cannot be written is read by nobody
        return


def _sum(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()


def kernels_kept() -> bool:
    """Whether kernels that are compiled now are there for later runs."""
    return _base_folder()[1]


def kernels_loaded() -> bool:
    """Whether this process has loaded any kernel: the import of Numba is what takes long."""
    return _loaded.cache_info().currsize > 0


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


@cache
def _cache_folder(module: str) -> Path:
    """Folder of a kernel that belongs to exactly these sources: those of the shared parts, and those beside it.

    Numba looks at the file of a kernel only, not at the files of what it calls; a folder named by all sources cannot be stale.
    """
    spec = find_spec(module)
    beside = Path(spec.origin).parent if spec and spec.origin else Path(__file__).parent
    digest = hashlib.blake2b(digest_size=8)
    for source in sorted({*Path(__file__).parent.rglob("*.py"), *beside.glob("*.py")}):
        digest.update(source.read_bytes())
    digest.update(repr((CAUSES, CLOCKED)).encode())
    return _base_folder()[0] / f"kernels-{digest.hexdigest()}"


@cache
def _base_folder() -> tuple[Path, bool]:
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
