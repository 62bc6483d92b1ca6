"""A unit's accumulators, the multiplier and adder before them, and the tree that merges finished rows."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal, Value, signed

from simulator.rtl.bits import index_bits
from simulator.rtl.lanes import lanewise, products
from simulator.rtl.parts import any_of, chosen, delayed, wire
from simulator.rtl.shape import ClusterShape


class Accumulators(Elaboratable):
    """Partial sums of the open rows. Each has as many as the adder has stages, which take turns.

    An operand is multiplied in the cycle in which it is consumed; P cycles later its product is added, and the sum is there A later. A
    row is merged in the order of completion, one a cycle; its accumulator is read P + A cycles later, and may be another row's from
    then on.
    """

    def __init__(self, shape: ClusterShape) -> None:
        spec = shape.spec
        self.shape = shape
        count = spec.accumulators
        self.consumed = Signal()
        self.slot = Signal(index_bits(count))
        """Accumulator of the operand that is consumed."""
        self.weight = Signal(self.multiplier_shape)
        self.word = Signal(shape.word_bits)
        self.opened = Signal(count)
        """Accumulators that a row takes in this cycle."""
        self.merge = Signal()
        self.merge_slot = Signal(index_bits(count))
        self.merge_row = Signal(index_bits(shape.rows))
        self.merge_token = Signal(index_bits(shape.tokens))
        self.released = Signal(count)
        """Accumulators that are free from the next cycle on."""
        self.write = Signal()
        self.write_row = Signal(index_bits(shape.rows))
        self.write_token = Signal(index_bits(shape.tokens))
        self.write_word = Signal(self.written_bits)

    @property
    def multiplier_shape(self) -> Any:
        """Of what a word is multiplied by."""
        return signed(self.shape.weight_bits)

    @property
    def written_bits(self) -> int:
        """Of a row."""
        return self.shape.lanes * self.shape.sum_bits

    def product(self, m: Module) -> Value:
        """Of the operand that is consumed."""
        return products(m, self.shape, [self.weight] * self.shape.lanes, self.word)

    def reduced(self, m: Module, sums: Value) -> tuple[Value, int]:
        """What is written of a row, given its sums, and how many additions one behind another that takes."""
        return sums, 0

    def elaborate(self, platform: Any) -> Module:
        """Multiply, add, merge."""
        m = Module()
        spec, shape = self.shape.spec, self.shape
        count, kept, width = spec.accumulators, spec.accumulate_latency, shape.lanes * shape.sum_bits
        sums = [[Signal(width, name=f"sum_{slot}_{turn}") for turn in range(kept)] for slot in range(count)]
        begun = [Signal(kept, name=f"begun_{slot}") for slot in range(count)]
        turn = [Signal(kept, name=f"turn_{slot}", init=1) for slot in range(count)]
        for slot in range(count):
            here = self.consumed & (self.slot == slot)
            with m.If(self.opened[slot]):
                m.d.sync += [begun[slot].eq(0), turn[slot].eq(1)]
            with m.Elif(here):
                m.d.sync += [begun[slot].eq(begun[slot] | turn[slot]), turn[slot].eq(turn[slot].rotate_left(1))]
        product = delayed(m, wire(m, self.product(m), "product"), spec.multiply_latency, "product")
        into = delayed(m, Cat(self.consumed, self.slot, chosen(turn, self.slot), chosen(begun, self.slot)), spec.multiply_latency, "into")
        adds, slot_bits = into[0], len(self.slot)
        slot, turns, old = into[1 : 1 + slot_bits], into[1 + slot_bits :][:kept], into[1 + slot_bits + kept :]
        before = [chosen([sums[s][t] for s in range(count)], slot) for t in range(kept)]
        held = any_of([Mux(turns[t] & old[t], before[t], 0) for t in range(kept)])
        sum_ = Signal(width, name="sum")
        m.d.comb += sum_.eq(lanewise(shape, held, product))
        result = delayed(m, Cat(adds, slot, turns, sum_), kept - 1, "adding")
        slot, turns, sum_ = result[1 : 1 + slot_bits], result[1 + slot_bits :][:kept], result[1 + slot_bits + kept :]
        for s in range(count):
            for t in range(kept):
                with m.If(result[0] & (slot == s) & turns[t]):
                    m.d.sync += sums[s][t].eq(sum_)
        self._merge(m, sums, begun)
        return m

    def _merge(self, m: Module, sums: list[list[Signal]], begun: list[Signal]) -> None:
        shape, spec = self.shape, self.shape.spec
        kept = spec.accumulate_latency
        told = Cat(self.merge, self.merge_slot, self.merge_row, self.merge_token)
        last = delayed(m, told, spec.release_cycles - 1, "merging")
        now = delayed(m, last, 1, "merged")
        m.d.comb += self.released.eq(Mux(last[0], 1 << last[1 : 1 + len(self.merge_slot)], 0))
        slot = now[1 : 1 + len(self.merge_slot)]
        valid = chosen(begun, slot)
        level = [Mux(valid[t], chosen([of[t] for of in sums], slot), 0) for t in range(kept)]
        depth = 0
        while len(level) > 1:
            added = [lanewise(shape, *level[i : i + 2]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
            level = [delayed(m, value, kept, f"tree_{depth}_{i}") for i, value in enumerate(added)]
            depth += 1
        word, levels = self.reduced(m, level[0])
        depth += levels
        row = delayed(m, Cat(now[0], now[1 + len(self.merge_slot) :]), depth * kept, "writing")
        split = 1 + len(self.merge_row)
        m.d.comb += [
            self.write.eq(row[0]),
            self.write_row.eq(row[1:split]),
            self.write_token.eq(row[split:]),
            self.write_word.eq(word),
        ]
