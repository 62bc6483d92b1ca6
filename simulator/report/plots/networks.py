"""Plots of networks: a network as a picture, routers where its graph puts them; throughput and latency against offered load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from msgspec import Struct
from numpy.typing import NDArray

from simulator.network import Graph
from simulator.network.uniform_load import uniform_load
from simulator.report.plots.looks import Look, looks
from simulator.report.plots.scales import log_ticks
from simulator.report.plots.style import ink, narrow, paper, scaled_paper, styled
from simulator.study.load_latency import NetworkCurve

_ROUTER_COLOURS = ("#08488a", "#2f83c4", "#7fb8e2", "#1fb6c9", "#5cc2a0", "#9a80bd", "#c5b5dc")
"""By size, the largest router first; sizes beyond share the last."""
_LINK_COLOUR = "#b0b0b0"
_STUB_COLOUR = "#d8d8d8"
_SOURCE_COLOUR = "#00714f"
_SINK_COLOUR = "#c84f00"
_FEW_ROUTERS = 24
Points = NDArray[np.float64]
"""[n, 2] inches."""
_LONGEST = 8.2
_MARK_STEP = 0.16
_BESIDE_LINKS = np.array([-1.0, 1.0]) / np.sqrt(2)
"""Where a source stands at a router with links on all sides; its sink stands opposite."""
LIMIT_LABELS = {
    "head_of_line": "head-of-line limit (Karol 1987)",
    "sinks": "sink limit",
    "bisection": "bisection limit",
}
LIMIT_STYLES = {"head_of_line": "--", "sinks": ":", "bisection": "-."}
GREY = "#555555"


def topology_figure(graph: Graph, name: str = "") -> Figure:
    """Draw a graph under the name of what it is part of: a square a router (coloured by size), a line a pair of
    joined routers, marks for sources and sinks.

    Routers and links that no route uses are left out.
    """
    built = used(graph)
    at = layout(graph, built.joined)
    low, high = at.corners
    with styled():
        natural = max(6.4, high[0] - low[0] + 0.9), high[1] - low[1] + 2.0
        size = scaled_paper(*natural)
        pitch = at.pitch * size[0] / natural[0]
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots()
        axes.set_xlim(low[0] - 0.25, high[0] + 0.25)
        axes.set_ylim(low[1] - 0.25, high[1] + 0.25)
        axes.set_aspect("equal")
        axes.axis("off")
        handles = [*_draw_routers(axes, built, at, pitch), *_draw_links(axes, built, at), *_draw_terminals(axes, at, pitch)]
        title = f"{name} ({graph.name})" if name else graph.name
        figure.suptitle(f"{title}: {graph.sources} sources, {graph.sinks} sinks", fontweight="bold")
        axes.set_title(_summary(graph, built), loc="center", fontsize="medium", fontweight="normal")
        figure.legend(handles=handles, loc="outside lower center", ncols=2 if narrow() else 4)
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


def _draw_routers(axes: Axes, built: Used, at: Layout, pitch: float) -> list[Line2D]:
    members = np.flatnonzero(built.inputs)
    sizes = list(zip(built.inputs[members].tolist(), built.outputs[members].tolist(), strict=True))
    kinds = sorted(set(sizes), key=lambda size: (-size[0] * size[1], size))
    colour = {kind: _ROUTER_COLOURS[min(index, len(_ROUTER_COLOURS) - 1)] for index, kind in enumerate(kinds)}
    points, width = at.routers[members], float(np.clip(0.33 * pitch * 72, 3.0, 24.0))
    axes.scatter(points[:, 0], points[:, 1], s=width**2, c=[colour[size] for size in sizes], marker="s", zorder=3, linewidths=0)
    if len(members) <= _FEW_ROUTERS and width > 14:
        for centre, size in zip(points, sizes, strict=True):
            small = "xx-small" if max(size) < 10 else 5.0
            axes.annotate(f"{size[0]}×{size[1]}", centre, ha="center", va="center", fontsize=small, color=ink(colour[size]), zorder=4)
    count = Counter(sizes)
    return [
        Line2D([], [], marker="s", linestyle="", markersize=8, color=colour[kind], label=f"{kind[0]} × {kind[1]} router ({count[kind]})")
        for kind in kinds[: len(_ROUTER_COLOURS)]
    ]


def _draw_links(axes: Axes, built: Used, at: Layout) -> list[Line2D]:
    pairs = built.joined
    if not pairs:
        return []
    lines = {(min(pair), max(pair)): links for pair, links in sorted(pairs.items(), key=lambda item: item[1])}
    thin = 0.6 if len(lines) > 200 else 0.9
    ends = [(at.routers[start], at.routers[end]) for start, end in lines]
    widths = [thin + 0.8 * min(links - 1, 4) for links in lines.values()]
    axes.add_collection(LineCollection(ends, colors=_LINK_COLOUR, linewidths=widths, zorder=1))
    both_ways = all((end, start) in pairs for start, end in pairs)
    forward = all(at.routers[end][0] > at.routers[start][0] for start, end in pairs)
    way = " each way" if both_ways else " from left to right" if forward else ""
    most = max(lines.values())
    label = "link" if most == 1 else f"{most} links" if min(lines.values()) == most else f"1 to {most} links"
    return [Line2D([], [], color=_LINK_COLOUR, label=label + way)]


def _draw_terminals(axes: Axes, at: Layout, pitch: float) -> list[Line2D]:
    size = float(np.clip(0.11 * pitch * 72, 1.6, 3.0 if narrow() else 5.0))
    handles = []
    for marks, router_of, marker, colour, label in (
        (at.sources, at.router_of_source, "o", _SOURCE_COLOUR, "source"),
        (at.sinks, at.router_of_sink, "^", _SINK_COLOUR, "sink"),
    ):
        stubs = list(zip(at.routers[router_of], marks, strict=True))
        axes.add_collection(LineCollection(stubs, colors=_STUB_COLOUR, linewidths=0.5, zorder=0.5))
        axes.scatter(marks[:, 0], marks[:, 1], s=size**2, c=colour, marker=marker, zorder=2, linewidths=0)
        handles.append(Line2D([], [], marker=marker, linestyle="", markersize=6, color=colour, label=label))
    return handles


class Layout(Struct, frozen=True, eq=False):
    """Layout of routers and of the marks of sources and sinks."""

    routers: Points
    sources: Points
    sinks: Points
    router_of_source: NDArray[np.int64]
    router_of_sink: NDArray[np.int64]
    pitch: float
    """Distance of the two nearest routers."""

    @property
    def corners(self) -> tuple[Points, Points]:
        """Lowest and highest x and y of all."""
        marks = np.concatenate([self.routers, self.sources, self.sinks])
        return marks.min(axis=0), marks.max(axis=0)


class Used(Struct, frozen=True, eq=False):
    """What of a graph some route uses, and so what is built."""

    inputs: NDArray[np.int64]
    """[routers] buffers."""
    outputs: NDArray[np.int64]
    """[routers] links."""
    joined: Counter[tuple[int, int]]
    """(from, to) → number of links."""


def used(graph: Graph) -> Used:
    """Follow all routes."""
    load = uniform_load(graph)
    flits = np.bincount(graph.link_of_channel, weights=load.of_channel, minlength=graph.links)
    target = graph.target_of_channel
    inner = (target >= 0) & (load.of_channel > 0)
    ends = dict(zip(graph.link_of_channel[inner].tolist(), graph.router_of_buffer[target[inner]].tolist(), strict=True))
    return Used(
        inputs=np.bincount(graph.router_of_buffer[load.of_buffer > 0], minlength=graph.routers),
        outputs=np.bincount(graph.router_of_link[flits > 0], minlength=graph.routers),
        joined=Counter((int(graph.router_of_link[link]), end) for link, end in ends.items()),
    )


def layout(graph: Graph, pairs: Counter[tuple[int, int]]) -> Layout:
    """Stretch a graph's own positions to a page, and put sources and sinks where no links run."""
    forward = all(graph.positions[end, 0] > graph.positions[start, 0] for start, end in pairs)
    routers = _router_places(graph, forward)
    router_of_source = graph.router_of_buffer[graph.buffer_of_source].astype(np.int64)
    to_sink = graph.target_of_channel < 0
    router_of_sink = np.empty(graph.sinks, dtype=np.int64)
    router_of_sink[-1 - graph.target_of_channel[to_sink]] = graph.router_of_link[graph.link_of_channel[to_sink]]
    pitch = _pitch(routers) if graph.routers > 1 else _LONGEST
    if forward:
        source_side, sink_side = np.tile([-1.0, 0.0], (graph.routers, 1)), np.tile([1.0, 0.0], (graph.routers, 1))
    else:
        source_side, sink_side = _free_sides(routers, pairs, np.union1d(router_of_source, router_of_sink))
    room = pitch if forward else 0.5 * pitch
    reach = 0.3 * pitch if graph.routers == 1 else min(0.42 * pitch, 0.5)
    return Layout(
        routers=routers,
        sources=_fans(routers, router_of_source, source_side, reach, room),
        sinks=_fans(routers, router_of_sink, sink_side, reach, room),
        router_of_source=router_of_source,
        router_of_sink=router_of_sink,
        pitch=pitch,
    )


