"""One self-contained HTML page of runs or of a sweep: `page.py` is what it shows, `render.py` writes it."""

from simulator.report.page.page import Answers, Bars, Column, Drawing, Page, Part, Point
from simulator.report.page.render import PAGE, drawing_script, rendered

__all__ = ["PAGE", "Answers", "Bars", "Column", "Drawing", "Page", "Part", "Point", "drawing_script", "rendered"]
