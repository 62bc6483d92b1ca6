"""What a search minimises: its value of a run, and a value that no run of a machine goes below."""

from __future__ import annotations

from simulator.activity import Activity, Bounds
from simulator.cost import Instance, Technology, price_instances
from simulator.machine.elaborated import Elaborated
from simulator.result import Result
from simulator.run.floor import Least
from simulator.study.sizing.types import Objective


def value_of(result: Result, objective: Objective) -> float:
    """Seconds, pJ with DRAM, J·s·mm² with DRAM energy and fabric area, or mm² of fabric."""
    values = {"time": result.seconds, "energy": result.energy_pj, "edap": result.edap_js_mm2, "area": result.fabric_area_mm2}
    return values[objective]


def floor_of(
    objective: Objective, least: Least, elaborated: Elaborated, technology: Technology, instances: tuple[Instance, ...], area_mm2: float
) -> float:
    """A value of the objective that no run goes below: the fewest cycles, and the price of the fewest events in them."""
    seconds = least.cycles / (elaborated.machine.clock_ghz * 1e9)
    if objective == "time":
        return seconds
    if objective == "area":
        return area_mm2
    activity = Activity(least.cycles, elaborated.machine.unit_count, least.counts, {}, Bounds(), ())
    cost = price_instances(activity, elaborated, technology, instances)
    if objective == "energy":
        return cost.energy_pj
    return cost.energy_pj * 1e-12 * seconds * cost.fabric_area_mm2
