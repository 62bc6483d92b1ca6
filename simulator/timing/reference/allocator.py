"""Matching of a router's inputs and outputs: round-robin, and iSLIP (McKeown, IEEE/ACM ToN 7(2), 1999)."""

from __future__ import annotations


def first_from(mask: int, pointer: int) -> int:
    """The first set bit of a nonzero mask, cyclically from `pointer`."""
    upper = mask >> pointer
    if upper:
        return pointer + (upper & -upper).bit_length() - 1
    return (mask & -mask).bit_length() - 1


class Allocator:
    """One grant pointer an output and one accept pointer an input.

    With `registered` (iSLIP) a grant pointer moves past the winner only when the grant is accepted in the first
    iteration; otherwise (round-robin) it moves past whomever it granted.
    """

    def __init__(self, inputs: int, outputs: int, iterations: int, *, registered: bool) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.iterations = iterations
        self.registered = registered
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
            for output, mask in waiting.items():
                if mask & free_inputs:
                    winner = first_from(mask & free_inputs, grant[output])
                    offers[winner] = offers.get(winner, 0) | 1 << output
                    if not self.registered:
                        self.grant[output] = (winner + 1) % self.inputs
            if not offers:
                break
            for winner, mask in offers.items():
                output = first_from(mask, accept[winner])
                pairs.append((winner, output))
                free_inputs &= ~(1 << winner)
                if iteration == 0:
                    self.accept[winner] = (output + 1) % self.outputs
                    if self.registered:
                        self.grant[output] = (winner + 1) % self.inputs
            if iteration + 1 < self.iterations:
                matched = {output for _, output in pairs}
                waiting = {output: mask for output, mask in waiting.items() if output not in matched}
        return pairs
