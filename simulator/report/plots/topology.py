"""A network as a picture: routers where its graph puts them, the links between them, its sources and sinks."""

from __future__ import annotations

from collections import Counter

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from simulator.network import Graph
from simulator.report.plots.style import ink, styled
from simulator.report.plots.topology_places import Places, Used, places, used

_ROUTER_COLOURS = ("#08488a", "#2f83c4", "#7fb8e2", "#1fb6c9", "#5cc2a0", "#9a80bd", "#c5b5dc")
"""By size, the largest router first; sizes beyond share the last."""
_LINK_COLOUR = "#b0b0b0"
_STUB_COLOUR = "#d8d8d8"
_SOURCE_COLOUR = "#00714f"
_SINK_COLOUR = "#c84f00"
_FEW_ROUTERS = 24


def topology_figure(graph: Graph) -> Figure:
    """Draw a graph: a square a router (coloured by size), a line a pair of joined routers, marks for sources and sinks.

    Routers and links that no route uses are left out.
    """
    built = used(graph)
    place = places(graph, built.joined)
    low, high = place.corners
    with styled():
        figure = Figure(figsize=(max(6.4, high[0] - low[0] + 0.9), high[1] - low[1] + 2.0), layout="constrained")
        axes = figure.subplots()
        axes.set_xlim(low[0] - 0.25, high[0] + 0.25)
        axes.set_ylim(low[1] - 0.25, high[1] + 0.25)
        axes.set_aspect("equal")
        axes.axis("off")
        handles = [*_draw_routers(axes, built, place), *_draw_links(axes, built, place), *_draw_terminals(axes, place)]
        figure.suptitle(f"{graph.name}: {graph.sources} sources, {graph.sinks} sinks", fontweight="bold")
        axes.set_title(_summary(graph, built), loc="center", fontsize=9, fontweight="normal")
        figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure


def _summary(graph: Graph, built: Used) -> str:
    if graph.routers == 1:
        return "one router"
    hops = graph.hops
    passed = f"{hops.min()}" if hops.min() == hops.max() else f"{hops.min()} to {hops.max()}, on average {hops.mean():.2f}"
    routers = f"{int((built.inputs > 0).sum())} routers, {sum(built.joined.values())} links between them; routers on a way: {passed}"
    if built.outputs.sum() < graph.links:
        return f"{routers}\nwhat no route uses is left out"
    cut = f"{graph.bisection_links} link{'' if graph.bisection_links == 1 else 's'}"
    return f"{routers}\na cut through the middle severs {cut} each way"


def _draw_routers(axes: Axes, built: Used, place: Places) -> list[Line2D]:
    members = np.flatnonzero(built.inputs)
    sizes = list(zip(built.inputs[members].tolist(), built.outputs[members].tolist(), strict=True))
    kinds = sorted(set(sizes), key=lambda size: (-size[0] * size[1], size))
    colour = {kind: _ROUTER_COLOURS[min(index, len(_ROUTER_COLOURS) - 1)] for index, kind in enumerate(kinds)}
    points, width = place.routers[members], float(np.clip(0.33 * place.pitch * 72, 3.0, 24.0))
    axes.scatter(points[:, 0], points[:, 1], s=width**2, c=[colour[size] for size in sizes], marker="s", zorder=3, linewidths=0)
    if len(members) <= _FEW_ROUTERS and width > 14:
        for at, size in zip(points, sizes, strict=True):
            small = 6.5 if max(size) < 10 else 5.0
            axes.annotate(f"{size[0]}×{size[1]}", at, ha="center", va="center", fontsize=small, color=ink(colour[size]), zorder=4)
    count = Counter(sizes)
    return [
        Line2D([], [], marker="s", linestyle="", markersize=8, color=colour[kind], label=f"{kind[0]} × {kind[1]} router ({count[kind]})")
        for kind in kinds[: len(_ROUTER_COLOURS)]
    ]


def _draw_links(axes: Axes, built: Used, place: Places) -> list[Line2D]:
    pairs = built.joined
    if not pairs:
        return []
    lines = {(min(pair), max(pair)): links for pair, links in sorted(pairs.items(), key=lambda item: item[1])}
    thin = 0.6 if len(lines) > 200 else 0.9
    ends = [(place.routers[start], place.routers[end]) for start, end in lines]
    widths = [thin + 0.8 * min(links - 1, 4) for links in lines.values()]
    axes.add_collection(LineCollection(ends, colors=_LINK_COLOUR, linewidths=widths, zorder=1))
    both_ways = all((end, start) in pairs for start, end in pairs)
    forward = all(place.routers[end][0] > place.routers[start][0] for start, end in pairs)
    way = " each way" if both_ways else " from left to right" if forward else ""
    most = max(lines.values())
    label = "link" if most == 1 else f"{most} links" if min(lines.values()) == most else f"1 to {most} links"
    return [Line2D([], [], color=_LINK_COLOUR, label=label + way)]


def _draw_terminals(axes: Axes, place: Places) -> list[Line2D]:
    size = float(np.clip(0.11 * place.pitch * 72, 2.2, 5.0))
    handles = []
    for marks, router_of, marker, colour, label in (
        (place.sources, place.router_of_source, "o", _SOURCE_COLOUR, "source"),
        (place.sinks, place.router_of_sink, "^", _SINK_COLOUR, "sink"),
    ):
        stubs = list(zip(place.routers[router_of], marks, strict=True))
        axes.add_collection(LineCollection(stubs, colors=_STUB_COLOUR, linewidths=0.5, zorder=0.5))
        axes.scatter(marks[:, 0], marks[:, 1], s=size**2, c=colour, marker=marker, zorder=2, linewidths=0)
        handles.append(Line2D([], [], marker=marker, linestyle="", markersize=6, color=colour, label=label))
    return handles
