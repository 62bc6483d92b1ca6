"""What machines are made equal in, and what a search minimises: of a machine, of a run, as a user writes it, and a floor of any run."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Literal

from simulator.cost import Counted, Pricer, Technology
from simulator.errors import ConfigError
from simulator.machine.model import Machine
from simulator.pricing import elaborate, hardware_of
from simulator.result import Result
from simulator.run.floor import Least
from simulator.specs import nearest_hint

Quantity = Literal["area", "throughput", "power", "bandwidth"]
Objective = Literal["time", "energy", "edap", "area"]
METRIC_OF: dict[Objective, str] = {"time": "seconds", "energy": "energy_pj", "edap": "edap_js_mm2", "area": "fabric_area_mm2"}
SearchName = Literal["steps", "grid"]
UNITS: dict[Quantity, str] = {"area": "mm²", "throughput": "TOPS", "power": "W", "bandwidth": "GB/s"}


def area_mm2(machine: Machine, technology: Technology, *, include_dram: bool = False) -> float:
    """Die area of the machine without simulating it; without the DRAM PHY unless told. Raises ConfigError."""
    return hardware_of(elaborate(machine, technology), technology).area_mm2(include_dram=include_dram)


def dram_gb_per_s(machine: Machine, technology: Technology) -> float:
    """Effective DRAM bandwidth: devices × GB/s × share × efficiency."""
    return elaborate(machine, technology).dram_bytes_per_cycle * machine.clock_ghz


def of_run(result: Result, quantity: Quantity, *, include_dram: bool) -> float:
    """The quantity of a run: mean power in W, or effective throughput in TOPS (two operations a useful MAC)."""
    if quantity == "power":
        return result.power_w if include_dram else result.fabric_power_w
    if quantity == "throughput":
        return result.effective_tops
    if quantity == "area":
        return result.area_mm2 if include_dram else result.fabric_area_mm2
    raise ValueError(f"{quantity} is no quantity of a run")


def value_of(result: Result, objective: Objective) -> float:
    """Seconds, pJ with DRAM, J·s·mm² with DRAM energy and fabric area, or mm² of fabric."""
    return float(getattr(result, METRIC_OF[objective]))


def floor_of(objective: Objective, least: Least, pricer: Pricer) -> float:
    """A value of the objective that no run goes below: the fewest cycles, and the price of the fewest events in them."""
    seconds = least.cycles / (pricer.hardware.clock_ghz * 1e9)
    if objective == "time":
        return seconds
    if objective == "area":
        return pricer.hardware.area_mm2(include_dram=False)
    prices = pricer.rates
    energy_pj = float(prices.energy_pj @ Counted(least.counts, least.cycles, least.counts_by_work).vector(prices.kinds))
    return energy_pj if objective == "energy" else energy_pj * 1e-12 * seconds * prices.fabric_area_mm2


_SCALES: dict[Quantity, dict[str, float]] = {
    "area": {"": 1.0, "mm2": 1.0, "mm²": 1.0},
    "throughput": {"": 1.0, "tops": 1.0, "gops": 1e-3},
    "power": {"": 1.0, "w": 1.0, "mw": 1e-3},
    "bandwidth": {"": 1.0, "gb/s": 1.0, "tb/s": 1e3},
}
_NUMBER = re.compile(r"\s*([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*(\S*)\s*")


def read_target(text: str | None, quantity: Quantity, machines: Sequence[Machine]) -> float | Machine:
    """Return a value in the quantity's unit, or one of the machines: the first where `text` is None.

    Raises ConfigError for anything else.
    """
    if text is None:
        return machines[0]
    named = next((machine for machine in machines if machine.name == text), None)
    if named is not None:
        return named
    number = _NUMBER.fullmatch(text)
    scales = _SCALES[quantity]
    if number and number[2].lower() in scales:
        value = float(number[1]) * scales[number[2].lower()]
        if 0 < value < math.inf:
            return value
    names = [machine.name for machine in machines]
    raise ConfigError(
        f"--to {text}: allowed: {quantity} above 0 in {', '.join(unit for unit in scales if unit)} (as 5{UNITS[quantity]}), "
        f"or one of the machines {', '.join(names)}{nearest_hint(text, names)}"
    )
