"""What every component of the cost model answers: area, energy of an action, leakage."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from simulator.cost.technology import Technology


class Area(Struct, frozen=True):
    """The area of one instance, before the die roll-up."""

    cell_mm2: float
    """Synthesised cells, or the macro itself."""
    placed_mm2: float
    """With the room that placement takes."""


class Component(Struct, frozen=True, dict=True):
    """A piece of hardware: `area()`, `energy_pj(action)`, `leakage_mw()`.

    A subclass names its parameters as fields and states its formula, units and sources in its docstring. The
    action `clock`, where there is one, happens every cycle in every instance; all others when a counter says so.
    """

    technology: Technology

    @abstractmethod
    def area(self) -> Area:
        """Cell and placed area of one instance."""

    @abstractmethod
    def actions(self) -> Mapping[str, float]:
        """Energy in pJ of one of each action that the component knows."""

    @cached_property
    def own_area(self) -> Area:
        """`area()`, worked out once."""
        return self.area()

    @cached_property
    def own_actions(self) -> Mapping[str, float]:
        """`actions()`, worked out once."""
        return self.actions()

    def energy_pj(self, action: str) -> float:
        """Energy of one action; ValueError for an action that the component does not know."""
        actions = self.own_actions
        if action not in actions:
            raise ValueError(f"{type(self).__name__} has no action {action!r}, only {', '.join(actions) or 'none'}")
        return actions[action]

    def leakage_mw(self) -> float:
        """Leakage of one instance at `junction_c`: cells × the node's leakage of logic."""
        return self.technology.logic_leakage_mw(self.own_area.cell_mm2)

    def logic_mm2(self) -> float:
        """The part of the cell area that is logic, which needs a clock and control."""
        return self.own_area.cell_mm2

    def die_mm2(self) -> float:
        """Share of the die: placed area / utilization (0.85 in block-level layouts)."""
        return self.own_area.placed_mm2 / self.technology.die_utilization

    def notes(self) -> tuple[str, ...]:
        """What a reader of the figures must know: a formula outside its range, an assumed constant."""
        return ()


def cell_area(technology: Technology, gates: float) -> Area:
    """Area of `gates` GE of placed standard cells: placed = cells / cell_placement (0.65, from TPUv4i's die shares)."""
    cells_mm2 = gates * technology.gate_area_um2 * 1e-6
    return Area(cells_mm2, cells_mm2 / technology.cell_placement)
