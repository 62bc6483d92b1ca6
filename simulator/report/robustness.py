"""What is left of claims over the bands of the constants: words, tables and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from simulator.report.glossary import term
from simulator.report.numbers import common_scale, significant, times
from simulator.study.uncertainty import Assessment, Band, Claim, Factor, Turn

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

BAND_METRICS: tuple[str, ...] = ("energy_pj", "fabric_energy_pj", "fabric_area_mm2", "area_mm2", "power_density_w_per_mm2", "edap_js_mm2")
"""Metrics of the table of bands."""

_LESS = {"energy_pj": "less energy", "fabric_area_mm2": "less fabric area", "edap_js_mm2": "less energy × time × area"}


def on_what(claim: Claim) -> str:
    """`turns on NAME at 0.3 …`, or that only several constants together change the winner."""
    if claim.turns:
        return f"turns on {', '.join(turn_text(turn) for turn in claim.turns)}"
    low, high = claim.ratio.combined.low, claim.ratio.combined.high
    return f"holds at both ends of every constant, not in the combined band ({significant(low)} to {times(high)})"


def turn_text(turn: Turn) -> str:
    """`wire_pj_per_bit_mm at 0.07 pJ/bit/mm (band 0.05 to 0.085)`."""
    if turn.factor.discrete:
        return f"{turn.factor.name} (laid out whole)"
    return f"{turn.factor.name} at {figure(turn.value, turn.factor)} (band {span(turn.factor)})"


def figure(value: float, factor: Factor) -> str:
    """A value with the constant's unit, where it has one."""
    return significant(value) + ("" if factor.unit == "1" else f" {factor.unit}")


def span(factor: Factor) -> str:
    """`0.05 to 0.085`."""
    return f"{factor.low:g} to {factor.high:g}"


def bands_table(known: Assessment, claims: Sequence[Claim]) -> RenderableType:
    """Combined bands of each run's metrics, then the ratio behind each claim with both its bands; below one that may turn, on what."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    from simulator.report.layout import Fitted, Whole

    notes = (
        "combined band: all constants over their bands at once, independent of one another (root of the sum of squares of logarithms)",
        "ratio: rival ÷ winner, each constant at the same value in both; one constant: the most that any one of them does to it",
        "robust: the ratio stays above 1 at both ends of every constant and in the combined band; latencies are held as simulated",
    )
    turning = [claim for claim in claims if not claim.robust]
    lines: list[RenderableType] = [Padding(Text(f"{_claimed(claim)} {on_what(claim)}", style="yellow"), (0, 0, 0, 2)) for claim in turning]
    return Group(
        Fitted(len(known.names), lambda chosen: _bands_of(known, chosen)),
        Text(),
        Whole(_ratios_of(claims)),
        *((Text(), Text("may turn", style="bold"), *lines) if lines else ()),
        Text(),
        *[Text(f" · {note}", style="dim") for note in notes],
    )


def _bands_of(known: Assessment, chosen: slice) -> Table:
    from rich.table import Table

    bands = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    bands.add_column("combined band", no_wrap=True)
    bands.add_column("", style="dim", no_wrap=True)
    for name in known.names[chosen]:
        bands.add_column(name, justify="right", no_wrap=True)
    for metric in BAND_METRICS:
        entry = term(metric, "metric")
        spreads = [known.spread(name, metric) for name in known.names]
        factor, unit = common_scale([spread.nominal for spread in spreads], entry.unit)
        bands.add_row(entry.label, unit, *[_range(spread.combined, factor) for spread in spreads[chosen]])
    return bands


def _ratios_of(claims: Sequence[Claim]) -> Table:
    """A heading a metric and winner, then a line a rival."""
    from rich.table import Table
    from rich.text import Text

    ratios = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("claim", "ratio", "one constant", "combined", ""):
        ratios.add_column(heading, justify="left" if heading in ("claim", "") else "right", no_wrap=True)
    for (winner, metric), group in groupby(claims, key=lambda claim: (claim.winner, claim.metric)):
        ratios.add_row(Text(f"{winner}: {_LESS[metric]}", style="bold"))
        for claim in group:
            held = Text("robust", style="green") if claim.robust else Text("may turn", style="yellow")
            spread = claim.ratio
            ratios.add_row(f"  than {claim.rival}", times(spread.nominal), _range(spread.extreme), _range(spread.combined), held)
    return ratios


def _claimed(claim: Claim) -> str:
    return f"{claim.winner}'s {_LESS[claim.metric]} than {claim.rival}"


def bands_record(known: Assessment, claims: Sequence[Claim]) -> dict[str, Any]:
    """JSON values: bands by run and metric, and every claim."""
    return {
        "bands": {name: {metric: _spread(known.spread(name, metric)) for metric in BAND_METRICS} for name in known.names},
        "claims": [
            {
                "metric": claim.metric,
                "winner": claim.winner,
                "rival": claim.rival,
                "ratio": _spread(claim.ratio),
                "robust": claim.robust,
                "turns": [turn_record(turn) for turn in claim.turns],
            }
            for claim in claims
        ],
    }


def turn_record(turn: Turn) -> dict[str, Any]:
    """JSON values of a turning point."""
    return {"constant": turn.factor.name, "unit": turn.factor.unit, "value": turn.value, "inside_band": turn.inside}


def _spread(spread: Any) -> dict[str, Any]:
    return {
        "value": spread.nominal,
        "one_constant": {"low": spread.extreme.low, "high": spread.extreme.high},
        "combined": {"low": spread.combined.low, "high": spread.combined.high},
    }


def _range(band: Band, factor: float = 1.0) -> str:
    return f"{significant(band.low * factor)}–{significant(band.high * factor)}"
