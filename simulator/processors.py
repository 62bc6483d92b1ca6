"""How many processors this process may use: what threads and worker processes are counted by."""

from __future__ import annotations

import os


def processors() -> int:
    """Those that the system lets this process run on, where it says so (`taskset`, a container); else all of the computer."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
