"""Throughput and latency of a network alone against offered load."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from simulator.report.plots.style import styled
from simulator.study.load_latency import NetworkCurve

LIMIT_LABELS = {
    "head_of_line": "head-of-line limit (Karol 1987)",
    "sinks": "sink limit",
    "bisection": "bisection limit",
    "memoryless": "memoryless banks",
}
LIMIT_STYLES = {"head_of_line": "--", "sinks": ":", "bisection": "-.", "memoryless": (0, (1, 3))}
ACCENT, GREY = "#d55e00", "#555555"


def load_latency_figure(curve: NetworkCurve) -> Figure:
    """Accepted throughput above, mean latency below (logarithmic), theory's limits as lines."""
    loads = np.array([point.load for point in curve.points])
    with styled():
        figure = Figure(figsize=(8, 7), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True)
        above.plot(loads, loads, color=GREY, linewidth=0.8, label="all that is offered")
        above.plot(loads, [point.throughput for point in curve.points], color=ACCENT, marker="o", markersize=4, label="accepted")
        _limits(above, curve)
        above.set_ylabel("throughput (flits a source and cycle)")
        above.set_ylim(0, 1.08)
        above.set_title(_title(curve))
        above.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
        below.plot(loads, [point.mean_latency_cycles for point in curve.points], color=ACCENT, marker="o", markersize=4)
        below.set_yscale("log")
        below.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        below.yaxis.set_minor_formatter(NullFormatter())
        below.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        below.grid(visible=True, axis="y", which="major", alpha=0.4)
        below.set_ylabel("mean latency (cycles, source queue included)")
        below.set_xlabel("offered load (flits a source and cycle)")
        below.set_xlim(0, 1.02)
    return figure


def _limits(axes: Axes, curve: NetworkCurve) -> None:
    """One line a limit that is not simply the full rate."""
    for name, limit in curve.limits.items():
        if limit < 1:
            axes.axhline(limit, color=GREY, linestyle=LIMIT_STYLES[name], linewidth=1.2, label=f"{LIMIT_LABELS[name]}: {limit:.3f}")


def _title(curve: NetworkCurve) -> str:
    spec = curve.switch
    return (
        f"{curve.name}: {spec.sources} × {spec.sinks} {spec.topology}, {spec.queues} depth {spec.depth}, {spec.matching} · {curve.traffic}"
    )
