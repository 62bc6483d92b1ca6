"""Names beside points, without overlaps."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.textpath import TextPath
from matplotlib.transforms import Bbox
from numpy.typing import NDArray


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
    lines that names should not stand on; the figure has been laid out.
    """
    figure = axes.figure
    letters = float(matplotlib.rcParams["font.size"])
    points = axes.transData.transform(np.column_stack([x, y]))
    pixels_per_point = figure.dpi / 72
    radii = [pixels_per_point * (np.sqrt(size) / 2 + 1) for size in sizes]
    discs = [Bbox.from_extents(px - r, py - r, px + r, py + r) for (px, py), r in zip(points, radii, strict=True)]
    taken = discs + [_thick(axes.transData.transform(ends), pixels_per_point) for ends in lines]
    texts: list[Bbox] = []
    frame = axes.get_window_extent()
    named = [tuple(point) for name, point in zip(names, points.tolist(), strict=True) if name]
    for name, point, (px, py), radius in zip(names, zip(x, y, strict=True), points, radii, strict=True):
        if not name:
            continue
        width, height = text_width(name, letters) * pixels_per_point, 1.25 * letters * pixels_per_point
        boxes = [_box(px, py, dx, dy, radius + reach * height, width, height) for reach in (0.25, 1.0, 2.2) for dx, dy in _DIRECTIONS]
        best = min(
            boxes,
            key=lambda box: sum(_overlap(box, other) for other in taken) + _outside(box, frame) + _crossed((px, py), box, [*discs, *texts]),
        )
        taken.append(best)
        texts.append(best)
        offset = ((best.x0 + best.x1) / 2 - px, (best.y0 + best.y1) / 2 - py)
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
            arrowprops={"arrowstyle": "-", "color": "#999999", "linewidth": 0.8} if far or unclear else None,
        )


def text_width(text: str, letters: float) -> float:
    """Points that a text takes, with half a letter of air on both sides together."""
    return float(TextPath((0.0, 0.0), text, size=letters).get_extents().width) + 0.5 * letters


_CLEAR = 1.2
"""How many times as far as its own point any other named one is from a name that needs no line to it."""
_DIRECTIONS = ((1, 0), (0, 1), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))


def _thick(ends: NDArray[np.float64], half_width: float) -> Bbox:
    (x0, y0), (x1, y1) = ends.min(axis=0), ends.max(axis=0)
    return Bbox.from_extents(x0 - half_width, y0 - half_width, x1 + half_width, y1 + half_width)


def _box(px: float, py: float, dx: int, dy: int, away: float, width: float, height: float) -> Bbox:
    cx = px + dx * (away + width / 2)
    cy = py + dy * (away + height / 2)
    return Bbox.from_bounds(cx - width / 2, cy - height / 2, width, height)


def _crossed(point: tuple[float, float], box: Bbox, others: Sequence[Bbox]) -> float:
    """Area of the discs and names that a line from a point to its own name would cross: as bad as lying on them."""
    way = np.linspace(0.0, 1.0, _STEPS)[:, None] * (np.array([(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]) - point) + point
    return sum(float(other.width * other.height) for other in others if any(other.contains(x, y) for x, y in way.tolist()))


_STEPS = 12


def _overlap(one: Bbox, other: Bbox) -> float:
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    high = min(one.y1, other.y1) - max(one.y0, other.y0)
    return wide * high if wide > 0 and high > 0 else 0.0


def _outside(box: Bbox, frame: Bbox) -> float:
    return box.width * box.height - _overlap(box, frame)
