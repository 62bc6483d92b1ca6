"""A cluster: units, their networks and the banks, joined."""

from __future__ import annotations

from functools import partial
from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Signal

from simulator.rtl.bank import Bank, BankPort
from simulator.rtl.bits import index_bits
from simulator.rtl.combining import CombinedReplies
from simulator.rtl.direct import DirectLanding, DirectReplies, DirectRequests
from simulator.rtl.filling import Fill, list_fills, wires_of
from simulator.rtl.flit import flit_layout
from simulator.rtl.lists import Tile
from simulator.rtl.network import RoutedNetwork, RoutedReplies, RoutedRequests
from simulator.rtl.parts import tell
from simulator.rtl.shape import ClusterShape
from simulator.rtl.unit import VectorUnit
from simulator.rtl.window import Landing


class Cluster(Elaboratable):
    """The components of one cluster."""

    unit: type[VectorUnit] = VectorUnit

    def __init__(self, shape: ClusterShape) -> None:
        spec = shape.spec
        self.shape = shape
        self.tile = Tile(shape)
        self.request_layout = flit_layout(spec.requests, spec.window, index_bits(shape.bank_words))
        self.reply_layout = flit_layout(spec.replies, spec.window, shape.word_bits)
        self.ports = [BankPort(spec, self.request_layout, self.reply_layout) for _ in range(spec.ports)]
        self.requests, self.replies = self._paths()
        self.units = [self._unit(index) for index in range(spec.units)]
        per_bank = spec.bank_ports
        self.banks = [
            Bank(shape.bank_words, shape.word_bits, self.ports[bank * per_bank : (bank + 1) * per_bank]) for bank in range(spec.banks)
        ]
        self.done = Signal()
        """All work of the tile is done."""

    @property
    def lengths(self) -> list[Signal]:
        """[units] entries of each list."""
        return [unit.walk.length for unit in self.units]

    @property
    def fills(self) -> dict[str, list[Fill]]:
        """Weight banks and presence bits of the units, and the banks."""
        scans = [unit.scan for unit in self.units]
        return {
            "lists": list_fills(unit.walk for unit in self.units),
            "present": [Fill(scan.present, scan.fill, scan.fill_address, scan.fill_present) for scan in scans],
            "banks": [Fill(bank.memory, bank.fill, bank.fill_line, bank.fill_word) for bank in self.banks],
        }

    @property
    def networks(self) -> dict[str, RoutedNetwork]:
        """Those of routers, by what they carry."""
        paths = {"requests": self.requests, "replies": self.replies}
        return {name: path for name, path in paths.items() if isinstance(path, RoutedNetwork)}

    def ports_of_top(self) -> list[Signal]:
        """What joins it to the rest of a machine: settings of a tile, fills of its memories, rows that are written."""
        ports = [*self.tile.ports, self.done, *self.lengths, *wires_of(self.fills)]
        for unit in self.units:
            sums = unit.accumulators
            ports += [sums.write, sums.write_token, sums.write_row, sums.write_word]
        return ports

    def _paths(self) -> tuple[RoutedRequests | DirectRequests, RoutedReplies | CombinedReplies | DirectReplies]:
        spec = self.shape.spec
        if spec.network == "none":
            return DirectRequests(self.shape, self.ports), DirectReplies()
        requests = RoutedRequests(spec, self.request_layout)
        if spec.combines:
            return requests, CombinedReplies(self.shape, self.reply_layout, requests.routers[0])
        return requests, RoutedReplies(spec.replies, self.reply_layout, early=spec.read_latency > 1)

    def _unit(self, index: int) -> VectorUnit:
        shape = self.shape
        lone = shape.spec.network == "none"
        landing = DirectLanding(shape, self.reply_layout) if lone else Landing(shape.spec.window, shape.word_bits)
        return self.unit(shape, self.tile, self.request_layout, self.requests.entry(index), partial(self.requests.into, index), landing)

    def elaborate(self, platform: Any) -> Module:
        """What joins them."""
        m = Module()
        m.submodules.requests, m.submodules.replies = self.requests, self.replies
        for number, bank in enumerate(self.banks):
            m.submodules[f"bank_{number}"] = bank
        for number, port in enumerate(self.ports):
            self.requests.serve(m, number, port)
            self.replies.take(m, number, port)
        for number, unit in enumerate(self.units):
            m.submodules[f"unit_{number}"] = unit
            tell(m, unit.scan.index, number)
            self.requests.join(m, number, unit.scan.issues)
            if isinstance(unit.landing, DirectLanding):
                unit.landing.ranking.issues = unit.scan.issues
            self.replies.land(m, number, unit.landing)
        self.tile.follow(m, [unit.walk for unit in self.units])
        m.d.comb += self.done.eq(Cat(unit.idle for unit in self.units).all())
        return m
