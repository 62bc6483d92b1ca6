"""What a comparison claims, whether it holds over the bands of the constants, and which of them move the ratio of two runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.study.design import best_and_array, crossbar_and_replication
from simulator.study.uncertainty.assessment import Assessment, Spread
from simulator.study.uncertainty.factors import Factor
from simulator.study.uncertainty.probe import Probe, Turn, turning_point

DEFAULT_METRICS: tuple[str, ...] = ("energy_pj", "fabric_area_mm2", "edap_js_mm2")

_NOTHING = 1e-9
"""A swing below it is rounding."""


@dataclass(frozen=True)
class Influence:
    """One factor's part in the ratio."""

    factor: Factor
    at_low: float
    """The ratio with the factor at its low end."""
    at_high: float
    swing: float
    """Logarithm of the largest over the least."""
    turn: Turn | None
    """Where the winner changes; None for never, as far as it was looked for."""
    changes_cycles: tuple[str, ...]
    """Runs that would have to be simulated again, since their automatic latency would be another."""


@dataclass(frozen=True)
class Sensitivity:
    """The ratio `first` ÷ `second` of a metric, and all that moves it, the strongest first."""

    first: str
    second: str
    metric: str
    ratio: Spread
    influences: tuple[Influence, ...]
    timing_only: tuple[Factor, ...]
    """Factors that cost nothing themselves but would change cycles: the ratio cannot say what they do."""


def default_pairs(known: Assessment) -> list[tuple[str, str]]:
    """Crossbar and replication, the best gather machine and the systolic array, as far as they are there; else the first two runs."""
    edap = {run.name: known.spread(run.name, "edap_js_mm2").nominal for run in known.runs}
    found = [
        crossbar_and_replication(known.runs, lambda run: run.elaborated.machine),
        best_and_array(known.runs, lambda run: run.elaborated.machine, lambda run: edap[run.name]),
    ]
    pairs = [(first.name, second.name) for first, second in filter(None, found)]
    return pairs or [(known.names[0], other) for other in known.names[1:2]]


def sensitivity(probe: Probe, first: str, second: str, metric: str) -> Sensitivity:
    """Move each factor over its band and beyond. Raises ConfigError for a run that is not among those assessed."""
    known = probe.known
    ratio = known.ratio(first, second, metric)
    influences, timing_only = [], []
    for factor, low, high, swing in zip(known.factors, ratio.low.tolist(), ratio.high.tolist(), ratio.swing.tolist(), strict=True):
        changed = tuple(name for name in probe.changes_cycles(factor) if name in (first, second))
        if swing > _NOTHING:
            influences.append(Influence(factor, low, high, swing, turning_point(probe, first, second, metric, factor), changed))
        elif changed:
            timing_only.append(factor)
    influences.sort(key=lambda entry: -entry.swing)
    return Sensitivity(first, second, metric, ratio, tuple(influences), tuple(timing_only))


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
