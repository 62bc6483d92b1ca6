"""Matching of a router's inputs and outputs: round-robin, and iSLIP (McKeown, IEEE/ACM ToN 7(2), 1999)."""

from __future__ import annotations

from collections.abc import Callable

Alike = Callable[[int, int, int], int]
"""(output, winner, mask) → the inputs of the mask that an output takes along with the winner, the winner among them."""


def only_winner(output: int, winner: int, mask: int) -> int:
    """An output takes one input a cycle."""
    return 1 << winner


def first_from(mask: int, pointer: int) -> int:
    """The first set bit of a nonzero mask, cyclically from `pointer`."""
    upper = mask >> pointer
    if upper:
        return pointer + (upper & -upper).bit_length() - 1
    return (mask & -mask).bit_length() - 1


def places(mask: int) -> list[int]:
    """Places of the set bits of a mask."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


class Allocator:
    """One grant pointer an output and one accept pointer an input.

    With `registered` (iSLIP) a grant pointer moves past the winner only when the grant is accepted in the first
    iteration; otherwise (round-robin) it moves past whomever it granted. An output grants to all inputs that are `alike`
    its winner, and pairs with all of them that accept.
    """

    def __init__(self, inputs: int, outputs: int, iterations: int, *, registered: bool, alike: Alike = only_winner) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.iterations = iterations
        self.registered = registered
        self.alike = alike
        self.grant = [0] * outputs
        self.accept = [0] * inputs

    def match(self, wants: dict[int, int]) -> list[tuple[int, int]]:
        """Pairs (input, output) for the requests of one cycle.

        `wants` holds for each open output the bit mask of the inputs that ask for it.
        """
        grant, accept = self.grant.copy(), self.accept.copy()
        free_inputs = (1 << self.inputs) - 1
        pairs: list[tuple[int, int]] = []
        waiting = wants
        for iteration in range(self.iterations):
            offers: dict[int, int] = {}
            winners: dict[int, int] = {}
            for output, mask in waiting.items():
                asking = mask & free_inputs
                if asking:
                    winner = winners[output] = first_from(asking, grant[output])
                    for place in places(self.alike(output, winner, asking)):
                        offers[place] = offers.get(place, 0) | 1 << output
                    if not self.registered:
                        self.grant[output] = (winner + 1) % self.inputs
            if not offers:
                break
            for granted, mask in offers.items():
                output = first_from(mask, accept[granted])
                pairs.append((granted, output))
                free_inputs &= ~(1 << granted)
                if iteration == 0:
                    self.accept[granted] = (output + 1) % self.outputs
                    if self.registered and granted == winners[output]:
                        self.grant[output] = (granted + 1) % self.inputs
            if iteration + 1 < self.iterations:
                matched = {output for _, output in pairs}
                waiting = {output: mask for output, mask in waiting.items() if output not in matched}
        return pairs
