"""Where compiled kernels are kept between runs."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from functools import cache
from pathlib import Path

from simulator.activity import CAUSES


@cache
def kernel_cache() -> Path:
    """Folder of the kernels that belong to exactly these sources.

    Numba looks at the file of a kernel only, not at the files of what it calls; a folder named by all sources cannot be stale.
    """
    digest = hashlib.blake2b(digest_size=8)
    for source in sorted(Path(__file__).parent.glob("*.py")):
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
