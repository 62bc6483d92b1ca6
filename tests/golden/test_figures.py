"""Figures that move need another version of the model: what a store holds would be stale without a word."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import asdict

from simulator.version import MODEL_VERSION
from tests.golden.figures import figures, recorded

RECORD = "python -m tests.golden.figures"
_ROUNDING = 1e-11


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, Any]]:
    """The figures of this code."""
    return figures()


@pytest.mark.parametrize("part", asdict(MODEL_VERSION))
def test_figures_move_with_the_version_only(found: dict[str, dict[str, Any]], part: str) -> None:
    kept = recorded()
    known, version = kept["figures"][part], getattr(MODEL_VERSION, part)
    if kept["version"][part] != version:
        pytest.fail(f"the golden figures are of {part} {kept['version'][part]}, and MODEL_VERSION says {version}; record them: {RECORD}")
    moved = [name for name in {**known, **found[part]} if not _same(known.get(name), found[part].get(name))]
    assert not moved, (
        f"{part}: other figures than version {version} gave ({', '.join(moved)}). If that is meant, raise {part} of MODEL_VERSION "
        f"in simulator/version.py, which makes what stores hold be computed anew, and record the figures: {RECORD}"
    )


def test_a_figure_that_moves_is_seen_and_rounding_is_not() -> None:
    assert _same({"a": [1.0, {"b": 3}]}, {"a": [1.0 + 1e-13, {"b": 3}]})
    for other in ({"a": [1.0 + 1e-9, {"b": 3}]}, {"a": [1.0, {"b": 4}]}, {"a": [1.0, {}]}, {"a": [1.0]}, {}, {"a": "1.0"}):
        assert not _same({"a": [1.0, {"b": 3}]}, other)


def _same(kept: Any, found: Any) -> bool:
    """Whether two JSON values are equal, numbers but for rounding."""
    if isinstance(kept, dict) and isinstance(found, dict):
        return kept.keys() == found.keys() and all(_same(kept[key], found[key]) for key in kept)
    if isinstance(kept, list) and isinstance(found, list):
        return len(kept) == len(found) and all(map(_same, kept, found))
    if isinstance(kept, float) or isinstance(found, float):
        return isinstance(found, int | float) and isinstance(kept, int | float) and abs(kept - found) <= _ROUNDING * abs(kept)
    return bool(kept == found)
