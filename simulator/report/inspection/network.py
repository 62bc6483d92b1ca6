"""The networks of a machine before it runs, as graphs and as pictures."""

from __future__ import annotations

from pathlib import Path

from simulator.errors import ConfigError
from simulator.machine.model import Machine
from simulator.network import Graph
from simulator.report.folder import MARKER, new_folder, write_json
from simulator.version import package_version


def network_graphs(machine: Machine) -> dict[str, Graph]:
    """The graphs of one cluster: `request_network` from units to bank ports, `reply_network` back (gather only).

    Raises ConfigError for a machine without a network, with the reason.
    """
    if machine.fabric.kind == "systolic":
        raise ConfigError(f"{machine.name} is a systolic array: its cells are joined to their neighbours, there is no network to draw")
    fabric = machine.fabric
    if not fabric.has_network:
        raise ConfigError(f"{machine.name} has a copy for every unit and no network to draw; fewer fabric.replicas give it one")
    requests, replies = machine.networks(latency=1)
    graphs = {"request_network": requests.graph()}
    if machine.mapping.dataflow != "scatter":
        graphs["reply_network"] = replies.graph()
    return graphs


def write_network_pictures(machine: Machine, folder: Path, *, force: bool) -> list[str]:
    """Write each network of a cluster as PNG and SVG into a new folder; returns the names of the networks.

    Raises ConfigError as `network_graphs` does, OutputError where the folder exists (and not `force`).
    """
    from simulator.report.plots.style import save
    from simulator.report.plots.topology import topology_figure

    graphs = network_graphs(machine)
    with new_folder(folder, force=force) as draft:
        for name, graph in graphs.items():
            save(topology_figure(graph), draft, name)
        write_json(draft / MARKER, {"machine": machine.name, "sparsim_version": package_version()})
    return list(graphs)
