"""What all benchmarks measure with: processor seconds, user and system, of commands as a shell gives them and of calls in this process."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

Figures = Mapping[str, Any]
"""What a benchmark has found, as JSON."""
PROGRAM = "from simulator.cli import main; main()"


def command_use(command: Sequence[str], folder: Path | None = None, ends_with: int = 0) -> tuple[float, float]:
    """Processor seconds and peak MB of a process, run in the folder, and of those that it starts.

    Raises RuntimeError where it ends with another status.
    """
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if (code := os.waitstatus_to_exitcode(status)) != ends_with:
        raise RuntimeError(f"{' '.join(command)}: status {code}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def sparsim_command(arguments: Sequence[str]) -> list[str]:
    """A command of `sparsim` that runs on this Python."""
    return [sys.executable, "-c", PROGRAM, *arguments]


def seconds_of(call: Callable[[], object]) -> float:
    """Processor seconds of one call in this process."""
    began = time.process_time()
    call()
    return time.process_time() - began


def median_seconds(call: Callable[[], object], repeats: int) -> float:
    """Of so many calls."""
    return statistics.median(seconds_of(call) for _ in range(repeats))


def conditions() -> dict[str, Any]:
    """Where and when: the processor, how many of them, and how many processes wanted them during the last minute."""
    return {
        "date": date.today().isoformat(),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def _processor() -> str:
    """As Linux names it; elsewhere as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor() or "unknown")


def tell(name: str, found: Figures) -> None:
    """Say at once what was found: all of it takes minutes."""
    sys.stdout.write(f"  {name}: {found}\n")
    sys.stdout.flush()


def markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, ["---"] * len(headings), *rows))


def shown(value: float) -> str:
    """Seconds, or a ratio, of three digits.

    >>> shown(0.0612), shown(1.379), shown(21.14), shown(510.2)
    ('0.061', '1.38', '21.1', '510')
    """
    places = 3 if value < 0.1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{places}f}"
