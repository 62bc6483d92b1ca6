"""`sparsim where`: the folders that sparsim reads and writes, or the file that a shipped name means."""

from __future__ import annotations

from typing import Annotated

import typer

from simulator.cli.options import DEFAULT_STORE, JsonOption
from simulator.cli.saying import echo


def where_command(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A shipped name, as sparsim list shows it; none: the folders.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say where sparsim, its shipped files and its results are on this computer."""
    import json

    from simulator.errors import ConfigError
    from simulator.specs import nearest_hint
    from simulator.specs.shipped import SHELVES

    if name is None:
        places = _places()
    else:
        places = {kind: str(files[name]) for kind, shelf in SHELVES.items() if name in (files := shelf.files())}
        if not places:
            names = [shipped for shelf in SHELVES.values() for shipped in shelf.files()]
            raise ConfigError(f"{name}: nothing that ships is called so; sparsim list shows all names{nearest_hint(name, names)}")
    if as_json:
        echo(json.dumps(places))
    elif name is not None:
        echo("\n".join(places.values()))
    else:
        width = max(map(len, places))
        echo("\n".join(f"{what:<{width}}  {place}" for what, place in places.items()))


def _places() -> dict[str, str]:
    from pathlib import Path

    from simulator.specs.shipped import SHELVES

    return {
        "package": str(Path(__file__).resolve().parents[1]),
        **{kind: str(shelf.path.resolve()) for kind, shelf in SHELVES.items()},
        "results": str(DEFAULT_STORE.parent.resolve()),
        "store": str(DEFAULT_STORE.resolve()),
    }
