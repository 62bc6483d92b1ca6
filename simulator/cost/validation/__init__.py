"""The cost models beside published figures: which were fitted, which are predicted, and how far off each is."""

from simulator.cost.validation.figures import Figure, FiguresFile, load_figures, shipped_figures
from simulator.cost.validation.rows import Row, Summary, cross_check, summarise, summarise_cross_check, validate

__all__ = [
    "Figure",
    "FiguresFile",
    "Row",
    "Summary",
    "cross_check",
    "load_figures",
    "shipped_figures",
    "summarise",
    "summarise_cross_check",
    "validate",
]
