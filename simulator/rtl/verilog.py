"""A design as Verilog, by Amaranth's backend, which asks Yosys for it."""

from __future__ import annotations

from simulator.rtl.design import Design


def verilog(design: Design) -> str:
    """Text of one file that holds all modules."""
    from amaranth.back.verilog import convert

    text: str = convert(design.top, name=design.name, ports=list(design.ports), strip_internal_attrs=True)
    return text
