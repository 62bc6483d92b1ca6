"""A unit that multiplies its own words and sends the products: one a cycle at most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from amaranth.hdl import Cat, Const, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib.data import StructLayout, View
from amaranth.lib.memory import Memory

from simulator.rtl.bits import index_bits
from simulator.rtl.flit import Leaving
from simulator.rtl.lanes import products
from simulator.rtl.lists import ListWalk, Tile
from simulator.rtl.parts import any_of, chosen, selected, total, wire
from simulator.rtl.placement import bank_of, line_of
from simulator.rtl.queue import Entry
from simulator.rtl.ranking import ByIssue
from simulator.rtl.shape import ClusterShape
from simulator.rtl.window import Tags


class OwnWords(Elaboratable):
    """A unit's own bank: its words, token word after token word, and which of them are all zero. The word at hand stays in a register."""

    def __init__(self, shape: ClusterShape) -> None:
        words = shape.tokens * shape.rows
        self.steps = shape.spec.examine_width
        self.word_bits = shape.word_bits
        self.present = Memory(shape=1, depth=words, init=[])
        self.words = Memory(shape=shape.word_bits, depth=words, init=[])
        self.asks_present = [Signal(index_bits(words), name=f"asks_present_{step}") for step in range(self.steps)]
        self.is_present = [Signal(name=f"is_present_{step}") for step in range(self.steps)]
        self.wants = Signal()
        """In: a product is sent."""
        self.address = Signal(index_bits(words))
        """In: of its word."""
        self.word = Signal(shape.word_bits)
        self.reads = Signal()
        """Whether that word is read, since it is not at hand."""
        self.fill_present, self.fill_word = Signal(name="fill_present"), Signal(name="fill_word")
        self.fill_address = Signal(index_bits(words))
        self.fill_bit, self.fill_bits = Signal(), Signal(shape.word_bits)

    def elaborate(self, platform: Any) -> Module:
        """Two memories."""
        m = Module()
        m.submodules.present, m.submodules.words = self.present, self.words
        bits, words = self.present.write_port(), self.words.write_port()
        m.d.comb += [bits.en.eq(self.fill_present), bits.addr.eq(self.fill_address), bits.data.eq(self.fill_bit)]
        m.d.comb += [words.en.eq(self.fill_word), words.addr.eq(self.fill_address), words.data.eq(self.fill_bits)]
        for asked, told in zip(self.asks_present, self.is_present, strict=True):
            port = self.present.read_port(domain="comb")
            m.d.comb += [port.addr.eq(asked), told.eq(port.data)]
        port = self.words.read_port(domain="comb")
        at_hand, address, word = Signal(), Signal.like(self.address), Signal(self.word_bits)
        m.d.comb += [
            port.addr.eq(self.address),
            self.reads.eq(self.wants & ~(at_hand & (address == self.address))),
            self.word.eq(Mux(self.reads, port.data, word)),
        ]
        with m.If(self.wants):
            m.d.sync += [at_hand.eq(1), address.eq(self.address), word.eq(self.word)]
        return m


