"""What runs folds through an array, one after another, as closely as the array's dataflow lets them follow."""

from __future__ import annotations

from amaranth.hdl import Elaboratable, Module, Mux, Signal, Value, unsigned
from amaranth.lib.memory import Memory

from simulator.rtl.array.shape import ArrayShape


class FoldPort:
    """One fold, as it is asked for and held."""

    def __init__(self, shape: ArrayShape, name: str) -> None:
        self.valid = Signal(name=f"{name}_valid")
        self.steps = Signal(shape.step_bits, name=f"{name}_steps")
        self.rows = Signal(shape.row_bits, name=f"{name}_rows")
        """That it uses."""
        self.cols = Signal(shape.column_bits, name=f"{name}_cols")
        self.row_base = Signal(shape.address_bits, name=f"{name}_row_base")
        """Where its operands begin in each bank at the left."""
        self.column_base = Signal(shape.address_bits, name=f"{name}_column_base")
        """And at the top."""
        self.sum_base = Signal(shape.sum_address_bits, name=f"{name}_sum_base")
        self.listed = Signal(name=f"{name}_listed")
        """Whether it streams the steps of a list, of those of its tile, and not all of them."""
        self.list_base = Signal(shape.list_bits, name=f"{name}_list_base")
        """Where that begins."""
        self.adds = Signal(name=f"{name}_adds")
        """Whether its sums are added to what lies there."""

    @property
    def signals(self) -> tuple[Signal, ...]:
        """In a fixed order, without `valid`."""
        return self.steps, self.rows, self.cols, self.row_base, self.column_base, self.sum_base, self.listed, self.list_base, self.adds


