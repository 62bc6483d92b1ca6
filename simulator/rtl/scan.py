"""How a unit scans its list: the steps of a cycle, one behind another, each of which drops its entry, issues its request, or ends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from amaranth.hdl import Const, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib.data import StructLayout, View
from amaranth.lib.memory import Memory

from simulator.rtl.bits import index_bits
from simulator.rtl.flit import Leaving
from simulator.rtl.lists import ListWalk, Tile
from simulator.rtl.parts import any_of, chosen, lowest, number_of, selected, total, wire
from simulator.rtl.placement import bank_of, line_of
from simulator.rtl.queue import Entry
from simulator.rtl.rows import OpenRows, Places
from simulator.rtl.shape import ClusterShape
from simulator.rtl.window import Tags


class Issue(Leaving):
    """A request for a word."""

    def __init__(self, shape: ClusterShape, requests: StructLayout, queues: int, name: str) -> None:
        super().__init__(requests, queues, name)
        self.slot = Signal(index_bits(shape.spec.accumulators), name=f"{name}_slot")
        """Accumulator of its row."""
        self.token = Signal(index_bits(shape.tokens), name=f"{name}_token")
        self.row = Signal(index_bits(shape.rows), name=f"{name}_row")
        self.weight = Signal(shape.weight_bits, name=f"{name}_weight")

    @property
    def told(self) -> tuple[Value, ...]:
        """All but whether it is one."""
        return (self.flit.as_value(), self.into, self.slot, self.token, self.row, self.weight)


class Scan(Elaboratable):
    """Rule 10, and what of rule 11 holds back a request: slots of the window, accumulators, and places in the queue at the network."""

    def __init__(
        self,
        shape: ClusterShape,
        tile: Tile,
        requests: StructLayout,
        parts: tuple[ListWalk, Tags, OpenRows, Places],
        queue: Entry,
        into: Callable[[View], Value],
    ) -> None:
        """`queue`: the unit's own at the network; `into` tells which of several there takes a request."""
        self.shape = shape
        self.of_rows = parts[2].shape
        """The shape as its rows have it."""
        self.tile = tile
        self.index = Signal(requests["source"].shape)
        """Number of the unit: a wire, so that all units are made alike."""
        self.walk, self.tags, self.rows, self.places = parts
        self.queues = queue.channels
        self.into = into
        spec = shape.spec
        self.present = Memory(shape=1, depth=shape.words, init=[])
        """Words that are not all zero."""
        self.fill = Signal()
        self.fill_address = Signal(range(max(2, shape.words)))
        self.fill_present = Signal()
        self.rooms = [queue.look() for _ in range(spec.examine_width)]
        self.issues = [Issue(self.of_rows, requests, queue.channels, f"issue_{i}") for i in range(spec.issue_width)]
        self.completes = [Signal(name=f"completes_{step}") for step in range(spec.examine_width)]
        """Steps that scan the end of a row that waits for nothing."""
        self.step_slot = [Signal(index_bits(spec.accumulators), name=f"slot_{step}") for step in range(spec.examine_width)]
        self.dropped = Signal(range(spec.examine_width + 1))

    def elaborate(self, platform: Any) -> Module:
        """All steps of a cycle."""
        m = Module()
        m.submodules.present = self.present
        write = self.present.write_port()
        m.d.comb += [write.en.eq(self.fill), write.addr.eq(self.fill_address), write.data.eq(self.fill_present)]
        self.steps(m).all()
        return m

    def steps(self, m: Module) -> Steps:
        """Of a cycle."""
        return Steps(m, self)


