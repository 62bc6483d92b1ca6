"""Which factors move the ratio of two runs, how far, and where each would change the winner."""

from __future__ import annotations

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
