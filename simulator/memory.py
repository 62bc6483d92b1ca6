"""How much memory this process may take, and words for what would take more."""

from __future__ import annotations

import os
from pathlib import Path

from simulator.errors import OutOfMemoryError

_GROUP = Path("/sys/fs/cgroup/memory.max")
"""What a container may take, where it is limited (Linux, control groups version 2)."""


def memory_bytes() -> int | None:
    """Memory of this computer, or of the container that this runs in; None where the system does not tell."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    try:
        return min(found, int(_GROUP.read_text(encoding="ascii")))
    except (OSError, ValueError):
        return found


def keep_within_memory() -> None:
    """Let this process, and each that it starts, fail to allocate where it would take more than there is, and not be killed for it.

    Does nothing where a limit is set already, or where the system has no such limits.
    """
    try:
        import resource
    except ImportError:
        return
    most = memory_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if most is not None and soft == resource.RLIM_INFINITY and hard in (resource.RLIM_INFINITY, most):
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def out_of_memory(what: str) -> OutOfMemoryError:
    """An error that names what took more memory than there is."""
    most = memory_bytes()
    there = "" if most is None else f" ({most / 2**30:,.0f} GiB in all)"
    return OutOfMemoryError(f"{what}: out of memory{there}; run a part of it, such as some of its tokens or output features")
