"""`RunMetrics`: every metric that follows from a machine, an activity and its price."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from simulator.activity import Activity, Ideal
from simulator.cost.heat import Heat, Package
from simulator.cost.types import Cost, Power
from simulator.machine.model import Elaborated, Machine
from simulator.result.bandwidth import Bandwidth, bandwidths
from simulator.terms import Metric, metric, metrics_of


@dataclass(frozen=True, kw_only=True)
class RunMetrics:
    """A whole run, or one operation's share of it: the metrics are the same."""

    elaborated: Elaborated
    activity: Activity
    cost: Cost
    ideal: Ideal = "none"
    """The part of the machine that the run made perfect."""

    @property
    def machine(self) -> Machine:
        """The machine, after defaults and overrides."""
        return self.elaborated.machine

    @property
    def technology(self) -> str:
        """Technology that the run was priced in."""
        return self.cost.technology

    @property
    def power_by_component(self) -> dict[str, Power]:
        """Mean power by component: dynamic, clock, leakage."""
        return self.cost.power_by_component()

    @metric(
        "cycles",
        "",
        "clock cycles from the first fetch to the last write-back",
        "Everything overlaps as the hardware would overlap it; the run ends when the last output is in the activation buffer or in DRAM.",
        better="low",
    )
    def cycles(self) -> int:
        return self.activity.cycles

    @metric("time", "s", "cycles ÷ clock", better="low")
    def seconds(self) -> float:
        return self.cycles / (self.machine.clock_ghz * 1e9)

    @metric(
        "largest bound",
        "cycles",
        "the fewest cycles that the busiest single part would allow; no run is quicker",
        "The largest of the bounds. The distance between it and the cycles is what the parts lose by waiting for one another.",
    )
    def bound_cycles(self) -> int:
        return self.activity.bounds.largest[1]

    @metric(
        "utilization",
        "%",
        "useful MACs ÷ (multipliers × cycles)",
        "Counts only pairs of nonzero operands; a multiplier that works on a zero is not utilized.",
        better="high",
    )
    def utilization(self) -> float:
        return _ratio(self.useful_macs, self.machine.multipliers * self.cycles)

    @metric("useful MACs", "", "pairs of nonzero operands: the same number on every machine")
    def useful_macs(self) -> int:
        return self.activity.counts.macs_useful

    @metric("dense MACs", "", "M × K × N, summed over the operations")
    def dense_macs(self) -> int:
        return sum(operation.dense_macs for operation in self.activity.operations)

    @metric("effective", "TOPS", "useful MACs × 2 ÷ time", better="high")
    def effective_tops(self) -> float:
        return _ratio(2e-12 * self.useful_macs, self.seconds)

    @metric(
        "dense-equivalent",
        "TOPS",
        "dense MACs × 2 ÷ time: what a machine that skips nothing would need",
        "May exceed the multipliers' peak, because work with a zero operand counts although it was skipped.",
        better="high",
    )
    def dense_equivalent_tops(self) -> float:
        return _ratio(2e-12 * self.dense_macs, self.seconds)

    @metric(
        "cell area",
        "mm²",
        "synthesised cells and bare SRAM macros, with the share of the DRAM PHY as drawn",
        "What a synthesis report gives. Papers mix cell, placed and die area; they are three numbers.",
        better="low",
    )
    def cell_area_mm2(self) -> float:
        return self.cost.cell_area_mm2

    @metric(
        "placed area",
        "mm²",
        "cells and macros with the room that their placement takes",
        "Cells ÷ 0.65, macros × 1.35 and crossbars by the law of their layout, unless the technology says otherwise.",
        better="low",
    )
    def placed_area_mm2(self) -> float:
        return self.cost.placed_area_mm2

    @metric(
        "die area",
        "mm²",
        "all components placed and routed, with the share of the DRAM PHY",
        "The sum of the components' die areas: placed area divided by the floorplan's utilization.",
        better="low",
        banded=True,
    )
    def area_mm2(self) -> float:
        return self.cost.area_mm2

    @metric("fabric area", "mm²", "die area without the DRAM PHY", better="low", banded=True)
    def fabric_area_mm2(self) -> float:
        return self.cost.fabric_area_mm2

    @metric(
        "energy",
        "pJ",
        "of the run, leakage and DRAM included",
        "Σ action count × energy of the action + leakage power × time.",
        better="low",
        banded=True,
    )
    def energy_pj(self) -> float:
        return self.cost.energy_pj

    @metric("fabric energy", "pJ", "energy without DRAM and its PHY", better="low", banded=True)
    def fabric_energy_pj(self) -> float:
        return self.cost.fabric_energy_pj

    @metric("power", "W", "energy ÷ time: mean power, DRAM included", banded=True)
    def power_w(self) -> float:
        return _ratio(self.energy_pj * 1e-12, self.seconds)

    @metric("fabric power", "W", "fabric energy ÷ time")
    def fabric_power_w(self) -> float:
        return _ratio(self.fabric_energy_pj * 1e-12, self.seconds)

    @metric("dynamic power", "W", "mean power of what components do, DRAM included; with clock and leakage it is the power")
    def dynamic_power_w(self) -> float:
        return self.cost.power.dynamic_w

    @metric("clock power", "W", "mean power of clock pins and clock tree, whether anything works or not")
    def clock_power_w(self) -> float:
        return self.cost.power.clock_w

    @metric("leakage power", "W", "power that flows whether or not anything is clocked")
    def leakage_power_w(self) -> float:
        return self.cost.power.leakage_w

    @metric("power density", "W/mm²", "fabric power ÷ fabric area: the die's average", banded=True)
    def power_density_w_per_mm2(self) -> float:
        return _ratio(_ratio(self.fabric_energy_pj * 1e-12, self.seconds), self.fabric_area_mm2)

    @metric(
        "peak power density",
        "W/mm²",
        "the hottest component: its power ÷ its die area",
        "Wires have no place of their own: the heat of broadcasts, cluster wires and the drain bus is spread over the fabric. "
        "Components above the machine's `power_density_limit_w_per_mm2` are flagged.",
    )
    def peak_power_density_w_per_mm2(self) -> float:
        return max(self.power_density_by_component.values(), default=0.0)

    @metric(
        "junction temperature",
        "°C",
        "the die's mean in the machine's package, leaking as it does at that temperature",
        "From `thermal` of the machine file. Energy is priced with leakage at the technology's `junction_c`; `settled_leakage_w` is what "
        "leaks at the temperatures found. Where leakage feeds itself without end (`thermal_runaway`), 250 °C stands for all temperatures.",
        better="low",
    )
    def junction_c(self) -> float:
        return self.heat.die_c

    @metric("hottest junction", "°C", "the hottest component, if no heat spread within the die: an upper bound", better="low")
    def peak_junction_c(self) -> float:
        return max(self.heat.component_c.values(), default=self.heat.die_c)

    @metric("settled leakage", "W", "leakage of the die's components, each at its own temperature")
    def settled_leakage_w(self) -> float:
        return self.heat.leakage_w

    @metric("energy efficiency", "TOPS/W", "effective TOPS ÷ power, DRAM included", better="high")
    def tops_per_w(self) -> float:
        return _ratio(self.effective_tops, self.power_w)

    @metric("area efficiency", "TOPS/mm²", "effective TOPS ÷ die area", better="high")
    def tops_per_mm2(self) -> float:
        return _ratio(self.effective_tops, self.area_mm2)

    @metric("energy × time", "J·s", "the energy-delay product, DRAM included", better="low", banded=True)
    def edp_js(self) -> float:
        return self.energy_pj * 1e-12 * self.seconds

    @metric(
        "energy × time × area",
        "J·s·mm²",
        "energy × time × fabric area (EDAP): the verdict's overall figure",
        "Lower is better. Energy includes DRAM; area leaves out its PHY, which is the same for all machines with the same DRAM.",
        better="low",
        banded=True,
    )
    def edap_js_mm2(self) -> float:
        return self.energy_pj * 1e-12 * self.seconds * self.fabric_area_mm2

    @metric("bounds", "cycles", "the fewest cycles that each part alone would allow", scalar=False)
    def bounds(self) -> dict[str, int]:
        return self.activity.bounds.to_dict()

    @metric(
        "unit-cycles",
        "",
        "units × cycles, each with exactly one cause",
        "A unit is a vector unit, or a cell of a systolic array. The causes add up to units × cycles, exactly; "
        "see the causes for the order in which they apply.",
        scalar=False,
    )
    def unit_cycles(self) -> dict[str, int]:
        return dict(self.activity.unit_cycles)

    @metric("die area by component", "mm²", "each component's share of the die; these add up to the die area", scalar=False)
    def area_mm2_by_component(self) -> dict[str, float]:
        return self.cost.area_mm2_by_component()

    @metric("energy by component", "pJ", "each component's energy, leakage included; these add up to the energy", scalar=False)
    def energy_pj_by_component(self) -> dict[str, float]:
        return self.cost.energy_pj_by_component()

    @metric("power by component", "W", "each component's mean power: dynamic, clock, leakage, total", scalar=False)
    def power_w_by_component(self) -> dict[str, dict[str, float]]:
        return {name: power.to_dict() for name, power in self.power_by_component.items()}

    @metric(
        "power density by component",
        "W/mm²",
        "each component's power ÷ its die area; that of wires all over the fabric ÷ the fabric's",
        scalar=False,
    )
    def power_density_by_component(self) -> dict[str, float]:
        return self.cost.power_density_by_component() if self.cost.seconds else {}

    @metric("power density limit", "W/mm²", "above it a component is flagged: a key of the machine file", scalar=False)
    def power_density_limit_w_per_mm2(self) -> float:
        return self.machine.power_density_limit_w_per_mm2

    @metric("hot components", "W/mm²", "the components above the limit, the hottest first", scalar=False)
    def hot_components(self) -> dict[str, float]:
        limit = self.power_density_limit_w_per_mm2
        hot = {name: density for name, density in self.power_density_by_component.items() if density > limit}
        return dict(sorted(hot.items(), key=lambda item: -item[1]))

    @metric("hot die", "", "whether the die's average is above the limit", scalar=False)
    def is_hot(self) -> bool:
        return self.power_density_w_per_mm2 > self.power_density_limit_w_per_mm2

    @cached_property
    def heat(self) -> Heat:
        """Temperatures in the machine's package."""
        return self.cost.heat(Package(**self.machine.thermal.model_dump()))

    @metric("junction temperature by component", "°C", "each component's, without spreading of heat within the die", scalar=False)
    def junction_c_by_component(self) -> dict[str, float]:
        return dict(self.heat.component_c)

    @metric("thermal runaway", "", "whether leakage and heat feed each other beyond 250 °C", scalar=False)
    def thermal_runaway(self) -> bool:
        return self.heat.runaway

    @property
    def moving_cycles(self) -> int:
        """Cycles in which its bytes were moved: all."""
        return self.cycles

    @metric(
        "bandwidth",
        "GB/s",
        "mean bytes a second used at each level, beside what the level can do (10⁹ bytes)",
        "Over the run; an operation's, over its own time from the first fetch to the last write-back. Used is never more than available.",
        scalar=False,
    )
    def bandwidth_gb_per_s(self) -> dict[str, Bandwidth]:
        return bandwidths(self.elaborated, self.activity.counts, self.moving_cycles, self.ideal)

    def metrics(self) -> dict[str, float]:
        """Every scalar metric by name, in the order of reports."""
        return {name: getattr(self, name) for name in METRICS}

    def derived(self) -> dict[str, Any]:
        """Metrics, bounds, causes, and the figures by component and by level, as JSON has them."""
        details = {name: getattr(self, name) for name in DETAILS}
        levels = {level: value.to_dict() for level, value in self.bandwidth_gb_per_s.items()}
        return self.metrics() | details | {"bandwidth_gb_per_s": levels}


_UNIT_RANK = {"pJ": 0, "mm²": 1}
METRICS: dict[str, Metric[Any]] = {name: entry for name, entry in metrics_of(RunMetrics).items() if entry.scalar}
"""The scalar metrics by name, in the order of files."""
DETAILS: dict[str, Metric[Any]] = {name: entry for name, entry in metrics_of(RunMetrics).items() if not entry.scalar}
"""Figures by component, cause, bound and level."""
BANDED: dict[str, Metric[Any]] = dict(
    sorted(((name, entry) for name, entry in METRICS.items() if entry.banded), key=lambda item: _UNIT_RANK.get(item[1].term.unit, 2))
)
"""Metrics to which the bands of the constants give a band: energies, areas, then what follows from them; cycles and time have none."""
OBJECTIVE = "edap_js_mm2"
"""What a verdict is by, where nothing else was asked for: energy × time × fabric area."""


def _ratio(part: float, whole: float) -> float:
    """Part over whole, of numbers or of arrays of them; 0 where a run took no time."""
    return part / whole if isinstance(whole, np.ndarray) or whole else 0.0 * part
