"""Why a saved file is none of sparsim's, in words of ours: what reads it is libraries, whose words are for programmers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
from pydantic import ValidationError

from simulator.specs.tree import shown

UNSOUND = (msgspec.MsgspecError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a damaged file may raise."""
_WHERE = re.compile(r" - at `(?:key in )?\$\.?(.*)`$")
_LACKING = re.compile(r"missing required field `(\w+)`")
_OF_OURS = re.compile(r"^[\w.]+ is \w+, no number$")


def complaint(error: Exception) -> str:
    """What is wrong with a file, and where in it.

    >>> complaint(KeyError("cycles"))
    'cycles is missing'
    """
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc'])) or 'the file'}: found {shown(first['input'])}, which sparsim does not write there"
    if isinstance(error, msgspec.ValidationError):
        where, lacking = _WHERE.search(str(error)), _LACKING.search(str(error))
        place = where[1] if where else ""
        if lacking:
            return f"{place + '.' if place else ''}{lacking[1]} is missing"
        return f"{place or 'the file'}: a value of a kind that sparsim does not write there"
    if isinstance(error, KeyError):
        return f"{error.args[0] if error.args else 'a key'} is missing"
    if isinstance(error, msgspec.DecodeError | UnicodeDecodeError):
        return "it is no JSON"
    if isinstance(error, RecursionError):
        return "it nests without end"
    return str(error) if _OF_OURS.match(str(error)) else "a value of a kind that sparsim does not write"


def json_of(path: Path) -> Any:
    """What a JSON file holds; msgspec.DecodeError where it holds none."""
    return msgspec.json.decode(path.read_bytes())
