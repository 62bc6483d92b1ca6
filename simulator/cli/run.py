"""`sparsim run`: one machine on one workload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.cli.options import (
    EngineChoice,
    EngineOption,
    ForceOption,
    FormatChoice,
    FormatOption,
    FullOption,
    IdealOption,
    IdealPart,
    JsonOption,
    MachineArgument,
    NoPlotsOption,
    OutputOption,
    PlotsOption,
    SetOption,
    StyleChoice,
    StyleOption,
    WorkloadOption,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

    from simulator.report.write import Report


def run_command(
    machine: MachineArgument,
    workload: WorkloadOption,
    overrides: SetOption = None,
    engine: EngineOption = EngineChoice.compiled,
    ideal: IdealOption = IdealPart.none,
    full: FullOption = False,
    output: OutputOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
    plots: PlotsOption = None,
    no_plots: NoPlotsOption = False,
    picture_format: FormatOption = FormatChoice.png,
    style: StyleOption = StyleChoice.screen,
) -> None:
    """Run one machine on a workload: what it takes and why, and a folder with results and plots."""
    from simulator.cli.study import Request, run_study
    from simulator.report.pictures import OF_ONE, asked_for
    from simulator.report.write import write_run

    pictures = asked_for(OF_ONE, plots, picture_format.formats, style.value, nothing=no_plots)
    request = Request([machine], workload, overrides or [], engine.value, ideal.value, output, as_json, force, pictures, 1, full=full)
    run_study(request, lambda names, load: f"{names[0]}-{load}", write_run, _details)


def _details(report: Report) -> RenderableType:
    from simulator.report.tables import run_details

    return run_details(report.results[0])
