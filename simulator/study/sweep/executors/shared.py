"""Inputs that many points share: they travel once, and a worker keeps the last few of them."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

KEPT = 8
"""Inputs that a worker process keeps in memory."""


@dataclass(frozen=True)
class Spooled:
    """An input in a file of a folder that the processes of one computer share."""

    path: Path


def spool(folder: Path, key: str, value: object) -> Spooled:
    """Write an input into a folder, whole or not at all."""
    draft, path = folder / f"{key}.part", folder / f"{key}.pickle"
    draft.write_bytes(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))
    draft.replace(path)
    return Spooled(path)


def unspool(handle: object) -> None:
    """Remove the file of an input; workers that hold it keep it."""
    if isinstance(handle, Spooled):
        handle.path.unlink(missing_ok=True)


def fetched(value: Any) -> Any:
    """The input itself: as it came, or from its file."""
    return _loaded(value.path) if isinstance(value, Spooled) else value


@lru_cache(maxsize=KEPT)
def _loaded(path: Path) -> Any:
    return pickle.loads(path.read_bytes())  # written by this program in a folder of its own
