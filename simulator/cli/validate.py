"""`sparsim validate`: the cost models beside published figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import ForceOption, FormatChoice, FormatOption, JsonOption, OutputOption


def validate_command(
    figures: Annotated[
        Path | None, typer.Option("--figures", metavar="FILE.yaml", help="Your own list of figures, in place of the shipped ones.")
    ] = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
    picture_format: FormatOption = FormatChoice.png,
) -> None:
    """Show published figures beside the models, which of them were fitted, and how far off the others are."""
    import json

    from rich.console import Console

    from simulator.cli.running import Provenance
    from simulator.cost.validation import cross_check, load_figures, shipped_figures, validate
    from simulator.report.folder import check_free
    from simulator.report.validation import validation_record, validation_tables, write_validation

    documents = shipped_figures() if figures is None else [load_figures(figures)]
    folder = output or (None if as_json else Path("reports") / "validate")
    if folder is not None:
        check_free(folder, force=force)
    provenance = Provenance()
    rows, checks = validate(documents), cross_check() if figures is None else []
    if folder is not None:
        write_validation(rows, checks, folder, provenance.record(), picture_format.formats, force=force)
    if as_json:
        typer.echo(json.dumps(validation_record(rows, checks), allow_nan=False))
        return
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _WIDTH)
    console.print(validation_tables(rows, checks), crop=False)
    console.print()
    console.print(f"results in {folder}/", style="dim", soft_wrap=True)


_WIDTH = 168
