"""Names beside points, without overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from numpy.typing import NDArray

from simulator.report.plots.fitting import briefs
from simulator.report.plots.style import families, spelt


def place_labels(
    axes: Axes,
    names: Sequence[str],
    x: Sequence[float],
    y: Sequence[float],
    sizes: Sequence[float],
    lines: Sequence[tuple[tuple[float, float], tuple[float, float]]] = (),
) -> None:
    """Put each name where it overlaps the fewest discs, names and lines, nearest place first; points of no name only take room.

    A name that is far from its point, or about as near to that of another name, has a line to its own.

    `x` and `y` are data of the axes, `sizes` the areas of discs in points², `lines` the ends of level or upright
    lines that names should not stand on; the axes have their limits, and about their size.
    """
    names = [spelt(name) for name in names]
    short = briefs(name for name in names if name)
    names = [short.get(name, "") for name in names]
    letters = float(matplotlib.rcParams["font.size"])
    pixels_per_point = axes.figure.dpi / 72
    points = axes.transData.transform(np.column_stack([x, y]))
    radii = pixels_per_point * (np.sqrt(np.asarray(sizes)) / 2 + 1)
    discs = np.column_stack([points - radii[:, None], points + radii[:, None]])
    taken = np.vstack([discs, *(_thick(axes.transData.transform(ends), pixels_per_point) for ends in lines)])
    texts = np.empty((0, 4))
    frame = np.array([axes.get_window_extent().extents])
    named = [tuple(point) for name, point in zip(names, points.tolist(), strict=True) if name]
    for name, point, (px, py), radius in zip(names, zip(x, y, strict=True), points.tolist(), radii, strict=True):
        if not name:
            continue
        # a line to its name begins on the discs that lie on its own, whichever way it goes
        apart = discs[np.hypot(*(points - (px, py)).T) > radii + radius - 2 * pixels_per_point]
        width, height = _text_width(name, letters) * pixels_per_point, 1.25 * letters * pixels_per_point
        for directions, reaches in ((_DIRECTIONS, _REACHES), (_BETWEEN, _REACHES), (_DIRECTIONS, _FARTHER)):
            boxes = _around(px, py, radius, width, height, directions, reaches)
            outside = width * height - _overlaps(boxes, frame)[:, 0]
            crossed = _crossed((px, py), boxes, np.vstack([apart, texts]))
            # without the last digits, so that of places that are as good the nearest is taken
            costs = np.round(_overlaps(boxes, taken).sum(axis=1) + _OUTSIDE * outside + crossed, 3)
            if not costs.min():
                break
            # no place is free: what is far is as bad as what lies on something
            costs += _FAR * radius * np.hypot(*((boxes[:, :2] + boxes[:, 2:]) / 2 - (px, py)).T)
        best = boxes[np.argmin(costs)]
        taken, texts = np.vstack([taken, best]), np.vstack([texts, best])
        offset = ((best[0] + best[2]) / 2 - px, (best[1] + best[3]) / 2 - py)
        far = max(abs(offset[0]) - width / 2, abs(offset[1]) - height / 2) > radius + 0.6 * height
        others = [np.hypot(px + offset[0] - qx, py + offset[1] - qy) for qx, qy in named if (qx, qy) != (px, py)]
        unclear = bool(others) and min(others) < _CLEAR * np.hypot(*offset)
        axes.annotate(
            name,
            point,
            xytext=(offset[0] / pixels_per_point, offset[1] / pixels_per_point),
            textcoords="offset points",
            ha="center",
            va="center",
            color="#222222",
            in_layout=False,
            arrowprops={"arrowstyle": "-", "color": "#999999", "linewidth": 0.8} if far or unclear else None,
        )


@lru_cache
def _text_width(text: str, letters: float) -> float:
    """Points that a text takes, with half a letter of air on both sides together."""
    path = TextPath((0.0, 0.0), text, size=letters, prop=FontProperties(family=families(text)))
    return float(np.ptp(path.vertices[:, 0])) + 0.5 * letters


_CLEAR = 1.2
"""How many times as far as its own point any other named one is from a name that needs no line to it."""
_DIRECTIONS = np.array([(1, 0), (0, 1), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)])
_BETWEEN = np.array([(x, y) for x in (-0.25, 0.25, -0.5, 0.5) for y in (1, -1)] + [(x, y) for x in (1, -1) for y in (-0.5, 0.5)])
"""Tried where none of these is free."""
_REACHES = (0.25, 1.0, 2.2)
"""How far from a disc a name may stand, in its heights."""
_FARTHER = (*_REACHES, 3.6, 5.0)
"""Where none of these is free either."""
_FAR = 0.5
"""A name that crosses a disc may be four diameters nearer than one that does not."""
_OUTSIDE = 4.0
"""How many times as bad as lying on another it is to leave the axes, which may cut a name."""


def _around(
    px: float, py: float, radius: float, width: float, height: float, directions: NDArray[np.float64], reaches: Sequence[float]
) -> NDArray[np.float64]:
    """Boxes in which a name may stand, a row each: left, lower, right and upper edge."""
    size = np.array([width, height])
    away = [(radius + reach * height + size / 2) * directions for reach in reaches]
    centres = np.array([px, py]) + np.vstack(away)
    return np.hstack([centres - size / 2, centres + size / 2])


def _thick(ends: NDArray[np.float64], half_width: float) -> NDArray[np.float64]:
    return np.concatenate([ends.min(axis=0) - half_width, ends.max(axis=0) + half_width])


def _overlaps(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area that each box, a row, shares with each of the others, a column."""
    shared = np.minimum(boxes[:, None, 2:], others[:, 2:]) - np.maximum(boxes[:, None, :2], others[:, :2])
    areas: NDArray[np.float64] = np.prod(np.maximum(shared, 0.0), axis=-1)
    return areas


def _crossed(point: tuple[float, float], boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area of the discs and names that a line from a point to each box would cross: as bad as lying on them."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    ways = (point + np.linspace(0.0, 1.0, _STEPS)[:, None, None] * (centres - point))[:, :, None]
    inside = np.all((others[:, :2] <= ways) & (ways <= others[:, 2:]), axis=-1).any(axis=0)
    areas: NDArray[np.float64] = inside @ np.prod(others[:, 2:] - others[:, :2], axis=1)
    return areas


_STEPS = 12
