"""A design as Verilog: Amaranth says it in Yosys's own language, and Yosys writes it."""

from __future__ import annotations

from simulator.rtl.design import Design
from simulator.rtl.sharing import shared
from simulator.rtl.yosys import run_yosys

_UNSAID = ("generator", "src", "amaranth.hierarchy", "amaranth.decoding")
"""Attributes that say where something came from."""


def rtlil(design: Design) -> str:
    """Text in Yosys's language; its top module has the design's name."""
    from amaranth.back.rtlil import convert

    return shared(convert(design.top, name=design.name, ports=list(design.ports), emit_src=False))


def verilog(design: Design) -> str:
    """Text of one file that holds all modules."""
    unsaid = " ".join(f"-remove {name}" for name in _UNSAID)
    passes = ["proc -nomux -norom", "memory_collect", f"attrmap {unsaid}", f"attrmap -modattr {unsaid}", "write_verilog -norename"]
    return run_yosys("\n".join([f"read_rtlil <<rtlil\n{rtlil(design)}\nrtlil", *passes]))
