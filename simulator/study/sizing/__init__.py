"""Sizing: what makes a comparison fair. Machines by their size alone, or each design at its own best within a cap.

Start with `equalise.py`. `quantities.py` says in what machines are equal, `scale.py` finds the size of one, `climb.py` the best
machine by single steps (`steps.py`) with its certificate, `search.py` that of a grid by branch and bound; both ask machines through
`runner.py`. `sized.py` is what comes back.
"""

from simulator.study.sizing.equalise import equalise
from simulator.study.sizing.quantities import Objective, Quantity, area_mm2, dram_gb_per_s
from simulator.study.sizing.runner import Runner
from simulator.study.sizing.sized import Change, SearchCounts, Sized

__all__ = ["Change", "Objective", "Quantity", "Runner", "SearchCounts", "Sized", "area_mm2", "dram_gb_per_s", "equalise"]
