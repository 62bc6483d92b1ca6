"""Figures of assessed runs with a factor anywhere, also outside its band; what was priced once is kept."""

from __future__ import annotations

from simulator.cost import Technology, elaborate, rates
from simulator.study.uncertainty.assessment import METRICS, Assessment, Totals, totals_of
from simulator.study.uncertainty.factors import ONE_SLICE, Factor, ends, moved, moves


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
        """Runs whose automatic network latency would be another at an end of the factor's band; all figures hold it as it was."""
        if factor.name not in self._changed:
            self._changed[factor.name] = tuple(self._changes(factor.name))
        return self._changed[factor.name]

    def _changes(self, factor: str) -> list[str]:
        changed = []
        for name, run, technology in zip(self.known.names, self.known.runs, self.known.technologies, strict=True):
            if factor == ONE_SLICE or not moves(run.elaborated, technology, factor):
                continue
            settled = [elaborate(run.elaborated.machine, technology.moved(factor, end)) for end in ends(technology, factor)]
            if any(other.network_latency != run.elaborated.network_latency for other in settled):
                changed.append(name)
        return changed

    def _at(self, name: str, factor: Factor, value: float) -> Totals:
        key = name, factor.name, value
        if key not in self._totals:
            index = self.known.index(name)
            run, technology = self.known.runs[index], self.known.technologies[index]
            there = moved(run.elaborated, technology, factor.name, value * _proportion(technology, factor))
            self._totals[key] = totals_of(run, [rates(*there)])
        return self._totals[key]


def _proportion(technology: Technology, factor: Factor) -> float:
    """A technology's own value of a constant over the factor's, which is the first technology's."""
    if factor.discrete or not factor.value:
        return 1.0
    return technology.constant(factor.name).value / factor.value
