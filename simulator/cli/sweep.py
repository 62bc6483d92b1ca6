"""`sparsim sweep`: many machines and workloads from one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.options import (
    ForceOption,
    FullOption,
    HtmlOption,
    OutputOption,
    Running,
    StyleChoice,
    StyleOption,
    shipped,
    with_running_options,
)
from simulator.cli.running import (
    JsonLinesOption,
    Talk,
    exit_code,
    kept_when_interrupted,
    page_script,
    results_in,
    talk_of,
    tell_damaged,
    told,
)

if TYPE_CHECKING:
    from simulator.study.sweep.run import SweepRun


@with_running_options
def sweep_command(
    sweep: Annotated[
        str, typer.Argument(metavar="SWEEP", help="Sweep file, or a name in configs/sweeps/.", autocompletion=shipped("sweeps"))
    ],
    running: Running,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", "-s", metavar="KEY=VALUE", help="Replace a key of the sweep file, as workload=dense-1024.")
    ] = None,
    bands: Annotated[bool, typer.Option("--bands", help="Carry the bands of the constants; as bands: true in the file.")] = False,
    json_lines: JsonLinesOption = False,
    full: FullOption = False,
    style: StyleOption = StyleChoice.screen,
    html: HtmlOption = False,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Run all points of a sweep that the store does not hold yet: tables, plots, and a folder with every figure.

    A sweep that was interrupted, or killed, goes on where it was when it is run again.
    """
    from simulator.cli.running import Provenance
    from simulator.report.console import Console
    from simulator.report.folder import check_apart
    from simulator.report.pictures import in_style
    from simulator.specs import config_path
    from simulator.study.sweep.folder import check_sweep_folder, sweep_folder, write_sweep
    from simulator.study.sweep.reading import load_sweep
    from simulator.study.sweep.run import run_sweep, sweep_id
    from simulator.study.sweep.store import Store
    from simulator.study.sweep.tables import study_summary, study_table

    talk = talk_of(running.quiet, json_lines)
    space = load_sweep(sweep, [*(overrides or []), *(["bands=true"] if bands else [])])
    identity = sweep_id(space.spec)
    folder = output or sweep_folder(space.spec.name, identity, force=force)
    script = page_script(html, folder=True)
    check_sweep_folder(folder, identity, force=force)
    check_apart(folder, [config_path("sweeps", sweep), running.store])
    provenance = Provenance()
    objective, way = next(iter(space.spec.objectives.items()))
    with (
        kept_when_interrupted(running.store),
        Store(running.store) as base,
        told(talk, space.spec.name, objective, way) as listener,
    ):
        run = run_sweep(space, base, running.options(), listener)
        tell_damaged(base)
    if all(row.record is None for row in run.rows):
        # a failed command leaves no report
        raise typer.Exit(exit_code(run.rows))
    made = provenance.record()
    with in_style(style.value):
        write_sweep(folder, run, made, force=force, files={} if script is None else _page(run, made, script))
    if talk is not Talk.json_lines:
        console = Console(markup=False, highlight=False)
        console.print(study_table(run) if full else study_summary(run))
        stored = sum(row.failure != "invalid" for row in run.rows) - run.computed
        more = "" if full else "; all tables: --full, or table.txt there"
        console.print(f"\n{run.computed} points run, {stored} from the store; {results_in(folder)}{more}", soft_wrap=True)
    raise typer.Exit(exit_code(run.rows))


def _page(run: SweepRun, made: Mapping[str, Any], script: str) -> dict[str, str]:
    from simulator.report.page import PAGE, rendered
    from simulator.study.sweep.page import page_of_sweep

    return {PAGE: rendered(page_of_sweep(run, made), script)}
