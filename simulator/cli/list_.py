"""`sparsim list`: the files that ship, by the names that commands take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import JsonOption
from simulator.cli.saying import echo

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
    full: Annotated[bool, typer.Option("--full", help="Those of folders too, and all that each says of itself.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the files that ship, by the names that commands take; those of one kind with what each says of itself."""
    import json

    from simulator.specs.shipped import SHELVES, said_of_itself

    if kind is None:
        names = {name: list(shelf.files()) for name, shelf in SHELVES.items()}
        if as_json:
            echo(json.dumps(names))
        else:
            lines = _named if full else _begun
            _print(*(line for name, found in names.items() for line in lines(name, found)))
            _print(*([] if full else ["what each is: sparsim list machines, and so on; the names of folders too: --full"]))
        return
    files = SHELVES[kind.value].files()
    # a technology is its name: what differs from the others is figures
    said = {name: "" if kind is ListedKind.technologies else said_of_itself(path) for name, path in files.items()}
    if as_json:
        echo(json.dumps(said))
    else:
        if full:
            _print(_table(said))
            return
        (_, plain), *folders = _by_folder(said).items()
        print_lines(aligned({name: said[name] for name in plain}))
        if folders:
            echo(f"and {', '.join(f'{len(found)} in {folder}/' for folder, found in folders)}: --full")


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


def _begun(kind: str, names: Sequence[str]) -> list[RenderableType]:
    """The names of a kind, and how many more there are in folders."""
    (_, plain), *folders = _by_folder(names).items()
    more = [f"{len(found)} in {folder}/" for folder, found in folders]
    return [f"{kind}: {', '.join(plain)}{'; and ' if more else ''}{', '.join(more)}"]


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


def aligned(words: Mapping[str, str]) -> list[str]:
    """`name  words`, the words one below the other."""
    width = max(map(len, words), default=0)
    return [f"{name:{width}}  {said}".rstrip() for name, said in words.items()]


def print_lines(lines: Iterable[str]) -> None:
    """A line each, on a terminal as far as it goes."""
    from rich.text import Text

    from simulator.report.console import Console

    console = Console(markup=False, highlight=False)
    for line in lines:
        if console.is_terminal:
            console.print(Text(line), no_wrap=True, overflow="ellipsis")
        else:
            console.print(Text(line), soft_wrap=True)


def _print(*shown: RenderableType) -> None:
    from simulator.report.console import Console

    console = Console(markup=False, highlight=False)
    for each in shown:
        console.print(each)
