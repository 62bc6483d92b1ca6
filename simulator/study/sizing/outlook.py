"""What steps of a search promise: by what the last step of the same way came to, wherever that was taken."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from simulator.study.sizing.steps import Step

UNKNOWN = 0.97
"""A way that was not tried is taken to promise so much: more than one that was level, less than one that helped well."""
UNLIKELY = 1.1
"""A step that promises no better than that is looked at last; what a key is worth changes little with the others."""


@dataclass(eq=False)
class Outlook:
    """Of each way (keys, and whether they go up or down) the objective that a step of it came to, over that of where it began.

    outlook = Outlook()
    outlook.saw(step, 1.2)
    outlook.ordered(steps, first=())  # that way last
    """

    _ratios: dict[tuple[str, ...], float] = field(default_factory=dict)

    def of(self, step: Step) -> float:
        """What a step promises, as a share of the objective where it begins."""
        return self._ratios.get(step.way, UNKNOWN)

    def knows(self, step: Step) -> bool:
        """Whether a step of its way was tried."""
        return step.way in self._ratios

    def likely(self, step: Step) -> bool:
        """Whether a step may well be better."""
        return self.of(step) < UNLIKELY

    def saw(self, step: Step, ratio: float) -> None:
        """Take down what a step came to, or a bound of it."""
        self._ratios[step.way] = ratio

    def took(self, step: Step) -> None:
        """A step was taken: the way back loses what it won."""
        self._ratios[step.back] = 1 / self.of(step)

    def ordered(self, steps: Iterable[Step], first: Collection[str]) -> list[Step]:
        """What promises most first; of what is likely to be better, steps that change no other keys than those."""
        return sorted(steps, key=lambda step: (not self.likely(step), not step.keys.keys() <= set(first), self.of(step)))
