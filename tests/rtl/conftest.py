"""Hardware is made of very many small objects that all live: they are neither looked through nor measured again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module", autouse=True)
def _measured_once() -> Iterator[None]:
    """Amaranth works a shape out anew from all that it is made of, each time that it is asked: a tenth of making a cluster."""
    values = pytest.importorskip("amaranth.hdl._ast")
    with pytest.MonkeyPatch.context() as patch:
        for kind in (values.Operator, values.Concat):
            patch.setattr(kind, "shape", _kept(kind.shape))
        yield


def _kept(shape: Any) -> Any:
    def shape_of(value: Any) -> Any:
        known = value.__dict__.get("_shape_here")
        if known is None:
            known = value.__dict__["_shape_here"] = shape(value)
        return known

    return shape_of


@pytest.fixture(autouse=True)
def _uncollected() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()
