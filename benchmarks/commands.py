"""Commands as a shell gives them, each a process of its own, and what they use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PROGRAM = "from simulator.cli import main; main()"


def command_use(command: Sequence[str], folder: Path | None = None, ends_with: int = 0) -> tuple[float, float]:
    """Processor seconds, user and system, and peak MB of a process, run in the folder, and of those that it starts.

    Raises RuntimeError where it ends with another status.
    """
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if (code := os.waitstatus_to_exitcode(status)) != ends_with:
        raise RuntimeError(f"{' '.join(command)}: status {code}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def process_use(code: str, arguments: Sequence[str]) -> tuple[float, float]:
    """Of a Python process."""
    return command_use([sys.executable, "-c", code, *arguments])


def process_seconds(code: str, arguments: Sequence[str]) -> float:
    """Processor seconds alone."""
    return process_use(code, arguments)[0]
