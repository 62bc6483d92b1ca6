"""Wires outside the crossbars: broadcast trees, the drain bus, links between routers, the way from bank to network to unit."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.cost.component import Area, Component
from simulator.cost.technology import Technology


def repeater_area_um2(technology: Technology, bit_mm: float) -> float:
    """Cells that drive wires of `bit_mm` bits × mm: 5 % (assumed) of the area that the wires cover.

    The wires themselves run over cells and take none.
    """
    return technology.bus_repeater_fraction * bit_mm * 1e3 * technology.crossbar_wire_pitch_um


class Bus(Component, frozen=True):
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


class ClusterWires(Component, frozen=True):
    """The way of a request and of a word between units and banks, outside the crossbars.

    Its length is measured on the cluster's floorplan (`floorplan.py`), times a detour (cluster_wire_detour: 1, as drawn,
    with a band for pins, placement and routing that the drawing does not know). Energy = bits · e_w · length.
    Area: repeaters of `bank_ways` and `unit_ways` such ways.
    """

    request_bits: int
    reply_bits: int
    """Of a flit; a request and a word each take several where their links are narrower."""
    bank_way_mm: float
    """From a bank to the network, or to the only unit."""
    bank_ways: int
    unit_way_mm: float = 0.0
    """From the network to a unit."""
    unit_ways: int = 0
    request_flits: int = 1
    reply_flits: int = 1

    def _pj(self, bits: int, way_mm: float) -> float:
        return self.technology.wire_pj(bits * self.technology.cluster_wire_detour * way_mm)

    def area(self) -> Area:
        """Repeaters of all ways of one cluster."""
        built_mm = self.bank_ways * self.bank_way_mm + self.unit_ways * self.unit_way_mm
        bit_mm = (self.request_bits + self.reply_bits) * self.technology.cluster_wire_detour * built_mm
        cells_mm2 = repeater_area_um2(self.technology, bit_mm) * 1e-6
        return Area(cells_mm2, cells_mm2 / self.technology.cell_placement)

    def actions(self) -> Mapping[str, float]:
        """`request` and `word`: one across the cluster; `word_sent` and `word_delivered`: the bank's and the unit's part of a way."""
        request, word = self.request_flits * self.request_bits, self.reply_flits * self.reply_bits
        sent_pj, delivered_pj = self._pj(word, self.bank_way_mm), self._pj(word, self.unit_way_mm)
        return {
            "request": self._pj(request, self.bank_way_mm + self.unit_way_mm),
            "word": sent_pj + delivered_pj,
            "word_sent": sent_pj,
            "word_delivered": delivered_pj,
        }

    def notes(self) -> tuple[str, ...]:
        """How long the way is, by what, and between which ends its energy lies."""
        wire, detour = self.technology.constants["wire_pj_per_bit_mm"], self.technology.constants["cluster_wire_detour"]
        return (
            f"each request ({self.request_bits} b) and word ({self.reply_bits} b) travels {self.bank_way_mm + self.unit_way_mm:.2g} mm "
            f"outside crossbars, by the cluster's floorplan (× {detour.low:g} to {detour.high:g}), "
            f"at {wire.value:.2g} ({wire.low:g} to {wire.high:g}) pJ/bit/mm",
        )

    def logic_mm2(self) -> float:
        """None: repeaters have neither clock nor control."""
        return 0.0


class RouterLink(Component, frozen=True):
    """A link from router to router, of the mean length of its network.

    Area: repeaters. Energy of a hop = bits · e_w · the length that a hop of uniform traffic drives, to which the last
    hop, into a sink, adds none: that way is among the cluster's wires.
    """

    bits: int
    length_mm: float
    driven_mm: float

    def area(self) -> Area:
        """Repeaters."""
        cells_mm2 = repeater_area_um2(self.technology, self.bits * self.length_mm) * 1e-6
        return Area(cells_mm2, cells_mm2 / self.technology.cell_placement)

    def actions(self) -> Mapping[str, float]:
        """`hop`: one flit, averaged over all hops."""
        return {"hop": self.technology.wire_pj(self.bits * self.driven_mm)}

    def logic_mm2(self) -> float:
        """None: repeaters have neither clock nor control."""
        return 0.0


def cut_area_mm2(technology: Technology, links: int, bits: int, slices: int = 1) -> float:
    """The least area of a network in which a cut through the middle severs `links` of `bits`: (bits cut × pitch)².

    A square of that side is what so many wires need to pass in one direction (Thompson, STOC 1979). In slices it is
    that of so many networks of bits / slices, as for a crossbar.
    """
    return slices * (links * bits / slices * technology.crossbar_wire_pitch_um) ** 2 * 1e-6


class WiringRoom(Component, frozen=True):
    """What the wires of a network's bisection need beyond the area of its routers: no cells, no energy."""

    missing_mm2: float

    def area(self) -> Area:
        """Room without cells."""
        return Area(0.0, self.missing_mm2)

    def actions(self) -> Mapping[str, float]:
        """None."""
        return {}

    def notes(self) -> tuple[str, ...]:
        """That wires decide."""
        return (f"the wires of its bisection need {self.missing_mm2:.3g} mm² beyond its routers",) if self.missing_mm2 else ()