def _router_places(graph: Graph, forward: bool) -> Points:
    """Stages run from left to right with the first terminal on top; all else is drawn to scale, but never too oblong."""
    low, high = graph.positions.min(axis=0), graph.positions.max(axis=0)
    extent = high - low
    relative = (graph.positions - low) / np.where(extent > 0, extent, 1.0)
    if forward:
        height = min(_LONGEST, 0.9 * extent[1])
        width = max(0.7 * height, 0.85 * extent[0])
        return np.column_stack((relative[:, 0] * width, (1 - relative[:, 1]) * height))
    longest = min(_LONGEST, 1.4 * extent.max())
    sides = longest * np.where(extent > 0, np.clip(extent / extent.max(), 0.45, 1.0), 0.0)
    points: Points = relative * sides
    return points


def _pitch(points: Points) -> float:
    """Distance of the two nearest, who stand near each other in the order of x, too."""
    ordered = points[np.lexsort(points.T[::-1])]
    nearest = np.inf
    for apart in range(1, len(points)):
        step = ordered[apart:] - ordered[:-apart]
        if step[:, 0].min() >= nearest:
            break
        nearest = min(nearest, float(np.sqrt((step**2).sum(axis=1).min())))
    return nearest


def _free_sides(routers: Points, pairs: Mapping[tuple[int, int], int], with_terminals: NDArray[np.int64]) -> tuple[Points, Points]:
    """[routers, 2] directions in which a router's sources and its sinks stand: left and right of the side without links."""
    total, count = np.zeros_like(routers), np.zeros(len(routers))
    for start, end in pairs:
        step = routers[end] - routers[start]
        for router, sign in ((start, -1), (end, 1)):
            total[router] += sign * step / np.linalg.norm(step)
            count[router] += 1
    away = total / np.maximum(count, 1)[:, None]
    length = np.linalg.norm(away, axis=1)
    if (length[with_terminals] < 1e-6).any():
        sides = np.tile(_BESIDE_LINKS, (len(routers), 1))
        return sides, -sides
    away = away / np.maximum(length, 1e-9)[:, None]
    return away @ _turn(np.pi / 5), away @ _turn(-np.pi / 5)