class Sequencer(Elaboratable):
    """Feeds the first row and the first column; the others follow by a cycle each.

    Folds are taken two at a time: `streams`, whose steps go in, and `loads`, whose held operand comes down. Where sums are kept, the
    second only waits. A phase lasts as long as both take; then the second becomes the first.
    """

    def __init__(self, shape: ArrayShape) -> None:
        self.shape = shape
        self.stays = Signal()
        self.part_rows = Signal(shape.row_bits, init=shape.rows)
        """Rows of the array that are used at all."""
        self.part_cols = Signal(shape.column_bits, init=shape.cols)
        self.fold = FoldPort(shape, "fold")
        self.ready = Signal()
        self.begins = Signal()
        """A fold begins to stream: its sums will come, in this order."""
        self.streams, self.loads = FoldPort(shape, "streams"), FoldPort(shape, "loads")
        self.row_valid, self.row_first, self.row_last = Signal(), Signal(), Signal()
        self.row_address = Signal(shape.address_bits)
        self.column_valid = Signal()
        self.column_first = Signal()
        """The first operand of those that are to be held."""
        self.column_address = Signal(shape.address_bits)
        self.column_cols = Signal(shape.column_bits)
        """Columns that the fold uses of which the column address is."""
        self.row_reads, self.column_reads = Signal(), Signal()
        """Whether an operand lies in another word than the one before it."""
        self.lists = Memory(shape=unsigned(shape.address_bits), depth=shape.listed_steps, init=[]) if shape.listed_steps else None
        """Of folds that keep their sums, the steps that remain, where any are skipped."""
        self.list_address, self.list_value, self.lists_step = Signal(shape.list_bits), Signal(shape.address_bits), Signal()
        self.busy = Signal()

    def elaborate(self, platform: object) -> Module:
        """Two registers of folds and a counter."""
        m, shape = Module(), self.shape
        bits = max(shape.step_bits, (shape.rows + shape.skew).bit_length()) + 1
        cycle, gap, length, ends = Signal(bits), Signal(bits), Signal(bits), Signal()
        drains = Signal()
        streams, loads = self.streams, self.loads
        if shape.overlapped:
            # sums that are kept: the next fold's must not be done before those of the fold before have left
            m.d.comb += gap.eq(Mux(drains & (streams.steps < self.part_rows), self.part_rows - streams.steps, 0))
            fed = Mux(streams.valid, gap + streams.steps, 0)
            loaded = Mux(loads.valid & ~self.stays, self.part_rows, 0)
            m.d.comb += length.eq(Mux(fed > loaded, fed, loaded))
            may_load = loads.valid & ~self.stays
        else:
            skew = self.part_rows + self.part_cols + (shape.read_cycles + shape.product_stages - 3)
            m.d.comb += length.eq(Mux(streams.valid, streams.steps + skew, Mux(self.stays, 0, self.part_rows)))
            may_load = loads.valid & ~self.stays & ~streams.valid
        loading, streaming = Signal(), Signal()
        step = self._step(m, cycle, gap)
        m.d.comb += [
            self.busy.eq(streams.valid | loads.valid),
            ends.eq(self.busy & (cycle + 1 >= length)),
            streaming.eq(streams.valid & (cycle >= gap) & (cycle < gap + streams.steps)),
            loading.eq(may_load & (cycle < self.part_rows) & (cycle + loads.rows >= self.part_rows)),
            self.row_valid.eq(streaming),
            self.row_first.eq(streaming & (cycle == gap)),
            self.row_last.eq(streaming & (cycle + 1 == gap + streams.steps)),
            self.row_address.eq(streams.row_base + step),
            self.column_valid.eq(Mux(self.stays, streaming, loading)),
            self.column_first.eq(loading & (cycle + loads.rows == self.part_rows)),
            # the operand for the lowest row that is used goes in first
            self.column_address.eq(Mux(self.stays, streams.column_base + step, loads.column_base + (self.part_rows - 1 - cycle))),
            self.column_cols.eq(Mux(self.stays, streams.cols, loads.cols)),
        ]
        self._words(m)
        m.d.sync += cycle.eq(Mux(ends | ~self.busy, 0, cycle + 1))
        self._take(m, ends, drains)
        return m

    def _step(self, m: Module, cycle: Signal, gap: Signal) -> Value:
        """Of its tile that a fold streams: the next one, or the next that remains."""
        shape = self.shape
        following = Signal(shape.address_bits, name="following")
        m.d.comb += following.eq(cycle - gap)
        if self.lists is None:
            return following
        m.submodules.lists = self.lists
        read, write = self.lists.read_port(domain="comb"), self.lists.write_port()
        m.d.comb += [write.addr.eq(self.list_address), write.data.eq(self.list_value), write.en.eq(self.lists_step)]
        m.d.comb += read.addr.eq(self.streams.list_base + following)
        return Mux(self.streams.listed, read.data, following)

    def _words(self, m: Module) -> None:
        """Words of the operands before, at both edges."""
        for name, valid, first, address, reads, word in (
            ("row", self.row_valid, self.row_first, self.row_address, self.row_reads, self.shape.row_word),
            (
                "column",
                self.column_valid,
                Mux(self.stays, self.row_first, self.column_first),
                self.column_address,
                self.column_reads,
                self.shape.column_word,
            ),
        ):
            place = (word - 1).bit_length()
            before = Signal(self.shape.address_bits, name=f"{name}_word")
            with m.If(valid):
                m.d.sync += before.eq(address[place:])
            m.d.comb += reads.eq(valid & (first | (address[place:] != before)))

    def _take(self, m: Module, ends: Signal, drains: Signal) -> None:
        """Folds move on at the end of a phase; in serial, those that hold an operand load in a phase of their own."""
        streams, loads, moves = self.streams, self.loads, Signal()
        if self.shape.overlapped:
            m.d.comb += moves.eq(ends)
        else:
            m.d.comb += moves.eq(ends & (self.stays | ~streams.valid))
            with m.If(ends & streams.valid & ~self.stays):
                m.d.sync += streams.valid.eq(0)
        m.d.comb += [self.ready.eq(moves | ~self.busy), self.begins.eq(moves & loads.valid)]
        with m.If(moves):
            m.d.sync += [streams.valid.eq(loads.valid), drains.eq(self.stays & streams.valid)]
            m.d.sync += [mine.eq(its) for mine, its in zip(streams.signals, loads.signals, strict=True)]
        with m.If(self.ready):
            m.d.sync += loads.valid.eq(self.fold.valid)
            m.d.sync += [mine.eq(its) for mine, its in zip(loads.signals, self.fold.signals, strict=True)]
