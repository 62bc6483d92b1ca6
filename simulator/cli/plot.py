"""`sparsim plot`: the plots of a result folder, drawn again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import FormatChoice, FormatOption, StyleChoice, StyleOption
from simulator.cli.saying import echo


def plot_command(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="A folder that run, compare, sweep or breakeven has written, or one of several break-evens."),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Where to draw; default: in the same folder.")
    ] = None,
    picture_format: FormatOption = FormatChoice.png,
    style: StyleOption = StyleChoice.screen,
) -> None:
    """Draw all plots of a result folder, from its files; nothing is simulated."""
    from simulator.study.redraw import redraw

    target = output or folder
    names = redraw(folder, target, picture_format.formats, style.value)
    echo(f"{', '.join(names) or 'nothing to draw'} in {target}/")
