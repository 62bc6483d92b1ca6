"""A vector unit: walks its work list, issues requests, multiplies what arrives, merges finished rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Array, Cat, Const, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib.data import StructLayout, View
from amaranth.lib.memory import Memory

from simulator.rtl.accumulators import Accumulators
from simulator.rtl.lists import ListWalk, Tile
from simulator.rtl.parts import any_of, chosen, selected, total, wrapped
from simulator.rtl.placement import bank_of, line_of
from simulator.rtl.queue import Queue
from simulator.rtl.shape import ClusterShape, index_bits


@dataclass(frozen=True, eq=False)
class Issue:
    """A request that leaves in a cycle."""

    valid: Signal
    flit: View
    into: Signal
    """Number of the queue at the network that takes it."""
    slot: Signal
    """Accumulator of its row."""
    token: Signal
    row: Signal


class Tags(Elaboratable):
    """Free slots of the window, a FIFO: several leave in a cycle, one comes back."""

    def __init__(self, window: int, width: int) -> None:
        self.window = window
        self.first = [Signal(index_bits(window), name=f"tag_{i}") for i in range(width)]
        self.count = Signal(range(window + 1), init=window)
        self.taken = Signal(range(width + 1))
        self.back = Signal()
        self.back_tag = Signal(index_bits(window))

    def elaborate(self, platform: Any) -> Module:
        """A ring."""
        m = Module()
        ring = Array(Signal(index_bits(self.window), name=f"free_{i}", init=i) for i in range(self.window))
        head, tail = Signal(index_bits(self.window)), Signal(index_bits(self.window))
        for i, tag in enumerate(self.first):
            m.d.comb += tag.eq(ring[wrapped(head + i, self.window)])
        m.d.sync += [head.eq(wrapped(head + self.taken, self.window)), self.count.eq(self.count - self.taken + self.back)]
        with m.If(self.back):
            m.d.sync += [ring[tail].eq(self.back_tag), tail.eq(wrapped(tail + 1, self.window))]
        return m


class Landing(Elaboratable):
    """Landing registers, one a slot of the window, in the order of arrival."""

    def __init__(self, window: int, word_bits: int) -> None:
        self.word_bits = word_bits
        self.arrivals = Queue(StructLayout({"tag": index_bits(window)}), window)
        self.words = Memory(shape=word_bits, depth=window, init=[])
        self.landed = Signal()
        self.tag = Signal(index_bits(window))
        self.word = Signal(word_bits)
        self.consumed = Signal()
        self.consumed_tag = Signal(index_bits(window))
        self.consumed_word = Signal(word_bits)

    def elaborate(self, platform: Any) -> Module:
        """One is consumed in each cycle in which one is there."""
        m = Module()
        m.submodules.arrivals = arrivals = self.arrivals
        m.submodules.words = self.words
        write, read = self.words.write_port(), self.words.read_port(domain="comb")
        m.d.comb += [
            arrivals.push[0].eq(self.landed),
            arrivals.flit[0].tag.eq(self.tag),
            arrivals.pop.eq(arrivals.visible[0]),
            self.consumed.eq(arrivals.visible[0]),
            self.consumed_tag.eq(arrivals.head.tag),
            write.en.eq(self.landed),
            write.addr.eq(self.tag),
            write.data.eq(self.word),
            read.addr.eq(self.consumed_tag),
            self.consumed_word.eq(read.data),
        ]
        return m


class VectorUnit(Elaboratable):
    """One vector unit of a cluster; rules 10 and 11 of the model.

    In a cycle it takes one operand that has landed and scans its list; both see only what the cycle before left.
    """

    def __init__(
        self, shape: ClusterShape, tile: Tile, requests: StructLayout, index: int, free: list[Signal], into: Callable[[View], Value]
    ) -> None:
        """`free`: slots of the queues at the network that are its own, of which `into` tells a request's."""
        spec = shape.spec
        self.shape = shape
        self.tile = tile
        self.index = index
        self.free = free
        self.into = into
        self.walk = ListWalk(shape, tile)
        self.tags = Tags(spec.window, spec.issue_width)
        self.landing = Landing(spec.window, shape.word_bits)
        self.accumulators = Accumulators(shape)
        self.present = Memory(shape=1, depth=shape.words, init=[])
        """Words that are not all zero."""
        self.fill = Signal()
        self.fill_address = Signal(range(max(2, shape.words)))
        self.fill_present = Signal()
        self.issues = [
            Issue(
                Signal(name=f"issue_{i}"),
                Signal(requests, name=f"issue_flit_{i}"),
                Signal(index_bits(len(free)), name=f"issue_into_{i}"),
                Signal(index_bits(spec.accumulators), name=f"issue_slot_{i}"),
                Signal(index_bits(shape.tokens), name=f"issue_token_{i}"),
                Signal(index_bits(shape.rows), name=f"issue_row_{i}"),
            )
            for i in range(spec.issue_width)
        ]
        self.dropped = Signal(range(spec.examine_width + 1))
        """Entries of zero words that it drops in this cycle."""
        self.outstanding = Signal(range(spec.window + 1))
        self.idle = Signal()
        """Whether all of its work is done."""

    def elaborate(self, platform: Any) -> Module:
        """Consume, scan, merge."""
        m = Module()
        m.submodules.walk, m.submodules.tags, m.submodules.landing = self.walk, self.tags, self.landing
        m.submodules.accumulators, m.submodules.present = self.accumulators, self.present
        write = self.present.write_port()
        m.d.comb += [write.en.eq(self.fill), write.addr.eq(self.fill_address), write.data.eq(self.fill_present)]
        rows = _Rows(m, self)
        scan = _Scan(m, self, rows)
        rows.settle(scan)
        m.d.comb += [self.tags.back.eq(self.landing.consumed), self.tags.back_tag.eq(self.landing.consumed_tag)]
        m.d.comb += self.outstanding.eq(self.shape.spec.window - self.tags.count)
        return m


