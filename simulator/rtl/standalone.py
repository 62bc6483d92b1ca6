"""The hardware of each piece: the components that machines are elaborated from, by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Elaboratable, Module, Signal, Value
from amaranth.lib.data import StructLayout

from simulator.engine.cluster import ClusterSpec
from simulator.network import NetworkSpec
from simulator.rtl.accumulators import Accumulators
from simulator.rtl.allocator import Allocator
from simulator.rtl.array.cell import Cell
from simulator.rtl.array.shape import ArrayShape
from simulator.rtl.bits import index_bits
from simulator.rtl.queue import Queue
from simulator.rtl.router import Buffer, Router, same_line
from simulator.rtl.shape import ClusterShape

Built = tuple[Elaboratable, Sequence[Signal]]


def allocator(inputs: int, outputs: int, iterations: int) -> Built:
    """Of a router whose inputs may ask for several outputs at once, with its pointers."""
    made = Allocator(inputs, outputs, iterations, registered=True, chooses=True)
    return made, (*made.wants, *made.pairs)


def combining_allocator(inputs: int, outputs: int, iterations: int, address_bits: int) -> Built:
    """The same of a router that combines requests for a line: each output's winner held against all heads, in each iteration."""
    heads = [[Signal(address_bits, name=f"head_{place}_{output}") for place in range(inputs)] for output in range(outputs)]

    def alike(m: Module, output: int, winner: Value, asking: Value) -> Value:
        m.submodules += (column := _Column(inputs, address_bits))
        m.d.comb += [column.winner.eq(winner), column.asking.eq(asking)]
        m.d.comb += [shown.eq(head) for shown, head in zip(column.heads, heads[output], strict=True)]
        return column.alike

    made = Allocator(inputs, outputs, iterations, registered=True, chooses=True, alike=alike)
    return made, (*made.wants, *made.pairs, *(head for of_output in heads for head in of_output))


def arbiters(inputs: int, outputs: int) -> Built:
    """Of a router whose inputs show one flit each: what finds its output, and an arbiter with its pointer an output."""
    made = _Arbiters(inputs, outputs)
    return made, (*made.visible, *made.heading, *made.allocator.pairs)


def queue(slots: int, bits: int) -> Built:
    """One FIFO."""
    made = Queue(StructLayout({"carried": bits}), slots)
    return made, (*made.push, made.flit[0].as_value(), made.pop, made.visible, made.free, made.head.as_value())


def cell(operand_bits: int, accumulate_bits: int, product_stages: int, *, overlapped: bool, holds: bool, keeps: bool) -> Built:
    """Of an array that may hold an operand, keep its sums, or do either."""
    shape = ArrayShape(1, 1, operand_bits, accumulate_bits, product_stages, 1, overlapped, holds, keeps, 1, 1, 1)
    made = Cell(shape)
    return made, made.ports


def unit_arithmetic(lanes: int, bits: tuple[int, int, int], rows: int, partial_sums: int, product_stages: int) -> Built:
    """The lanes of a unit with their sums and the tree that merges them. `bits`: of a weight, of an activation, of a sum."""
    both = NetworkSpec(sources=1, sinks=1)
    spec = ClusterSpec(both, both, 1, 1, False, 1, 1, 1, rows, partial_sums, "routed", product_stages)
    weight, activation, summed = bits
    shape = ClusterShape(spec, 1, 1, 1, 1, lanes=lanes, weight_bits=weight, activation_bits=activation, sum_bits=summed)
    made = Accumulators(shape)
    asked = made.consumed, made.slot, made.weight, made.word, made.opened
    merged = made.merge, made.merge_slot, made.merge_row, made.merge_token, made.released
    return made, (*asked, *merged, made.write, made.write_row, made.write_token, made.write_word)


class _Outside(Elaboratable):
    """What is not to be synthesised with a router: its signals are ports."""

    def __init__(self, **signals: Any) -> None:
        self.__dict__.update(signals)

    def elaborate(self, platform: object) -> Module:
        """Nothing."""
        return Module()


def data_path(inputs: int, outputs: int, bits: int) -> Built:
    """A router without its queues and its allocator: what takes the granted flit of each output from the heads of the queues."""
    layout = StructLayout({"carried": bits})
    heads = [Signal(layout, name=f"head_{place}_0") for place in range(inputs)]
    queues = [
        _Outside(
            heads=[head],
            head=head,
            visible=Signal(outputs, name=f"visible_{place}"),
            pop=Signal(name=f"pop_{place}"),
            pop_from=Signal(index_bits(outputs), name=f"pop_from_{place}"),
        )
        for place, head in enumerate(heads)
    ]
    pairs = [Signal(inputs, name=f"pairs_{output}") for output in range(outputs)]
    allocator = _Outside(wants=[Signal(inputs, name=f"wants_{output}") for output in range(outputs)], pairs=pairs)
    buffers = [Buffer(queue, lambda flit: 0) for queue in queues]
    made = Router(layout, range(outputs), buffers, allocator, voq=True, flits=1, combines=False)
    made.room = [lambda m, place, flit: Const(1) for _ in range(outputs)]
    return made, (*pairs, *(head.as_value() for head in heads), *(flit.as_value() for flit in made.sent_flit), *made.sent)


def combiner(inputs: int, outputs: int, address_bits: int) -> Built:
    """What finds, at each output, the requests for the winner's word, in one iteration; every queue of an input shows its head."""
    made = _Columns([_Column(inputs, address_bits) for _ in range(outputs)])
    return made, [port for column in made.columns for port in (*column.heads, column.winner, column.asking, column.alike)]


class _Arbiters(Elaboratable):
    def __init__(self, inputs: int, outputs: int) -> None:
        self.visible = [Signal(name=f"visible_{place}") for place in range(inputs)]
        self.heading = [Signal(index_bits(outputs), name=f"heading_{place}") for place in range(inputs)]
        self.allocator = Allocator(inputs, outputs, 1, registered=True, chooses=False)

    def elaborate(self, platform: object) -> Module:
        """What a router asks its allocator for."""
        m = Module()
        m.submodules.allocator = self.allocator
        for output, wants in enumerate(self.allocator.wants):
            m.d.comb += wants.eq(Cat(here & (to == output) for here, to in zip(self.visible, self.heading, strict=True)))
        return m


class _Column(Elaboratable):
    """Of a combiner, what one output has of it."""

    def __init__(self, inputs: int, address_bits: int) -> None:
        self.heads = [Signal(address_bits, name=f"head_{place}") for place in range(inputs)]
        self.winner = Signal(inputs)
        self.asking = Signal(inputs)
        self.alike = Signal(inputs)

    def elaborate(self, platform: object) -> Module:
        """What the allocator of a router that combines is given to ask."""
        m = Module()
        m.d.comb += self.alike.eq(same_line(m, self.heads, self.winner, self.asking))
        return m


class _Columns(Elaboratable):
    def __init__(self, columns: Sequence[_Column]) -> None:
        self.columns = columns

    def elaborate(self, platform: object) -> Module:
        """Each by itself."""
        m = Module()
        m.submodules += self.columns
        return m