class Steps:
    """What the steps so far have done."""

    def __init__(self, m: Module, scan: Scan) -> None:
        self.m, self.scan = m, scan
        rows, spec, shape = scan.rows, scan.shape.spec, scan.shape
        self.width = spec.examine_width
        self.count = spec.accumulators
        self.bases: list[Value] = [Const(0, 1)]
        for token in range(1, shape.tokens):
            self.bases.append(wire(m, self.bases[-1] + scan.tile.features, f"base_{token}", index_bits(shape.words)))
        self.goes_on: Value = Const(1)
        self.issued: Value = Const(0, 1)
        self.at_hand: Value = rows.at_hand
        self.slots: list[Value] = list(rows.slot_of)
        self.opened: Value = Const(0, self.count)
        self.ended: Value = Const(0, self.count)
        self.takes: list[Value] = []
        self.drops: list[Value] = []
        self.asked: list[tuple[Signal, Value, Issue]] = []
        """Of each step, whether it issues, how many were issued before it, and what."""

    def all(self) -> None:
        """One behind another; what they come to."""
        m, scan, rows = self.m, self.scan, self.scan.rows
        for step in range(self.width):
            self._step(step)
        m.d.comb += [scan.walk.taken.eq(total(self.takes)), scan.dropped.eq(total(self.drops)), scan.tags.taken.eq(self.issued)]
        m.d.comb += [rows.opened.eq(self.opened), rows.scanned.eq(self.ended), scan.places.opened.eq(self.opened)]
        m.d.comb += rows.at_hand_next.eq(self.at_hand)
        m.d.comb += [after.eq(slot) for after, slot in zip(rows.slot_of_next, self.slots, strict=True)]
        for number, issue in enumerate(scan.issues if self.width > 1 else []):
            mine = [
                (wire(m, issues & (before == number), f"issue_{number}_by_{step}"), what)
                for step, (issues, before, what) in enumerate(self.asked)
            ]
            m.d.comb += issue.valid.eq(any_of([here for here, _ in mine]))
            for place, signal in enumerate(issue.told):
                m.d.comb += signal.eq(selected([(here, what.told[place]) for here, what in mine]))
        for slot in range(self.count):
            m.d.comb += rows.issued[slot].eq(total([issue.valid & (issue.slot == slot) for issue in scan.issues]))
            opens = [(issues & (what.slot == slot), what) for issues, _, what in self.asked]
            # of the steps that ask for an accumulator, the first opened it, and all of a cycle are of one row and token word
            m.d.comb += scan.places.token[slot].eq(any_of([Mux(here, what.token, 0) for here, what in opens]))
            m.d.comb += scan.places.row[slot].eq(any_of([Mux(here, what.row, 0) for here, what in opens]))

    def _step(self, step: int) -> None:
        m, scan, rows, shape = self.m, self.scan, self.scan.rows, self.scan.shape
        entry, token = scan.walk.entry[step], scan.walk.token[step]
        address = wire(m, chosen(self.bases, token) + entry.feature, f"address_{step}", index_bits(shape.words))
        present = scan.present.read_port(domain="comb")
        m.d.comb += present.addr.eq(address)
        for_row = wire(m, self.row_at_hand(token), f"for_row_{step}", len(rows.at_hand))
        has = wire(m, (self.at_hand & for_row).any(), f"has_{step}")
        free = wire(m, lowest(wire(m, ~(rows.busy | self.opened), f"unused_{step}", self.count)), f"free_{step}", self.count)
        slot = scan.step_slot[step]
        m.d.comb += slot.eq(Mux(has, chosen(self.slots, token), number_of(free)))
        only = self.width == 1
        asks = scan.issues[0] if only else Issue(scan.of_rows, scan.issues[0].flit.shape(), scan.queues, f"step_{step}")
        self._request(asks, address)
        m.d.comb += asks.slot.eq(slot)
        self.tell(step, asks)
        before = [issues & (what.into == asks.into) for issues, _, what in self.asked]
        look = scan.rooms[step]
        m.d.comb += look.channel.eq(asks.into)
        room = look.free > total(before) if before else look.free != 0
        may = (self.issued < shape.spec.issue_width) & (self.issued < scan.tags.count) & (has | free.any()) & room
        here = wire(m, scan.walk.here[step] & self.goes_on, f"reached_{step}")
        drop = wire(m, here & ~present.data, f"drops_{step}")
        m.d.comb += asks.valid.eq(here & present.data & may)
        takes = wire(m, drop | asks.valid, f"takes_{step}")
        self._rows(step, asks, has, for_row, takes & self.ends_row(step))
        self.asked.append((asks.valid, self.issued, asks))
        self.issued = wire(m, self.issued + asks.valid, f"issued_{step}")
        self.takes.append(takes)
        self.drops.append(drop)
        self.goes_on = takes

    def row_at_hand(self, token: Value) -> Value:
        """Which of the rows at hand is that of a token word: each has its own."""
        return 1 << token

    def ends_row(self, step: int) -> Value:
        """Whether a step is the last of its row."""
        return self.scan.walk.entry[step].last

    def tell(self, step: int, asks: Issue) -> None:
        """Where the row is written that asks, and what its word will be multiplied by."""
        walk = self.scan.walk
        self.m.d.comb += [asks.token.eq(walk.token[step]), asks.row.eq(walk.row[step]), asks.weight.eq(walk.entry[step].weight)]

    def _request(self, asks: Issue, address: Value) -> None:
        """Where it goes, and which slot of the window its word comes back to."""
        m, scan, spec = self.m, self.scan, self.scan.shape.spec
        tag = chosen(scan.tags.first, self.issued)
        bank = bank_of(scan.shape, address)
        port = bank * spec.bank_ports + tag % spec.bank_ports if spec.bank_ports > 1 else bank
        flit = asks.flit
        m.d.comb += [flit.source.eq(scan.index), flit.sink.eq(port), flit.tag.eq(tag), flit.carried.eq(line_of(scan.shape, address))]
        m.d.comb += asks.into.eq(scan.into(flit))

    def _rows(self, step: int, asks: Issue, has: Value, for_row: Value, ends: Value) -> None:
        """What a step does to the rows: it opens one, or scans the end of one."""
        m, scan, rows = self.m, self.scan, self.scan.rows
        slot = asks.slot
        one = wire(m, 1 << slot, f"of_slot_{step}", self.count)
        self.opened = wire(m, self.opened | Mux(asks.valid & ~has, one, 0), f"opened_{step}")
        ends = wire(m, ends & (has | asks.valid), f"ends_{step}")
        self.ended = wire(m, self.ended | Mux(ends, one, 0), f"ended_{step}")
        waits = chosen(rows.waiting, slot) != (rows.consumed & one).any()
        issued_for = [issues & (what.slot == slot) for issues, _, what in self.asked]
        m.d.comb += scan.completes[step].eq(ends & ~asks.valid & ~any_of([waits, *issued_for]))
        self.slots = [
            wire(m, Mux(asks.valid & for_row[place], slot, before), f"slot_of_{place}_after_{step}")
            for place, before in enumerate(self.slots)
        ]
        after = Mux(ends, self.at_hand & ~for_row, Mux(asks.valid, self.at_hand | for_row, self.at_hand))
        self.at_hand = wire(m, after, f"at_hand_after_{step}", len(rows.at_hand))
