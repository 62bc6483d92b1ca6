"""Sizing: what makes a comparison fair. Machines by their size alone, or each design at its own best within a cap.

Start with `equalise.py`. `quantities.py` says in what machines are equal, `scale.py` finds the size of one, `search.py` the best
design of a grid (`grid.py`) by branch and bound, asking machines through `runner.py`.
"""

from simulator.study.sizing.equalise import equalise
from simulator.study.sizing.quantities import area_mm2, dram_gb_per_s
from simulator.study.sizing.types import Change, Objective, Quantity, Runner, SearchCounts, Sized

__all__ = ["Change", "Objective", "Quantity", "Runner", "SearchCounts", "Sized", "area_mm2", "dram_gb_per_s", "equalise"]
