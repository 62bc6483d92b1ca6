"""Sizing: what makes a comparison fair. Machines by their size alone, or each design at its own best within a cap.

Start with `equalise.py`. `scale.py` finds a machine's size, `search.py` the best design of a grid (`grid.py`) by branch and bound.
"""

from simulator.study.sizing.equalise import equalise
from simulator.study.sizing.measure import area_mm2, dram_gb_per_s
from simulator.study.sizing.types import Change, Objective, Quantity, Runner, SearchCounts, Sized

__all__ = ["Change", "Objective", "Quantity", "Runner", "SearchCounts", "Sized", "area_mm2", "dram_gb_per_s", "equalise"]
