"""The package as the parser sees it, parsed once for all tests that look into it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import simulator

PACKAGE = Path(simulator.__file__).parent


@cache
def trees() -> dict[str, ast.Module]:
    """Every product file by its path within the package."""
    files = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in files.items() if not name.startswith("_data/")}


@cache
def imports() -> dict[str, list[ast.ImportFrom]]:
    """What each takes from where."""
    return {name: [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module] for name, tree in trees().items()}


def outside_of_kinds() -> Iterator[str]:
    """The names of all files outside `simulator/kinds`."""
    return (name for name in trees() if not name.startswith("kinds/"))
