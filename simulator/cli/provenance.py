"""When and how a result was made: what lives apart from the results, so that these repeat byte for byte."""

from __future__ import annotations

import platform
import shlex
import sys
import time
from datetime import UTC, datetime
from typing import Any

from simulator.version import package_version


class Provenance:
    """Starts its clock when it is made; `record()` is what run.json holds."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC)
        self.clock = time.perf_counter()

    def record(self) -> dict[str, Any]:
        """JSON values: the command, when it started, how long it has run, and on what."""
        return {
            "command": shlex.join(["sparsim", *sys.argv[1:]]),
            "started": self.started.isoformat(timespec="seconds"),
            "simulation_seconds": round(time.perf_counter() - self.clock, 3),
            "sparsim_version": package_version(),
            "python": platform.python_version(),
            "platform": platform.platform(),
        }
