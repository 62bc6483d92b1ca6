"""Sentences: the verdict in words, what a crossbar pays against replication, what an ideal part would save, and what is too hot."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.activity import CAUSES, IDEAL_PARTS
from simulator.cost.heat import CEILING_C
from simulator.report.glossary import label
from simulator.report.numbers import listed, percent, quantity, significant, times
from simulator.report.verdict import Held, Standing, Verdict
from simulator.result import Result
from simulator.study.design import crossbar_and_replication

_NAMED = 4
"""Rivals that are named, the nearest first."""
_NAMED_TURNS = 2
"""Constants that are named of those that alone change the winner."""
_NAMED_PLACES = 3


def verdict_sentences(verdict: Verdict) -> list[str]:
    """Who wins by how much; where it flips; what the bands of the constants leave of it, where they were asked for."""
    if verdict.runner_up is None:
        return []
    return [_who(verdict), *filter(None, (_flips(verdict), _bands(verdict)))]


def _who(verdict: Verdict) -> str:
    first = [_called(standing) for standing in (verdict.winner, *verdict.level)]
    place = "are level" if verdict.level else "is best"
    ahead = f"{f'On {verdict.on}, ' if verdict.on else ''}{listed(first)} {place} by {label(verdict.objective, 'metric')}"
    behind = [f"{_called(standing)} at {times(standing.ratio)}" for standing in verdict.behind]
    return f"{ahead}; next {listed(_few(behind, _NAMED))}." if behind else f"{ahead}."


def _flips(verdict: Verdict) -> str:
    """Where another one wins, or that none does; the rest of the four figures is the winner's, or level."""
    if not verdict.flips:
        return ""
    wins = [f"by {label(flip.where, 'metric')} {flip.winner} wins ({times(1 / flip.ratio)})" for flip in verdict.flips]
    words = listed(wins)
    return f"{words[0].upper()}{words[1:]}."


def _bands(verdict: Verdict) -> str:
    """Whether the lead over those behind stands; the nearest ratio's band, and what turns those that do not."""
    known = [(standing, standing.held) for standing in verdict.behind if standing.held is not None]
    if not known:
        return ""
    if all(held.robust for _, held in known):
        nearest, held = min(known, key=lambda entry: entry[1].low)
        return f"Over the bands of the constants that stands: {nearest.name} stays at {_band(held)}."
    against = [standing.name for standing, held in known if held.robust]
    stands = f"stands against {listed(against)}, not" if against else "does not stand"
    turning = [f"{standing.name} ({_band(held)}{_turns(held)})" for standing, held in known if not held.robust]
    return f"Over the bands of the constants that {stands} against {listed(_few(turning, _NAMED))}."


def _band(held: Held) -> str:
    return f"{significant(held.low)} to {times(held.high)}"


def _turns(held: Held) -> str:
    if not held.turns:
        return ", by several constants together"
    more = len(held.turns) - _NAMED_TURNS
    return f", turns on {listed([*held.turns[:_NAMED_TURNS], *([f'{more} more'] if more > 0 else [])])}"


def _called(standing: Standing) -> str:
    return f"{standing.name} (best of {len(standing.others) + 1})" if standing.others else standing.name


def run_sentence(result: Result) -> str:
    """What a run takes, and where most of its time goes."""
    figures = (
        f"On {result.workload.name}, {result.name} takes {quantity(result.seconds, 's')}, {quantity(result.energy_pj, 'pJ')} "
        f"and {significant(result.fabric_area_mm2)} mm² of fabric"
    )
    cause, share = largest_loss(result)
    if not cause:
        return f"{figures}."
    works = percent(cause_share(result, "computing"))
    lost = f"{label(cause, 'cause')} ({percent(share)})"
    return f"{figures}; its multipliers work {works} of the time, and the largest loss is {lost}."


def largest_loss(result: Result) -> tuple[str, float]:
    """The cause, computing left out, to which most unit-cycles go, and its share of all; no cause where every cycle computes."""
    lost = {cause: cause_share(result, cause) for cause in CAUSES if cause != "computing"}
    cause = max(lost, key=lambda name: lost[name])
    return (cause, lost[cause]) if lost[cause] else ("", 0.0)


def cause_share(result: Result, cause: str) -> float:
    """The share of all unit-cycles that go to a cause; 0 where nothing ran."""
    total = sum(result.unit_cycles.values())
    return result.unit_cycles.get(cause, 0) / total if total else 0.0


def crossbar_against_replication(results: Sequence[Result]) -> list[str]:
    """What the first machine of one copy and one crossbar pays against the first with a copy a unit; none where one is missing."""
    pair = crossbar_and_replication(results, lambda r: r.machine)
    if pair is None:
        return []
    crossbar, replication = pair
    ratios = [
        (crossbar.seconds, replication.seconds, "time"),
        (crossbar.energy_pj, replication.energy_pj, "energy"),
        (crossbar.fabric_area_mm2, replication.fabric_area_mm2, "fabric area"),
    ]
    paid = [f"{times(here / there)} the {noun}" for here, there, noun in ratios if there]
    return [f"Against {replication.name}, {crossbar.name} pays {listed(paid)}."] if paid else []


def ideal_sentence(plain: Result, ideal: Result) -> str:
    """How much of the time the part that `ideal` made perfect costs."""
    parts = IDEAL_PARTS[ideal.ideal]
    saved = plain.cycles - ideal.cycles
    share = saved / plain.cycles if plain.cycles else 0.0
    costs = f"{' and the '.join(parts)} {'cost' if len(parts) > 1 else 'costs'}"
    return f"{plain.machine.name}: the {costs} {100 * share:.1f} % of its time ({saved:,} of {plain.cycles:,} cycles)"


def heat_sentences(results: Sequence[Result]) -> list[str]:
    """One of all machines that run away, and one of all that are hotter than their limits: the die, and its hottest components."""
    runaway = [result.name for result in results if result.thermal_runaway]
    said = []
    if runaway:
        said.append(f"Thermal runaway: leakage and heat of {listed(runaway)} feed each other beyond {CEILING_C:g} °C.")
    hot = [result for result in results if result.is_hot or result.hot_components]
    if hot:
        limits = list(dict.fromkeys(f"{result.machine.power_density_limit_w_per_mm2:g}" for result in hot))
        places = [f"{result.name} in {listed(_hot_places(result))}" for result in hot]
        said.append(
            f"Hotter than {'the limit of' if len(limits) == 1 else 'their limits of'} {' and '.join(limits)} W/mm²: {'; '.join(places)}."
        )
    return said


def _hot_places(result: Result) -> list[str]:
    places = {"the whole die": result.power_density_w_per_mm2} if result.is_hot else {}
    places |= {label(name, "component"): density for name, density in result.hot_components.items()}
    return _few([f"{place} ({significant(density)})" for place, density in places.items()], _NAMED_PLACES)


def _few(texts: Sequence[str], most: int) -> list[str]:
    """The first of them, and how many more there are."""
    return list(texts) if len(texts) <= most else [*texts[:most], f"{len(texts) - most} more"]
