"""`sparsim list`: the files that ship, by the names that commands take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import JsonOption

if TYPE_CHECKING:
    from rich.console import RenderableType


class ListedKind(StrEnum):
    """Files that ship."""

    machines = "machines"
    workloads = "workloads"
    technologies = "technologies"
    sweeps = "sweeps"
    studies = "studies"


def list_command(
    kind: Annotated[ListedKind | None, typer.Argument(help="Which files; none: the names of all.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the files that ship, by the names that commands take, with what each says of itself."""
    import json

    from simulator.specs.shipped import SHELVES, said_of_itself

    if kind is None:
        names = {name: list(shelf.files()) for name, shelf in SHELVES.items()}
        if as_json:
            typer.echo(json.dumps(names))
        else:
            _print(*(line for name, found in names.items() for line in _named(name, found)))
        return
    files = SHELVES[kind.value].files()
    # a technology is its name: what differs from the others is figures
    said = {name: "" if kind is ListedKind.technologies else said_of_itself(path) for name, path in files.items()}
    if as_json:
        typer.echo(json.dumps(said))
    else:
        _print(_table(said))


def _by_folder(names: Iterable[str]) -> dict[str, list[str]]:
    """Names by the folder that they begin with; those of none come first, under the empty name."""
    folders: dict[str, list[str]] = {"": []}
    for name in names:
        folders.setdefault(name.rpartition("/")[0], []).append(name)
    return folders


def _named(kind: str, names: Sequence[str]) -> list[RenderableType]:
    """The names of a kind, those of a folder on lines of their own."""
    from rich.padding import Padding

    (_, plain), *folders = _by_folder(names).items()
    return [f"{kind}: {', '.join(plain)}", *(Padding(", ".join(found), (0, 0, 0, 2)) for _, found in folders)]


def _table(said: dict[str, str]) -> RenderableType:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for folder, names in _by_folder(said).items():
        if folder:
            table.add_row()
        for name in names:
            table.add_row(name, said[name])
    return table


def _print(*shown: RenderableType) -> None:
    from rich.console import Console

    console = Console(markup=False, highlight=False)
    for each in shown:
        console.print(each)
