"""Wires outside the crossbars: broadcast trees, the drain bus, and the way from bank to network to unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component
from simulator.cost.technology import Technology


def repeater_area_um2(technology: Technology, bit_mm: float) -> float:
    """Cells that drive wires of `bit_mm` bits × mm: 5 % (assumed) of the area that the wires cover.

    The wires themselves run over cells and take none.
    """
    return technology.bus_repeater_fraction * bit_mm * 1e3 * technology.crossbar_wire_pitch_um


@dataclass(frozen=True)
class Bus(Component):
    """A trunk: `built_bit_mm` of repeated wire in all, of which a transfer drives `driven_mm` a bit.

    Energy of a byte = 8 e_w · driven_mm (Keckler 2011, random data); where a byte is broadcast, `driven_mm` is the length
    of the spanning tree of all that listen. Area: repeaters only.
    """

    built_bit_mm: float
    driven_mm: float

    def area(self) -> Area:
        """Repeaters."""
        cells_mm2 = repeater_area_um2(self.technology, self.built_bit_mm) * 1e-6
        return Area(cells_mm2, cells_mm2 / self.technology.cell_placement)

    def actions(self) -> Mapping[str, float]:
        """`transfer_byte`: one byte to all that listen."""
        return {"transfer_byte": self.technology.wire_pj(8 * self.driven_mm)}

    def logic_mm2(self) -> float:
        """None: repeaters have neither clock nor control."""
        return 0.0


@dataclass(frozen=True)
class ClusterWires(Component):
    """The way of a request and of a word between units and banks, outside the crossbars.

    Each crosses the side of its cluster, √area, once: for every design alike, whether a network stands in the middle
    or a unit has its copy beside it. Energy = bits · e_w · √(cluster area). Area: repeaters of `lines` such ways.
    """

    request_bits: int
    word_bits: int
    lines: int
    side_mm: float

    def area(self) -> Area:
        """Repeaters of all lines of one cluster."""
        cells_mm2 = repeater_area_um2(self.technology, self.lines * (self.request_bits + self.word_bits) * self.side_mm) * 1e-6
        return Area(cells_mm2, cells_mm2 / self.technology.cell_placement)

    def actions(self) -> Mapping[str, float]:
        """`request` and `word`: one across the cluster."""
        wire_pj = self.technology.wire_pj
        return {"request": wire_pj(self.request_bits * self.side_mm), "word": wire_pj(self.word_bits * self.side_mm)}

    def logic_mm2(self) -> float:
        """None: repeaters have neither clock nor control."""
        return 0.0
