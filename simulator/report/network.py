"""The pictures of what a machine is made of, its cluster and its networks; and the folder of a study of one network alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import asdict
from rich.console import Group
from rich.table import Table
from rich.text import Text

from simulator.errors import ConfigError
from simulator.kinds import kind_of
from simulator.machine.model import Machine
from simulator.network.traffic import TrafficPoint
from simulator.pricing import elaborate, hardware_of, technology_of
from simulator.report.folder import MARKER, csv_text, new_folder, write_json
from simulator.report.layout import Stacked
from simulator.report.numbers import significant
from simulator.report.pictures import PictureFormat
from simulator.study.load_latency import NetworkCurve
from simulator.version import package_version


def write_machine_pictures(machine: Machine, folder: Path, formats: Sequence[PictureFormat] = ("png",), *, force: bool) -> list[str]:
    """Write the floorplan of a cluster and each of its networks into a new folder; returns their names.

    Raises ConfigError for a machine without clusters, OutputError where the folder exists (and not `force`).
    """
    from simulator.report.plots.floorplan import floorplan_figure
    from simulator.report.plots.networks import topology_figure
    from simulator.report.plots.style import save

    technology = technology_of(machine)
    plan = hardware_of(elaborate(machine, technology), technology).floorplan
    if plan is None:
        raise ConfigError(f"{machine.name} is made of neighbours that are joined to each other: there is no cluster and no network to draw")
    graphs = kind_of(machine).graphs(machine)
    with new_folder(folder, force=force) as draft:
        save(floorplan_figure(machine.name, plan), draft, "floorplan", formats)
        for name, graph in graphs.items():
            save(topology_figure(graph, f"{machine.name}, {name.replace('_', ' ')}"), draft, name, formats)
        write_json(draft / MARKER, {"machine": machine.name, "sparsim_version": package_version()})
    return ["floorplan", *graphs]


def write_network(
    curve: NetworkCurve, folder: Path, made: Mapping[str, Any], formats: Sequence[PictureFormat] = ("png",), *, force: bool
) -> None:
    """Write a curve into a folder, whole or not at all, and run.json with `made`.

    Raises OutputError where the folder may not be written.
    """
    from simulator.report.plots.networks import load_latency_figure
    from simulator.report.plots.style import save

    with new_folder(folder, force=force) as draft:
        write_json(draft / "network.json", curve.to_dict())
        table = csv_text([asdict(point) for point in curve.points], end="\r\n")
        (draft / "network.csv").write_bytes(table.encode())
        save(load_latency_figure(curve), draft, "load_latency", formats)
        write_json(draft / MARKER, made)


FEW = 8
"""Loads that a terminal shows first: evenly spaced ones, the first and the last among them."""
_UNIT = "flits a source and cycle"


def network_summary(curve: NetworkCurve) -> Group:
    """What a terminal shows first: what the network takes beside theory, how latency begins and where it has doubled, and some loads."""
    last = len(curve.points) - 1
    places = range(last + 1) if last < FEW else [round(place * last / (FEW - 1)) for place in range(FEW)]
    shown = [curve.points[place] for place in places]
    return Group(Text(f"{_verdict(curve)}\n", style="bold"), _loads(shown))


def network_table(curve: NetworkCurve) -> Group:
    """The same with every load."""
    return Group(Text(f"{_verdict(curve)}\n", style="bold"), _loads(curve.points))


def _verdict(curve: NetworkCurve) -> str:
    theory = " and ".join(f"{limit:.3g} by its {name.replace('_', ' ')}" for name, limit in curve.limits.items())
    most = f"{curve.accepts:.3f} {_UNIT} {'at these loads' if curve.saturation is None else 'under any load'}"
    first = curve.points[0]
    latency = f"Latency is {significant(first.mean_latency_cycles)} cycles at load {first.load:.3g}"
    twice = next((point.load for point in curve.points if point.mean_latency_cycles > 2 * first.mean_latency_cycles), None)
    if twice is not None:
        latency += f", and more than twice that from {twice:.3g} on"
    beside = f"; theory allows {theory}" if theory else ""
    return f"Of {curve.traffic} traffic, the network of {curve.name} takes at most {most}{beside}. {latency}."


def _loads(points: Sequence[TrafficPoint]) -> Stacked:
    table = Table(box=None, pad_edge=False, header_style="bold")
    rate = "flits/source/cycle"
    for heading, unit in (("offered load", rate), ("throughput", rate), ("mean latency", "cycles"), ("mean outstanding", "flits")):
        table.add_column(f"{heading}\n{unit}", justify="right", no_wrap=True)
    for point in points:
        waits = significant(point.mean_latency_cycles), significant(point.mean_outstanding)
        table.add_row(f"{point.load:.3f}", f"{point.throughput:.3f}", *waits)
    return Stacked(table)