class ScatterUnit(Elaboratable):
    """One unit: it drops entries whose word is all zero, multiplies the word of the first that is not, and sends the product."""

    def __init__(
        self, shape: ClusterShape, tile: Tile, requests: StructLayout, queue: Entry, into: Callable[[View], Value], ports: int
    ) -> None:
        """`queue`: its own at the network; `into` tells which of several there takes a product; `ports`: that tell it what they added."""
        spec = shape.spec
        self.shape = shape
        self.tile = tile
        self.into = into
        self.index = Signal(requests["source"].shape)
        """Number of the unit: a wire, so that all units are made alike."""
        self.walk = ListWalk(shape, tile)
        self.own = OwnWords(shape)
        self.added = ByIssue(spec.window, ports)
        """Slots of products that a bank adds in this cycle; they are free in the next."""
        self.tags = Tags(spec.window, 1, backs=len(self.added.valid))
        self.room = queue.look()
        self.sends = Leaving(requests, queue.channels, "send")
        self.added.issues = [self.sends]
        self.dropped = Signal(range(spec.examine_width + 1))
        self.idle = Signal()
        """All its products are added."""

    def elaborate(self, platform: Any) -> Module:
        """Scan, multiply, send."""
        m = Module()
        for name in ("walk", "own", "added", "tags"):
            m.submodules[name] = getattr(self, name)
        walk, tags, added = self.walk, self.tags, self.added
        for back, tag, valid, slot in zip(tags.back, tags.back_tag, added.valid, added.tag, strict=True):
            m.d.comb += [back.eq(valid), tag.eq(slot)]
        asks, absent = self._asking(m)
        sent = self._send(m, asks)
        behind: Value = Const(0, 1)
        taken: list[Value] = []
        dropped: list[Value] = []
        quiet: Value = Const(1, 1)
        for step, (wanted, none) in enumerate(zip(asks, absent, strict=True)):
            # those before the product are dropped in any case, those behind it if it is sent
            drop = wire(m, none & (quiet | behind), f"drops_{step}")
            takes = wire(m, drop | (wanted & sent), f"takes_{step}")
            behind = wire(m, (behind | wanted) & takes, f"behind_{step}")
            quiet = wire(m, quiet & none, f"quiet_{step}")
            taken.append(takes)
            dropped.append(drop)
        m.d.comb += [walk.taken.eq(total(taken)), self.dropped.eq(total(dropped)), tags.taken.eq(sent)]
        m.d.comb += self.idle.eq(walk.done & (tags.count == self.shape.spec.window))
        return m

    def _asking(self, m: Module) -> tuple[list[Value], list[Value]]:
        """[steps] whether it is the one whose product may be sent, and whether its word is all zero."""
        walk, own = self.walk, self.own
        bases = [Const(token * self.shape.rows, len(own.address)) for token in range(self.shape.tokens)]
        asks: list[Value] = []
        absent: list[Value] = []
        quiet: Value = Const(1, 1)
        for step, (here, token, row) in enumerate(zip(walk.here, walk.token, walk.row, strict=True)):
            m.d.comb += own.asks_present[step].eq(chosen(bases, token) + row)
            asks.append(wire(m, here & own.is_present[step] & quiet, f"asks_{step}"))
            absent.append(wire(m, here & ~own.is_present[step], f"absent_{step}"))
            quiet = wire(m, quiet & absent[-1], f"all_absent_{step}")
        return asks, absent

    def _send(self, m: Module, asks: list[Value]) -> Signal:
        """Whether the one that asks is sent; what goes where."""
        shape, spec, walk, own, flit = self.shape, self.shape.spec, self.walk, self.own, self.sends.flit
        entries = [entry.as_value() for entry in walk.entry]
        entry = walk.bank.layout(wire(m, selected(list(zip(asks, entries, strict=True))), "entry"))
        token = wire(m, selected(list(zip(asks, walk.token, strict=True))), "token", index_bits(shape.tokens))
        bases: list[Value] = [Const(0, 1)]
        for number in range(1, shape.tokens):
            bases.append(wire(m, bases[-1] + self.tile.features, f"base_{number}", index_bits(shape.words)))
        address = wire(m, chosen(bases, token) + entry.feature, "address", index_bits(shape.words))
        tag, bank = self.tags.first[0], bank_of(shape, address)
        port = bank * spec.bank_ports + tag % spec.bank_ports if spec.bank_ports > 1 else bank
        carried = Cat(line_of(shape, address), products(m, shape, [entry.weight] * shape.lanes, own.word))
        m.d.comb += [flit.source.eq(self.index), flit.sink.eq(port), flit.tag.eq(tag), flit.carried.eq(carried)]
        m.d.comb += [self.sends.into.eq(self.into(flit)), self.room.channel.eq(self.sends.into)]
        sent = self.sends.valid
        m.d.comb += sent.eq(any_of(asks) & (self.tags.count != 0) & (self.room.free != 0))
        m.d.comb += [own.wants.eq(sent), own.address.eq(selected(list(zip(asks, own.asks_present, strict=True))))]
        return sent