def _turn(angle: float) -> Points:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _fans(routers: Points, router_of: NDArray[np.int64], side: Points, reach: float, room: float) -> Points:
    """Marks of the terminals of each router, in a row across the direction in which they stand."""
    marks = np.zeros((len(router_of), 2))
    for router in np.unique(router_of).tolist():
        members = np.flatnonzero(router_of == router)
        direction = side[router]
        across = np.array([direction[1], -direction[0]])
        if across[1] > 0 or (across[1] == 0 and across[0] < 0):
            across = -across  # the first on top, or on the left
        offsets = (np.arange(len(members)) - (len(members) - 1) / 2) * min(_MARK_STEP, 0.8 * room / len(members))
        marks[members] = routers[router] + direction * reach + offsets[:, None] * across
    return marks


_ROOM = 1.6
"""Above and below the latencies of a picture: a tenth more of one is a tenth, not all of its height."""


def load_latency_figure(curve: NetworkCurve) -> Figure:
    """Accepted throughput above, mean latency below (logarithmic), theory's limits as lines; hollow where the network is saturated."""
    loads = np.array([point.load for point in curve.points])
    throughput = np.array([point.throughput for point in curve.points])
    latency = np.array([point.mean_latency_cycles for point in curve.points])
    saturated = np.array([curve.saturated_by(point.load) for point in curve.points])
    look = looks([curve.name])[curve.name]
    with styled():
        figure = Figure(figsize=paper(8, 7), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True)
        above.plot(loads, loads, color=GREY, linewidth=0.8, label="all that is offered")
        _draw_measured(above, loads, throughput, saturated, look)
        _limits(above, curve)
        above.set_ylabel("throughput\n(flits a source and cycle)")
        above.set_ylim(0, 1.08)
        above.set_title(_title(curve))
        _draw_measured(below, loads, latency, saturated, look)
        if latency.max() > 0:  # at a load so small that nothing was sent, there is none
            below.set_yscale("log")
            least, most = float(latency[latency > 0].min()) / _ROOM, float(latency.max()) * _ROOM
            below.set_ylim(least, most)
            log_ticks(below.yaxis, most / least)
        below.grid(visible=True, axis="y", which="major", alpha=0.4)
        below.set_ylabel("mean latency\n(cycles, source queue included)")
        below.set_xlabel("offered load (flits a source and cycle)")
        below.set_xlim(0, 1.02)
        handles, labels = above.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=1 if narrow() else 2)
    return figure


