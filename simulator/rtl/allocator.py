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


def past(one_hot: Value) -> Value:
    """The pointer behind a bit: all places after it, or all there are behind the last."""
    after = ~(one_hot | (one_hot - 1))[: len(one_hot)]
    return Mux(one_hot[-1], ~0, after)


class Arbiter(Elaboratable):
    """Of the places that ask, the first one cyclically from a pointer."""

    def __init__(self, places: int) -> None:
        self.asking = Signal(places)
        self.pointer = Signal(places)
        """The places from it on."""
        self.chosen = Signal(places)
        """One of them alone, or none where none asks."""

    def elaborate(self, platform: Any) -> Module:
        """Two chains of priority side by side: of those that ask from the pointer on, and of all that ask, for where none of them does."""
        m = Module()
        upper = wire(m, self.asking & self.pointer, "upper")
        m.d.comb += self.chosen.eq(lowest(upper) | Mux(upper.any(), 0, lowest(self.asking)))
        return m


class Pointer(Elaboratable):
    """The place from which a port looks first, kept as the mask of the places from it on: past what it took last."""

    def __init__(self, places: int, name: str) -> None:
        self.taken = Signal(places)
        """What it takes in this cycle, alone, or nothing."""
        self.mask = Signal(places, name=name, init=(1 << places) - 1)

    def elaborate(self, platform: Any) -> Module:
        """It moves at the end of the cycle."""
        m = Module()
        if len(self.mask) > 1:
            with m.If(self.taken.any()):
                m.d.sync += self.mask.eq(past(self.taken))
        return m


class Allocator(Elaboratable):
    """One grant pointer an output and one accept pointer an input.

    With `registered` (iSLIP) a grant pointer moves past the winner only when the grant is accepted in the first iteration; otherwise
    (round-robin) past whomever it granted. Pointers are read as they stood at the start of the cycle. An output grants to all inputs that
    are `alike` its winner, and pairs with all of them that accept.
    """

    def __init__(self, inputs: int, outputs: int, iterations: int, *, registered: bool, chooses: bool, alike: Alike = only_winner) -> None:
        """`chooses`: an input may ask for several outputs, and accepts one; else it takes what it is granted, and has no pointer."""
        self.inputs = inputs
        self.outputs = outputs
        self.iterations = iterations
        self.registered = registered
        self.chooses = chooses
        self.alike = alike
        self.wants = [Signal(inputs, name=f"wants_{output}") for output in range(outputs)]
        """[outputs] inputs that ask for it."""
        self.pairs = [Signal(inputs, name=f"pairs_{output}") for output in range(outputs)]
        """[outputs] the inputs that it is paired with."""
        self.grants = [Pointer(inputs, f"grant_{output}") for output in range(outputs)]
        self.accepts = [Pointer(outputs, f"accept_{input}") for input in range(inputs)] if chooses else []

    @property
    def grant(self) -> list[Signal]:
        """[outputs] its pointer."""
        return [pointer.mask for pointer in self.grants]

    @property
    def accept(self) -> list[Signal]:
        """[inputs] its pointer; none where it has nothing to choose from."""
        return [pointer.mask for pointer in self.accepts]

    def elaborate(self, platform: Any) -> Module:
        """Grant and accept, once an iteration."""
        m = Module()
        for kind, pointers in (("grant", self.grants), ("accept", self.accepts)):
            for number, pointer in enumerate(pointers):
                m.submodules[f"{kind}_{number}"] = pointer
        paired: list[Value] = []
        for iteration in range(self.iterations):
            winners, grants = self._granted(m, iteration, paired)
            accepted = self._accepted(m, iteration, grants)
            new = [
                gathered(m, [accepted[input][output] for input in range(self.inputs)], f"pairs_{output}_{iteration}")
                for output in range(self.outputs)
            ]
            if iteration == 0:
                m.d.comb += [pointer.taken.eq(chosen) for pointer, chosen in zip(self.accepts, accepted, strict=False)]
                taking = [winner & pair for winner, pair in zip(winners, new, strict=True)] if self.registered else winners
            elif not self.registered:
                taking = [Mux(winner.any(), winner, before) for winner, before in zip(winners, taking, strict=True)]
            paired = [before | now for before, now in zip(paired, new, strict=True)] if paired else list(new)
        m.d.comb += [pairs.eq(found) for pairs, found in zip(self.pairs, paired, strict=True)]
        m.d.comb += [pointer.taken.eq(taken) for pointer, taken in zip(self.grants, taking, strict=True)]
        return m

    def _granted(self, m: Module, iteration: int, paired: list[Value]) -> tuple[list[Value], list[Value]]:
        """[outputs] the input that each output chooses, and those that it grants to."""
        taken = Signal(self.inputs, name=f"taken_{iteration}")
        if iteration:
            m.d.comb += taken.eq(any_of(paired))
        winners: list[Value] = []
        grants = []
        for output, pointer in enumerate(self.grants):
            asking: Value = self.wants[output]
            if iteration:
                asking = Mux(paired[output].any(), 0, asking & ~taken)
            winner = self._first(m, asking, pointer, f"winner_{output}_{iteration}")
            winners.append(winner)
            grants.append(self.alike(m, output, winner, asking))
        return winners, grants

    def _accepted(self, m: Module, iteration: int, grants: list[Value]) -> list[Value]:
        """[inputs] output that each input accepts."""
        asked = [gathered(m, [granted[input] for granted in grants], f"granted_{input}_{iteration}") for input in range(self.inputs)]
        if not self.chooses:
            return list(asked)
        return [
            self._first(m, of, pointer, f"accepted_{input}_{iteration}")
            for input, (of, pointer) in enumerate(zip(asked, self.accepts, strict=True))
        ]

    def _first(self, m: Module, asking: Value, pointer: Pointer, name: str) -> Value:
        """By an arbiter of its own."""
        m.submodules[name] = arbiter = Arbiter(len(pointer.mask))
        m.d.comb += [arbiter.asking.eq(asking), arbiter.pointer.eq(pointer.mask)]
        return arbiter.chosen
