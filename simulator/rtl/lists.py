"""A unit's weight bank and its way through its list: entry after entry, each for all token words in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from amaranth.hdl import Cat, Const, Elaboratable, Module, Mux, Signal, Value, signed
from amaranth.lib.data import StructLayout
from amaranth.lib.memory import Memory

from simulator.rtl.bits import index_bits
from simulator.rtl.parts import chosen, wire
from simulator.rtl.shape import ClusterShape


def entry_layout(shape: ClusterShape) -> StructLayout:
    """A list entry: its input feature, the rows from the entry before to its own, whether it ends its row, and its weight."""
    return StructLayout(
        {"feature": index_bits(shape.features), "delta": index_bits(shape.rows), "last": 1, "weight": signed(shape.weight_bits)}
    )


@dataclass(eq=False)
class Tile:
    """What a tile sets in all units of a cluster: wires that do not change while it runs."""

    shape: ClusterShape
    run: Signal = field(default_factory=lambda: Signal(name="run"))
    """High from the tile's first cycle on."""
    features: Signal = field(init=False)
    """Input features of the tile."""
    last_token: Signal = field(init=False)
    """Token words of the tile, less one."""
    piece_entries: Signal = field(init=False)
    fifo_pieces: Signal = field(init=False)
    front: Signal = field(init=False)
    """The first piece that cannot be here yet."""

    def __post_init__(self) -> None:
        shape = self.shape
        self.features = Signal(range(shape.features + 1), name="features")
        self.last_token = Signal(index_bits(shape.tokens), name="last_token")
        self.piece_entries = Signal(range(shape.entries + 1), name="piece_entries", init=shape.entries)
        self.fifo_pieces = Signal(range(shape.entries + 2), name="fifo_pieces", init=1)
        self.front = Signal(range(2 * shape.entries + 2), name="front", init=1)

    @property
    def ports(self) -> list[Signal]:
        """What the system sets: all but the front, which the units are at."""
        return [self.run, self.features, self.last_token, self.piece_entries, self.fifo_pieces]

    def follow(self, m: Module, walks: Sequence[ListWalk]) -> None:
        """The first piece that cannot be here yet, where lists come in pieces: as many behind the slowest unit's as a FIFO holds."""
        if self.shape.streams:
            slowest = _least([Mux(walk.done, self.shape.entries, walk.piece) for walk in walks])
            m.d.comb += self.front.eq(slowest + self.fifo_pieces)


class WeightBank(Elaboratable):
    """A memory of lines of `width` entries, read ahead by up to two lines, so that the next `width` entries can be seen."""

    def __init__(self, shape: ClusterShape) -> None:
        self.layout = entry_layout(shape)
        self.width = shape.spec.examine_width
        self.memory = Memory(shape=self.width * self.layout.size, depth=max(2, shape.lines), init=[])
        self.passed = Signal(range(self.width + 1))
        """Entries that are done with in this cycle."""
        self.entries = [Signal(self.layout, name=f"entry_{i}") for i in range(self.width)]
        self.fill = Signal()
        self.fill_line = Signal(range(max(2, shape.lines)))
        self.fill_entries = Signal(self.width * self.layout.size)

    def elaborate(self, platform: Any) -> Module:
        """The line that comes next stands at the output of the memory; it is taken as soon as there is room for it."""
        m = Module()
        m.submodules.memory = self.memory
        write, read, bits, width = self.memory.write_port(), self.memory.read_port(), self.layout.size, self.width
        m.d.comb += [write.en.eq(self.fill), write.addr.eq(self.fill_line), write.data.eq(self.fill_entries)]
        ahead = Signal(2 * width * bits)
        count = Signal(range(2 * width + 1))
        left = Signal(range(2 * width + 1))
        line = Signal(range(max(2, self.memory.depth)))
        there, take = Signal(), Signal()
        m.d.comb += [left.eq(count - self.passed), take.eq(there & (left <= width)), read.addr.eq(line + take)]
        m.d.sync += [there.eq(1), line.eq(line + take), count.eq(left + Mux(take, width, 0))]
        kept = chosen([ahead[passed * bits :] for passed in range(width + 1)], self.passed)
        added = chosen([read.data << place * bits for place in range(width + 1)], left)
        m.d.sync += ahead.eq((kept & self._mask(left)) | Mux(take, added, 0))
        m.d.comb += [entry.as_value().eq(ahead[place * bits : (place + 1) * bits]) for place, entry in enumerate(self.entries)]
        return m

    def _mask(self, count: Value) -> Value:
        """Ones over so many entries."""
        return Cat(((count > place) & 1).replicate(self.layout.size) for place in range(2 * self.width))


