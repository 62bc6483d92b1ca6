"""A cell: multiplier, adder, and the registers between it and its neighbours."""

from __future__ import annotations

from amaranth.hdl import Const, Elaboratable, Module, Mux, Signal, Value, signed

from simulator.rtl.array.shape import ArrayShape


class Token:
    """What moves along a row: an operand, and the marks that begin and end a fold. Marks also pass rows that a fold does not use."""

    def __init__(self, shape: ArrayShape, name: str) -> None:
        self.valid = Signal(name=f"{name}_valid")
        self.first = Signal(name=f"{name}_first")
        self.last = Signal(name=f"{name}_last")
        self.value = Signal(signed(shape.operand_bits), name=f"{name}_value", reset_less=True)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """In a fixed order."""
        return self.valid, self.first, self.last, self.value


class Word:
    """A value with a valid bit."""

    def __init__(self, bits: int, name: str) -> None:
        self.valid = Signal(name=f"{name}_valid")
        self.value = Signal(signed(bits), name=f"{name}_value", reset_less=True)


class Product:
    """What a multiplier gives its adder."""

    def __init__(self, shape: ArrayShape, name: str) -> None:
        self.valid = Signal(name=f"{name}_valid")
        self.first = Signal(name=f"{name}_first")
        self.last = Signal(name=f"{name}_last")
        self.value = Signal(signed(2 * shape.operand_bits), name=f"{name}_value", reset_less=True)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """In a fixed order."""
        return self.valid, self.first, self.last, self.value


