"""Validation errors of a model, retold for the writer of the YAML file: place, key path, found, allowed, nearest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from simulator.specs.fields import Slot, allowed, beside, choices, hint_at, keys_at, paths_of, slot_at, tags_at
from simulator.specs.files import nearest, nearest_hint
from simulator.specs.tree import Entry, Key, KeyPath, Location, child, deepest, dotted, plain, shown

MAX_SHOWN = 20
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_WITH_UNIT = re.compile(_NUMBER.pattern + r"\s*[^\W\d_][^\W\d]*(/[^\W\d]+)?|" + _NUMBER.pattern + r"\s*%")
_WITH_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
_TRUTHS = ("true", "false", "yes", "no", "on", "off")
"""What YAML reads as true or false, where it is not in quotes."""
_EXACT = 2**53
"""Below it a float is the integer that its writer meant."""
_NAMES = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")


@dataclass(frozen=True)
class _Problem:
    """One line of the message."""

    place: Location
    path: KeyPath
    text: str

    def __str__(self) -> str:
        """Return the line: place, key path, what is wrong."""
        name = dotted(self.path)
        if not name or self.text.startswith((f"{name} ", f"{name}:")):
            return f"{self.place}: {self.text}"
        return f"{self.place}: {name}: {self.text}"


def explain(error: ValidationError, model: type[BaseModel], root: Entry) -> str:
    """Return the message for all errors of one validation, one a line, in the order of the file; one for a file of another kind."""
    other = _other_kind(model, root)
    if other is not None:
        return f"{root.place.source}: {other}"
    problems: dict[tuple[KeyPath, str], _Problem] = {}
    details = error.errors(include_url=False)
    for detail in details:
        # a list of which every item is wrong counts as too short
        if detail["type"] == "too_short" and any(_below(other["loc"], detail["loc"]) for other in details):
            continue
        problem = _problem(dict(detail), model, root)
        # the branches of a union fail one by one at the same key: one line tells what the union allows
        problems.setdefault((problem.path, problem.text), problem)
    told = [problem for problem in problems.values() if not _told_below(problem, problems.values())]
    ordered = sorted(told, key=lambda problem: problem.place.line or 0)
    lines = [str(problem) for problem in ordered[:MAX_SHOWN]]
    if len(ordered) > MAX_SHOWN:
        lines.append(f"… and {len(ordered) - MAX_SHOWN} more errors")
    return "\n".join(lines)


_TELLING = {"operations": "a workload", "fabric": "a machine", "axes": "a sweep", "question": "a study"}
"""Top-level keys by which a file of a kind is known, and the kind."""


def _other_kind(model: type[BaseModel], root: Entry) -> str | None:
    """`is a workload (it has operations); allowed: a machine`, where a file has none of the keys that tell a model, but another's."""
    keys = root.value if isinstance(root.value, dict) else {}
    own = [key for key in _TELLING if key in model.model_fields]
    others = [key for key in _TELLING if key in keys and key not in model.model_fields]
    if not own or not others or any(key in keys for key in own):
        return None
    return f"is {_TELLING[others[0]]}, since it has the key {others[0]}; allowed: {_TELLING[own[-1]]}, with the key {own[-1]}"


def _told_below(problem: _Problem, others: Iterable[_Problem]) -> bool:
    """Whether a mapping or a list is of a kind that may stand there, and a line about what is in it says what is wrong."""
    return problem.text.startswith(("found a mapping;", "found a list;")) and any(_below(other.path, problem.path) for other in others)


def _below(location: tuple[Key, ...], above: tuple[Key, ...]) -> bool:
    return len(location) > len(above) and location[: len(above)] == above


def _problem(detail: dict[str, Any], model: type[BaseModel], root: Entry) -> _Problem:
    path = _key_path(detail, root)
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(path, model, root)
    if kind == "missing":
        return _missing_key(path, model, root)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag_path = (*path, detail["ctx"]["discriminator"].strip("'"))
        if kind == "union_tag_not_found":
            return _missing_key(tag_path, model, root)
        return _bad_tag(tag_path, detail["ctx"]["expected_tags"], root)
    if kind == "value_error":
        return _cross_field(path, str(detail["ctx"]["error"]), model, root)
    return _bad_value(path, detail["msg"], model, root)


def _key_path(detail: dict[str, Any], root: Entry) -> KeyPath:
    """Keys of the file that lead to an error: pydantic's location without the labels of union branches."""
    location = detail["loc"]
    entry: Entry | None = root
    path: list[Key] = []
    for index, key in enumerate(location):
        below = child(entry, key) if entry is not None else None
        if below is not None:
            path.append(key)
            entry = below
        elif detail["type"] == "missing" and index == len(location) - 1:
            path.append(key)
    return tuple(path)


