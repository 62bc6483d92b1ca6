"""The verdict: one sentence, all of it computed from the results it compares."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simulator.report.numbers import quantity, significant, times
from simulator.result import Result

Figure = Callable[[Result], float]


def verdict(results: Sequence[Result]) -> str:
    """Say who is fastest, who takes the least energy and fabric area, who is best by their product, and what a crossbar pays.

    Energies include DRAM; areas leave out its PHY. The last clause compares the first machine of one copy and one crossbar
    with the first of one copy a unit, where both are among the results. One result alone gives its own figures.
    """
    if len(results) == 1:
        only = results[0]
        return (
            f"On {only.workload.name}, {only.name} takes {quantity(only.seconds, 's')}, {quantity(only.energy_pj, 'pJ')} "
            f"and {significant(only.fabric_area_mm2)} mm² of fabric."
        )
    clauses = [
        _winner(results, lambda r: r.seconds, lambda r: quantity(r.seconds, "s"), "is fastest", "faster"),
        _winner(results, lambda r: r.energy_pj, lambda r: quantity(r.energy_pj, "pJ"), "takes the least energy", "less"),
        _winner(results, lambda r: r.fabric_area_mm2, lambda r: f"{significant(r.fabric_area_mm2)} mm²", "the least fabric area", "less"),
        _overall(results),
    ]
    trade = _crossbar_against_replication(results)
    return f"On {results[0].workload.name}, " + ", ".join(clauses[:-1]) + f", and {clauses[-1]}" + (f"; {trade}" if trade else "") + "."


def ideal_sentence(plain: Result, ideal: Result) -> str:
    """How much of the time the part that `ideal` made perfect costs."""
    part = {"network": "network", "dram": "DRAM", "both": "network and the DRAM"}[ideal.ideal]
    saved = plain.cycles - ideal.cycles
    share = saved / plain.cycles if plain.cycles else 0.0
    verb = "cost" if ideal.ideal == "both" else "costs"
    return f"{plain.machine.name}: the {part} {verb} {100 * share:.1f} % of its time ({saved:,} of {plain.cycles:,} cycles)"


def _winner(results: Sequence[Result], figure: Figure, shown: Callable[[Result], str], phrase: str, than: str) -> str:
    best, second = sorted(results, key=figure)[:2]
    lead = _lead(figure(best), figure(second))
    ahead = f"{lead} {than} than {second.name}" if lead else f"level with {second.name}"
    return f"{best.name} {phrase} ({shown(best)}, {ahead})"


def _overall(results: Sequence[Result]) -> str:
    best, second = sorted(results, key=lambda r: r.edap_js_mm2)[:2]
    lead = _lead(best.edap_js_mm2, second.edap_js_mm2)
    ahead = f"{lead} ahead of" if lead else "level with"
    return f"{best.name} is best by energy × time × fabric area ({ahead} {second.name})"


def _lead(best: float, second: float) -> str:
    return times(second / best) if best and second / best >= 1.01 else ""


def _crossbar_against_replication(results: Sequence[Result]) -> str:
    crossbar = next((r for r in results if _copies(r) == "one"), None)
    replication = next((r for r in results if _copies(r) == "one a unit"), None)
    if crossbar is None or replication is None:
        return ""
    ratios = [
        (crossbar.seconds, replication.seconds, "time"),
        (crossbar.energy_pj, replication.energy_pj, "energy"),
        (crossbar.fabric_area_mm2, replication.fabric_area_mm2, "fabric area"),
    ]
    paid = ", ".join(f"{times(here / there)} the {noun}" for here, there, noun in ratios if there)
    return f"against {replication.name}, {crossbar.name} pays {paid}"


def _copies(result: Result) -> str:
    fabric = result.machine.fabric
    if fabric.kind != "gather" or fabric.token_groups > 1:
        return "other"
    if fabric.clusters == 1 and fabric.has_network:
        return "one"
    return "one a unit" if not fabric.has_network else "some"