class Cell(Elaboratable):
    """One processing element. What it reads is what its neighbours' registers hold; wires that span a column are named as such.

    Held operands come down a column, the one for the lowest row first; `loading` spans the column and closes all of its cells in one
    cycle. Sums that are kept leave downwards: `drain` spans the column and opens all cells at once, row r for r + 1 cycles.
    A cell that lies idle (`idle`) passes what comes down on by multiplexers, in the same cycle.
    """

    def __init__(self, shape: ArrayShape) -> None:
        self.shape = shape
        self.stays = Signal()
        """Whether sums are kept (output-stationary); an operand is held otherwise."""
        self.idle = Signal()
        """Whether its row is not used."""
        self.left, self.right = Token(shape, "left"), Token(shape, "right")
        self.above, self.down = Word(shape.operand_bits, "above"), Word(shape.operand_bits, "down")
        self.active = Word(shape.operand_bits, "active")
        """Held operand in use, where `down` takes the next one."""
        self.fresh_above, self.fresh = Signal(), Signal()
        """Whether what the cell above, or this one, took in the last cycle is on its way."""
        self.loading = Signal()
        self.sum_above, self.sum = Word(shape.accumulate_bits, "sum_above"), Word(shape.accumulate_bits, "sum")
        self.sum_below = Word(shape.accumulate_bits, "sum_below")
        self.out_above, self.out = Word(shape.accumulate_bits, "out_above"), Word(shape.accumulate_bits, "out")
        self.out_below = Word(shape.accumulate_bits, "out_below")
        self.drain = Signal()
        self.drained_above, self.drained = Signal(), Signal()
        """Whether the cell above, or this one, was open in the last cycle."""
        self.leaves_above, self.leaves_below = Signal(), Signal()
        """Whether `out` is valid and moves down in this cycle; past idle cells."""
        self.leaving = Product(shape, "leaving")
        """At the adder."""
        self.multiplies = Signal()
        self.useful = Signal()
        """Neither operand is zero."""
        self.loads = Signal()
        self.sums = Signal()
        """Whether `sum` is written."""
        self.shifts_out = Signal()
        """Whether `out` is written with a sum."""

    @property
    def ports(self) -> tuple[Signal, ...]:
        """All that joins it to its neighbours and to the edges."""
        words = self.above, self.down, self.sum_above, self.sum_below, self.out_above, self.out_below
        marks = self.fresh_above, self.fresh, self.loading, self.drain, self.drained_above, self.drained, self.leaves_above
        joined = (*self.left.signals, *self.right.signals, *(signal for word in words for signal in (word.valid, word.value)), *marks)
        return (self.stays, self.idle, *joined, self.leaves_below, self.leaving.last)

    @property
    def keeps(self) -> Value:
        """Whether sums are kept now: a constant in a cell that can do but one."""
        return self.stays if self.shape.holds and self.shape.keeps else Const(int(self.shape.keeps))

    @property
    def passed(self) -> Value:
        """Whether the cell lies idle now; where loads are serial the whole array is used."""
        return self.idle if self.shape.overlapped else Const(0)

    def elaborate(self, platform: object) -> Module:
        """Registers and what is between them."""
        m, shape = Module(), self.shape
        m.d.sync += [mine.eq(its) for mine, its in zip(self.right.signals, self.left.signals, strict=True)]
        operand, present = self._operand(m)
        m.d.comb += [
            self.multiplies.eq(self.left.valid & present),
            self.useful.eq(self.multiplies & (self.left.value != 0) & (operand != 0)),
        ]
        made = Product(shape, "product_0")
        m.d.comb += [
            made.value.eq(self.left.value * operand),
            made.valid.eq(self.multiplies),
            made.first.eq(self.left.first),
            made.last.eq(self.left.last),
        ]
        for stage in range(shape.product_stages):
            staged = Product(shape, f"product_{stage + 1}")
            m.d.sync += [mine.eq(its) for mine, its in zip(staged.signals, made.signals, strict=True)]
            made = staged
        m.d.comb += [mine.eq(its) for mine, its in zip(self.leaving.signals, made.signals, strict=True)]
        self._add(m)
        return m

    def _operand(self, m: Module) -> tuple[Value, Value]:
        """What the multiplier takes from the column, and whether there is any."""
        m.d.comb += self.loads.eq(self.fresh_above & self.loading & ~self.keeps)
        m.d.sync += self.fresh.eq(self.loads)
        with m.If(self.keeps | self.loads):
            m.d.sync += self.down.value.eq(self.above.value)
        taken = self.left.first if self.shape.overlapped else self.left.last
        with m.If(self.keeps):
            m.d.sync += self.down.valid.eq(self.above.valid)
        with m.Elif(self.loads):
            m.d.sync += self.down.valid.eq(1)
        with m.Elif(taken):
            m.d.sync += self.down.valid.eq(0)
        held, holding = self.down.value, self.down.valid
        if self.shape.overlapped and self.shape.holds:
            with m.If(self.left.first & ~self.keeps):
                m.d.sync += [self.active.value.eq(held), self.active.valid.eq(holding)]
            held = Mux(self.left.first, held, self.active.value)
            holding = Mux(self.left.first, holding, self.active.valid)
        return Mux(self.keeps, self.above.value, held), Mux(self.keeps, self.above.valid, holding)

    def _add(self, m: Module) -> None:
        """The adder, the sum, and where it goes."""
        bits = signed(self.shape.accumulate_bits)
        product, addend, total = self.leaving, Signal(bits), Signal(bits)
        begins = Mux(product.first, Const(0, bits), self.sum.value)
        comes = Mux(self.sum_above.valid, self.sum_above.value, Const(0, bits))
        m.d.comb += [
            addend.eq(Mux(self.keeps, begins, comes)),
            total.eq(addend + Mux(product.valid, product.value, 0)),
            self.sums.eq(product.valid | (~self.keeps & ~self.passed & self.sum_above.valid)),
        ]
        with m.If(self.sums):
            m.d.sync += self.sum.value.eq(total)
        m.d.sync += self.sum.valid.eq(self.sums & ~self.keeps)
        m.d.comb += [
            self.sum_below.valid.eq(Mux(self.passed, self.sum_above.valid, self.sum.valid)),
            self.sum_below.value.eq(Mux(self.passed, self.sum_above.value, self.sum.value)),
        ]
        if self.shape.keeps:
            self._leave(m, total)

    def _leave(self, m: Module, total: Value) -> None:
        """A finished sum moves down, and those above it through this cell."""
        opens, done = Signal(), Signal()
        m.d.comb += [
            opens.eq(self.drain | self.drained_above),
            done.eq(self.keeps & self.leaving.valid & self.leaving.last),
            self.shifts_out.eq(done | (opens & ~self.passed & self.out_above.valid)),
        ]
        m.d.sync += self.drained.eq(opens)
        with m.If(done):
            m.d.sync += [self.out.value.eq(total), self.out.valid.eq(1)]
        with m.Elif(opens):
            m.d.sync += [self.out.value.eq(self.out_above.value), self.out.valid.eq(self.out_above.valid)]
        m.d.comb += [
            self.out_below.valid.eq(Mux(self.passed, self.out_above.valid, self.out.valid)),
            self.out_below.value.eq(Mux(self.passed, self.out_above.value, self.out.value)),
            self.leaves_below.eq(Mux(self.passed, self.leaves_above, opens & self.out.valid)),
        ]
