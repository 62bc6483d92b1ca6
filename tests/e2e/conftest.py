"""The shipped machines on a workload of a moment, typed as a user types it; each is run once."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from simulator.engine.compiled import kernel_files

MACHINES = ("crossbar", "hybrid", "replication", "partition", "systolic")
WORKLOAD = Path(__file__).parent / "small.yaml"


@dataclass(frozen=True)
class Study:
    """What `sparsim compare` left behind."""

    folder: Path
    out: str

    def result(self, machine: str) -> dict[str, Any]:
        """The result file of a machine."""
        record: dict[str, Any] = json.loads((self.folder / f"result-{machine}.json").read_text(encoding="utf-8"))
        return record


def sparsim(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Type `sparsim ARGUMENTS…` in a process of its own, at home in `cwd`; kernels that are compiled already are not compiled again."""
    command = [sys.executable, "-c", "from simulator.cli import main; main()", *arguments]
    variables = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(cwd), **environment}
    variables["NUMBA_CACHE_DIR"] = str(kernel_files._folder()[0])
    return subprocess.run(command, cwd=cwd, capture_output=True, check=False, env=variables, encoding="utf-8", timeout=120)


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The five shipped machines, by name, from a folder that is not the checkout."""
    place = tmp_path_factory.mktemp("study")
    ended = sparsim("compare", *MACHINES, "-w", str(WORKLOAD), "-j", "1", "-o", "five", cwd=place)
    assert ended.returncode == 0, ended.stderr
    return Study(place / "five", ended.stdout)
