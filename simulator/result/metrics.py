"""`RunMetrics`: every metric that follows from a machine, an activity and its price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from simulator.activity import Activity
from simulator.cost.types import Cost, Power
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine
from simulator.result.bandwidth import Bandwidth, bandwidths

Ideal = Literal["none", "network", "dram", "both"]


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
    def cycles(self) -> int:
        """From the first fetch to the last write-back."""
        return self.activity.cycles

    @property
    def seconds(self) -> float:
        """Cycles over the clock."""
        return self.cycles / (self.machine.clock_ghz * 1e9)

    @property
    def useful_macs(self) -> int:
        """Pairs of nonzero operands: the same on every machine."""
        return self.activity.counts.macs_useful

    @property
    def dense_macs(self) -> int:
        """M × K × N, over all operations."""
        return sum(operation.macs_dense for operation in self.activity.operations)

    @property
    def utilization(self) -> float:
        """Useful MACs over multipliers × cycles."""
        return _ratio(self.useful_macs, self.machine.multipliers * self.cycles)

    @property
    def cell_area_mm2(self) -> float:
        """Synthesised cells and bare macros, DRAM PHY included."""
        return self.cost.cell_area_mm2

    @property
    def placed_area_mm2(self) -> float:
        """Cells and macros with the room of their placement, DRAM PHY included."""
        return self.cost.placed_area_mm2

    @property
    def area_mm2(self) -> float:
        """Die area, DRAM PHY included."""
        return self.cost.area_mm2

    @property
    def fabric_area_mm2(self) -> float:
        """Die area without the DRAM PHY."""
        return self.cost.fabric_area_mm2

    @property
    def energy_pj(self) -> float:
        """Energy of the run, DRAM included."""
        return self.cost.energy_pj

    @property
    def fabric_energy_pj(self) -> float:
        """Energy of the run without DRAM and its PHY."""
        return self.cost.fabric_energy_pj

    @property
    def power_w(self) -> float:
        """Mean power, DRAM included."""
        return _ratio(self.energy_pj * 1e-12, self.seconds)

    @property
    def fabric_power_w(self) -> float:
        """Mean power without DRAM and its PHY."""
        return _ratio(self.fabric_energy_pj * 1e-12, self.seconds)

    @property
    def dynamic_power_w(self) -> float:
        """Mean power of what counters and control do, DRAM included."""
        return self.cost.power.dynamic_w

    @property
    def clock_power_w(self) -> float:
        """Mean power of clock pins and clock tree."""
        return self.cost.power.clock_w

    @property
    def leakage_power_w(self) -> float:
        """Leakage."""
        return self.cost.power.leakage_w

    @property
    def power_by_component(self) -> dict[str, Power]:
        """Mean power by component: dynamic, clock, leakage."""
        return self.cost.power_by_component()

    @property
    def power_density_w_per_mm2(self) -> float:
        """Mean power over die area, both without DRAM and its PHY."""
        return _ratio(self.fabric_power_w, self.fabric_area_mm2)

    @property
    def peak_power_density_w_per_mm2(self) -> float:
        """Power density of the hottest component on the die."""
        return max(self.power_density_by_component.values(), default=0.0)

    @property
    def power_density_by_component(self) -> dict[str, float]:
        """W/mm² of every component on the die; empty for a run that takes no time."""
        return self.cost.power_density_by_component() if self.cost.seconds else {}

    @property
    def hot_components(self) -> dict[str, float]:
        """W/mm² of the components above the machine's limit of power density, the hottest first."""
        limit = self.machine.power_density_limit_w_per_mm2
        hot = {name: density for name, density in self.power_density_by_component.items() if density > limit}
        return dict(sorted(hot.items(), key=lambda item: -item[1]))

    @property
    def is_hot(self) -> bool:
        """Whether the die's average power density is above the machine's limit."""
        return self.power_density_w_per_mm2 > self.machine.power_density_limit_w_per_mm2

    @property
    def unit_cycles(self) -> dict[str, int]:
        """Unit-cycles by cause; they add up to units × cycles."""
        return dict(self.activity.unit_cycles)

    @property
    def bounds(self) -> dict[str, int]:
        """Fewest cycles that each part alone would allow."""
        return self.activity.bounds.to_dict()

    @property
    def bound_cycles(self) -> int:
        """The largest bound: no run on this machine is quicker."""
        return self.activity.bounds.largest[1]

    @property
    def bandwidth_gb_per_s(self) -> dict[str, Bandwidth]:
        """Bandwidth used and available by level."""
        return bandwidths(self.elaborated, self.activity.counts, self.cycles, self.ideal)

    @property
    def effective_tops(self) -> float:
        """10¹² useful operations a second; a MAC is two."""
        return _ratio(2e-12 * self.useful_macs, self.seconds)

    @property
    def dense_equivalent_tops(self) -> float:
        """10¹² operations a second that a dense machine would need to be as quick."""
        return _ratio(2e-12 * self.dense_macs, self.seconds)

    @property
    def tops_per_w(self) -> float:
        """Effective TOPS per W, DRAM included."""
        return _ratio(self.effective_tops, self.power_w)

    @property
    def tops_per_mm2(self) -> float:
        """Effective TOPS per mm² of die."""
        return _ratio(self.effective_tops, self.area_mm2)

    @property
    def edp_js(self) -> float:
        """Energy-delay product in J·s, DRAM included."""
        return self.energy_pj * 1e-12 * self.seconds

    @property
    def edap_js_mm2(self) -> float:
        """Energy (DRAM included) × time × fabric area, in J·s·mm²."""
        return self.edp_js * self.fabric_area_mm2

    @property
    def area_mm2_by_component(self) -> dict[str, float]:
        """Die area by component."""
        return self.cost.area_mm2_by_component()

    @property
    def energy_pj_by_component(self) -> dict[str, float]:
        """Energy by component, leakage included."""
        return self.cost.energy_pj_by_component()

    def metrics(self) -> dict[str, float]:
        """Every scalar metric by name, in the order of reports."""
        return {name: getattr(self, name) for name in METRICS}

    def derived(self) -> dict[str, Any]:
        """Metrics, bounds, causes, and the figures by component and by level."""
        return {
            **self.metrics(),
            "bounds": self.bounds,
            "unit_cycles": self.unit_cycles,
            "area_mm2_by_component": self.area_mm2_by_component,
            "energy_pj_by_component": self.energy_pj_by_component,
            "power_w_by_component": {name: power.to_dict() for name, power in self.power_by_component.items()},
            "power_density_by_component": self.power_density_by_component,
            "power_density_limit_w_per_mm2": self.machine.power_density_limit_w_per_mm2,
            "hot_components": self.hot_components,
            "is_hot": self.is_hot,
            "bandwidth_gb_per_s": {level: value.to_dict() for level, value in self.bandwidth_gb_per_s.items()},
        }


METRICS: tuple[str, ...] = (
    "cycles",
    "seconds",
    "bound_cycles",
    "utilization",
    "useful_macs",
    "dense_macs",
    "effective_tops",
    "dense_equivalent_tops",
    "cell_area_mm2",
    "placed_area_mm2",
    "area_mm2",
    "fabric_area_mm2",
    "energy_pj",
    "fabric_energy_pj",
    "power_w",
    "fabric_power_w",
    "dynamic_power_w",
    "clock_power_w",
    "leakage_power_w",
    "power_density_w_per_mm2",
    "peak_power_density_w_per_mm2",
    "tops_per_w",
    "tops_per_mm2",
    "edp_js",
    "edap_js_mm2",
)
"""Names of the scalar metrics, in the order of reports."""


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