def _draw_measured(axes: Axes, loads: Points, values: Points, saturated: NDArray[np.bool_], look: Look) -> None:
    """Filled marks and a line as far as all that is offered is accepted; beyond, hollow ones, dashed."""
    first = int(np.argmax(saturated)) if saturated.any() else len(loads)
    marks: dict[str, Any] = {"color": look.colour, "marker": look.marker, "markersize": 4}
    axes.plot(loads[:first], values[:first], label="measured", **marks)
    if first < len(loads):
        start = max(first - 1, 0)
        axes.plot(loads[start:], values[start:], color=look.colour, linestyle="--", linewidth=1.0, zorder=1)
        beyond = "saturated: queues and latency grow with the time measured"
        axes.plot(loads[first:], values[first:], linestyle="", markerfacecolor="white", label=beyond, **marks)


def _limits(axes: Axes, curve: NetworkCurve) -> None:
    """One line a limit of theory, as far as it is one: no source sends more than a flit a cycle."""
    for name, limit in curve.limits.items():
        if limit <= 1:
            axes.axhline(limit, color=GREY, linestyle=LIMIT_STYLES[name], linewidth=1.2, label=f"{LIMIT_LABELS[name]}: {limit:.3g}")


def _title(curve: NetworkCurve) -> str:
    spec = curve.switch
    built = f"{spec.sources} × {spec.sinks} {spec.topology}, {spec.queues} depth {spec.depth}, {spec.matching}"
    return f"{curve.name}, {curve.traffic} traffic\n{built}"
