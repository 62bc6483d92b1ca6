"""The version of the installed package; pyproject.toml is the one place that says it."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def package_version() -> str:
    """Version of sparsim, or `0+source` where it runs without having been installed."""
    try:
        return version("sparsim")
    except PackageNotFoundError:
        return "0+source"