class _Rows:
    """Which row has which accumulator, what it waits for, and which rows are complete."""

    def __init__(self, m: Module, unit: VectorUnit) -> None:
        self.m, self.unit = m, unit
        spec, shape = unit.shape.spec, unit.shape
        count = spec.accumulators
        self.busy = Signal(count)
        self.waiting = [Signal(range(spec.window + 1), name=f"waiting_{slot}") for slot in range(count)]
        """Requests of a row that are outstanding."""
        self.ended = Signal(count)
        self.place = [Signal(index_bits(shape.rows) + index_bits(shape.tokens), name=f"place_{slot}") for slot in range(count)]
        self.open = Signal(shape.tokens)
        """Token words for which the row at hand has an accumulator."""
        self.slot_of = [Signal(index_bits(count), name=f"slot_of_{token}") for token in range(shape.tokens)]
        pending = Memory(shape=StructLayout({"slot": index_bits(count), "weight": shape.weight_bits}), depth=spec.window, init=[])
        m.submodules.pending = self.pending = pending
        read = pending.read_port(domain="comb")
        landing, accumulators = unit.landing, unit.accumulators
        m.d.comb += [
            read.addr.eq(landing.consumed_tag),
            accumulators.consumed.eq(landing.consumed),
            accumulators.slot.eq(read.data.slot),
            accumulators.weight.eq(read.data.weight),
            accumulators.word.eq(landing.consumed_word),
        ]
        self.consumed = Signal(count, name="consumed_of")
        m.d.comb += self.consumed.eq(Mux(landing.consumed, 1 << read.data.slot, 0))

    def settle(self, scan: _Scan) -> None:
        """What a cycle's operand and steps leave."""
        m, unit, count = self.m, self.unit, len(self.busy)
        spec, accumulators = unit.shape.spec, unit.accumulators
        for issue in unit.issues:
            write = self.pending.write_port()
            m.d.comb += [write.en.eq(issue.valid), write.addr.eq(issue.flit.tag)]
            m.d.comb += [write.data.slot.eq(issue.slot), write.data.weight.eq(scan.weights[issue.valid.name])]
        completed: list[tuple[Value, Value]] = []
        last_operand = Signal(count)
        for slot in range(count):
            issued = total([issue.valid & (issue.slot == slot) for issue in unit.issues])
            m.d.sync += self.waiting[slot].eq(self.waiting[slot] - self.consumed[slot] + issued)
            m.d.comb += last_operand[slot].eq(self.consumed[slot] & self.ended[slot] & (self.waiting[slot] == 1))
        completed.append((last_operand.any(), accumulators.slot))
        completed += scan.completed
        m.d.sync += self.ended.eq((self.ended & ~scan.opened) | scan.ended)
        m.d.sync += self.busy.eq((self.busy & ~accumulators.released) | scan.opened)
        m.d.comb += accumulators.opened.eq(scan.opened)
        for issue in unit.issues:
            for slot in range(count):
                with m.If(issue.valid & scan.opened[slot] & (issue.slot == slot)):
                    m.d.sync += self.place[slot].eq(Cat(issue.row, issue.token))
        self._merge(completed)
        m.d.comb += unit.idle.eq(unit.walk.done & ~self.busy.any() & (unit.outstanding == 0))
        del spec

    def _merge(self, completed: list[tuple[Value, Value]]) -> None:
        """Complete rows queue for the merge tree, those of a cycle in their order; with an empty queue the first is merged at once."""
        m, unit, count = self.m, self.unit, len(self.busy)
        queue = [Signal(index_bits(count), name=f"complete_{place}") for place in range(count)]
        held = Signal(range(count + 1), name="complete")
        valids = [valid for valid, _ in completed]
        before = [total([held, *valids[:place]]) for place in range(len(completed))]
        coming = total([held, *valids])
        merge, slot = unit.accumulators.merge, unit.accumulators.merge_slot

        def at(place: int) -> Value:
            """What stands at a place of the queue, with those that come."""
            new = selected([(valid & (order == place), of) for (valid, of), order in zip(completed, before, strict=True)])
            return Mux(held > place, queue[place], new) if place < count else new

        m.d.comb += [merge.eq(coming != 0), slot.eq(at(0))]
        m.d.sync += held.eq(coming - merge)
        for place, register in enumerate(queue):
            if place + 1 < count:
                m.d.sync += register.eq(at(place + 1))
        row = chosen(self.place, slot)
        rows = len(unit.accumulators.merge_row)
        m.d.comb += [unit.accumulators.merge_row.eq(row[:rows]), unit.accumulators.merge_token.eq(row[rows:])]


