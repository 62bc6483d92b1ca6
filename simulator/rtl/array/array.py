"""Rows and columns of cells, their edges, and what runs them."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Elaboratable, Module, Mux, Signal
from amaranth.lib.fifo import SyncFIFO

from simulator.rtl.array.cell import Cell, Word
from simulator.rtl.array.edges import OperandBank, SumBank
from simulator.rtl.array.sequencer import Sequencer
from simulator.rtl.array.shape import ArrayShape
from simulator.rtl.parts import delayed


class CellArray(Elaboratable):
    """An array that runs the folds which it is handed, from the operands that lie in its banks.

    A fold that holds an operand uses the first rows; one that keeps its sums the last rows of the part in use, so that a sum passes
    no cell that has none. Both use the first columns. Addresses and marks go down the left edge and along the top by a register a line.
    """

    def __init__(self, shape: ArrayShape) -> None:
        self.shape = shape
        self.sequencer = Sequencer(shape)
        self.cells = [[Cell(shape) for _ in range(shape.cols)] for _ in range(shape.rows)]
        self.row_banks = [OperandBank(shape, shape.row_words, shape.row_word) for _ in range(shape.rows)]
        self.column_banks = [OperandBank(shape, shape.column_words, shape.column_word) for _ in range(shape.cols)]
        self.sum_banks = [SumBank(shape) for _ in range(shape.cols)]
        self.done = Signal()
        """The last step of a fold is added in the last cell of the part in use."""

    @property
    def ports(self) -> tuple[Signal, ...]:
        """What is in and out of the array: what is asked of it, fills and drains."""
        sequencer = self.sequencer
        lists = (sequencer.list_address, sequencer.list_value, sequencer.lists_step) if self.shape.listed_steps else ()
        asked = (sequencer.stays, sequencer.part_rows, sequencer.part_cols, sequencer.fold.valid, *sequencer.fold.signals, sequencer.ready)
        fills = [port for bank in (*self.row_banks, *self.column_banks) for port in (bank.fill_address, bank.fill_value, bank.fills)]
        drains = [port for bank in self.sum_banks for port in (bank.drain_address, bank.drained)]
        return (*asked, *lists, sequencer.busy, self.done, *fills, *drains)

    def elaborate(self, platform: object) -> Module:
        """Cells between their edges."""
        m, shape = Module(), self.shape
        m.submodules.sequencer = self.sequencer
        for row, line in enumerate(self.cells):
            m.submodules[f"row_bank_{row}"] = self.row_banks[row]
            for col, cell in enumerate(line):
                m.submodules[f"cell_{row}_{col}"] = cell
        idle_rows, idle_cols = Signal(shape.rows), Signal(shape.cols)
        m.d.comb += [idle_rows[row].eq(row >= self.sequencer.part_rows) for row in range(shape.rows)]
        m.d.comb += [idle_cols[col].eq(col >= self.sequencer.part_cols) for col in range(shape.cols)]
        for row, line in enumerate(self.cells):
            for cell in line:
                m.d.comb += [cell.stays.eq(self.sequencer.stays), cell.idle.eq(idle_rows[row])]
        self._left_edge(m, idle_rows)
        self._along_rows(m, idle_cols)
        self._top_edge(m)
        self._down_columns(m, idle_rows)
        self._bottom_edge(m, idle_rows, idle_cols)
        return m

    def _left_edge(self, m: Module, idle_rows: Signal) -> None:
        """Addresses go down the banks, a row a cycle; `unused` counts down to the first row of a fold, or `used` to its last."""
        shape, sequencer = self.shape, self.sequencer
        valid, first, last, address = sequencer.row_valid, sequencer.row_first, sequencer.row_last, sequencer.row_address
        reads: Any = sequencer.row_reads
        left = Signal(shape.row_bits)
        streams = sequencer.streams
        m.d.comb += left.eq(Mux(sequencer.stays, sequencer.part_rows - streams.rows, streams.rows))
        for row, bank in enumerate(self.row_banks):
            used = Signal(name=f"row_{row}_used")
            m.d.comb += used.eq(valid & ~idle_rows[row] & ((left == 0) == sequencer.stays))
            m.d.comb += [bank.address.eq(address), bank.passes.eq(used), bank.reads.eq(used & reads)]
            token, name = self.cells[row][0].left, f"row_{row}"
            arrives = delayed(m, Cat(used, valid & first, valid & last), shape.read_cycles, f"{name}_marks")
            m.d.comb += [Cat(token.valid, token.first, token.last).eq(arrives), token.value.eq(bank.value)]
            following = Signal(shape.row_bits, name=f"{name}_left")
            m.d.sync += following.eq(Mux(left == 0, 0, left - 1))
            left = following
            address = delayed(m, address, 1, f"{name}_address")
            wave = (valid, "valid"), (first, "first"), (last, "last"), (reads, "reads")
            valid, first, last, reads = (delayed(m, of, 1, f"{name}_{word}") for of, word in wave)

    def _along_rows(self, m: Module, idle_cols: Signal) -> None:
        for line in self.cells:
            for col, cell in enumerate(line[1:], start=1):
                before = line[col - 1].right
                m.d.comb += [mine.eq(its) for mine, its in zip(cell.left.signals[1:], before.signals[1:], strict=True)]
                m.d.comb += cell.left.valid.eq(before.valid & ~idle_cols[col])

    def _top_edge(self, m: Module) -> None:
        """Addresses go along the banks, a column a cycle."""
        shape, sequencer = self.shape, self.sequencer
        valid, first, address, cols = sequencer.column_valid, sequencer.column_first, sequencer.column_address, sequencer.column_cols
        reads: Any = sequencer.column_reads
        for col, bank in enumerate(self.column_banks):
            m.submodules[f"column_bank_{col}"] = bank
            used, name = Signal(name=f"column_{col}_used"), f"column_{col}"
            m.d.comb += used.eq(valid & (cols > col))
            m.d.comb += [bank.address.eq(address), bank.passes.eq(used), bank.reads.eq(used & reads)]
            arrives = delayed(m, used, shape.read_cycles, f"{name}_used")
            top = self.cells[0][col]
            m.d.comb += [top.above.valid.eq(arrives & sequencer.stays), top.above.value.eq(bank.value), top.fresh_above.eq(arrives)]
            # one load may follow another without a gap: with its first operand the one before is closed
            closes = delayed(m, first, shape.read_cycles, f"{name}_first")
            for row, line in enumerate(self.cells):
                m.d.comb += line[col].loading.eq(arrives & ~closes if row else arrives)
            wave = (valid, "valid"), (first, "first"), (address, "address"), (cols, "cols"), (reads, "reads")
            valid, first, address, cols, reads = (delayed(m, of, 1, f"{name}_{word}") for of, word in wave)

    def _down_columns(self, m: Module, idle_rows: Signal) -> None:
        for row in range(1, self.shape.rows):
            for above, cell in zip(self.cells[row - 1], self.cells[row], strict=True):
                m.d.comb += [
                    cell.above.valid.eq(above.down.valid & ~idle_rows[row]),
                    cell.above.value.eq(above.down.value),
                    cell.fresh_above.eq(above.fresh),
                    cell.drained_above.eq(above.drained),
                    cell.leaves_above.eq(above.leaves_below),
                ]
                _passes(m, cell.sum_above, above.sum_below)
                _passes(m, cell.out_above, above.out_below)

    def _bottom_edge(self, m: Module, idle_rows: Signal, idle_cols: Signal) -> None:
        """Sums go to their banks; folds end, one after another, in the order in which they began."""
        shape, sequencer = self.shape, self.sequencer
        lowest = Signal(shape.rows)
        m.d.comb += lowest.eq(~idle_rows & Cat(idle_rows[1:], Const(1, 1)))
        ends = [Signal(name=f"column_{col}_ends") for col in range(shape.cols)]
        for col, end in enumerate(ends):
            m.d.comb += end.eq((Cat(line[col].leaving.last for line in self.cells) & lowest).any())
            drain = Signal(name=f"column_{col}_drain")
            m.d.sync += drain.eq(end & sequencer.stays)
            for line in self.cells:
                m.d.comb += line[col].drain.eq(drain)
        m.d.comb += self.done.eq((Cat(ends) & ~idle_cols & Cat(idle_cols[1:], Const(1, 1))).any())
        address, adds = self._sum_addresses(m)
        for col, (bank, cell) in enumerate(zip(self.sum_banks, self.cells[-1], strict=True)):
            m.submodules[f"sum_bank_{col}"] = bank
            m.d.comb += [
                bank.sum.valid.eq(Mux(sequencer.stays, cell.leaves_below, cell.sum_below.valid)),
                bank.sum.value.eq(Mux(sequencer.stays, cell.out_below.value, cell.sum_below.value)),
                bank.address.eq(address),
                bank.adds.eq(adds),
            ]
            address, adds = delayed(m, address, 1, f"column_{col}_sum_address"), delayed(m, adds, 1, f"column_{col}_adds")

    def _sum_addresses(self, m: Module) -> tuple[Signal, Signal]:
        """Where the sum that leaves the first column goes, and whether it is added to what lies there."""
        shape, sequencer = self.shape, self.sequencer
        begun = sequencer.loads
        m.submodules.folds = folds = SyncFIFO(width=len(Cat(begun.sum_base, begun.adds, begun.steps)), depth=shape.folds_in_flight)
        sums = Mux(sequencer.stays, begun.rows, begun.steps)
        m.d.comb += [folds.w_data.eq(Cat(begun.sum_base, begun.adds, sums)), folds.w_en.eq(sequencer.begins)]
        base, adds, count, place = Signal(shape.sum_address_bits), Signal(), Signal(shape.step_bits), Signal(shape.step_bits)
        leaves = self.sum_banks[0].sum.valid
        last, address = Signal(), Signal(shape.sum_address_bits)
        m.d.comb += [
            Cat(base, adds, count).eq(folds.r_data),
            last.eq(place + 1 == count),
            folds.r_en.eq(leaves & last),
            address.eq(base + place),
        ]
        with m.If(leaves):
            m.d.sync += place.eq(Mux(last, 0, place + 1))
        return address, adds


def _passes(m: Module, to: Word, of: Word) -> None:
    m.d.comb += [to.valid.eq(of.valid), to.value.eq(of.value)]
