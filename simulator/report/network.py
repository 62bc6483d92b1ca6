"""Networks: the pictures of those that a machine has, and the folder of a study of one alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simulator.kinds import kind_of
from simulator.machine.model import Machine
from simulator.report.folder import MARKER, csv_text, new_folder, write_json
from simulator.report.pictures import PictureFormat
from simulator.study.load_latency import NetworkCurve
from simulator.version import package_version


def write_network_pictures(machine: Machine, folder: Path, formats: Sequence[PictureFormat] = ("png",), *, force: bool) -> list[str]:
    """Write a picture of each network of a cluster into a new folder; returns the names of the networks.

    Raises ConfigError for a machine without a network, with the reason, OutputError where the folder exists (and not `force`).
    """
    from simulator.report.plots.networks import topology_figure
    from simulator.report.plots.style import save

    graphs = kind_of(machine).graphs(machine)
    with new_folder(folder, force=force) as draft:
        for name, graph in graphs.items():
            save(topology_figure(graph), draft, name, formats)
        write_json(draft / MARKER, {"machine": machine.name, "sparsim_version": package_version()})
    return list(graphs)


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
