"""The verdict: who wins by one figure and by how much, who is level, what the bands leave of the lead, and where another one wins.

A record without words, computed from figures alone, so that comparisons, sweeps and studies judge alike; `sentences.py` puts it
into words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from simulator.result import OBJECTIVE, Result
from simulator.study.design import design_of
from simulator.study.uncertainty import METRICS, Assessment, Probe, claim

LEVEL = 0.03
"""Figures that are nearer to each other than this share are level: no model of areas and energies tells them apart."""
OBJECTIVES = (OBJECTIVE, "seconds", "energy_pj", "fabric_area_mm2")
"""Figures in which a winner may be beaten by another: less of each is better."""


class Entrant(Struct, frozen=True):
    """What is judged: a machine's run, or a point of a sweep."""

    name: str
    kind: str
    """The best of a kind stands for it: of two arrays, the worse one is no rival."""
    figures: Mapping[str, float]
    """By metric; less is better."""


class Held(Struct, frozen=True):
    """What the bands of the constants leave of a lead: the ratio rival ÷ winner, every constant at one value in both."""

    low: float
    high: float
    """Combined band of the ratio."""
    robust: bool
    """Above 1 at both ends of every constant, and in the combined band."""
    turns: tuple[str, ...] = ()
    """Constants that alone, within their bands, change the winner, each with its value there; the one that goes furthest first."""


class Standing(Struct, frozen=True):
    """The best of a kind, beside the winner."""

    name: str
    figure: float
    ratio: float
    """Its figure ÷ the winner's: 1 or more."""
    others: tuple[str, ...] = ()
    """Of its kind, which it stands for."""
    held: Held | None = None
    """None of the winner itself, and where no bands were asked for."""

    @property
    def level(self) -> bool:
        """Too near to the winner to be told from it."""
        return self.ratio <= 1 + LEVEL


class Flip(Struct, frozen=True):
    """Where another one wins."""

    where: str
    """A metric, or a place along an axis."""
    winner: str
    ratio: float
    """Figure of the verdict's winner there ÷ that of the winner there: more than `LEVEL` above 1."""


class Verdict(Struct, frozen=True):
    """Who wins.

    judged = judge(entrants_of(results), "edap_js_mm2", on="tinygpt")
    judged.winner.name, judged.runner_up.ratio, judged.stands
    """

    on: str
    objective: str
    standings: tuple[Standing, ...]
    """One a kind, the best first."""
    flips: tuple[Flip, ...] = ()

    @property
    def winner(self) -> Standing:
        """The least figure."""
        return self.standings[0]

    @property
    def level(self) -> tuple[Standing, ...]:
        """Rivals that are level with the winner."""
        return tuple(standing for standing in self.standings[1:] if standing.level)

    @property
    def behind(self) -> tuple[Standing, ...]:
        """Rivals that are not, the nearest first."""
        return tuple(standing for standing in self.standings[1:] if not standing.level)

    @property
    def runner_up(self) -> Standing | None:
        """The nearest rival; None of one kind alone."""
        return self.standings[1] if len(self.standings) > 1 else None

    @property
    def stands(self) -> bool | None:
        """Whether the lead over all that are behind holds over the bands; None where no bands were asked for, or none is behind."""
        held = [standing.held.robust for standing in self.behind if standing.held is not None]
        return all(held) if held else None

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "on": self.on,
            "objective": self.objective,
            "winner": self.winner.name,
            "level": [standing.name for standing in self.level],
            "stands": self.stands,
            "standings": to_builtins(self.standings),
            "flips": to_builtins(self.flips),
        }


def judge(
    entrants: Sequence[Entrant],
    objective: str = OBJECTIVE,
    *,
    on: str = "",
    besides: Sequence[str] = OBJECTIVES,
    held: Callable[[str, str], Held | None] | None = None,
) -> Verdict:
    """Judge by a figure of which less is better.

    Args:
        entrants: at least one; where all are of one kind, each stands for itself. Of equal figures the first one wins.
        objective: a metric that all of them have.
        on: what they did, for the words.
        besides: metrics by which another one may win.
        held: (winner, rival) → what the bands leave of the lead.
    """
    alone = len({entrant.kind for entrant in entrants}) == 1
    kinds: dict[str, list[Entrant]] = {}
    for entrant in sorted(entrants, key=lambda entrant: entrant.figures[objective]):
        kinds.setdefault(entrant.name if alone else entrant.kind, []).append(entrant)
    best = next(iter(kinds.values()))[0]
    standings = [
        Standing(first.name, first.figures[objective], _ratio(first, best, objective), tuple(entrant.name for entrant in others))
        for first, *others in kinds.values()
    ]
    if held is not None:
        standings = [standings[0], *(replace(standing, held=held(best.name, standing.name)) for standing in standings[1:])]
    found = [(metric, min(entrants, key=lambda entrant: entrant.figures[metric])) for metric in besides if metric != objective]
    flips = [Flip(metric, there.name, _ratio(best, there, metric)) for metric, there in found]
    return Verdict(on, objective, tuple(standings), tuple(flip for flip in flips if flip.ratio > 1 + LEVEL))


def flips_along(verdicts: Mapping[str, Verdict]) -> tuple[Flip, ...]:
    """Where along an axis another one wins than before it: by place, in the order of the axis; what stays level changes nothing.

    flips_along({"16 ports": judge(…), "64 ports": judge(…)})
    """
    flips: list[Flip] = []
    winner = ""
    for where, verdict in verdicts.items():
        before = next((standing for standing in verdict.standings if standing.name == winner), None)
        if winner and (before is None or not (before.level or before.name == verdict.winner.name)):
            flips.append(Flip(where, verdict.winner.name, before.ratio if before is not None else float("inf")))
        if before is None or not before.level:
            winner = verdict.winner.name
    return tuple(flips)


def entrants_of(results: Sequence[Result]) -> list[Entrant]:
    """Runs as entrants; the word for a machine's design is its kind."""
    return [
        Entrant(result.name, design_of(result.machine), {metric: float(getattr(result, metric)) for metric in OBJECTIVES})
        for result in results
    ]


def held_by(known: Assessment, objective: str) -> Callable[[str, str], Held | None]:
    """(winner, rival) → what the bands leave of the lead; of a metric that has no band, as time, nothing is said."""
    from simulator.report.robustness import turn_text

    probe = Probe(known)

    def held(winner: str, rival: str) -> Held | None:
        """None too where the two are equal but for rounding, and so in no order."""
        if objective not in METRICS:
            return None
        found = claim(probe, winner, rival, objective)
        if found.winner != winner:
            return None
        band = found.ratio.combined
        return Held(band.low, band.high, found.robust, tuple(turn_text(turn) for turn in found.turns))

    return held


def _ratio(entrant: Entrant, other: Entrant, metric: str) -> float:
    """A figure over another's; equal figures, zero too, are level."""
    mine, theirs = entrant.figures[metric], other.figures[metric]
    return mine / theirs if theirs else 1.0 if mine == theirs else float("inf")
