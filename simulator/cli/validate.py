"""`sparsim validate`: the cost models beside published figures, or beside published accelerators rebuilt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.options import ForceOption, FormatChoice, FormatOption, FullOption, JsonOption, OutputOption, StyleChoice, StyleOption
from simulator.cli.saying import echo

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
    full: FullOption = False,
    output: OutputOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
    picture_format: FormatOption = FormatChoice.png,
    style: StyleOption = StyleChoice.screen,
) -> None:
    """Show published figures beside the models, which of them were fitted, and how far off the others are.

    With --rebuild: the parts of published accelerators beside the same hardware as the models price it.
    """
    import json

    from simulator.cli.running import Provenance, result_folder
    from simulator.errors import ConfigError
    from simulator.report.console import Console
    from simulator.report.pictures import in_style

    if figures is not None and rebuild is not None:
        raise ConfigError("--figures and --rebuild: allowed: one of them; a list of figures holds no rebuilds")
    name, read = "validate" if rebuild is None else "validate-rebuilds", () if figures is None else (figures,)
    folder = result_folder(output, name, as_json=as_json, force=force, read=read)
    provenance = Provenance()
    found = _figures(figures) if rebuild is None else _rebuilds(rebuild)
    if folder is not None:
        with in_style(style.value):
            found.write(folder, provenance.record(), picture_format.formats, force=force)
    if as_json:
        echo(json.dumps(found.record, allow_nan=False))
        return
    console = Console(markup=False, highlight=False)
    if full and not console.is_terminal:
        console.width = max(console.width, _WIDTH)
    console.print(found.tables if full else found.summary, crop=False)
    more = "" if full else "; every figure: --full, or table.txt there"
    console.print(f"results in {folder}/{more}", style="dim", soft_wrap=True)


Write = Callable[..., None]
"""Writes a folder: `write(folder, made, formats, force=…)`."""


@dataclass(frozen=True)
class _Found:
    record: dict[str, Any]
    summary: RenderableType
    tables: RenderableType
    write: Write


def _figures(own: Path | None) -> _Found:
    from simulator.cost.validation import cross_check, load_figures, shipped_figures, validate
    from simulator.report.validation import validation_record, validation_summary, validation_tables, write_validation
    from simulator.study.bank_conflicts import bank_conflicts

    rows = validate(shipped_figures() if own is None else [load_figures(own)])
    checks, conflicts = (cross_check(), bank_conflicts()) if own is None else ([], None)
    found = (rows, checks, conflicts)
    return _Found(
        validation_record(*found),
        validation_summary(rows, checks),
        validation_tables(*found),
        lambda *where, force: write_validation(*found, *where, force=force),
    )


def _rebuilds(which: str) -> _Found:
    from simulator.cost.validation import load_rebuild, rebuild, shipped_rebuilds
    from simulator.report.rebuilds import rebuild_record, rebuild_summary, rebuild_tables, write_rebuilds

    found = [rebuild(document) for document in (shipped_rebuilds() if which == "all" else [load_rebuild(which)])]
    return _Found(
        rebuild_record(found),
        rebuild_summary(found),
        rebuild_tables(found),
        lambda *where, force: write_rebuilds(found, *where, force=force),
    )


_WIDTH = 168
