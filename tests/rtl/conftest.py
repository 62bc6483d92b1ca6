"""Hardware is made of very many small objects that all live: the collector is kept from looking through them again and again.

Nor is what a test that failed has left half made (Amaranth warns of hardware that nobody used) the fault of the test after it.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator
from typing import Any

import pytest


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
