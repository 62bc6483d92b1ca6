"""Kernels: Numba is imported, and they are compiled or read from the cache, when they are first needed."""

from __future__ import annotations

import hashlib
import os
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

    @property
    def cached(self) -> bool:
        """Whether the disk holds a kernel of exactly these sources."""
        return any(_cache_folder(self.module).rglob(f"*.run_{self.name}-*.nbi"))


@cache
def _loaded(kernel: Kernel) -> Callable[..., None]:
    with _cached_in(str(_cache_folder(kernel.module))):
        run: Callable[..., None] = getattr(import_module(kernel.module), f"run_{kernel.name}")
    return run


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
    base = os.environ.get("NUMBA_CACHE_DIR")
    return (Path(base) if base else _user_cache()) / f"kernels-{digest.hexdigest()}"


def _user_cache() -> Path:
    """The user's cache folder; where there is none that can be written, one of this process alone, which is compiled for anew."""
    if sys.platform == "darwin":
        base = "~/Library/Caches"
    elif sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "~/AppData/Local")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        folder = Path(base).expanduser() / "sparsim"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except (OSError, RuntimeError):
        return Path(tempfile.mkdtemp(prefix="sparsim-"))
