"""What a report folder holds: results, summary, table and plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from simulator.report.folder import MARKER, NO_FILES, csv_text, new_folder, trimmed, write_json
from simulator.report.pictures import OF_ONE, OF_SEVERAL, Pictures
from simulator.result import OBJECTIVE, SCHEMA_VERSION, Result

if TYPE_CHECKING:
    from simulator.report.verdict import Verdict
    from simulator.study.measured import MeasuredRun
    from simulator.study.uncertainty import Assessment, Claim

_WIDTH = 110


@dataclass(frozen=True)
class Report:
    """Plain runs on one workload, with their ideal repeats where there are any."""

    results: tuple[Result, ...]
    ideal_results: tuple[Result, ...] = ()
    assessment: Assessment | None = None
    """The plain runs over the bands of the constants, where that was asked for."""
    measured: tuple[MeasuredRun, ...] = ()
    """Devices that were measured at the same products."""
    objective: str = OBJECTIVE
    """What the verdict is by."""
    terms: str = ""
    """What makes the comparison fair, for the verdict: `at equal area`."""

    @property
    def all_results(self) -> tuple[Result, ...]:
        """Every plain run, followed by its ideal repeat."""
        if not self.ideal_results:
            return self.results
        return tuple(result for pair in zip(self.results, self.ideal_results, strict=True) for result in pair)

    @cached_property
    def judged(self) -> Verdict:
        """Who wins, and with an assessment what of that the bands leave."""
        from simulator.report.verdict import entrants_of, held_by, judge

        held = held_by(self.assessment, self.objective) if self.assessment else None
        on = ", ".join(filter(None, (self.results[0].workload.name, self.terms)))
        return judge(entrants_of(self.results), self.objective, on=on, held=held)

    @property
    def sentences(self) -> list[str]:
        """The verdict in words, all of it computed; of one run, what it takes. What is too hot is always said."""
        from simulator.report.sentences import crossbar_against_replication, heat_sentences, run_sentence, verdict_sentences

        if len(self.results) == 1:
            return [run_sentence(self.results[0]), *heat_sentences(self.results)]
        return [*verdict_sentences(self.judged), *crossbar_against_replication(self.results), *heat_sentences(self.results)]

    @property
    def verdict(self) -> str:
        """The sentences in one line."""
        return " ".join(self.sentences)

    @cached_property
    def claims(self) -> list[Claim]:
        """What the runs claim against one another, and on which constants that turns; empty without an assessment."""
        if self.assessment is None:
            return []
        from simulator.study.uncertainty import claims

        return claims(self.assessment)

    @property
    def ideal_sentences(self) -> list[str]:
        """What the part that the repeats made perfect costs, one sentence a machine."""
        from simulator.report.sentences import ideal_sentence

        return [ideal_sentence(plain, ideal) for plain, ideal in zip(self.results, self.ideal_results, strict=False)]


def write_run(
    folder: Path,
    report: Report,
    made: Mapping[str, Any],
    *,
    force: bool,
    files: Mapping[str, str] = NO_FILES,
    pictures: Pictures = OF_ONE,
) -> None:
    """Write the report of one machine: result.json, summary.csv, table.txt, pictures, and run.json with `made`.

    `files` are more of them: text by name. Raises OutputError where the folder exists (and not `force`) or cannot be
    written; it is whole or not there.
    """
    with new_folder(folder, force=force) as draft:
        report.results[0].to_json(draft / "result.json")
        for result in report.ideal_results:
            result.to_json(draft / f"result-ideal-{result.ideal}.json")
        _write_common(draft, report, made, files)
        _draw(report.all_results, draft, pictures)


def write_comparison(
    folder: Path,
    report: Report,
    made: Mapping[str, Any],
    *,
    force: bool,
    files: Mapping[str, str] = NO_FILES,
    pictures: Pictures = OF_SEVERAL,
) -> None:
    """Write the report of several machines: comparison.json and a result file for each, otherwise as `write_run`."""
    with new_folder(folder, force=force) as draft:
        for result in report.all_results:
            result.to_json(draft / _file_name(result))
        write_json(draft / "comparison.json", comparison_record(report))
        _write_common(draft, report, made, files)
        _draw(report.results, draft, pictures, report.measured)


def comparison_record(report: Report) -> dict[str, Any]:
    """Verdict and scalar metrics of a comparison, with the files that say more."""
    return {
        "schema_version": SCHEMA_VERSION,
        "sparsim_version": report.results[0].version,
        "workload": report.results[0].workload.name,
        "verdict": report.verdict,
        "judged": report.judged.to_dict(),
        "ideal": report.ideal_sentences,
        "files": {result.name: _file_name(result) for result in report.all_results},
        **({"measured": [asdict(run) for run in report.measured]} if report.measured else {}),
        "metrics": {result.name: result.metrics() for result in report.all_results},
        **uncertainty_record(report),
    }


def uncertainty_record(report: Report) -> dict[str, Any]:
    """`uncertainty`: bands and claims, where the report has an assessment; else nothing."""
    if report.assessment is None:
        return {}
    from simulator.report.robustness import bands_record

    return {"uncertainty": bands_record(report.assessment, report.claims)}


def _draw(results: Sequence[Result], draft: Path, pictures: Pictures, measured: Sequence[MeasuredRun] = ()) -> None:
    if pictures.names:
        from simulator.report.plots import save_plots

        save_plots(results, draft, pictures, measured)


def _write_common(draft: Path, report: Report, made: Mapping[str, Any], files: Mapping[str, str]) -> None:
    (draft / "summary.csv").write_text(summary_csv(report.all_results), encoding="utf-8")
    (draft / "table.txt").write_text(_table_text(report), encoding="utf-8")
    for name, text in files.items():
        (draft / name).write_text(text, encoding="utf-8")
    write_json(draft / MARKER, made)


def _table_text(report: Report) -> str:
    import io

    from simulator.report.console import Console
    from simulator.report.measured import measured_sentences
    from simulator.report.robustness import bands_table
    from simulator.report.tables import components_table, footnotes, run_table

    console = Console(markup=False, file=io.StringIO(), width=_WIDTH, color_system=None)
    for sentence in (*report.sentences, *report.ideal_sentences):
        console.print(sentence, highlight=False)
    console.print()
    console.print(run_table(report.results, report.ideal_results))
    console.print()
    console.print(footnotes(report.results))
    for result in report.results:
        console.print(f"\n{result.name}: components", highlight=False)
        console.print(components_table(result), crop=False)
    if report.assessment is not None:
        console.print()
        console.print(bands_table(report.assessment, report.claims), crop=False)
    for sentence in measured_sentences(report.measured):
        console.print(f"\n{sentence}", soft_wrap=True, highlight=False)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return trimmed(text)


def _file_name(result: Result) -> str:
    return f"result-{result.machine.name}{'' if result.ideal == 'none' else f'-ideal-{result.ideal}'}.json"


def summary_rows(results: Sequence[Result]) -> list[dict[str, float | str]]:
    """Flat rows: names, scalar metrics, then `section.name` for bounds, causes, components and bandwidths."""
    return [_row(result) for result in results]


def summary_csv(results: Sequence[Result]) -> str:
    """The rows as CSV; a column that a machine does not have is empty."""
    return csv_text(summary_rows(results))


def _row(result: Result) -> dict[str, float | str]:
    row: dict[str, float | str] = {
        "machine": result.machine.name,
        "ideal": result.ideal,
        "workload": result.workload.name,
        "technology": result.technology,
        "engine": result.engine,
        **result.metrics(),
    }
    sections: dict[str, Mapping[str, float]] = {
        "bound": result.bounds,
        "unit_cycles": result.unit_cycles,
        "area_mm2": result.area_mm2_by_component,
        "energy_pj": result.energy_pj_by_component,
        "power_w": {name: power.total_w for name, power in result.power_by_component.items()},
        "power_density_w_per_mm2": result.power_density_by_component,
        "junction_c": result.junction_c_by_component,
        "gb_per_s_used": {level: value.used for level, value in result.bandwidth_gb_per_s.items()},
        "gb_per_s_available": {level: value.available for level, value in result.bandwidth_gb_per_s.items()},
    }
    for section, values in sections.items():
        row |= {f"{section}.{name}": value for name, value in values.items()}
    return row
