"""Commands of sparsim as a shell gives them, each a process of its own, and what they use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

PROGRAM = "from simulator.cli import main; main()"


def process_use(code: str, arguments: Sequence[str]) -> tuple[float, float]:
    """Processor seconds, user and system, and peak MB of a Python process and those that it starts."""
    command = [sys.executable, "-c", code, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)}: status {status}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def process_seconds(code: str, arguments: Sequence[str]) -> float:
    """Processor seconds alone."""
    return process_use(code, arguments)[0]
