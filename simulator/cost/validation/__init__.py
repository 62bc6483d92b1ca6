"""The cost models beside published figures: which were fitted, which are predicted, and how far off each is."""

from simulator.cost.validation.figures import CLASSES, Figure, FigureClass, FiguresFile, load_figures, shipped_figures
from simulator.cost.validation.rebuild_files import Rebuild, load_rebuild, shipped_rebuilds
from simulator.cost.validation.rebuilds import RebuildSummary, Rebuilt, rebuild, summarise_rebuilds
from simulator.cost.validation.rows import Row, Summary, cross_check, summarise, summarise_cross_check, validate

__all__ = [
    "CLASSES",
    "Figure",
    "FigureClass",
    "FiguresFile",
    "Rebuild",
    "RebuildSummary",
    "Rebuilt",
    "Row",
    "Summary",
    "cross_check",
    "load_figures",
    "load_rebuild",
    "rebuild",
    "shipped_figures",
    "shipped_rebuilds",
    "summarise",
    "summarise_cross_check",
    "summarise_rebuilds",
    "validate",
]
