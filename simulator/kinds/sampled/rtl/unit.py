"""A unit that sums the products of two words over its lanes: to rules 10 and 11 each place of its mask is a row (rule 17)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib.memory import Memory

from simulator.rtl.accumulators import Accumulators
from simulator.rtl.bits import index_bits
from simulator.rtl.lanes import lanes_of, products
from simulator.rtl.parts import chosen, delayed, total, wire
from simulator.rtl.scan import Issue, Scan, Steps
from simulator.rtl.shape import ClusterShape
from simulator.rtl.unit import VectorUnit


def own_words(shape: ClusterShape) -> int:
    """Words of dY in a unit's own bank, token word after token word."""
    return shape.tokens * shape.rows


class SampledScan(Scan):
    """A scan whose rows are list entries, each of which ends with the tile's last token word."""

    def steps(self, m: Module) -> Steps:
        """Of a cycle."""
        return _SampledSteps(m, self)


class _SampledSteps(Steps):
    """Steps that count the places they pass, and say where the word of dY lies that theirs is multiplied by."""

    def __init__(self, m: Module, scan: Scan) -> None:
        super().__init__(m, scan)
        self.first_place = Signal(index_bits(scan.of_rows.rows), name="place")
        self.ends: list[Value] = []
        self.own_bases = [Const(token * scan.shape.rows, index_bits(own_words(scan.shape))) for token in range(scan.shape.tokens)]

    def all(self) -> None:
        """And which place comes next."""
        super().all()
        passed = total([takes & ends for takes, ends in zip(self.takes, self.ends, strict=True)])
        self.m.d.sync += self.first_place.eq(self.first_place + passed)

    def row_at_hand(self, token: Value) -> Value:
        """There is one: that of the entry."""
        return Const(1, 1)

    def ends_row(self, step: int) -> Value:
        """With the last token word."""
        return self.ends[step]

    def tell(self, step: int, asks: Issue) -> None:
        """Its place, and the address of the word of dY."""
        m, scan, walk = self.m, self.scan, self.scan.walk
        place = wire(m, total([self.first_place, *self.ends]), f"place_{step}", len(self.first_place)) if self.ends else self.first_place
        self.ends.append(wire(m, walk.token[step] == scan.tile.last_token, f"ends_entry_{step}"))
        m.d.comb += [asks.token.eq(0), asks.row.eq(place), asks.weight.eq(chosen(self.own_bases, walk.token[step]) + walk.row[step])]


class LaneSums(Accumulators):
    """Accumulators of products of two words, behind whose merge tree another one adds up their lanes."""

    @property
    def multiplier_shape(self) -> Any:
        """A word."""
        return self.shape.word_bits

    @property
    def written_bits(self) -> int:
        """Of one sum."""
        return self.shape.sum_bits

    def product(self, m: Module) -> Value:
        """Lane by lane."""
        return products(m, self.shape, lanes_of(self.shape, self.weight), self.word)

    def reduced(self, m: Module, sums: Value) -> tuple[Value, int]:
        """A tree over the lanes, each level of which takes as long as an addition."""
        bits, kept = self.shape.sum_bits, self.shape.spec.accumulate_latency
        level: list[Value] = [sums[lane * bits :][:bits] for lane in range(self.shape.lanes)]
        depth = 0
        while len(level) > 1:
            added = [(level[i] + level[i + 1])[:bits] if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
            level = [delayed(m, value, kept, f"lanes_{depth}_{i}") for i, value in enumerate(added)]
            depth += 1
        return level[0], depth


class SampledUnit(VectorUnit):
    """A vector unit with words of dY in a bank of its own, of which it reads one for each word that it consumes."""

    scans = SampledScan
    sums = LaneSums

    def __init__(self, shape: ClusterShape, *joined: Any) -> None:
        super().__init__(shape, *joined)
        words = own_words(shape)
        self.own = Memory(shape=shape.word_bits, depth=words, init=[])
        self.fill_own = Signal(name="fill_own")
        self.fill_own_address = Signal(index_bits(words))
        self.fill_own_word = Signal(shape.word_bits)

    @staticmethod
    def of_rows(shape: ClusterShape) -> ClusterShape:
        """A row is an entry of the list, of all token words; what is told with a request is an address in the unit's own bank."""
        return replace(shape, tokens=1, rows=shape.entries, weight_bits=index_bits(own_words(shape)))

    def multiplied_by(self, m: Module, told: Value) -> Value:
        """The word of dY at that address, which is read in the same cycle."""
        m.submodules.own = self.own
        write, read = self.own.write_port(), self.own.read_port(domain="comb")
        m.d.comb += [write.en.eq(self.fill_own), write.addr.eq(self.fill_own_address), write.data.eq(self.fill_own_word)]
        m.d.comb += read.addr.eq(told)
        return read.data
