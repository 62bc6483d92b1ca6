"""Questions to pydantic models: which keys are allowed at a key path, and which values."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Struct, field
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from simulator.specs import naming
from simulator.specs.files import nearest, some_of
from simulator.specs.models import Choice, Section
from simulator.specs.tree import Entry, Key, child, deepest, plain

_MODELS_SHOWN = 4
"""Models of a union whose keys are told one by one; of more, those that all have."""


class Slot(Struct, frozen=True):
    """What may stand at a key: a type annotation and its constraints."""

    annotation: Any
    metadata: tuple[Any, ...] = field(default=())


def slot_at(model: type[BaseModel], path: Sequence[Key], root: Entry) -> Slot | None:
    """Return what the model allows at `path`, unions settled by what the file holds; None where no such key exists."""
    slot: Slot | None = Slot(model)
    entry: Entry | None = root
    for key in path:
        slot = _step(slot, key, entry) if slot is not None else None
        entry = child(entry, key) if entry is not None else None
    return slot


def keys_at(model: type[BaseModel], path: Sequence[Key], root: Entry) -> list[str]:
    """Return the keys that are allowed in the mapping at `path`."""
    allowing = _model_at(model, path, root)
    return list(allowing.model_fields) if allowing is not None else []


def hint_at(model: type[BaseModel], path: Sequence[Key], root: Entry) -> str:
    """Return the hint that goes with a key at `path` that is none: the nearest, or what a size follows from that is no key."""
    above, name = path[:-1], str(path[-1])
    allowing = _model_at(model, above, root)
    follows = allowing.follows if allowing is not None and issubclass(allowing, Section) else {}
    found = nearest(name, [*keys_at(model, above, root), *follows])
    if found is None:
        return ""
    return f"; {found} is {follows[found]}, which can be set" if found in follows else f"; nearest: {found}"


def beside(model: type[BaseModel], path: Sequence[Key], root: Entry) -> tuple[list[str], list[str]]:
    """Return, of a key that only some models of a union have, the keys by which a file tells these, where it tells none.

    With them come the keys of the model that the file means then. Both are empty where the key is of no such model.
    """
    slot, name = slot_at(model, path[:-1], root), str(path[-1])
    models = _models(slot, None) if slot is not None else []
    tags = {each: _tags(each) for each in models}
    found = plain(deepest(root, path[:-1])[0])
    if not isinstance(found, dict) or any(tag in found for told in tags.values() for tag in told):
        return [], []
    meant = next((each for each in models if not tags[each] and name not in each.model_fields), None)
    told = dict.fromkeys(tag for each in models if name in each.model_fields for tag in tags[each])
    return (list(told), list(meant.model_fields)) if told and meant is not None else ([], [])


def tags_at(model: type[BaseModel], path: Sequence[Key], root: Entry) -> list[str]:
    """Return the values of a key that tells the models of a union apart; empty where it is no such key."""
    parent = slot_at(model, path[:-1], root)
    models = _models(parent, None) if parent is not None else []
    fields = [found for each in models if len(models) > 1 and (found := each.model_fields.get(str(path[-1]))) is not None]
    return [tag for info in fields for tag in choices(Slot(info.annotation))]


def every_key(model: type[BaseModel], root: Entry) -> list[tuple[str, ...]]:
    """Return the paths of all keys, outside lists."""
    return [(*path, key) for path, keys in _mappings(Slot(model), root, ()) for key in keys]


def paths_of(model: type[BaseModel], name: str, root: Entry) -> list[tuple[str, ...]]:
    """Return the paths of the mappings, outside lists, in which `name` is a key."""
    return [path for path, keys in _mappings(Slot(model), root, ()) if name in keys]


def choices(slot: Slot) -> list[str]:
    """Return the names that the slot's Literals allow."""
    return [str(value) for part in _members(slot) if get_origin(part.annotation) is Literal for value in get_args(part.annotation)]


def takes_numbers(slot: Slot) -> bool:
    """Whether numbers may stand in a slot."""
    return any(part.annotation in (int, float) for part in _members(slot))


def takes_integers_only(slot: Slot) -> bool:
    """Whether the numbers that may stand in a slot are integers."""
    numbers = [part.annotation for part in _members(slot) if part.annotation in (int, float)]
    return bool(numbers) and float not in numbers


def allowed(slot: Slot) -> str:
    """Return in words what may stand in a slot: `an integer from 1 to 1024, or auto`."""
    models = _models(slot, None)
    if len(models) > _MODELS_SHOWN:
        shared = [name for name in models[0].model_fields if all(name in model.model_fields for model in models)]
        return f"a mapping with the keys {', '.join(shared)}, …"
    return ", or ".join(dict.fromkeys(text for part in _members(slot) if (text := _allowed_member(part))))


def _allowed_member(part: Slot) -> str:
    annotation, origin = part.annotation, get_origin(part.annotation)
    if origin is Literal:
        return ", ".join(str(value) for value in get_args(annotation))
    if origin is dict:
        return f"a mapping of names to {allowed(Slot(get_args(annotation)[1]))}"
    if origin in (list, tuple, set, frozenset):
        return f"a list{_list_length(part.metadata)}, each item {allowed(Slot(get_args(annotation)[0]))}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        names = list(annotation.model_fields)
        return f"a mapping with the keys {some_of(names)}"
    if annotation is bool:
        return "true or false"
    if annotation is int:
        return "an integer" + _integer_range(part.metadata)
    if annotation is float:
        return "a number" + _number_range(part.metadata)
    return "text" + _text_form(part.metadata) if annotation is str else ""


