"""What of a figure cannot be read: texts, as they are drawn, that lie on each other or leave the page; axes and legends too."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

Corners = NDArray[np.float64]
_TOUCH = 1.5
"""Pixels by which two texts may lie on each other: boxes have some air."""
_NARROWEST = 0.12
"""Of a figure, what axes are wide at least."""


def faults(figure: Figure) -> list[str]:
    """A line each; none of a figure that can be read."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [(text.get_text(), _corners(text, renderer)) for text in _drawn(figure, renderer)]
    return [*_cut(figure, boxes), *_on_each_other(boxes), *_pressed(figure, renderer)]


def _drawn(figure: Figure, renderer: RendererAgg) -> list[Text]:
    """The texts that drawing draws: ticks out of sight, and digits without room, are none of them."""
    found: dict[int, Text] = {}

    def noted(gc: Any, x: float, y: float, s: str, prop: Any, angle: float, ismath: Any = False, mtext: Any = None) -> None:
        if mtext is not None and s.strip():
            found[id(mtext)] = mtext

    for name in ("draw_path", "draw_markers", "draw_path_collection", "draw_quad_mesh", "draw_gouraud_triangles", "draw_image"):
        setattr(renderer, name, lambda *_, **__: None)  # no dots are needed
    renderer.draw_text = noted  # type: ignore[method-assign]
    figure.draw(renderer)
    return list(found.values())


def _corners(text: Text, renderer: RendererAgg) -> Corners:
    """[4, 2] pixels, turned as the text is; without the line of an annotation."""
    angle = np.deg2rad(text.get_rotation())
    box = Text.get_window_extent(text, renderer)
    upright = np.array([(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)])
    if round(text.get_rotation()) % 90 == 0:
        return upright
    # of a slanted text of one line: from its box its length, which lies along the box's diagonal
    height = text.get_fontsize() * renderer.points_to_pixels(1.0)
    length = (box.width - height * abs(np.sin(angle))) / abs(np.cos(angle))
    turned = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    size = np.array([(-length, -height), (length, -height), (length, height), (-length, height)]) / 2
    middle: Corners = upright.mean(axis=0) + size @ turned
    return middle


def _cut(figure: Figure, boxes: list[tuple[str, Corners]]) -> Iterator[str]:
    page = np.array([figure.bbox.width, figure.bbox.height])
    for text, box in boxes:
        if (box.min(axis=0) < -1).any() or (box.max(axis=0) > page + 1).any():
            yield f"cut: {text!r}"


def _on_each_other(boxes: list[tuple[str, Corners]]) -> Iterator[str]:
    for (text, box), (other, beside) in combinations(boxes, 2):
        if _depth(box, beside) > _TOUCH:
            yield f"on each other: {text!r}, {other!r}"


def _depth(box: Corners, other: Corners) -> float:
    """Pixels that one would have to be moved for the two not to share any; below zero where they do not."""
    depth = np.inf
    for corners in (box, other):
        for edge in np.diff(corners[:3], axis=0):
            across = np.array([-edge[1], edge[0]]) / np.hypot(*edge)
            here, there = box @ across, other @ across
            depth = min(depth, float(min(here.max(), there.max()) - max(here.min(), there.min())))
    return depth


def _pressed(figure: Figure, renderer: RendererAgg) -> Iterator[str]:
    page = figure.bbox
    for legend in figure.legends:
        box = legend.get_window_extent(renderer)
        if box.x0 < -1 or box.y0 < -1 or box.x1 > page.width + 1 or box.y1 > page.height + 1:
            yield "a legend is cut"
        for axes in figure.axes:
            own = axes.get_window_extent(renderer)
            if axes.axison and min(own.x1, box.x1) - max(own.x0, box.x0) > 1 and min(own.y1, box.y1) - max(own.y0, box.y0) > 1:
                yield "a legend lies on axes"
    for axes in figure.axes:
        if axes.axison and axes.get_label() != "<colorbar>" and axes.get_window_extent(renderer).width < _NARROWEST * page.width:
            yield f"axes are pressed to {axes.get_window_extent(renderer).width:.0f} of {page.width:.0f} pixels"
