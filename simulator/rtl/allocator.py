"""Matching of a router's inputs and outputs: round-robin, and iSLIP, its iterations one behind another in a cycle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from amaranth.hdl import Elaboratable, Module, Mux, Signal, Value

from simulator.rtl.parts import any_of, gathered, lowest, wire

Alike = Callable[[Module, int, Value, Value], Value]
"""(module, output, winner, asking) → the inputs that an output takes along with the winner, the winner among them."""


def only_winner(m: Module, output: int, winner: Value, asking: Value) -> Value:
    """An output takes one input a cycle."""
    return winner


def first_from(m: Module, mask: Value, from_pointer: Value, name: str) -> Value:
    """The first set bit of a mask cyclically from a pointer, alone; of the pointer, the places from it on."""
    if len(mask) == 1:
        return mask
    upper = wire(m, mask & from_pointer, f"{name}_upper")
    return lowest(wire(m, Mux(upper.any(), upper, mask), f"{name}_from"))


def past(one_hot: Value) -> Value:
    """The pointer behind a bit: all places after it, or all there are behind the last."""
    after = ~(one_hot | (one_hot - 1))[: len(one_hot)]
    return Mux(one_hot[-1], ~0, after)


class Allocator(Elaboratable):
    """One grant pointer an output and one accept pointer an input, each kept as the mask of the places from it on.

    With `registered` (iSLIP) a grant pointer moves past the winner only when the grant is accepted in the first iteration; otherwise
    (round-robin) past whomever it granted. Pointers are read as they stood at the start of the cycle. An output grants to all inputs that
    are `alike` its winner, and pairs with all of them that accept.
    """

    def __init__(self, inputs: int, outputs: int, iterations: int, *, registered: bool, alike: Alike = only_winner) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.iterations = iterations
        self.registered = registered
        self.alike = alike
        self.wants = [Signal(inputs, name=f"wants_{output}") for output in range(outputs)]
        """[outputs] inputs that ask for it."""
        self.pairs = [Signal(inputs, name=f"pairs_{output}") for output in range(outputs)]
        """[outputs] the inputs that it is paired with."""
        self.grant = [Signal(inputs, name=f"grant_{output}", init=(1 << inputs) - 1) for output in range(outputs)]
        self.accept = [Signal(outputs, name=f"accept_{input}", init=(1 << outputs) - 1) for input in range(inputs)]

    def elaborate(self, platform: Any) -> Module:
        """Grant and accept, once an iteration."""
        m = Module()
        paired: list[Value] = []
        for iteration in range(self.iterations):
            winners, grants = self._granted(m, iteration, paired)
            accepted = self._accepted(m, iteration, grants)
            new = [
                gathered(m, [accepted[input][output] for input in range(self.inputs)], f"pairs_{output}_{iteration}")
                for output in range(self.outputs)
            ]
            if iteration == 0:
                self._move_pointers(m, winners, new, accepted)
            elif not self.registered and self.inputs > 1:
                _move(m, self.grant, list(winners))
            paired = [before | now for before, now in zip(paired, new, strict=True)] if paired else list(new)
        m.d.comb += [pairs.eq(found) for pairs, found in zip(self.pairs, paired, strict=True)]
        return m

    def _granted(self, m: Module, iteration: int, paired: list[Value]) -> tuple[list[Signal], list[Value]]:
        """[outputs] the input that each output chooses, and those that it grants to."""
        winners = [Signal(self.inputs, name=f"winner_{output}_{iteration}") for output in range(self.outputs)]
        taken = Signal(self.inputs, name=f"taken_{iteration}")
        if iteration:
            m.d.comb += taken.eq(any_of(paired))
        grants = []
        for output, winner in enumerate(winners):
            asking: Value = self.wants[output]
            if iteration:
                asking = Mux(paired[output].any(), 0, asking & ~taken)
            m.d.comb += winner.eq(first_from(m, asking, self.grant[output], winner.name))
            grants.append(self.alike(m, output, winner, asking))
        return winners, grants

    def _accepted(self, m: Module, iteration: int, grants: list[Value]) -> list[Signal]:
        """[inputs] output that each input accepts."""
        accepted = [Signal(self.outputs, name=f"accepted_{input}_{iteration}") for input in range(self.inputs)]
        for input, chosen in enumerate(accepted):
            asked = gathered(m, [granted[input] for granted in grants], f"granted_{input}_{iteration}")
            m.d.comb += chosen.eq(first_from(m, asked, self.accept[input], chosen.name))
        return accepted

    def _move_pointers(self, m: Module, winners: list[Signal], pairs: list[Signal], accepted: list[Signal]) -> None:
        """Those of the first iteration."""
        if self.outputs > 1:
            _move(m, self.accept, list(accepted))
        if self.inputs > 1:
            accepting = [winner & pair for winner, pair in zip(winners, pairs, strict=True)]
            _move(m, self.grant, accepting if self.registered else list(winners))


def _move(m: Module, pointers: list[Signal], taken: list[Value]) -> None:
    """Each past what it took, if it took any."""
    for pointer, chosen in zip(pointers, taken, strict=True):
        with m.If(chosen.any()):
            m.d.sync += pointer.eq(past(chosen))
