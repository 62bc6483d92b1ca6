"""What moves the ratio of two runs: table, CSV, and the folder of a sensitivity study."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import rich.console
from rich.console import ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from simulator.report.console import Console
from simulator.report.folder import MARKER, csv_text, new_folder, trimmed, write_json
from simulator.report.glossary import term
from simulator.report.layout import Whole
from simulator.report.numbers import listed, significant, times
from simulator.report.pictures import PictureFormat
from simulator.report.robustness import figure
from simulator.study.uncertainty import Sensitivity
from simulator.study.uncertainty.claims import Influence

_WIDTH = 110


def sensitivity_table(study: Sensitivity, rows: int) -> RenderableType:
    """The strongest factors, one a row: band, ratio at both its ends, and where the winner changes."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    table.add_column("constant", no_wrap=True)
    table.add_column("unit", style="dim", no_wrap=True)
    for heading in ("low", "value", "high", "ratio at low", "ratio at high", "winner changes at"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for entry in study.influences[:rows]:
        factor = entry.factor
        band = [f"{value:g}" for value in (factor.low, factor.value, factor.high)]
        table.add_row(factor.name, factor.unit, *band, times(entry.at_low), times(entry.at_high), turn_words(entry), _again(entry))
    more = len(study.influences) - rows
    notes = [f"and {more} weaker ones, in sensitivity.csv"] if more > 0 else []
    if study.timing_only:
        names = ", ".join(factor.name for factor in study.timing_only)
        notes.append(f"cycles would change: simulate again to see what these do: {names}")
    return Group(Text(heading_of(study), style="bold"), Whole(table), *[Text(f" · {note}", style="dim") for note in notes])


def sensitivity_summary(studies: Sequence[Sensitivity]) -> RenderableType:
    """What a terminal shows first: of each ratio the strongest factors, the ratio over the band of each, and where the winner changes."""
    shown: list[RenderableType] = [*[Text(sentence, style="bold") for sentence in sensitivity_sentences(studies)], Text()]
    several = len({(study.first, study.second) for study in studies}) > 1
    for study in studies:
        shown += [Text(heading_of(study, paired=several)), _Strongest(study.influences[:_STRONGEST])]
    weaker = max((len(study.influences) for study in studies), default=0) - _STRONGEST
    notes = ["each: a constant, its band, the ratio over it, and where the winner changes (beyond: outside its band)"]
    notes += [f"up to {weaker} weaker ones: --full, or sensitivity.csv"] if weaker > 0 else []
    return Group(*shown, *[Text(note, style="dim") for note in notes])


class _Strongest:
    """A line a constant; where that is too long for a terminal, what turns stands below."""

    def __init__(self, entries: Sequence[Influence]) -> None:
        self._entries = entries

    def __rich_console__(self, console: rich.console.Console, options: ConsoleOptions) -> RenderResult:
        wide = options.max_width >= _WIDE
        table = Table.grid(padding=(0, 2), pad_edge=False)
        for place, least in enumerate((25, 13, 15)):
            table.add_column(min_width=least if wide else None, no_wrap=wide or not place)
        for entry in self._entries:
            low, high = sorted((entry.at_low, entry.at_high))
            ends = f"{entry.factor.low:g} to {entry.factor.high:g}", f"{significant(low)} to {times(high)}"
            turn = _turns(entry)
            table.add_row(f"  {entry.factor.name}", *ends, *([turn] if wide else []))
            if not wide:
                table.add_row(f"    {turn}")
        yield table


_WIDE = 80
"""Columns that a line of a constant takes at most."""


def sensitivity_sentences(studies: Sequence[Sensitivity]) -> list[str]:
    """For each pair: the ratios, which of them stay on their side of 1 over the bands, and the constants that alone turn the others."""
    pairs: dict[tuple[str, str], list[Sensitivity]] = {}
    for study in studies:
        pairs.setdefault((study.first, study.second), []).append(study)
    return [_sentence(first, second, own) for (first, second), own in pairs.items()]


def _sentence(first: str, second: str, pair: Sequence[Sensitivity]) -> str:
    ratios = listed([f"{times(study.ratio.nominal)} the {_label(study)}" for study in pair])
    stands = [_label(study) for study in pair if study.ratio.combined.low > 1 or study.ratio.combined.high < 1]
    left = [study for study in pair if _label(study) not in stands]
    if not left:
        held = "that stands"
    else:
        held = f"{listed(stands)} {'stand' if len(stands) > 1 else 'stands'}, the rest does not" if stands else "that does not stand"
        turning = dict.fromkeys(entry.factor.name for study in left for entry in study.influences if entry.turn and entry.turn.inside)
        more = len(turning) - _STRONGEST
        named = [*list(turning)[:_STRONGEST], *([f"{more} more"] if more > 0 else [])]
        held += f": {listed(named)} alone {'turn' if len(turning) > 1 else 'turns'} it" if named else ": several constants together turn it"
    return f"{first} has {ratios} of {second}; over the bands of the constants {held}."


def _label(study: Sensitivity) -> str:
    return term(study.metric, "metric").label


def _turns(entry: Influence) -> str:
    """The same in few letters."""
    if entry.turn is None:
        return "never turns"
    if entry.factor.discrete:
        return f"turns at {turn_words(entry)}"
    return f"turns at {figure(entry.turn.value, entry.factor)}{'' if entry.turn.inside else ', beyond'}"


_STRONGEST = 3
"""Factors of a ratio that are shown unless all are asked for."""


def heading_of(study: Sensitivity, *, paired: bool = True) -> str:
    """`energy, crossbar ÷ replication: 0.774×, combined band 0.64 to 0.97`; without the pair where there is one alone."""
    band, pair = study.ratio.combined, f", {study.first} ÷ {study.second}" if paired else ""
    return f"{_label(study)}{pair}: {times(study.ratio.nominal)}, combined band {significant(band.low)} to {times(band.high)}"


def turn_words(entry: Influence) -> str:
    """Where the winner changes, and whether that is within the band."""
    if entry.turn is None:
        return "never"
    if entry.factor.discrete:
        return "its high end"
    return f"{figure(entry.turn.value, entry.factor)} ({'inside' if entry.turn.inside else 'outside'} its band)"


def sensitivity_rows(studies: Sequence[Sensitivity]) -> list[dict[str, Any]]:
    """One row for each study and factor, all of them; JSON values."""
    return [_row(study, entry) for study in studies for entry in study.influences]


def sensitivity_record(studies: Sequence[Sensitivity]) -> list[dict[str, Any]]:
    """JSON values: each study with its ratio, its bands and its factors."""
    return [
        {
            "metric": study.metric,
            "first": study.first,
            "second": study.second,
            "ratio": study.ratio.nominal,
            "one_constant": {"low": study.ratio.extreme.low, "high": study.ratio.extreme.high},
            "combined": {"low": study.ratio.combined.low, "high": study.ratio.combined.high},
            "timing_only": [factor.name for factor in study.timing_only],
            "constants": sensitivity_rows([study]),
        }
        for study in studies
    ]


def write_sensitivity(
    folder: Path,
    studies: Sequence[Sensitivity],
    rows: int,
    made: Mapping[str, Any],
    formats: Sequence[PictureFormat] = ("png",),
    *,
    force: bool,
) -> None:
    """Write sensitivity.json, .csv, table.txt, a tornado plot for each pair, and run.json with `made`.

    Raises OutputError where the folder exists (and not `force`) or cannot be written; it is whole or not there.
    """
    from simulator.report.plots.style import save
    from simulator.report.plots.tornado import tornado_figure

    with new_folder(folder, force=force) as draft:
        write_json(draft / "sensitivity.json", {"studies": sensitivity_record(studies)})
        (draft / "sensitivity.csv").write_text(_csv(sensitivity_rows(studies)), encoding="utf-8")
        (draft / "table.txt").write_text(_text(studies, rows), encoding="utf-8")
        for first, second in dict.fromkeys((study.first, study.second) for study in studies):
            pair = [study for study in studies if (study.first, study.second) == (first, second)]
            save(tornado_figure(pair), draft, f"tornado-{first}-{second}", formats)
        write_json(draft / MARKER, made)


def _row(study: Sensitivity, entry: Influence) -> dict[str, Any]:
    factor = entry.factor
    return {
        "metric": study.metric,
        "first": study.first,
        "second": study.second,
        "constant": factor.name,
        "unit": factor.unit,
        "low": factor.low,
        "value": factor.value,
        "high": factor.high,
        "basis": factor.basis,
        "source": factor.source,
        "ratio": study.ratio.nominal,
        "ratio_at_low": entry.at_low,
        "ratio_at_high": entry.at_high,
        "winner_changes_at": entry.turn.value if entry.turn else None,
        "inside_band": entry.turn.inside if entry.turn else None,
        "simulate_again": list(entry.changes_cycles),
    }


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    return csv_text([{**row, "simulate_again": " ".join(row["simulate_again"])} for row in rows], columns=["constant"])


def _text(studies: Sequence[Sensitivity], rows: int) -> str:
    text = io.StringIO()
    console = Console(markup=False, file=text, width=_WIDTH, color_system=None, highlight=False)
    for study in studies:
        console.print(sensitivity_table(study, rows), crop=False)
        console.print()
    return trimmed(text.getvalue())


def _again(entry: Influence) -> str:
    return f"cycles of {', '.join(entry.changes_cycles)} would change: simulate again" if entry.changes_cycles else ""
