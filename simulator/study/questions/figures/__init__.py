"""The kinds of figures. A new one is a subclass of `Figure` (`base.py`), whose fields are its keys, and a line here."""

from simulator.study.questions.figures.base import Figure, Found, Pick
from simulator.study.questions.figures.curves import CrossingOf, Winners
from simulator.study.questions.figures.points import Computed, Extreme, Ratio, Slope, Value
from simulator.study.questions.figures.references import MeasuredFigure

for _model in (Value, Ratio, Extreme, Slope, Computed, CrossingOf, Winners, MeasuredFigure):
    Figure.admit(_model)

__all__ = ["Figure", "Found", "Pick"]
