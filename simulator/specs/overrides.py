"""`--set key.path=value`: a value that replaces, or adds, one key of a parsed file."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.errors import ConfigError
from simulator.specs.parse import parse
from simulator.specs.tree import Entry, Place, child, dotted, shown


def apply_overrides(root: Entry, overrides: Sequence[str]) -> Entry:
    """Return `root` with every `key.path=value` applied in order; values are YAML.

    Raises ConfigError where one is not of that form or leads through something that has no keys. A misspelt
    key is left to validation, which knows the names that are allowed.
    """
    for text in overrides:
        root = _apply(root, text)
    return root


def _apply(root: Entry, text: str) -> Entry:
    place = Place(f"--set {text}")
    path, equals, value = text.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise ConfigError(f"{place}: found {shown(text)}; allowed: KEY.PATH=VALUE, such as fabric.units=128")
    parsed = parse(value, str(place), lines=False)
    return replaced(root, keys, Entry(parsed.value, place))


def replaced(entry: Entry, keys: Sequence[str], new: Entry, above: Sequence[str] = ()) -> Entry:
    """Return `entry` with `new` at a key path; `above` is the path of `entry` itself, for messages.

    Raises ConfigError where the path leads through something that has no such keys.
    """
    if not keys:
        return new
    key, rest = keys[0], keys[1:]
    here = [*above, key]
    below = child(entry, key)
    if isinstance(entry.value, list):
        if below is None:
            last = len(entry.value) - 1
            raise ConfigError(f"{new.place}: {dotted(here)}: no such item; allowed: 0 to {last} of the list {dotted(above)}")
        items = list(entry.value)
        items[int(key)] = replaced(below, rest, new, here)
        return Entry(items, entry.place)
    if not isinstance(entry.value, dict):
        raise ConfigError(f"{new.place}: {dotted(here)}: {dotted(above)} is {shown(entry.value)}, which has no keys")
    empty = Entry({}, new.place)
    inner = replaced(below if below is not None and below.value is not None else empty, rest, new, here)
    return Entry({**entry.value, key: inner}, entry.place)
