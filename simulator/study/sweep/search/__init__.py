"""How points of a space are chosen, by name. Another search is one function and one line here."""

from simulator.study.sweep.search.adaptive import nsga2, tpe
from simulator.study.sweep.search.static import grid, halton, random
from simulator.study.sweep.search.types import Search

SEARCHES: dict[str, Search] = {"grid": grid, "random": random, "halton": halton, "nsga2": nsga2, "tpe": tpe}

__all__ = ["SEARCHES"]