class _Scan:
    """The steps of a cycle, one behind another: each drops its entry, issues its request, or ends the scan."""

    def __init__(self, m: Module, unit: VectorUnit, rows: _Rows) -> None:
        self.m, self.unit, self.rows = m, unit, rows
        spec, shape, walk = unit.shape.spec, unit.shape, unit.walk
        width = spec.examine_width
        self.completed: list[tuple[Value, Value]] = []
        self.base: list[Value] = [Const(0, 1)]
        for _ in range(shape.tokens - 1):
            self.base.append(self.base[-1] + unit.tile.features)
        goes_on: Value = Const(1)
        issued: Value = Const(0, 1)
        open_now, slots_now, opened = rows.open, list(rows.slot_of), Const(0, len(rows.busy))
        self.ended: Value = Const(0, len(rows.busy))
        issues_of: list[list[tuple[Value, ...]]] = []
        taken: list[Value] = []
        drops: list[Value] = []
        for step in range(width):
            entry, token = walk.entry[step], walk.token[step]
            address = Signal(index_bits(shape.words), name=f"address_{step}")
            m.d.comb += address.eq(chosen(self.base, token) + entry.feature)
            port = unit.present.read_port(domain="comb")
            m.d.comb += port.addr.eq(address)
            free = lowest_free(rows.busy | opened)
            has = open_now.bit_select(token, 1)
            new_slot = Signal(index_bits(len(rows.busy)), name=f"new_slot_{step}")
            m.d.comb += new_slot.eq(number_of(free))
            slot = Signal(index_bits(len(rows.busy)), name=f"slot_{step}")
            m.d.comb += slot.eq(Mux(has, chosen(slots_now, token), new_slot))
            flit = Signal(unit.issues[0].flit.shape(), name=f"flit_{step}")
            tag = chosen(unit.tags.first, issued) if spec.issue_width > 1 else unit.tags.first[0]
            bank = bank_of(shape, address)
            bank_port = bank * spec.bank_ports + tag % spec.bank_ports if spec.bank_ports > 1 else bank
            m.d.comb += [
                flit.source.eq(unit.index),
                flit.sink.eq(bank_port),
                flit.tag.eq(tag),
                flit.carried.eq(line_of(shape, address)),
            ]
            into = Signal(index_bits(len(unit.free)), name=f"into_{step}")
            m.d.comb += into.eq(unit.into(flit))
            sent = total([Const(0, 1), *(valid & (other == into) for valid, other in [(i[0], i[1]) for i in issues_of])])
            may = (issued < spec.issue_width) & (issued < unit.tags.count) & (has | free.any()) & (chosen(unit.free, into) > sent)
            here = walk.here[step] & goes_on
            issue, drop, take = (Signal(name=f"{what}_{step}") for what in ("issues", "drops", "takes"))
            m.d.comb += [drop.eq(here & ~port.data), issue.eq(here & port.data & may), take.eq(drop | issue)]
            one = Signal(len(rows.busy), name=f"slot_mask_{step}")
            m.d.comb += one.eq(1 << slot)
            opens = Mux(issue & ~has, one, 0)
            opened = (opened | opens)[: len(rows.busy)]
            issues_of.append((issue, into, flit, slot, token, walk.row[step], entry.weight, issued))
            here_token = Signal(shape.tokens, name=f"token_mask_{step}")
            m.d.comb += here_token.eq(1 << token)
            ends = take & entry.last
            open_after = open_now | Mux(issue, here_token, 0)
            is_open = (open_after & here_token).any()
            slots_now = [Mux(issue & here_token[t], slot, slots_now[t]) for t in range(shape.tokens)]
            self.ended = (self.ended | Mux(ends & is_open, one, 0))[: len(rows.busy)]
            outstanding = chosen(rows.waiting, slot) != (rows.consumed & one).any()
            issued_to = any_of([Const(0, 1), *(valid & (other == slot) for valid, other in [(i[0], i[3]) for i in issues_of])])
            complete = Signal(name=f"completes_{step}")
            m.d.comb += complete.eq(ends & is_open & ~outstanding & ~issued_to)
            self.completed.append((complete, slot))
            open_now = (open_after & ~Mux(ends, here_token, 0))[: shape.tokens]
            counted = Signal(range(step + 2), name=f"issued_{step}")
            m.d.comb += counted.eq(issued + issue)
            issued = counted
            taken.append(take)
            drops.append(drop)
            goes_on = take
        self.opened = opened
        m.d.comb += [walk.taken.eq(total(taken)), unit.tags.taken.eq(issued), unit.dropped.eq(total(drops))]
        m.d.sync += rows.open.eq(open_now)
        m.d.sync += [register.eq(slot) for register, slot in zip(rows.slot_of, slots_now, strict=True)]
        self.weights: dict[str, Value] = {}
        for number, out in enumerate(unit.issues):
            mine = [(i[0] & (i[7] == number), i) for i in issues_of]
            m.d.comb += out.valid.eq(any_of([here for here, _ in mine]))
            for place, signal in ((1, out.into), (2, out.flit), (3, out.slot), (4, out.token), (5, out.row)):
                m.d.comb += signal.eq(selected([(here, Value.cast(i[place])) for here, i in mine]))
            self.weights[out.valid.name] = selected([(here, Value.cast(i[6]).as_unsigned()) for here, i in mine])


def lowest_free(busy: Value) -> Value:
    """The first place that is not busy, alone."""
    free = (~busy)[: len(busy)]
    return (free & (~free + 1))[: len(busy)]


def number_of(one_hot: Value) -> Value:
    """Of the place that is set."""
    return selected([(one_hot[place], Const(place, index_bits(len(one_hot)))) for place in range(len(one_hot))])
