"""A YAML file to a validated pydantic model: read, overridden by `--set`, checked, and kept while the file does not change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Generic, TypeVar

from msgspec import Struct
from pydantic import BaseModel, ValidationError

from simulator.errors import ConfigError
from simulator.specs.files import read_text
from simulator.specs.parse import parse
from simulator.specs.tree import Entry, Key, Location, child, deepest, dotted, plain, shown

ModelT = TypeVar("ModelT", bound=BaseModel)


class Document(Struct, Generic[ModelT], frozen=True):
    """A validated model together with the places of its keys, for errors that only show later."""

    model: ModelT
    root: Entry

    def where(self, path: Sequence[Key]) -> str:
        """Return `file:line: key.path` of a key, or of the mapping it is missing from."""
        return f"{deepest(self.root, path)[0].place}: {dotted(path)}"


_CALLED: ContextVar[Mapping[Path, str]] = ContextVar("called", default=MappingProxyType({}))


@contextmanager
def called(file: Path, name: str) -> Iterator[None]:
    """Within it, messages about a file that was made of the user's tell theirs, by `name`."""
    token = _CALLED.set({**_CALLED.get(), file: name})
    try:
        yield
    finally:
        _CALLED.reset(token)


def load_yaml_document(path: str | Path, model: type[ModelT], overrides: Sequence[str] = (), *, above: str = "") -> Document[ModelT]:
    """Read, override and validate a YAML file; as `load_yaml_model`, but keep the places of its keys. `above`: of `apply_overrides`."""
    return validated(apply_overrides(read_tree(path, model), overrides, above=above), model)


def read_tree(path: str | Path, model: type[BaseModel]) -> Entry:
    """Read a YAML file that is a mapping, as a model's must be, without validating what it holds. Raises ConfigError."""
    named = _CALLED.get().get(Path(path))
    root = parse(read_text(Path(path)), named or str(path), lines=named is None)
    if root.value is None:
        raise ConfigError(f"{root.place}: the file is empty; allowed: a mapping with the keys {', '.join(model.model_fields)}")
    if not isinstance(root.value, dict):
        found = "a list" if isinstance(root.value, list) else shown(root.value)
        raise ConfigError(f"{root.place}: found {found}; allowed: a mapping with the keys {', '.join(model.model_fields)}")
    return root


def validated(root: Entry, model: type[ModelT]) -> Document[ModelT]:
    """Return the model that a tree describes. Raises ConfigError with the place of every mistake."""
    try:
        # as JSON and strict: a list may be a tuple, but text is no number and true is not 1
        return Document(model.model_validate_json(json.dumps(plain(root)), strict=True), root)
    except ValidationError as error:
        from simulator.specs.explain import explain

        raise ConfigError(explain(error, model, root)) from error


def load_yaml_model(path: str | Path, model: type[ModelT], overrides: Sequence[str] = ()) -> ModelT:
    """Return the model that a YAML file describes.

    `overrides` are `key.path=value` texts whose values are YAML; they replace or add keys of the file.
    Raises ConfigError with one line for each mistake: file and line, key path, what was found, what is
    allowed and, where something is misspelt, the nearest valid name.
    """
    return load_yaml_document(path, model, overrides).model


def apply_overrides(root: Entry, overrides: Sequence[str], *, above: str = "") -> Entry:
    """Return `root` with every `key.path=value` applied in order, or one alone; values are YAML.

    `above`: what each begins with that is no key of the file, as `workload.`; messages show what was typed.

    Raises ConfigError where one is not of that form or leads through something that has no keys. A misspelt
    key is left to validation, which knows the names that are allowed.
    """
    for text in [overrides] if isinstance(overrides, str) else overrides:
        root = _apply(root, text, above)
    return root


def _apply(root: Entry, text: str, above: str) -> Entry:
    place = Location(f"--set {text}")
    path, equals, value = text.partition("=")
    keys = path.strip().removeprefix(above).split(".")
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


Stamp = tuple[int, int, int, int]
"""Device, inode, size and time of the last change."""


def load_once(path: Path, model: type[ModelT]) -> ModelT:
    """As `load_yaml_model` without overrides; the same frozen model again while the file on disk is the same.

    Raises ConfigError.
    """
    loaded: ModelT = _load(path, model, _stamp(path))
    return loaded


@lru_cache(maxsize=64)
def _load(path: Path, model: type[ModelT], stamp: Stamp | None) -> ModelT:
    return load_yaml_model(path, model)


def _stamp(path: Path) -> Stamp | None:
    """None for a file that cannot be looked at; reading it then says why."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
