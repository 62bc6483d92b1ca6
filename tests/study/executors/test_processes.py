"""An interrupt that comes while workers are launched is heard when they are."""

from __future__ import annotations

import os
import signal

import pytest

from simulator.study.executors.processes import _undisturbed


@pytest.mark.skipif(os.name != "posix", reason="other systems send no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupt_waits_until_workers_are_launched(name: str) -> None:
    log: list[str] = []
    number = getattr(signal, name)
    before = signal.signal(number, lambda *_: log.append("heard"))
    try:
        with _undisturbed():
            os.kill(os.getpid(), number)
            log.append("launched")
    finally:
        signal.signal(number, before)
    assert log == ["launched", "heard"]
