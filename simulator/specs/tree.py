"""A parsed YAML file in which every key and value still knows the place it came from."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

Scalar = str | int | float | bool | None
Key = str | int
KeyPath = tuple[Key, ...]

_SHOWN_CHARACTERS = 60
_PLAIN_KEY = re.compile(r"[\w+-]+")


class Location(Struct, frozen=True):
    """A line of a file, or a `--set` option, as messages name it."""

    source: str
    line: int | None = None
    """Counted from 1; None where the source has no lines."""

    def __str__(self) -> str:
        """Return `file:line`, or the source alone."""
        return self.source if self.line is None else f"{self.source}:{self.line}"


class Entry(Struct, frozen=True):
    """A value and the place of its key (of itself, in a list and at the root)."""

    value: Scalar | dict[str, Entry] | list[Entry]
    place: Location


def plain(entry: Entry) -> Any:
    """Return the entry as dictionaries, lists and scalars."""
    if isinstance(entry.value, dict):
        return {key: plain(child) for key, child in entry.value.items()}
    if isinstance(entry.value, list):
        return [plain(child) for child in entry.value]
    return entry.value


def child(entry: Entry, key: Key) -> Entry | None:
    """Return the entry under a key or list index, or None where there is none."""
    if isinstance(entry.value, dict):
        return entry.value.get(str(key))
    if isinstance(entry.value, list) and str(key).isdecimal() and int(key) < len(entry.value):
        return entry.value[int(key)]
    return None


def deepest(root: Entry, path: Sequence[Key]) -> tuple[Entry, int]:
    """Follow `path` as far as the file goes; return the entry reached and the number of keys followed."""
    entry = root
    for followed, key in enumerate(path):
        below = child(entry, key)
        if below is None:
            return entry, followed
        entry = below
    return entry, len(path)


def dotted(path: Sequence[Key]) -> str:
    """Return a key path as messages show it.

    >>> dotted(["fabric", "network", "depth"]), dotted(["operations", 0, "a b"])
    ('fabric.network.depth', 'operations.0."a b"')
    """
    return ".".join(str(key) if _PLAIN_KEY.fullmatch(str(key)) else shown(str(key)) for key in path)


def shown(value: Any) -> str:
    """Return a found value as messages show it: one short line, control characters escaped."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if value is None:
        return "nothing (null)"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