def _constraints(metadata: tuple[Any, ...], *names: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in metadata:
        found.update({name: getattr(item, name) for name in names if getattr(item, name, None) is not None})
    return found


def _integer_range(metadata: tuple[Any, ...]) -> str:
    bounds = _constraints(metadata, "ge", "gt", "le", "lt")
    low = bounds["gt"] + 1 if "gt" in bounds else bounds.get("ge")
    high = bounds["lt"] - 1 if "lt" in bounds else bounds.get("le")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return f" of at least {low}" if low is not None else f" of at most {high}" if high is not None else ""


def _number_range(metadata: tuple[Any, ...]) -> str:
    words = {"gt": "above", "ge": "of at least", "lt": "below", "le": "of at most"}
    bounds = _constraints(metadata, *words)
    limits = [f"{word} {bounds[name]:g}" for name, word in words.items() if name in bounds]
    return " " + " and ".join(limits) if limits else ""


def _list_length(metadata: tuple[Any, ...]) -> str:
    bounds = _constraints(metadata, "min_length", "max_length")
    least, most = bounds.get("min_length", 0), bounds.get("max_length")
    if most is not None:
        return f" of {most}" if least == most else f" of {least} to {most}"
    return f" of at least {least}" if least else ""


_CHARACTERS = {
    naming.PATTERN: naming.IN_WORDS,
    r"^[\w.+-]+$": "letters, digits and . + - _",
    r"^[A-Za-z_]\w*$": "letters, digits and _, a letter first",
}
"""What a pattern allows, in words."""


def _text_form(metadata: tuple[Any, ...]) -> str:
    form = _constraints(metadata, "min_length", "max_length", "pattern")
    least, pattern = form.get("min_length", 0), form.get("pattern", "")
    characters = _CHARACTERS.get(pattern, "characters")
    other = f" that matches {pattern}" if pattern and pattern not in _CHARACTERS else ""
    if "max_length" in form:
        return f" of {least} to {form['max_length']} {characters}{other}"
    return f" of {least} or more {characters}{other}" if least else (f" of {characters}{other}" if pattern in _CHARACTERS else other)


def _members(slot: Slot) -> Iterator[Slot]:
    """The alternatives of a slot: unions and Annotated taken apart."""
    origin, arguments = get_origin(slot.annotation), get_args(slot.annotation)
    if origin is Annotated and (choice := next((part for part in arguments[1:] if isinstance(part, Choice)), None)) is not None:
        for model in choice.models():
            yield Slot(model, slot.metadata)
    elif origin is Annotated:
        extra = tuple(item for part in arguments[1:] for item in (part.metadata if isinstance(part, FieldInfo) else (part,)))
        yield from _members(Slot(arguments[0], slot.metadata + extra))
    elif origin in (Union, types.UnionType):
        for argument in arguments:
            yield from _members(Slot(argument, slot.metadata))
    elif isinstance(slot.annotation, type) and issubclass(slot.annotation, Section):
        for model in slot.annotation.models():
            yield Slot(model, slot.metadata)
    elif slot.annotation is not type(None):
        yield slot


def _model_at(model: type[BaseModel], path: Sequence[Key], root: Entry) -> type[BaseModel] | None:
    """The model of the mapping at `path` that fits the file's keys best; None where there can be no mapping."""
    slot = slot_at(model, path, root)
    entry: Entry | None = root
    for key in path:
        entry = child(entry, key) if entry is not None else None
    return next(iter(_models(slot, entry)), None) if slot is not None else None


def _models(slot: Slot, entry: Entry | None) -> list[type[BaseModel]]:
    """Models that the slot allows, the one that fits the file's keys best first."""
    models = [part.annotation for part in _members(slot) if isinstance(part.annotation, type) and issubclass(part.annotation, BaseModel)]
    found = plain(entry) if entry is not None else None
    if not isinstance(found, dict):
        return models
    return sorted(
        models, key=lambda model: (_misfits(model, found), len(_tags(model) - found.keys()), -len(model.model_fields.keys() & found.keys()))
    )


def _tags(model: type[BaseModel]) -> set[str]:
    """Keys by which a file tells a model of a union from the others."""
    return {name for name, info in model.model_fields.items() if info.is_required() and get_origin(info.annotation) is Literal}


def _misfits(model: type[BaseModel], found: dict[str, Any]) -> int:
    """Tags of the file that say it is another model."""
    return sum(
        get_origin(info.annotation) is Literal and name in found and found[name] not in get_args(info.annotation)
        for name, info in model.model_fields.items()
    )


def _step(slot: Slot, key: Key, entry: Entry | None) -> Slot | None:
    for model in _models(slot, entry):
        if key in model.model_fields:
            info = model.model_fields[str(key)]
            return Slot(info.annotation, tuple(info.metadata))
    for part in _members(slot):
        origin, arguments = get_origin(part.annotation), get_args(part.annotation)
        if origin is dict:
            return Slot(arguments[1])
        if origin in (list, tuple) and str(key).isdecimal():
            return Slot(arguments[0])
    return None


def _mappings(slot: Slot, entry: Entry | None, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    models = _models(slot, entry)
    if not models:
        return
    yield path, list(models[0].model_fields)
    for name in models[0].model_fields:
        below = _step(slot, name, entry)
        if below is not None:
            yield from _mappings(below, child(entry, name) if entry is not None else None, (*path, name))
