"""What a comparison claims, and whether it holds over the bands of the constants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.study.uncertainty.assessment import Assessment, Spread
from simulator.study.uncertainty.probe import Probe, Turn, turning_point
from simulator.study.uncertainty.sensitivity import DEFAULT_METRICS, default_pairs


@dataclass(frozen=True)
class Claim:
    """`winner` has less of a metric than `rival`."""

    metric: str
    winner: str
    rival: str
    ratio: Spread
    """Rival over winner: at least 1 at the nominal constants."""
    turns: tuple[Turn, ...]
    """Factors that alone, within their bands, change the winner; the one that goes furthest first."""

    @property
    def robust(self) -> bool:
        """Holds at both ends of every factor, and in the combined band."""
        return self.ratio.extreme.low >= 1 and self.ratio.combined.low >= 1


def claims(known: Assessment) -> list[Claim]:
    """Who has the least energy, fabric area and product of both with time; then crossbar against replication, and best against array."""
    probe = Probe(known)
    found = {(entry.metric, entry.winner, entry.rival): entry for entry in (*_least(probe), *_contrasts(probe))}
    return list(found.values())


def least_of(known: Assessment, metric: str) -> str:
    """Name of the run with the least of a metric."""
    return min(known.names, key=lambda name: known.spread(name, metric).nominal)


def claim(probe: Probe, first: str, second: str, metric: str) -> Claim:
    """Which of two runs has less, and on what that turns."""
    known = probe.known
    winner, rival = (first, second) if known.ratio(second, first, metric).nominal >= 1 else (second, first)
    ratio = known.ratio(rival, winner, metric)
    falls = [(min(low, high), factor) for low, high, factor in zip(ratio.low, ratio.high, known.factors, strict=True) if min(low, high) < 1]
    turns = [turning_point(probe, rival, winner, metric, factor) for _, factor in sorted(falls, key=lambda entry: entry[0])]
    return Claim(metric, winner, rival, ratio, tuple(turn for turn in turns if turn is not None))


def _least(probe: Probe) -> Iterator[Claim]:
    for metric in DEFAULT_METRICS:
        best = least_of(probe.known, metric)
        yield from (claim(probe, best, rival, metric) for rival in probe.known.names if rival != best)


def _contrasts(probe: Probe) -> Iterator[Claim]:
    if len(probe.known.runs) > 1:
        yield from (claim(probe, *pair, metric) for pair in default_pairs(probe.known) for metric in DEFAULT_METRICS)
