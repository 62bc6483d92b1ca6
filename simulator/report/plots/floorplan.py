"""The floorplan of a cluster as a picture: banks, network and units where the wires of the cost model are measured."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from simulator.cost.floorplan import Floorplan
from simulator.report.numbers import significant
from simulator.report.plots.style import component_colours, narrow, scaled_paper, styled

_FEW_BLOCKS = 200
"""Beyond, ways would hide the blocks."""


def floorplan_figure(name: str, plan: Floorplan) -> Figure:
    """Blocks of one cluster to scale, a line from each to its port of the network (or, with a copy a unit, from each bank to the unit)."""
    colours = component_colours()
    core = "network, queues" if len(plan.units) else "unit"
    kinds = {
        "banks of activations": (plan.banks, colours["x_banks"], "//////"),
        "units with their own banks": (plan.units, colours["mac_lanes"], ""),
        core: (np.array([plan.core]), colours["request_network"] if len(plan.units) else colours["mac_lanes"], "......"),
    }
    with styled():
        figure = Figure(figsize=scaled_paper(6.4, 7.6 if narrow() else 6.6), layout="constrained")
        axes = figure.subplots()
        for blocks, colour, hatch in kinds.values():
            squares = [Rectangle((left, bottom), width, height) for left, bottom, width, height in blocks.tolist()]
            axes.add_collection(PatchCollection(squares, facecolor=colour, edgecolor="white", linewidth=0.8, hatch=hatch))
        if len(plan.banks) + len(plan.units) <= _FEW_BLOCKS:
            for blocks in (plan.banks, plan.units):
                ways = np.stack((plan.centres(blocks), plan.ports(blocks)), axis=1)
                axes.add_collection(LineCollection(list(ways), colors="#f2f2f2", linewidths=0.7))
        axes.set_xlim(0, plan.side_mm)
        axes.set_ylim(0, plan.side_mm)
        axes.set_aspect("equal")
        axes.set_xlabel("mm")
        axes.set_ylabel("mm")
        to = "network" if len(plan.units) else "unit"
        summary = f"mean way bank to {to} {significant(plan.bank_way_mm)} mm"
        if len(plan.units):
            summary += f", {to} to unit {significant(plan.unit_way_mm)} mm"
        figure.suptitle(f"{name}: a cluster of {significant(plan.side_mm**2)} mm²", fontweight="bold")
        axes.set_title(summary, loc="center", fontsize="medium", fontweight="normal")
        handles = [
            Patch(facecolor=colour, edgecolor="white", hatch=hatch, label=label)
            for label, (blocks, colour, hatch) in kinds.items()
            if len(blocks)
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=1 if narrow() else 3)
    return figure
