"""What takes more memory than there is ends in words that name it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from simulator.errors import SparsimError
from simulator.memory import memory_bytes, out_of_memory

LIMITED = """
import numba, resource, simulator.memory
most = 450 << 20
simulator.memory.memory_bytes = lambda: most
from simulator.cli import main
main()
"""
LARGE = """
name: cube
operations:
- {name: p, kind: GEMM, shape: {m: 8000, k: 8000, n: 8000}, weight: {pattern: dense}, activation: {pattern: dense}}
"""


def test_an_error_names_what_took_it_and_how_much_there_is() -> None:
    most = memory_bytes()
    assert most is not None
    assert most > 2**28
    error = out_of_memory("p")
    assert isinstance(error, MemoryError)
    assert isinstance(error, SparsimError)
    assert str(error).startswith(f"p: out of memory ({most / 2**30:,.0f} GiB in all); run a part of it")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no limit of this sort")
def test_a_command_that_takes_too_much_ends_in_words(tmp_path: Path) -> None:
    file = tmp_path / "cube.yaml"
    file.write_text(LARGE, encoding="utf-8")
    command = [sys.executable, "-c", LIMITED, "run", "systolic", "-w", file, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("Error: p: out of memory (0 GiB in all); run a part of it")
    assert "Traceback" not in done.stderr
