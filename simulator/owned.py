"""Files and folders that belong to a running process: what a process that is gone has left of them is cleared by the next."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_HOST = hashlib.blake2b(platform.node().encode(), digest_size=3).hexdigest()
"""Of this computer, among those that share a disk: only here is a number of a process what it says."""
_OWNER = re.compile(rf"{_HOST}-([0-9]+)-[0-9a-f]{{8}}")


def owner_mark() -> str:
    """A text that is like no other, and tells this process as the owner of what is called by it."""
    return f"{_HOST}-{os.getpid()}-{secrets.token_hex(4)}"


def abandoned(folder: Path, before: str, after: str) -> Iterator[Path]:
    """What lies in a folder under the names `before` + an owner's mark + `after`, and whose owner is gone."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        if name.startswith(before) and name.endswith(after):
            owner = _OWNER.fullmatch(name[len(before) : len(name) - len(after)])
            if owner is not None and not _alive(int(owner[1])):
                yield folder / name


def clear(path: Path) -> None:
    """Remove a file or a folder, as far as it can be."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):
        path.unlink()


def _alive(process: int) -> bool:
    if sys.platform == "win32":  # there a signal 0 would end it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
