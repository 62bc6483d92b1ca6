"""The networks of a machine before it runs, as graphs and as pictures."""

from __future__ import annotations

from pathlib import Path

from simulator.kinds import kind_of
from simulator.machine.model import Machine
from simulator.report.folder import MARKER, new_folder, write_json
from simulator.version import package_version


def write_network_pictures(machine: Machine, folder: Path, *, force: bool) -> list[str]:
    """Write each network of a cluster as PNG and SVG into a new folder; returns the names of the networks.

    Raises ConfigError where there is none, with the reason, OutputError where the folder exists (and not `force`).
    """
    from simulator.report.plots.style import save
    from simulator.report.plots.topology import topology_figure

    graphs = kind_of(machine).graphs(machine)
    with new_folder(folder, force=force) as draft:
        for name, graph in graphs.items():
            save(topology_figure(graph), draft, name)
        write_json(draft / MARKER, {"machine": machine.name, "sparsim_version": package_version()})
    return list(graphs)
