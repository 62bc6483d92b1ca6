"""A design as Verilog: Amaranth's intermediate language, written out by Yosys."""

from __future__ import annotations

import tempfile
from pathlib import Path

from simulator.rtl.design import Design
from simulator.rtl.yosys import run_yosys

_MARKS = "-remove generator -remove top -remove src -remove amaranth.hierarchy -remove amaranth.decoding"
_SCRIPT = f"""
read_rtlil design.il
proc -nomux -norom
memory_collect
attrmap {_MARKS}
attrmap -modattr {_MARKS}
write_verilog -norename design.v
"""


def verilog(design: Design) -> str:
    """Text of one file that holds all modules. Raises ConfigError where there is no Yosys."""
    from amaranth.back import rtlil

    with tempfile.TemporaryDirectory(prefix="verilog-") as name:
        folder = Path(name)
        (folder / "design.il").write_text(rtlil.convert(design.top, name=design.name, ports=list(design.ports)))
        run_yosys(_SCRIPT, folder)
        return (folder / "design.v").read_text()
