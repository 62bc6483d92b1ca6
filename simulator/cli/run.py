"""`sparsim run`: one machine on one workload."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import (
    EngineChoice,
    EngineOption,
    ForceOption,
    FormatChoice,
    FormatOption,
    FullOption,
    HtmlOption,
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

    from simulator.cli.progress import Bars
    from simulator.cli.study import Comparer, Request
    from simulator.machine import Machine
    from simulator.report.write import Report
    from simulator.study.comparison import Comparison
    from simulator.workload import Workload


TraceOption = Annotated[
    Path | None,
    typer.Option(
        "--trace",
        metavar="FILE.json",
        help="What happens when, for ui.perfetto.dev: DRAM, trunks, drain, tiles, and what the fabric waits for.",
        rich_help_panel="Output",
    ),
]
TraceTileOption = Annotated[
    str | None,
    typer.Option(
        "--trace-tile",
        metavar="OP:TILE",
        help="With --trace: units, banks and network ports of a tile too, cycle by cycle; OP:TILE:CLUSTER: not of its first cluster.",
        rich_help_panel="Output",
    ),
]


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
    html: HtmlOption = False,
    trace: TraceOption = None,
    trace_tile: TraceTileOption = None,
) -> None:
    """Run one machine on a workload: what it takes and why, and a folder with results and plots."""
    from simulator.cli.study import Request, run_study
    from simulator.report.pictures import OF_ONE, asked_for
    from simulator.report.write import write_run

    pictures = asked_for(OF_ONE, plots, picture_format.formats, style.value, nothing=no_plots)
    request = Request(
        [machine], workload, overrides or [], engine.value, ideal.value, output, as_json, force, pictures, 1, full=full, html=html
    )
    recorded = _recorded(trace, trace_tile, ideal, [machine, workload], force=force)
    run_study(request, lambda names, load: f"{names[0]}-{load}", write_run, _details, compared=recorded)


def _recorded(file: Path | None, tile: str | None, ideal: IdealPart, read: Sequence[str], *, force: bool) -> Comparer | None:
    """How to run a machine and write its timeline; None where that is not asked for. Raises ConfigError, OutputError before any run."""
    from simulator.errors import ConfigError
    from simulator.report.folder import check_apart, check_free_file, new_file

    if file is None:
        if tile is not None:
            raise ConfigError("--trace-tile adds to a timeline: name its file with --trace")
        return None
    if ideal is not IdealPart.none:
        raise ConfigError("--trace shows the machine as it is, and cannot be given together with --ideal")
    check_free_file(file, force=force, option="--trace")
    check_apart(file, read, option="--trace")

    def compared(machines: Sequence[Machine], workload: Workload, request: Request, progress: Bars) -> Comparison:
        """The one machine's run, its timeline written."""
        import gzip

        from simulator.study.comparison import Comparison
        from simulator.timeline import tile_named, trace_run

        (machine,) = machines
        named = None if tile is None else tile_named(tile, workload)
        result, timeline = trace_run(machine, workload, tile=named, engine=request.engine, progress=progress)
        content = timeline.encoded()
        new_file(file, gzip.compress(content, mtime=0) if file.suffix == ".gz" else content, force=force, option="--trace")
        return Comparison((result,))

    return compared


def _details(report: Report) -> RenderableType:
    from simulator.report.tables import run_details

    return run_details(report.results[0])
