"""The model version: a hash of the sources that figures follow from, so that changed code is computed anew."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]
_TIMING = ("activity.py", "engine", "kinds", "machine", "network", "run", "system", "workload")
_SIZING = ("study/sizing",)
_COST = ("cost", "result", "study/uncertainty", "pipeline.py", "pricing.py")


@cache
def timing_version() -> str:
    """Hash of the sources of workloads, mapping and timing, and of the version of NumPy, whose draws may change with it."""
    return f"{_sources(_TIMING)} numpy {version('numpy')}"


@cache
def cost_version() -> str:
    """Hash of the sources of cost and of the metrics."""
    return _sources(_COST)


@cache
def sizing_version() -> str:
    """Hash of the sources of sizing."""
    return _sources(_SIZING)


def _sources(names: tuple[str, ...]) -> str:
    found = hashlib.sha256()
    for name in names:
        place = _PACKAGE / name
        for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
            found.update(str(file.relative_to(_PACKAGE)).encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()
