"""The verdict: one sentence, all of it computed from the results it compares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from simulator.activity import IDEAL_PARTS
from simulator.cost.heat import CEILING_C
from simulator.kinds import kind_of
from simulator.report.glossary import label
from simulator.report.numbers import quantity, significant, times
from simulator.result import Result
from simulator.study.design import crossbar_and_replication

Figure = Callable[[Result], float]

_NAMED_PLACES = 3


def verdict(results: Sequence[Result]) -> str:
    """Say who is fastest, who takes the least energy and fabric area, who is best by their product, and what a crossbar pays.

    Energies include DRAM; areas leave out its PHY. The last clauses compare the first machine of one copy and one crossbar
    with the first of one copy a unit, and the first dense hardware with the best, where they are among the results. One
    result alone gives its own figures. What is hotter than its machine's limit is always said.
    """
    if len(results) == 1:
        only = results[0]
        figures = (
            f"On {only.workload.name}, {only.name} takes {quantity(only.seconds, 's')}, {quantity(only.energy_pj, 'pJ')} "
            f"and {significant(only.fabric_area_mm2)} mm² of fabric"
        )
        return "; ".join([figures, *_heat(results)]) + "."
    claims = [
        _claim(results, lambda r: r.seconds, lambda r: quantity(r.seconds, "s"), "is fastest"),
        _claim(results, lambda r: r.energy_pj, lambda r: quantity(r.energy_pj, "pJ"), "takes the least energy"),
        _claim(results, lambda r: r.fabric_area_mm2, lambda r: f"{significant(r.fabric_area_mm2)} mm²", "takes the least fabric area"),
        _claim(results, lambda r: r.edap_js_mm2, lambda r: "", "is best by energy × time × fabric area"),
    ]
    contrasts = [text for text in (_crossbar_against_replication(results), _dense_against_best(results)) if text]
    return "; ".join([f"On {results[0].workload.name}, {_joined(claims)}", *contrasts, *_heat(results)]) + "."


def ideal_sentence(plain: Result, ideal: Result) -> str:
    """How much of the time the part that `ideal` made perfect costs."""
    parts = IDEAL_PARTS[ideal.ideal]
    saved = plain.cycles - ideal.cycles
    share = saved / plain.cycles if plain.cycles else 0.0
    costs = f"{' and the '.join(parts)} {'cost' if len(parts) > 1 else 'costs'}"
    return f"{plain.machine.name}: the {costs} {100 * share:.1f} % of its time ({saved:,} of {plain.cycles:,} cycles)"


def _claim(results: Sequence[Result], figure: Figure, shown: Callable[[Result], str], phrase: str) -> tuple[str, str]:
    """Who has the smallest figure, and what to say of it."""
    best, second = sorted(results, key=figure)[:2]
    ratio = figure(second) / figure(best) if figure(best) else 1.0
    behind = f"next {second.name} at {times(ratio)}" if ratio >= 1.01 else f"level with {second.name}"
    return best.name, f"{phrase} ({', '.join(filter(None, (shown(best), behind)))})"


def _joined(claims: Sequence[tuple[str, str]]) -> str:
    """The claims one after another; a machine that makes several in a row is named once."""
    said = [f"{name} {_listed([text for _, text in own])}" for name, own in groupby(claims, key=lambda claim: claim[0])]
    return f"{', '.join(said[:-1])}, and {said[-1]}" if len(said) > 1 else said[0]


def _listed(texts: Sequence[str]) -> str:
    return f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else texts[0]


def _heat(results: Sequence[Result]) -> list[str]:
    """One clause a machine that runs away, and one that is hotter than its limit: the die, and its hottest components."""
    runaway = [result.name for result in results if result.thermal_runaway]
    runaways = [f"{name} runs away: its leakage and heat feed each other beyond {CEILING_C:g} °C" for name in runaway]
    hot = [result for result in results if result.is_hot or result.hot_components]
    limits = [f"{result.name} gets hotter than its limit of {result.machine.power_density_limit_w_per_mm2:g} W/mm²" for result in hot]
    return [*runaways, *(f"{limit} in {_listed(_hot_places(result))}" for limit, result in zip(limits, hot, strict=True))]


def _hot_places(result: Result) -> list[str]:
    places = {"the whole die": result.power_density_w_per_mm2} if result.is_hot else {}
    places |= {label(name, "component"): density for name, density in result.hot_components.items()}
    named = [f"{place} ({significant(density)} W/mm²)" for place, density in list(places.items())[:_NAMED_PLACES]]
    further = len(places) - len(named)
    return [*named, f"{further} more"] if further > 0 else named


def _dense_against_best(results: Sequence[Result]) -> str:
    """What the dense hardware costs beside the best by the product, where that leaves zeros out."""
    dense = next((r for r in results if kind_of(r.machine).dense), None)
    best = min(results, key=lambda r: r.edap_js_mm2)
    if dense is None or kind_of(best.machine).dense or not best.edp_js:
        return ""
    time, energy = times(dense.seconds / best.seconds), times(dense.energy_pj / best.energy_pj)
    return f"against {best.name}, {dense.name} takes {time} the time and {energy} the energy"


def _crossbar_against_replication(results: Sequence[Result]) -> str:
    pair = crossbar_and_replication(results, lambda r: r.machine)
    if pair is None:
        return ""
    crossbar, replication = pair
    ratios = [
        (crossbar.seconds, replication.seconds, "time"),
        (crossbar.energy_pj, replication.energy_pj, "energy"),
        (crossbar.fabric_area_mm2, replication.fabric_area_mm2, "fabric area"),
    ]
    paid = ", ".join(f"{times(here / there)} the {noun}" for here, there, noun in ratios if there)
    return f"against {replication.name}, {crossbar.name} pays {paid}"
