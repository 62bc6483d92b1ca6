"""Where compiled kernels are kept between runs."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

from simulator.activity import CAUSES


def user_cache() -> Path:
    """The user's cache folder; one in the temporary folder where there is none that can be written."""
    if sys.platform == "darwin":
        base = Path("~/Library/Caches")
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", "~/AppData/Local"))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    folder = base.expanduser() / "sparsim"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return Path(tempfile.gettempdir()) / "sparsim"
    return folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir()) / "sparsim"


def kernel_cache() -> Path:
    """Folder of the kernels that belong to exactly these sources.

    Numba looks at the file of a kernel only, not at the files of what it calls; a folder named by all sources cannot be stale.
    """
    digest = hashlib.blake2b(digest_size=8)
    here = Path(__file__).parent
    for source in sorted(here.glob("*.py")):
        digest.update(source.read_bytes())
    digest.update(repr(CAUSES).encode())
    base = os.environ.get("NUMBA_CACHE_DIR")
    return (Path(base) if base else user_cache()) / f"kernels-{digest.hexdigest()}"
