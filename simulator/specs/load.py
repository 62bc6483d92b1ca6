"""A YAML file to a validated pydantic model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from simulator.errors import ConfigError
from simulator.specs.explain import explain
from simulator.specs.overrides import apply_overrides
from simulator.specs.parse import parse
from simulator.specs.read import read_text
from simulator.specs.tree import Entry, Key, deepest, dotted, plain, shown

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True)
class Document(Generic[ModelT]):
    """A validated model together with the places of its keys, for errors that only show later."""

    model: ModelT
    root: Entry

    def where(self, path: Sequence[Key]) -> str:
        """Return `file:line: key.path` of a key, or of the mapping it is missing from."""
        return f"{deepest(self.root, path)[0].place}: {dotted(path)}"


def load_yaml_document(path: str | Path, model: type[ModelT], overrides: Sequence[str] = ()) -> Document[ModelT]:
    """Read, override and validate a YAML file; as `load_yaml_model`, but keep the places of its keys."""
    return validated(apply_overrides(read_tree(path, model), overrides), model)


def read_tree(path: str | Path, model: type[BaseModel]) -> Entry:
    """Read a YAML file that is a mapping, as a model's must be, without validating what it holds. Raises ConfigError."""
    root = parse(read_text(Path(path)), str(path))
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
        raise ConfigError(explain(error, model, root)) from error


def load_yaml_model(path: str | Path, model: type[ModelT], overrides: Sequence[str] = ()) -> ModelT:
    """Return the model that a YAML file describes.

    `overrides` are `key.path=value` texts whose values are YAML; they replace or add keys of the file.
    Raises ConfigError with one line for each mistake: file and line, key path, what was found, what is
    allowed and, where something is misspelt, the nearest valid name.
    """
    return load_yaml_document(path, model, overrides).model
