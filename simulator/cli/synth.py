"""`sparsim synth`: pieces of a machine's hardware, synthesised, beside the cost models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import (
    ForceOption,
    FormatChoice,
    FormatOption,
    JsonOption,
    MachineArgument,
    OutputOption,
    SetOption,
    StyleChoice,
    StyleOption,
)
from simulator.cli.saying import echo


def synth_command(
    machine: MachineArgument,
    liberty: Annotated[
        list[Path], typer.Option("--liberty", metavar="FILE.lib", help="Library of cells, gzipped or not; repeatable. None ships.")
    ],
    overrides: SetOption = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="PATTERN", help="Cells of the library not to be used, as '*x4_*'; repeatable.")
    ] = None,
    largest: Annotated[
        float, typer.Option("--largest", min=0.0, metavar="GE", help="Leave out pieces that the cost model takes for larger.")
    ] = 50_000.0,
    output: OutputOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
    picture_format: FormatOption = FormatChoice.png,
    style: StyleOption = StyleChoice.screen,
) -> None:
    """Synthesise the pieces that a machine is made of (router, allocator, queue, cell) and show them beside the cost and delay models.

    Needs the extra rtl. A figures.yaml in the folder holds the same for validate --figures.
    """
    import json

    from simulator.cli.machines import read_machine
    from simulator.cli.progress import progress_bars
    from simulator.cli.running import Provenance, files_of, result_folder
    from simulator.report.console import Console
    from simulator.report.folder import set_in_name
    from simulator.report.pictures import in_style
    from simulator.report.synthesis import synthesis_tables, write_synthesis
    from simulator.synthesis.library import Library
    from simulator.synthesis.synthesise import synthesise

    model = read_machine(machine, overrides or [])
    name, read = f"synth-{model.name}{set_in_name(overrides or ())}", [*files_of([machine]), *liberty]
    folder = result_folder(output, name, as_json=as_json, force=force, read=read)
    provenance = Provenance()
    library = Library.load(liberty)
    with progress_bars() as report:
        found = synthesise(model, library, without or (), largest, lambda done: report(f"pieces of {model.name}", done))
    if folder is not None:
        with in_style(style.value):
            write_synthesis(found, folder, provenance.record(), picture_format.formats, force=force)
    if as_json:
        echo(json.dumps(found.to_dict(), allow_nan=False))
        return
    console = Console(markup=False, highlight=False)
    console.print(synthesis_tables(found), crop=False)
    console.print(f"results in {folder}/", style="dim", soft_wrap=True)