class ListWalk(Elaboratable):
    """The next steps of a unit's way, as many as it can examine in a cycle; it says how many it took.

    A step is an entry for one token word. Steps of a piece that cannot be here yet are not shown.
    """

    def __init__(self, shape: ClusterShape, tile: Tile) -> None:
        self.shape = shape
        self.tile = tile
        self.bank = WeightBank(shape)
        self.length = Signal(range(shape.entries + 1))
        """Entries of the list."""
        width = shape.spec.examine_width
        self.taken = Signal(range(width + 1))
        """Steps that the unit takes in this cycle."""
        self.here = [Signal(name=f"here_{i}") for i in range(width)]
        self.entry = [Signal(self.bank.layout, name=f"step_entry_{i}") for i in range(width)]
        self.token = [Signal(index_bits(shape.tokens), name=f"step_token_{i}") for i in range(width)]
        self.row = [Signal(index_bits(shape.rows), name=f"step_row_{i}") for i in range(width)]
        self.done = Signal()
        self.piece = Signal(range(shape.entries + 1))
        """Pieces that it has finished."""
        self.position = Signal(range(shape.entries + 1))

    def elaborate(self, platform: Any) -> Module:
        """State after each number of steps, of which one becomes the next cycle's."""
        m = Module()
        m.submodules.bank = bank = self.bank
        tile, row = self.tile, Signal(index_bits(self.shape.rows))
        rows: list[Value] = [row]
        for i, entry in enumerate(bank.entries):
            rows.append(wire(m, rows[-1] + entry.delta, f"row_{i}", len(row)))
        waits = self._pieces(m) if self.shape.streams else []
        passed: list[Value] = [Const(0, 1)]
        tokens: list[Value] = [Signal(index_bits(self.shape.tokens), name="token")]
        for i, here in enumerate(self.here):
            offset, at = passed[i], tokens[i]
            exists = tile.run & (self.position + offset < self.length)
            waiting = chosen(waits[: i + 1], offset) & (at == 0) if waits else Const(0)
            m.d.comb += [
                here.eq(exists & ~waiting if waits else exists),
                self.entry[i].eq(chosen(bank.entries[: i + 1], offset)),
                self.token[i].eq(at),
                self.row[i].eq(chosen(rows[1 : i + 2], offset)),
            ]
            if self.shape.tokens == 1:
                passed.append(Const(i + 1))
                tokens.append(at)
            else:
                over = wire(m, at == tile.last_token, f"over_{i}")
                passed.append(wire(m, offset + over, f"passed_{i + 1}", (i + 1).bit_length()))
                tokens.append(wire(m, Mux(over, 0, at + 1), f"token_{i + 1}", len(at)))
        gone = self.taken if self.shape.tokens == 1 else chosen(passed, self.taken)
        m.d.comb += [bank.passed.eq(gone), self.done.eq(self.position == self.length)]
        m.d.sync += [self.position.eq(self.position + gone), row.eq(chosen(rows, gone))]
        if self.shape.tokens > 1:
            m.d.sync += tokens[0].eq(chosen(tokens, self.taken))
        return m

    def _pieces(self, m: Module) -> list[Signal]:
        """[entries in sight] whether each begins a piece that cannot be here yet."""
        tile, in_piece = self.tile, Signal(range(self.shape.entries + 1))
        places: list[Value] = [in_piece]
        pieces: list[Value] = [self.piece]
        waits = []
        for i in range(len(self.here)):
            waits.append(wire(m, (places[i] == 0) & (pieces[i] >= tile.front), f"waits_{i}"))
            ends = wire(m, places[i] + 1 == tile.piece_entries, f"ends_{i}")
            places.append(wire(m, Mux(ends, 0, places[i] + 1), f"place_{i}", len(in_piece)))
            pieces.append(wire(m, pieces[i] + ends, f"piece_{i}", len(self.piece)))
        m.d.sync += [in_piece.eq(chosen(places, self.bank.passed)), self.piece.eq(chosen(pieces, self.bank.passed))]
        return waits


def _least(values: list[Value]) -> Value:
    """Of several numbers, by a tree of comparators."""
    while len(values) > 1:
        values = [Mux(a < b, a, b) for a, b in zip(values[::2], values[1::2], strict=False)] + values[len(values) & ~1 :]
    return values[0]
