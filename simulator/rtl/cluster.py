"""A cluster: units, their networks and the banks, joined."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Elaboratable, Module, Mux, Signal, Value
from amaranth.lib.data import StructLayout, View

from simulator.rtl.bank import Bank, BankPort
from simulator.rtl.combining import CombinedReplies
from simulator.rtl.flit import flit_layout
from simulator.rtl.lists import Tile
from simulator.rtl.network import RoutedNetwork, RoutedReplies
from simulator.rtl.parts import delayed
from simulator.rtl.shape import ClusterShape, index_bits
from simulator.rtl.unit import VectorUnit


class Cluster(Elaboratable):
    """The components of one cluster."""

    def __init__(self, shape: ClusterShape) -> None:
        spec = shape.spec
        self.shape = shape
        self.tile = Tile(shape)
        self.request_layout = flit_layout(spec.requests, spec.window, index_bits(shape.bank_words))
        self.reply_layout = flit_layout(spec.replies, spec.window, shape.word_bits)
        self.requests = RoutedNetwork(spec.requests, self.request_layout, pushes=spec.issue_width, early=spec.feed_cycles > 1)
        self.replies: RoutedReplies | CombinedReplies = (
            CombinedReplies(shape, self.reply_layout)
            if spec.combines
            else RoutedReplies(spec.replies, self.reply_layout, early=spec.read_latency > 1)
        )
        self.units = [self._unit(index) for index in range(spec.units)]
        self.ports = [self._port() for _ in range(spec.ports)]
        per_bank = spec.bank_ports
        self.banks = [
            Bank(shape.bank_words, shape.word_bits, self.ports[bank * per_bank : (bank + 1) * per_bank]) for bank in range(spec.banks)
        ]
        self.done = Signal()
        """All work of the tile is done."""

    def ports_of_top(self) -> list[Signal]:
        """What joins it to the rest of a machine: settings of a tile, fills of its memories, rows that are written."""
        tile = self.tile
        ports = [tile.run, tile.features, tile.last_token, tile.piece_entries, tile.fifo_pieces, self.done]
        for bank in self.banks:
            ports += [bank.fill, bank.fill_line, bank.fill_word]
        for unit in self.units:
            scan, lists, sums = unit.scan, unit.walk.bank, unit.accumulators
            ports += [unit.walk.length, lists.fill, lists.fill_line, lists.fill_entries]
            ports += [scan.fill, scan.fill_address, scan.fill_present]
            ports += [sums.write, sums.write_token, sums.write_row, sums.write_word]
        return ports

    def _unit(self, index: int) -> VectorUnit:
        def into(flit: View) -> Value:
            return self.requests.into(index, flit)

        return VectorUnit(self.shape, self.tile, self.request_layout, index, self.requests.entry(index), into)

    def _port(self) -> BankPort:
        spec = self.shape.spec
        far = spec.requests.latency + spec.requests.flits > 2
        slots = spec.bank_queue + spec.requests.latency
        return BankPort(self.request_layout, self.reply_layout, slots, spec.read_latency, pushes=1, early=far)

    def elaborate(self, platform: Any) -> Module:
        """What joins them."""
        m = Module()
        m.submodules.requests, m.submodules.replies = self.requests, self.replies
        for number, bank in enumerate(self.banks):
            m.submodules[f"bank_{number}"] = bank
        for number, unit in enumerate(self.units):
            m.submodules[f"unit_{number}"] = unit
            self._join_unit(m, number, unit)
        for number, port in enumerate(self.ports):
            self._join_port(m, number, port)
        if self.shape.streams:
            furthest = [Mux(unit.walk.done, self.shape.entries, unit.walk.piece) for unit in self.units]
            m.d.comb += self.tile.front.eq(least(furthest) + self.tile.fifo_pieces)
        m.d.comb += self.done.eq(all_of([unit.idle for unit in self.units]))
        return m

    def _join_unit(self, m: Module, number: int, unit: VectorUnit) -> None:
        queue, stages = self.requests.entry(number), self.shape.spec.feed_cycles - 1
        for i, issue in enumerate(unit.scan.issues):
            m.d.comb += [
                queue.push[i].eq(delayed(m, issue.valid, stages, f"feed_{number}_{i}")),
                queue.flit[i].eq(self._flit(m, issue.flit, stages, f"feed_flit_{number}_{i}", self.request_layout)),
                queue.into[i].eq(delayed(m, issue.into, stages, f"feed_into_{number}_{i}")),
            ]
            if queue.early:
                m.d.comb += [queue.reserve[i].eq(issue.valid), queue.reserve_for[i].eq(issue.into)]
        if isinstance(self.replies, CombinedReplies):
            self.replies.grant(m, number, self.requests.routers[0])
        out = self.replies.land(m, number)
        m.d.comb += [
            unit.landing.landed.eq(out.valid),
            unit.landing.tag.eq(out.flit.tag),
            unit.landing.word.eq(out.flit.carried),
        ]

    def _join_port(self, m: Module, number: int, port: BankPort) -> None:
        out = self.requests.out[number]
        m.d.comb += [
            self.requests.room[number].eq(port.queue.free != 0),
            port.queue.push[0].eq(out.valid),
            port.queue.flit[0].eq(out.flit),
        ]
        self.replies.take(m, number, port)
        if port.queue.early:
            m.d.comb += port.queue.reserve[0].eq(self.requests.reserved[number])

    def _flit(self, m: Module, flit: View, stages: int, name: str, layout: StructLayout) -> View:
        return layout(delayed(m, flit.as_value(), stages, name))


def least(values: list[Value]) -> Value:
    """Of several numbers, by a tree of comparators."""
    while len(values) > 1:
        values = [Mux(a < b, a, b) for a, b in zip(values[::2], values[1::2], strict=False)] + values[len(values) & ~1 :]
    return values[0]


def all_of(values: list[Signal]) -> Value:
    """Whether all hold."""
    found: Value = values[0]
    for value in values[1:]:
        found = found & value
    return found
