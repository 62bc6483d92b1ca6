"""`sparsim compare`: several machines on one workload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
from simulator.cli.sizing import (
    BestOption,
    BudgetOption,
    EqualOption,
    IncludeDramOption,
    KeepOption,
    ObjectiveChoice,
    ObjectiveOption,
    SizingRequest,
    ToOption,
    sizer,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

    from simulator.report.write import Report


def compare_command(
    machines: Annotated[list[str], typer.Argument(metavar="MACHINE", help="Machine files, or names in configs/machines/.")],
    workload: WorkloadOption,
    equal: EqualOption = None,
    to: ToOption = None,
    best: BestOption = False,
    objective: ObjectiveOption = ObjectiveChoice.time,
    budget: BudgetOption = None,
    keep: KeepOption = None,
    include_dram: IncludeDramOption = False,
    overrides: SetOption = None,
    engine: EngineOption = EngineChoice.compiled,
    ideal: IdealOption = IdealPart.none,
    output: OutputOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
    bands: Annotated[
        bool, typer.Option("--bands", help="Low and high of every figure and ratio; the verdict says what is robust.")
    ] = False,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Processes; default: one a processor.")] = None,
) -> None:
    """Compare machines on a workload: a table, a verdict, and a folder with results and plots."""
    from simulator.cli.study import Request, run_study
    from simulator.processors import processors
    from simulator.report.write import write_comparison

    jobs = jobs or processors()
    size = sizer(SizingRequest(equal, to, best, objective, budget, tuple(keep or ()), include_dram), engine.value, jobs)
    request = Request(machines, workload, overrides or [], engine.value, ideal.value, output, as_json, force, jobs, bands=bands)
    name = "compare" if equal is None else f"compare-equal-{equal.value}{'-best' if best else ''}"
    run_study(request, lambda names, load: f"{name}-{load}", write_comparison, _appendix, size)


def _appendix(report: Report) -> RenderableType:
    from simulator.report.robustness import bands_table

    return bands_table(report.assessment, report.claims) if report.assessment else ""
