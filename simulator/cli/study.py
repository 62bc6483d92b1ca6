"""`run` and `compare`, from what was typed to what is shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct
from msgspec.structs import asdict

from simulator.cli.drawing import load_matplotlib
from simulator.cli.machines import read_machine
from simulator.cli.progress import Bars, progress_bars
from simulator.cli.running import Provenance, ensure_kernels, files_of, page_script, results_in
from simulator.machine import Machine
from simulator.pipeline import kernels_needed
from simulator.report.folder import check_apart, check_free, default_folder, set_in_name
from simulator.report.pictures import Pictures
from simulator.report.write import Report, uncertainty_record
from simulator.result import OBJECTIVE
from simulator.study.comparison import Comparison, check_names, compare, processes_for
from simulator.workload import Workload, load_workload

if TYPE_CHECKING:
    from rich.console import RenderableType

    from simulator.study.sizing import Sized

    Sizer = Callable[[Sequence[Machine], Workload, Bars], tuple[Sized, ...]]
    """(machines, workload, progress) → the machines, sized so that comparing them is fair."""

    Comparer = Callable[[Sequence[Machine], Workload, "Request", Bars], Comparison]
    """(machines, workload, what the user typed, progress) → their runs."""

REPORTS = Path("reports")


_OF_WORKLOAD = "workload."


class Request(Struct, frozen=True):
    """What the user typed."""

    machines: Sequence[str]
    workload: str
    overrides: Sequence[str]
    engine: Any
    ideal: Any
    output: Path | None
    as_json: bool
    force: bool
    pictures: Pictures
    jobs: int | None
    """Processes; None: as the work asks for."""
    bands: bool = False
    full: bool = False
    """Show every table, not only the verdict and a line a machine."""
    objective: str = OBJECTIVE
    """What the verdict is by."""
    html: bool = False
    """Whether a page is asked for."""
    stores: tuple[Path, ...] = ()
    """Stores of results that are used."""

    @property
    def of_machine(self) -> list[str]:
        """Overrides of the machine's keys."""
        return [text for text in self.overrides if not text.startswith(_OF_WORKLOAD)]

    @property
    def of_workload(self) -> list[str]:
        """Overrides of the workload's, as they were typed."""
        return [text for text in self.overrides if text.startswith(_OF_WORKLOAD)]

    @property
    def set_in_name(self) -> str:
        """What a folder's name tells of this request, beside machines and workload."""
        return set_in_name(self.overrides) + (f"-ideal-{self.ideal}" if self.ideal != "none" else "")


class Writer(Protocol):
    """`write_run` or `write_comparison`."""

    def __call__(
        self, folder: Path, report: Report, made: Mapping[str, Any], *, force: bool, files: Mapping[str, str], pictures: Pictures
    ) -> None:
        """Write the report into `folder`, and `files` beside it."""


def run_study(
    request: Request,
    folder_name: Callable[[list[str], str], str],
    write: Writer,
    details: Callable[[Report], RenderableType],
    size: Sizer | None = None,
    compared: Comparer | None = None,
) -> None:
    """Do what the user typed. Nothing is simulated before all files are read and the folder is known to be free."""
    machines = [read_machine(path, request.of_machine) for path in request.machines]
    workload = load_workload(request.workload, request.of_workload, above=_OF_WORKLOAD)
    name = folder_name([machine.name for machine in machines], workload.name) + request.set_in_name
    folder = _folder(request, name)
    script = page_script(request.html, folder=folder is not None)
    if folder is not None:
        check_free(folder, force=request.force)
        check_apart(folder, [*files_of(request.machines, request.workload), *request.stores])
    ensure_kernels(dict.fromkeys(kernel for machine in machines for kernel in kernels_needed(machine, workload, request.engine)))
    provenance = Provenance()
    sized: tuple[Sized, ...] = ()
    with progress_bars() as progress:
        if size is not None:
            check_names(machines)
            sized = size(machines, workload, progress)
            machines = [entry.machine for entry in sized]
        report = (compared or _compared)(machines, workload, request, progress)
    report = replace(report, objective=request.objective, terms=_terms(sized) if sized else "")
    if request.bands:
        report = report.with_bands()
    report = report.beside_measured(workload)
    record = {"sizing": [entry.to_dict() for entry in sized]} if sized else {}
    # once more: another command may have taken the place meanwhile
    folder = _folder(request, name)
    if folder is not None:
        files = _machine_files(sized) if sized else {}
        files |= _page(report, provenance.record(), files, script) if script else {}
        if request.pictures.names:
            load_matplotlib()
        write(folder, report, provenance.record() | record, force=request.force, files=files, pictures=request.pictures)
    if request.as_json:
        sys.stdout.write(json.dumps(_record(report) | record, allow_nan=False) + "\n")
    else:
        _show(report, folder, _sizing_table(sized, full=request.full) if sized else None, details if request.full else None)


