"""`sparsim run`: one machine on one workload."""

from __future__ import annotations

from typing import Annotated

import typer

from simulator.cli.options import (
    EngineChoice,
    EngineOption,
    ForceOption,
    IdealOption,
    IdealPart,
    JsonOption,
    OutputOption,
    SetOption,
    WorkloadOption,
)


def run_command(
    machine: Annotated[str, typer.Argument(metavar="MACHINE", help="Machine file, or a name in configs/machines/.")],
    workload: WorkloadOption,
    overrides: SetOption = None,
    engine: EngineOption = EngineChoice.compiled,
    ideal: IdealOption = IdealPart.none,
    output: OutputOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Run one machine on a workload: a table, and a folder with results and plots."""
    from simulator.cli.study import Request, run_study
    from simulator.report.tables import run_details
    from simulator.report.write import write_run

    request = Request([machine], workload, overrides or [], engine.value, ideal.value, output, as_json, force, jobs=1)
    run_study(request, lambda names, load: f"{names[0]}-{load}", write_run, lambda report: run_details(report.results[0]))
