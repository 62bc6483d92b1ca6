"""The open rows of a unit: which has which accumulator, what it waits for, and which are complete."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal, Value

from simulator.rtl.bits import index_bits
from simulator.rtl.parts import chosen, selected, wire
from simulator.rtl.shape import ClusterShape


class OpenRows(Elaboratable):
    """Of each accumulator, whether it is taken, the requests that its row waits for, and whether the row's end was scanned.

    Of the row at hand in the list, it keeps the accumulator of each token word.
    """

    def __init__(self, shape: ClusterShape) -> None:
        spec = shape.spec
        count = spec.accumulators
        self.shape = shape
        self.busy = Signal(count)
        self.waiting = [Signal(range(spec.window + 1), name=f"waiting_{slot}") for slot in range(count)]
        """Outstanding requests of a row."""
        self.consumed = Signal(count)
        """In: the accumulator whose operand is consumed."""
        self.issued = [Signal(range(spec.issue_width + 1), name=f"issued_{slot}") for slot in range(count)]
        """In: requests that are issued for it."""
        self.opened = Signal(count)
        """In: accumulators that are taken."""
        self.scanned = Signal(count)
        """In: of whose row the end is scanned."""
        self.released = Signal(count)
        """In: that are free from the next cycle on."""
        self.at_hand = Signal(shape.tokens)
        """Token words for which the row at hand has an accumulator."""
        self.at_hand_next = Signal(shape.tokens)
        self.slot_of = [Signal(index_bits(count), name=f"slot_of_{token}") for token in range(shape.tokens)]
        self.slot_of_next = [Signal(index_bits(count), name=f"slot_of_{token}_next") for token in range(shape.tokens)]
        self.last_operand = Signal()
        """Whether the operand that is consumed completes its row."""

    def elaborate(self, platform: Any) -> Module:
        """Counters and flags."""
        m = Module()
        ended = Signal(len(self.busy))
        last = Signal(len(self.busy))
        m.d.sync += [ended.eq(ended & ~self.opened | self.scanned), self.busy.eq(self.busy & ~self.released | self.opened)]
        m.d.sync += self.at_hand.eq(self.at_hand_next)
        m.d.sync += [register.eq(slot) for register, slot in zip(self.slot_of, self.slot_of_next, strict=True)]
        for slot, waiting in enumerate(self.waiting):
            m.d.sync += waiting.eq(waiting - self.consumed[slot] + self.issued[slot])
            m.d.comb += last[slot].eq(self.consumed[slot] & ended[slot] & (waiting == 1))
        m.d.comb += self.last_operand.eq(last.any())
        return m


class MergeQueue(Elaboratable):
    """Complete rows, by accumulator, wait for the merge tree, those of a cycle in their order; the first is merged in its own cycle."""

    def __init__(self, count: int, pushes: int) -> None:
        self.count = count
        self.complete = [Signal(name=f"complete_{i}") for i in range(pushes)]
        self.slot = [Signal(index_bits(count), name=f"slot_{i}") for i in range(pushes)]
        self.merge = Signal()
        self.merge_slot = Signal(index_bits(count))

    def elaborate(self, platform: Any) -> Module:
        """Registers that move up; of several that come, each has its place behind those before it."""
        m = Module()
        queue = [Signal(index_bits(self.count), name=f"queue_{place}") for place in range(self.count)]
        held = Signal(range(self.count + 1))
        orders: list[Value] = [held]
        for i, complete in enumerate(self.complete):
            orders.append(wire(m, orders[-1] + complete, f"order_{i}"))

        def at(place: int) -> Value:
            """What stands at a place, with those that come."""
            coming = [(complete & (order == place), slot) for complete, order, slot in zip(self.complete, orders, self.slot, strict=False)]
            return Mux(held > place, queue[place], selected(coming))

        m.d.comb += [self.merge.eq(orders[-1] != 0), self.merge_slot.eq(at(0))]
        m.d.sync += held.eq(orders[-1] - self.merge)
        m.d.sync += [queue[place - 1].eq(at(place)) for place in range(1, self.count)]
        return m


class Places(Elaboratable):
    """Of each accumulator, where its row is written: token word and row."""

    def __init__(self, shape: ClusterShape) -> None:
        self.shape = shape
        self.opened = Signal(shape.spec.accumulators)
        self.token = [Signal(index_bits(shape.tokens), name=f"token_{slot}") for slot in range(shape.spec.accumulators)]
        self.row = [Signal(index_bits(shape.rows), name=f"row_{slot}") for slot in range(shape.spec.accumulators)]
        self.slot = Signal(index_bits(shape.spec.accumulators))
        self.slot_token = Signal(index_bits(shape.tokens))
        self.slot_row = Signal(index_bits(shape.rows))

    def elaborate(self, platform: Any) -> Module:
        """A register each."""
        m = Module()
        kept = []
        for slot, (token, row) in enumerate(zip(self.token, self.row, strict=True)):
            place = Signal(len(token) + len(row), name=f"place_{slot}")
            with m.If(self.opened[slot]):
                m.d.sync += place.eq(Cat(token, row))
            kept.append(place)
        m.d.comb += Cat(self.slot_token, self.slot_row).eq(chosen(kept, self.slot))
        return m
