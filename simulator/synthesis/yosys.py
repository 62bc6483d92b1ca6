"""A design in Amaranth to a netlist of library cells."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.rtl.sharing import shared
from simulator.rtl.yosys import run_yosys
from simulator.synthesis.library import Library
from simulator.synthesis.netlist import Netlist

if TYPE_CHECKING:
    from amaranth.hdl import Elaboratable, Signal

TOP = "piece"
_MAPPED = "strash; &get -n; &fraig -x; &put; scorr; dc2; dretime; strash; &get -n; &dch -f; &nf; &put"
"""Yosys' own recipe for a library of cells without constraints: for area."""
_QUICK = "strash; &get -n; &dch -f; &nf; &put; buffer; upsize; dnsize"
"""For the longest path: the structure as it is said, since what saves area makes trees to chains; buffers, and cells of other sizes."""


def synthesised(library: Library, top: Elaboratable, ports: Sequence[Signal], without: Sequence[str] = ()) -> tuple[Netlist, Netlist]:
    """A piece of hardware, mapped for area; and mapped for its longest path.

    Modules that say the same are mapped once, however often they are placed, and joined afterwards.

    `without`: patterns of cells that are not to be used. Raises ConfigError where Yosys is not installed or fails, CheckError where it
    leaves what is no cell of the library.
    """
    from amaranth.back import rtlil

    with tempfile.TemporaryDirectory(prefix="synth-") as name:
        folder = Path(name)
        (folder / "piece.il").write_text(shared(rtlil.convert(top, name=TOP, ports=list(ports), emit_src=False)))
        files = [f"cells{number}.lib" for number in range(len(library.texts))]
        for file, text in zip(files, library.texts, strict=True):
            (folder / file).write_text(text)
        run_yosys(script(files, without), folder)
        return _netlist(library, folder / "mapped.json"), _netlist(library, folder / "quick.json")


def script(libraries: Sequence[str], without: Sequence[str] = ()) -> str:
    """What Yosys is told."""
    cells = " ".join([*(f"-liberty {name}" for name in libraries), *(f"-dont_use {pattern}" for pattern in without)])
    mapped, quick = (f"abc {cells} -script +{recipe.replace('; ', ';').replace(' ', ',')}" for recipe in (_MAPPED, _QUICK))
    return "\n".join(
        (
            "read_rtlil piece.il",
            f"synth -noabc -top {TOP}",
            f"dfflibmap {cells}",
            "opt",
            "design -save registers",
            mapped,
            "flatten",
            "opt_clean -purge",
            "write_json mapped.json",
            "design -load registers",
            quick,
            "flatten",
            "opt_clean -purge",
            "write_json quick.json",
            "",
        )
    )


def _netlist(library: Library, path: Path) -> Netlist:
    modules: dict[str, Any] = json.loads(path.read_text())["modules"]
    return Netlist.of_json(library, modules[TOP])
