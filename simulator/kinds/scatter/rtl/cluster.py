"""A cluster of units that send and banks that add, joined by one network."""

from __future__ import annotations

from functools import partial
from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Signal

from simulator.kinds.scatter.rtl.sums import AccumulatingBank, AccumulatingPort
from simulator.kinds.scatter.rtl.unit import ScatterUnit
from simulator.rtl.bits import index_bits
from simulator.rtl.direct import DirectRequests
from simulator.rtl.filling import Fill, list_fills, wires_of
from simulator.rtl.flit import flit_layout
from simulator.rtl.lists import Tile
from simulator.rtl.network import RoutedNetwork, RoutedRequests
from simulator.rtl.parts import tell
from simulator.rtl.shape import ClusterShape


class ScatterCluster(Elaboratable):
    """The components of one cluster. There is no reply network: wires tell a unit which of its products a bank added."""

    def __init__(self, shape: ClusterShape) -> None:
        spec = shape.spec
        self.shape = shape
        self.tile = Tile(shape)
        carried = index_bits(shape.bank_words) + shape.lanes * shape.sum_bits
        self.request_layout = flit_layout(spec.requests, spec.window, carried)
        self.ports = [AccumulatingPort(shape, self.request_layout) for _ in range(spec.ports)]
        self.requests = RoutedRequests(spec, self.request_layout) if spec.network == "routed" else DirectRequests(shape, self.ports)
        self.units = [self._unit(index) for index in range(spec.units)]
        per_bank = spec.bank_ports
        self.banks = [AccumulatingBank(shape, self.ports[bank * per_bank : (bank + 1) * per_bank]) for bank in range(spec.banks)]
        self.clear = Signal()
        """All sums are nothing from the next cycle on."""
        self.done = Signal()
        """All work of the tile is done."""

    @property
    def lengths(self) -> list[Signal]:
        """[units] entries of each list."""
        return [unit.walk.length for unit in self.units]

    @property
    def fills(self) -> dict[str, list[Fill]]:
        """Weight banks, and the words of the units with their presence bits."""
        owns = [unit.own for unit in self.units]
        return {
            "lists": list_fills(unit.walk for unit in self.units),
            "present": [Fill(own.present, own.fill_present, own.fill_address, own.fill_bit) for own in owns],
            "words": [Fill(own.words, own.fill_word, own.fill_address, own.fill_bits) for own in owns],
        }

    @property
    def networks(self) -> dict[str, RoutedNetwork]:
        """That of routers, if there is one."""
        return {"requests": self.requests} if isinstance(self.requests, RoutedNetwork) else {}

    def ports_of_top(self) -> list[Signal]:
        """What joins it to the rest of a machine: settings of a tile, fills of its memories, sums that are read."""
        ports = [*self.tile.ports, self.clear, self.done, *self.lengths, *wires_of(self.fills)]
        return ports + [wire for bank in self.banks for wire in (bank.drain_line, bank.drain_word)]

    def _unit(self, index: int) -> ScatterUnit:
        into = partial(self.requests.into, index)
        return ScatterUnit(self.shape, self.tile, self.request_layout, self.requests.entry(index), into, len(self.ports))

    def elaborate(self, platform: Any) -> Module:
        """What joins them."""
        m = Module()
        m.submodules.requests = self.requests
        for number, bank in enumerate(self.banks):
            m.submodules[f"bank_{number}"] = bank
            m.d.comb += bank.clear.eq(self.clear)
        for number, port in enumerate(self.ports):
            self.requests.serve(m, number, port)
        for number, unit in enumerate(self.units):
            m.submodules[f"unit_{number}"] = unit
            tell(m, unit.index, number)
            self.requests.join(m, number, [unit.sends])
            for comes, slot, port in zip(unit.added.comes, unit.added.slot, self.ports, strict=True):
                head = port.queue.head
                m.d.comb += [comes.eq(port.access & (head.source == number)), slot.eq(head.tag)]
        self.tile.follow(m, [unit.walk for unit in self.units])
        busy = [*(~unit.idle for unit in self.units), *(port.busy for port in self.ports)]
        m.d.comb += self.done.eq(~Cat(*busy).any())
        return m