def _place(path: KeyPath, root: Entry) -> Location:
    return deepest(root, path)[0].place


def _unknown_key(path: KeyPath, model: type[BaseModel], root: Entry) -> _Problem:
    name = str(path[-1])
    told, without = beside(model, path, root)
    if told:
        return _Problem(_place(path, root), path, f"unknown key without {' or '.join(told)}; allowed: {', '.join(without)}")
    keys = keys_at(model, path[:-1], root)
    elsewhere = [dotted((*parent, name)) for parent in paths_of(model, name, root)]
    hint = f"; nearest: {elsewhere[0]}" if elsewhere else hint_at(model, path, root)
    if name.isdecimal() and plain(deepest(root, path)[0]) is None:
        hint = "; a comma parts keys: write a decimal point"
    return _Problem(_place(path, root), path, f"unknown key; allowed: {', '.join(keys)}{hint}")


def _missing_key(path: KeyPath, model: type[BaseModel], root: Entry) -> _Problem:
    name = str(path[-1])
    words = ", ".join(tags_at(model, path, root)) or allowed(slot_at(model, path, root) or Slot(Any)) or "a value"
    parent = plain(deepest(root, path[:-1])[0])
    strangers = [key for key in parent if key not in keys_at(model, path[:-1], root)] if isinstance(parent, dict) else []
    misspelt = nearest(name, strangers)
    hint = f"; nearest found: {shown(misspelt)}" if misspelt is not None else ""
    return _Problem(_place(path, root), path, f"missing key; allowed: {words}{hint}")


def _bad_tag(path: KeyPath, expected: str, root: Entry) -> _Problem:
    names = [name.strip(" '") for name in expected.split(",")]
    value = plain(deepest(root, path)[0])
    return _Problem(_place(path, root), path, f"found {shown(value)}; allowed: {', '.join(names)}{nearest_hint(str(value), names)}")


def _bad_value(path: KeyPath, message: str, model: type[BaseModel], root: Entry) -> _Problem:
    value = plain(deepest(root, path)[0])
    slot = slot_at(model, path, root)
    words = allowed(slot) if slot is not None else ""
    hint = nearest_hint(value, choices(slot)) if slot is not None and isinstance(value, str) else ""
    hint = hint or _writing_hint(value, words)
    return _Problem(_place(path, root), path, f"found {shown(value)}; allowed: {words or message}{hint}")


def _writing_hint(value: Any, words: str) -> str:
    """How to write it: quotes make text of what YAML reads as something else, and a unit or a comma makes text of a number."""
    if words.startswith("text"):
        if isinstance(value, bool):
            return f"; a bare {'yes or on' if value else 'no or off'} is read as {str(value).lower()}; put it in quotes"
        return "; put it in quotes, if it is a text" if value is None or isinstance(value, int | float) else ""
    if words.startswith("true or false"):
        quoted = isinstance(value, str) and value.lower() in _TRUTHS
        return "; in quotes it is a text; leave them away" if quoted else ""
    if isinstance(value, float) and value.is_integer() and words.startswith("an integer"):
        return f"; write {int(value)}" if abs(value) < _EXACT else ""
    if not isinstance(value, str) or not words.startswith(("a number", "an integer")):
        return ""
    if _NUMBER.fullmatch(value):
        return "; in quotes it is a text; leave them away"
    if _WITH_UNIT.fullmatch(value):
        return "; write the number alone, in the unit that the key is described with"
    return "; write a decimal point" if words.startswith("a number") and _WITH_COMMA.fullmatch(value) else ""


def _cross_field(path: KeyPath, message: str, model: type[BaseModel], root: Entry) -> _Problem:
    """An error that weighs keys against each other; its message names them, the one to blame first."""
    named = [found for name in _NAMES.findall(message) if (found := _resolve(path, name, model, root)) is not None]
    present = [found for found in named if deepest(root, found)[1] == len(found)]
    set_by_hand = [found for found in present if _place(found, root).line is None]
    blamed = (set_by_hand or present or named or [path])[0]
    leading = re.match(r"([\w.]+): ", message)
    if leading and _resolve(path, leading[1], model, root) == blamed:
        message = message[leading.end() :]
    return _Problem(_place(blamed, root), blamed, message)


def _resolve(path: KeyPath, name: str, model: type[BaseModel], root: Entry) -> KeyPath | None:
    """The key path that a name in a message means: from the model that speaks, or from the root."""
    keys = tuple(name.split("."))
    for candidate in ((*path, *keys), keys):
        if slot_at(model, candidate, root) is not None:
            return candidate
    return None
