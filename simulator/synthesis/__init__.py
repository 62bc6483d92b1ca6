"""Pieces of a machine's hardware, synthesised with a library of cells and held against the cost models.

`liberty.py` reads what is needed of a library; `yosys.py` runs the synthesis; `timing.py` finds the longest path of what comes out;
`pieces.py` says which hardware stands for which component of the cost model; `synthesise.py` puts both side by side.
"""
