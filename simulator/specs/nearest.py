"""The valid name that is closest to a misspelt one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_CUTOFF = 0.5


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` most like `name`, letter case ignored, or None where none is alike."""
    by_lower = {candidate.lower(): candidate for candidate in names}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=_CUTOFF)
    return by_lower[close[0]] if close else None


def nearest_hint(name: str, names: Iterable[str]) -> str:
    """Return `; nearest: NAME`, or nothing where no name is alike."""
    found = nearest(name, names)
    return f"; nearest: {found}" if found is not None else ""
