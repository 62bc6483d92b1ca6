"""Loads the kernels: Numba is imported, and they are compiled or read from the cache, when they are first needed."""

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
from pathlib import Path
from threading import Lock
from typing import Any

from simulator.activity import CAUSES

Loop = Callable[..., None]
"""Runs a memory from its clock's cycle on, to its end or to a cycle."""
_loading = Lock()
_PACKAGE = Path(__file__).parents[2]


@dataclass(frozen=True, order=True)
class Kernel:
    """A compiled loop: the function `run_NAME` of `PACKAGE.kernels`, of which `PACKAGE.engine.warm_up()` runs next to nothing.

    `PACKAGE` is a folder named `compiled`, or lies in one, so that its sources name the cache.
    """

    name: str
    package: str

    def load(self) -> Loop:
        """Import Numba and the kernel, which is compiled at its first call if the cache does not hold it."""
        with _loading:
            return _loaded(self)

    @property
    def cached(self) -> bool:
        """Whether the disk holds a kernel of exactly these sources."""
        return any(kernel_cache().rglob(f"*.run_{self.name}-*.nbi"))

    def warm_up(self) -> None:
        """Run it once on next to nothing, so that a user is told and processes do not all compile at once; it is kept on disk."""
        import_module(f"{self.package}.engine").warm_up()


@cache
def _loaded(kernel: Kernel) -> Loop:
    with _cached_in(str(kernel_cache())):
        loop: Loop = getattr(import_module(f"{kernel.package}.kernels"), f"run_{kernel.name}")
    return loop


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
    """Whether this process has loaded any kernel, which is what takes long: the import of Numba."""
    return _loaded.cache_info().currsize > 0


@cache
def kernel_cache() -> Path:
    """Folder of the kernels that belong to exactly these sources.

    Numba looks at the file of a kernel only, not at the files of what it calls; a folder named by all sources cannot be stale.
    """
    digest = hashlib.blake2b(digest_size=8)
    for source in sorted(_PACKAGE.rglob("compiled/**/*.py")):
        digest.update(source.read_bytes())
    digest.update(repr(CAUSES).encode())
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
