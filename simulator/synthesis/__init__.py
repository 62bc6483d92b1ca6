"""Pieces of a machine's hardware, synthesised with a library of cells and held against the cost models.

`liberty.py` reads a library's format, `library.py` what is needed of its cells; `yosys.py` runs the synthesis; `netlist.py` finds the area
and the longest path of what comes out; `pieces.py` says which hardware stands for which component of the cost model; `synthesise.py`
puts both side by side.
"""
