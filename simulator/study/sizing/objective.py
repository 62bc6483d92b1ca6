"""What a search minimises: its value of a run, and a value that no run of a machine goes below."""

from __future__ import annotations

from simulator.cost import Counted, Pricer
from simulator.result import Result
from simulator.run.floor import Least
from simulator.study.sizing.types import Objective


def value_of(result: Result, objective: Objective) -> float:
    """Seconds, pJ with DRAM, J·s·mm² with DRAM energy and fabric area, or mm² of fabric."""
    values = {"time": result.seconds, "energy": result.energy_pj, "edap": result.edap_js_mm2, "area": result.fabric_area_mm2}
    return values[objective]


def floor_of(objective: Objective, least: Least, pricer: Pricer) -> float:
    """A value of the objective that no run goes below: the fewest cycles, and the price of the fewest events in them."""
    seconds = least.cycles / (pricer.hardware.clock_ghz * 1e9)
    if objective == "time":
        return seconds
    if objective == "area":
        return pricer.hardware.area_mm2(include_dram=False)
    # of which operations the events are is not known: where kinds of work are paid apart, the fabric's are left out
    prices = pricer.rates
    energy_pj = float(prices.energy_pj @ Counted(least.counts, least.cycles).vector(prices.kinds))
    return energy_pj if objective == "energy" else energy_pj * 1e-12 * seconds * prices.fabric_area_mm2
