"""An interrupt that comes while workers are launched is heard when they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

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


LAUNCHED = """
import os, signal, sys, time
from multiprocessing import resource_tracker as tracker
from simulator.study.executors.processes import launch_tracker
launch_tracker()
pid = tracker._resource_tracker._pid
os.kill(pid, signal.SIGHUP)
time.sleep(0.05)
assert os.waitpid(pid, os.WNOHANG) == (0, 0), "it is gone"
tracker.register("/none", "semaphore")
assert pid == tracker._resource_tracker._pid, "another was launched"
assert not sys.warnoptions and signal.SIGHUP not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="other systems send no such signals")
def test_what_tidies_up_after_a_killed_command_outlives_its_terminal_and_says_nothing() -> None:
    # its stderr ends with the last process that has it: the tracker, when it has tidied up
    killed = subprocess.run([sys.executable, "-c", LAUNCHED], capture_output=True, text=True, timeout=60, check=False)
    assert (killed.returncode, killed.stderr) == (-signal.SIGKILL, "")
