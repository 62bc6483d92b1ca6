"""The pictures of what a machine is made of, its cluster and its networks; and the folder of a study of one network alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from simulator.errors import ConfigError
from simulator.kinds import kind_of
from simulator.machine.model import Machine
from simulator.pricing import elaborate, hardware_of, technology_of
from simulator.report.folder import MARKER, csv_text, new_folder, write_json
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
