"""Plain data to text, YAML or JSON, that `parse` reads as the same data."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any

import yaml

from simulator.errors import ConfigError
from simulator.specs.parse import NUMBER_OF_TEXT


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    """Text; in quotes where it is a bare 1e3, which YAML 1.1 calls text, and `parse` takes as a number."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="'" if NUMBER_OF_TEXT.fullmatch(value) else None)


_DUMPER: type[yaml.SafeDumper] = type("_Dumper", (getattr(yaml, "CSafeDumper", yaml.SafeDumper),), {})
_DUMPER.add_representer(str, _text)


def as_yaml(value: Any, *, flow: bool | None = False, width: int = 120) -> str:
    """Return plain data as YAML, keys in their order; `flow` None: the innermost lists and mappings on a line, True: everything."""
    text: str = yaml.dump(value, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=width, default_flow_style=flow)
    return text


def as_json(value: Any, what: str) -> str:
    """Return data of a script as JSON; NumPy's numbers and arrays, ranges and paths as what they stand for.

    Raises ConfigError where it holds what no file could; `what` says what it is to be.
    """
    try:
        return json.dumps(value, default=_plain)
    except ConfigError as error:
        raise ConfigError(f"{what} is numbers, text, lists and mappings: {error}") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"{what} is numbers, text, lists and mappings, none within itself, with text as keys") from error


def _plain(value: Any) -> Any:
    if isinstance(value, range | PurePath):
        return list(value) if isinstance(value, range) else str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise ConfigError(f"found {type(value).__name__}")
