"""Hardware is made of very many small objects that all live: they are neither looked through nor measured again and again.

Nor is what a test that failed has left half made (Amaranth warns of hardware that nobody used) the fault of the test after it.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        silence_what_is_half_made()
    return report


def silence_what_is_half_made() -> None:
    from amaranth.hdl import Elaboratable

    for left in gc.get_objects():
        if isinstance(left, Elaboratable):
            made: Any = left
            made._MustUse__silence = True
