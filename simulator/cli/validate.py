"""`sparsim validate`: the cost models beside published figures, or beside published accelerators rebuilt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.options import ForceOption, JsonOption, OutputOption

if TYPE_CHECKING:
    from rich.console import RenderableType


def validate_command(
    figures: Annotated[
        Path | None, typer.Option("--figures", metavar="FILE.yaml", help="Your own list of figures, in place of the shipped ones.")
    ] = None,
    rebuild: Annotated[
        str | None,
        typer.Option("--rebuild", metavar="FILE|all", help="Published accelerators instead: a file, a shipped name (eie), or all shipped."),
    ] = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Show published figures beside the models, which of them were fitted, and how far off the others are.

    With --rebuild: the parts of published accelerators beside the same hardware as the models price it.
    """
    import json

    from rich.console import Console

    from simulator.cli.running import Provenance
    from simulator.errors import ConfigError
    from simulator.report.folder import check_free

    if figures is not None and rebuild is not None:
        raise ConfigError("--figures and --rebuild: allowed: one of them; a list of figures holds no rebuilds")
    folder = output or (None if as_json else Path("reports") / ("validate" if rebuild is None else "validate-rebuilds"))
    if folder is not None:
        check_free(folder, force=force)
    provenance = Provenance()
    record, tables, write = _figures(figures) if rebuild is None else _rebuilds(rebuild)
    if folder is not None:
        write(folder, provenance.record(), force=force)
    if as_json:
        typer.echo(json.dumps(record, allow_nan=False))
        return
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _WIDTH)
    console.print(tables, crop=False)
    console.print()
    console.print(f"results in {folder}/", style="dim", soft_wrap=True)


Write = Callable[..., None]
"""Writes a folder: `write(folder, made, force=…)`."""


def _figures(own: Path | None) -> tuple[dict[str, Any], RenderableType, Write]:
    from simulator.cost.validation import cross_check, load_figures, shipped_figures, validate
    from simulator.report.validation import validation_record, validation_tables, write_validation
    from simulator.study.bank_conflicts import bank_conflicts

    rows = validate(shipped_figures() if own is None else [load_figures(own)])
    checks, conflicts = (cross_check(), bank_conflicts()) if own is None else ([], None)
    found = (rows, checks, conflicts)
    return validation_record(*found), validation_tables(*found), lambda *where, force: write_validation(*found, *where, force=force)


def _rebuilds(which: str) -> tuple[dict[str, Any], RenderableType, Write]:
    from simulator.cost.validation import load_rebuild, rebuild, shipped_rebuilds
    from simulator.report.rebuilds import rebuild_record, rebuild_tables, write_rebuilds

    found = [rebuild(document) for document in (shipped_rebuilds() if which == "all" else [load_rebuild(which)])]
    return rebuild_record(found), rebuild_tables(found), lambda *where, force: write_rebuilds(found, *where, force=force)


_WIDTH = 168
