"""A file that several parts of a run need is read once, as long as it does not change."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from simulator.specs.load import load_yaml_model

ModelT = TypeVar("ModelT", bound=BaseModel)

Stamp = tuple[int, int, int, int]
"""Device, inode, size and time of the last change."""


def load_once(path: Path, model: type[ModelT]) -> ModelT:
    """As `load_yaml_model` without overrides; the same frozen model again while the file on disk is the same.

    Raises ConfigError.
    """
    loaded: ModelT = _load(path, model, _stamp(path))
    return loaded


@lru_cache(maxsize=64)
def _load(path: Path, model: type[ModelT], stamp: Stamp | None) -> ModelT:
    return load_yaml_model(path, model)


def _stamp(path: Path) -> Stamp | None:
    """None for a file that cannot be looked at; reading it then says why."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