def _compared(machines: Sequence[Machine], workload: Workload, request: Request, progress: Bars) -> Comparison:
    jobs = request.jobs or processes_for(machines, workload)
    return compare(machines, workload, engine=request.engine, ideal=request.ideal, jobs=jobs, progress=progress)


def _terms(sized: Sequence[Sized]) -> str:
    from simulator.study.sizing.sized import terms_of

    return terms_of(sized)


def _machine_files(sized: Sequence[Sized]) -> dict[str, str]:
    from simulator.study.sizing.sized import machine_file

    return {f"machine-{entry.machine.name}.yaml": machine_file(entry) for entry in sized}


def _page(report: Report, made: Mapping[str, Any], files: Mapping[str, str], script: str) -> dict[str, str]:
    from simulator.report.page import PAGE, rendered
    from simulator.report.page.runs import page_of_runs

    return {PAGE: rendered(page_of_runs(report, made, files), script)}


def _sizing_table(sized: Sequence[Sized], *, full: bool) -> RenderableType:
    from simulator.study.sizing.sized import sizing_summary, sizing_table

    return (sizing_table if full else sizing_summary)(sized)


def _folder(request: Request, name: str) -> Path | None:
    if request.output is not None:
        return request.output
    return None if request.as_json else default_folder(REPORTS / name, force=request.force)


def _record(report: Comparison) -> dict[str, Any]:
    """One machine: its result, its ideal repeat inside; several: a list of such results, and the verdict."""
    repeats = report.ideal_results or (None,) * len(report.results)
    records = [
        plain.to_dict() | ({"ideal_repeat": ideal.to_dict()} if ideal else {}) for plain, ideal in zip(report.results, repeats, strict=True)
    ]
    if len(records) == 1:
        return records[0] | uncertainty_record(report)
    return {
        "workload": report.results[0].workload.name,
        "verdict": report.verdict,
        "judged": report.judged.to_dict(),
        "ideal": report.ideal_sentences,
        **({"measured": [asdict(run) for run in report.measured]} if report.measured else {}),
        "results": records,
        **uncertainty_record(report),
    }


def _show(
    report: Comparison, folder: Path | None, sizing: RenderableType | None, details: Callable[[Report], RenderableType] | None
) -> None:
    """The verdict first: sentences and a line a machine; then `details`, where all was asked for."""
    from rich.text import Text

    from simulator.report.console import Console
    from simulator.report.measured import measured_sentences
    from simulator.report.summary import parts_lines, summary_table
    from simulator.report.tables import run_table

    console = Console(markup=False, highlight=False)
    for place, sentence in enumerate((*report.sentences, *report.ideal_sentences)):
        console.print(Text(sentence, style="" if place else "bold"))
    console.print()
    console.print(summary_table(report.results, report.judged))
    if len(report.results) == 1 and details is None:
        console.print()
        console.print(parts_lines(report.results[0]))
    if sizing is not None:
        console.print()
        console.print(sizing, crop=False)
    if details is not None:
        for shown in filter(None, (run_table(report.results, report.ideal_results), details(report))):
            console.print()
            console.print(shown, crop=False)
    for sentence in measured_sentences(report.measured):
        console.print()
        console.print(sentence)
    console.print()
    if folder is not None:
        console.print(Text(results_in(folder), style="dim"), soft_wrap=True)
    if details is None:
        console.print(Text("all figures: --full; what a word means: sparsim explain WORD", style="dim"))
