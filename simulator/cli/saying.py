"""Lines on stdout and stderr, of whatever files and names they tell."""

from __future__ import annotations

import sys

import typer

from simulator.printable import printable


def echo(text: str, *, err: bool = False) -> None:
    """Text and the end of its line, on stdout or stderr."""
    typer.echo(printable(text), err=err)


def say(line: str) -> None:
    """A line on stderr, at once: how far work is."""
    sys.stderr.write(f"{printable(line)}\n")
    sys.stderr.flush()
