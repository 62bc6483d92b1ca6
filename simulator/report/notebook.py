"""Pictures as the results of a notebook's cells."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FigureT = TypeVar("FigureT", bound="Figure | None")


def drawn(figure: FigureT) -> FigureT:
    """Return the figure, which draws itself where a notebook shows it: matplotlib sees to that for pyplot's own figures only."""
    if figure is not None:
        figure._repr_png_ = partial(_png, figure)  # type: ignore[attr-defined]
    return figure


def _png(figure: Figure) -> bytes:
    from simulator.report.plots.style import styled

    file = io.BytesIO()
    with styled():
        figure.savefig(file, format="png", dpi=80)
    return file.getvalue()
