"""Networks as graphs: how long one of 1,024 sources and sinks takes to read (built, followed, checked, laid out), and to draw."""

from __future__ import annotations

import io
import math
import statistics

from measuring import Figures, markdown, seconds_of, shown

from simulator.cost.network import network_layout
from simulator.network import TOPOLOGIES, TopologyName, draw
from simulator.report.plots.networks import topology_figure

PORTS = (256, 1024)
RADIX = 4
AT_FIRST = {"ring": "19.3", "benes": "4.0", "mesh": "2.0"}
"""Processor seconds that reading took when the work on speed began."""


def read_seconds(topology: TopologyName, ports: int) -> float:
    """To read a network: what a run does with it before its first cycle."""
    draw.cache_clear()
    network_layout.cache_clear()
    return seconds_of(lambda: (draw(topology, ports, ports, RADIX), network_layout(topology, ports, ports, RADIX)))


def drawn_seconds(topology: TopologyName) -> float:
    """To draw the larger one as PNG, as `sparsim inspect MACHINE -o DIR` does."""
    graph = draw(topology, PORTS[1], PORTS[1], RADIX)
    return seconds_of(lambda: topology_figure(graph).savefig(io.BytesIO(), format="png"))


def measure(repeats: int) -> Figures:
    """By topology: medians at the larger size, and the log-log slope of reading against ports."""
    found = {}
    drawn_seconds("full")
    for topology in TOPOLOGIES:
        small, large = (statistics.median(read_seconds(topology, ports) for _ in range(repeats)) for ports in PORTS)
        drawn = statistics.median(drawn_seconds(topology) for _ in range(repeats))
        slope = math.log(large / small, PORTS[1] / PORTS[0])
        found[topology] = {"read_s": round(large, 3), "drawn_s": round(drawn, 3), "read_slope": round(slope, 2)}
    return found


def tables(figures: Figures) -> dict[str, str]:
    """A line for each topology."""
    headings = ("topology", "read at first", "read now (asked: 0.5)", "drawn now (asked: 3)", "slope of reading against ports")
    lines = [
        (f"`{name}`", AT_FIRST.get(name, "–"), shown(found["read_s"]), shown(found["drawn_s"]), f"{found['read_slope']:.2f}")
        for name, found in figures.items()
    ]
    return {"networks": markdown(headings, lines)}
