"""`sparsim sensitivity`: which constants decide between two machines, and at which value."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import (
    ForceOption,
    FormatChoice,
    FormatOption,
    FullOption,
    JsonOption,
    OutputOption,
    SetOption,
    StyleChoice,
    StyleOption,
)

if TYPE_CHECKING:
    from simulator.result.saved import SavedRun


class MetricChoice(StrEnum):
    """Metrics that constants move."""

    energy_pj = "energy_pj"
    fabric_energy_pj = "fabric_energy_pj"
    area_mm2 = "area_mm2"
    fabric_area_mm2 = "fabric_area_mm2"
    power_w = "power_w"
    power_density_w_per_mm2 = "power_density_w_per_mm2"
    edp_js = "edp_js"
    edap_js_mm2 = "edap_js_mm2"


def sensitivity_command(
    machines: Annotated[
        list[str],
        typer.Argument(metavar="MACHINE|RESULT", help="With -w machine files or names; without it saved results."),
    ],
    workload: Annotated[
        str | None, typer.Option("--workload", "-w", metavar="WORKLOAD", help="Workload file, or a name in workloads/, to simulate first.")
    ] = None,
    between: Annotated[
        list[str] | None,
        typer.Option("--between", metavar="A,B", help="Two machines; default: crossbar,replication and best,systolic. Repeatable."),
    ] = None,
    metric: Annotated[
        list[MetricChoice] | None, typer.Option("--metric", help="Default: energy_pj, fabric_area_mm2, edap_js_mm2; repeatable.")
    ] = None,
    rows: Annotated[
        int, typer.Option("--rows", min=1, max=1000, help="With --full, and in table.txt: constants of each table, the strongest first.")
    ] = 12,
    overrides: SetOption = None,
    output: OutputOption = None,
    full: FullOption = False,
    as_json: JsonOption = False,
    force: ForceOption = False,
    picture_format: FormatOption = FormatChoice.png,
    style: StyleOption = StyleChoice.screen,
) -> None:
    """Move every constant over its band, on both machines at once: a table and a tornado plot of what that does to their ratio."""
    import json
    import sys

    from simulator.cli.running import Provenance, files_of, result_folder
    from simulator.errors import ConfigError
    from simulator.report.console import Console
    from simulator.report.folder import check_apart, check_free
    from simulator.report.pictures import in_style
    from simulator.report.sensitivity import sensitivity_record, sensitivity_summary, sensitivity_table, write_sensitivity
    from simulator.study.uncertainty import Probe, assess, sensitivity
    from simulator.study.uncertainty.claims import DEFAULT_METRICS, default_pairs

    provenance = Provenance()
    if output is not None:
        check_free(output, force=force)
        check_apart(output, machines if workload is None else files_of(machines, workload))
    runs = _saved(machines, overrides) if workload is None else _simulated(machines, workload, overrides or [])
    folder = result_folder(output, f"sensitivity-{runs[0].workload}", as_json=as_json, force=force)
    named = _named_pairs([run.name for run in runs], between or [])
    known = assess(runs)
    pairs = named or default_pairs(known)
    if not pairs:
        raise ConfigError(f"only {known.names[0]} is here: a ratio needs two machines")
    probe, metrics = Probe(known), [choice.value for choice in metric or []] or DEFAULT_METRICS
    studies = [sensitivity(probe, first, second, name) for first, second in pairs for name in metrics]
    if folder is not None:
        with in_style(style.value):
            write_sensitivity(folder, studies, rows, provenance.record(), picture_format.formats, force=force)
    if as_json:
        sys.stdout.write(json.dumps({"studies": sensitivity_record(studies)}, allow_nan=False) + "\n")
        return
    console = Console(markup=False, highlight=False)
    for shown in [sensitivity_table(study, rows) for study in studies] if full else [sensitivity_summary(studies)]:
        console.print(shown, crop=False)
        console.print()
    console.print(f"results in {folder}/", soft_wrap=True)


def _saved(places: Sequence[str], overrides: Sequence[str] | None) -> list[SavedRun]:
    """Plain runs of the files named. Raises for a file that is none, for several workloads, and for two runs of one name."""
    from simulator.errors import ConfigError, OutputError
    from simulator.result.saved import read_runs, result_files

    if overrides:
        raise ConfigError("--set replaces keys of machines that are simulated; name a workload with -w, or price the results first")
    missing = next((place for place in places if not Path(place).exists()), None)
    if missing is not None:
        raise ConfigError(f"{missing}: no such result file or folder; to simulate machines, name a workload with -w")
    runs: list[SavedRun] = []
    for run in read_runs([file for place in places for file in result_files(Path(place))]):
        if isinstance(run, OutputError):
            raise run
        if run.ideal == "none":
            runs.append(run)
    loads = sorted({run.workload for run in runs})
    if len(loads) != 1:
        raise ConfigError(f"results of {len(loads)} workloads ({', '.join(loads)}): a ratio needs the same one on both sides")
    names = [run.name for run in runs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"two results are of a machine called {twice!r}; name the files of one of each")
    return runs


def _simulated(machines: Sequence[str], workload: str, overrides: Sequence[str]) -> list[SavedRun]:
    from simulator.cli.machines import read_machine
    from simulator.cli.progress import progress_bars
    from simulator.cli.running import ensure_kernels
    from simulator.pipeline import kernels_needed
    from simulator.processors import processors
    from simulator.result.saved import saved_run
    from simulator.study.comparison import compare
    from simulator.workload import load_workload

    models, load = [read_machine(name, overrides) for name in machines], load_workload(workload)
    ensure_kernels(dict.fromkeys(kernel for machine in models for kernel in kernels_needed(machine, load, "compiled")))
    with progress_bars() as progress:
        report = compare(models, load, jobs=processors(), progress=progress)
    return [saved_run(result) for result in report.results]


def _named_pairs(names: Sequence[str], between: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of runs as typed. Raises ConfigError for what is none."""
    from simulator.errors import ConfigError
    from simulator.study.uncertainty.assessment import place_of

    pairs = []
    for text in between:
        pair = [name.strip() for name in text.split(",")]
        if len(pair) != 2 or pair[0] == pair[1]:
            raise ConfigError(f"--between {text}: allowed: two of {', '.join(names)}, as A,B")
        for name in pair:
            place_of(name, names)
        pairs.append((pair[0], pair[1]))
    return pairs
