"""What a comparison claims, whether it holds over the bands of the constants, and on which of them, at which value, it turns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

from annotated_types import Ge, Gt, Le
from msgspec import Struct

from simulator.cost import Technology
from simulator.errors import ConfigError
from simulator.machine.model import Machine, Stages
from simulator.pricing import elaborate, pricer_of
from simulator.study.design import best_and_array, crossbar_and_replication
from simulator.study.uncertainty.assessment import METRICS, Assessment, Spread, Totals, totals_of
from simulator.study.uncertainty.factors import ONE_SLICE, Factor, ends, moved, moves

DEFAULT_METRICS: tuple[str, ...] = ("energy_pj", "fabric_area_mm2", "edap_js_mm2")

_NOTHING = 1e-9
"""A swing below it is rounding."""


class Probe:
    """Asks an assessment what it does not hold.

    probe = Probe(assess(results))
    probe.ratio("crossbar", "replication", "energy_pj", factor, 0.5)
    """

    def __init__(self, known: Assessment) -> None:
        """Starts with nothing priced."""
        self.known = known
        self._totals: dict[tuple[str, str, float], Totals] = {}
        self._changed: dict[str, tuple[str, ...]] = {}

    def ratio(self, first: str, second: str, metric: str, factor: Factor, value: float) -> float:
        """A metric of one run over that of another, with the factor at a value in both.

        Where a run's technology has another value to begin with, as another node has, it is moved in proportion.
        """
        above, below = (float(METRICS[metric](self._at(name, factor, value))[0]) for name in (first, second))
        return above / below

    def changes_cycles(self, factor: Factor) -> tuple[str, ...]:
        """Runs of which an automatic latency would be another at an end of the factor's band; all figures hold them as they were."""
        if factor.name not in self._changed:
            self._changed[factor.name] = tuple(self._changes(factor.name))
        return self._changed[factor.name]

    def _changes(self, factor: str) -> list[str]:
        changed = []
        for name, run, technology in zip(self.known.names, self.known.runs, self.known.technologies, strict=True):
            if factor == ONE_SLICE or not moves(run.elaborated, technology, factor):
                continue
            settled = [_stages(run.elaborated.machine, technology.moved(factor, end)) for end in ends(technology, factor)]
            if any(other != run.elaborated.stages for other in settled):
                changed.append(name)
        return changed

    def _at(self, name: str, factor: Factor, value: float) -> Totals:
        key = name, factor.name, value
        if key not in self._totals:
            index = self.known.index(name)
            run, technology = self.known.runs[index], self.known.technologies[index]
            there = moved(run.elaborated, technology, factor.name, value * _proportion(technology, factor))
            self._totals[key] = totals_of(run, [pricer_of(*there).rates])
        return self._totals[key]


def _stages(machine: Machine, technology: Technology) -> Stages | None:
    """What a machine settles on; None where it does not reach its clock."""
    try:
        return elaborate(machine, technology).stages
    except ConfigError:
        return None


def _proportion(technology: Technology, factor: Factor) -> float:
    """A technology's own value of a constant over the factor's, which is the first technology's."""
    if factor.discrete or not factor.value:
        return 1.0
    return technology.constant(factor.name).value / factor.value


_WIDE = 100.0
"""A search goes from a hundredth of a constant to a hundred times it, as far as the constant may go."""
_STEEPEST = 3.0
"""…and an exponent from −3 to 3."""


class Turn(Struct, frozen=True):
    """Where a factor makes two runs equal."""

    factor: Factor
    value: float
    first: str
    second: str

    @property
    def inside(self) -> bool:
        """Whether that is within the factor's band."""
        return self.factor.low <= self.value <= self.factor.high


def turning_point(probe: Probe, first: str, second: str, metric: str, factor: Factor) -> Turn | None:
    """The nearest value at which the ratio of two runs is 1: within the band if there is one, else in a wide range; None for never.

    The range is searched between its ends, the band's and the nominal value: two crossings between two of these cancel
    and are not seen.
    """

    def logarithm(value: float) -> float:
        return math.log(probe.ratio(first, second, metric, factor, value))

    technology = probe.known.technologies[probe.known.index(first)]
    low, high = (0.0, 1.0) if factor.discrete else search_range(technology, factor)
    points = sorted({min(low, factor.low), factor.low, factor.value, factor.high, max(high, factor.high)})
    heights = {point: logarithm(point) for point in points}
    crossed = [pair for pair in pairwise(points) if (heights[pair[0]] < 0) != (heights[pair[1]] < 0)]
    if not crossed:
        return None
    start, end = min(crossed, key=lambda pair: min(abs(point - factor.value) for point in pair))
    return Turn(factor, factor.high if factor.discrete else _root(logarithm, start, end), first, second)


def search_range(technology: Technology, factor: Factor) -> tuple[float, float]:
    """Where a constant may go when a turning point is looked for."""
    low, high = factor.value / _WIDE, (factor.value or factor.high) * _WIDE
    if factor.name.endswith("exponent"):
        low, high = -_STEEPEST, _STEEPEST
    info = type(technology).model_fields.get(factor.name)
    for limit in info.metadata if info else ():
        if isinstance(limit, Ge):
            low = float(limit.ge)  # type: ignore[arg-type]
        elif isinstance(limit, Gt):
            low = max(low, factor.value / _WIDE)
        elif isinstance(limit, Le):
            high = min(high, float(limit.le))  # type: ignore[arg-type]
    return low, high


def _root(function: Callable[[float], float], start: float, end: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(function, start, end, xtol=1e-9 * max(abs(start), abs(end)), rtol=1e-9))


class Influence(Struct, frozen=True):
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
    """Runs that would have to be simulated again, since an automatic latency would be another, or the clock would not be reached."""


class Sensitivity(Struct, frozen=True):
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


class Claim(Struct, frozen=True):
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
