"""Key paths of a sweep: what they are called, which keys of a file they reach, and the file with those replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from simulator.errors import ConfigError
from simulator.specs.documents import replaced
from simulator.specs.tree import Entry, child, plain
from simulator.study.sweep.spec import Scalar

KNOBS = {"density": "operations.*.weight.density"}
"""Short names of keys of many operations; they reach the operations whose weights are drawn at random and come from DRAM."""
_PATTERN = "pattern"
_OF_ANY_PATTERN = ("pattern", "seed")
_EITHER = {"density": "nnz", "nnz": "density"}


_NAMES = ("machine", "workload")
"""Keys whose values are names, which speak for themselves."""


def labelled(assignments: Mapping[str, Scalar]) -> str:
    """Values of axes: `crossbar, window 4`."""
    return ", ".join(called(path, value) for path, value in assignments.items())


def called(path: str, value: Scalar) -> str:
    """A value after the short name of its key; the name of a machine or a workload alone."""
    return shown(value) if path in _NAMES else f"{short(path)} {shown(value)}"


def of_the_workload(path: str) -> bool:
    """Whether a key path is the workload itself or a key of its file."""
    return path.split(".")[0] == "workload"


def short(path: str) -> str:
    """The last name of a key path that says something: `replicas`; for `workload.*.weight.density`, `weight.density`."""
    keys = [key for key in path.split(".") if key != "*" and not key.isdecimal()]
    return ".".join(keys[-2:]) if len(keys) > 1 and keys[-2] in ("weight", "activation", "network") else keys[-1]


def shown(value: Scalar) -> str:
    """A value of an axis, in a few characters."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def set_machine(root: Entry, path: str, value: Entry) -> Entry:
    """The machine's tree with one key replaced."""
    return replaced(root, path.split("."), value)


def set_workload(root: Entry, path: str, value: Entry) -> Entry:
    """The workload's tree with a key replaced, in one operation or, through `*` or a short name, in several.

    Setting `density` takes the place of `nnz`, and the other way round; setting `pattern` that of all other keys of the old
    pattern but its seed. Raises ConfigError where no operation is reached.
    """
    reached = reached_by(root, path)
    if not reached:
        raise ConfigError(
            f"{value.place}: workload.{path}: no operation of {root.place.source} has a weight from DRAM whose pattern has density or nnz"
        )
    for target in reached:
        if target[-1] == _PATTERN:
            root = _only(root, target[:-1], _OF_ANY_PATTERN)
        root = replaced(root, target, value)
        root = _without(root, [*target[:-1], _EITHER[target[-1]]]) if target[-1] in _EITHER else root
    return root


def spelled_out(path: str) -> list[str]:
    """The keys of a path in a workload file, short names and a leading `*` written out."""
    keys = KNOBS.get(path, path).split(".")
    return ["operations", *keys] if keys[0] == "*" else keys


def reached_by(root: Entry, path: str) -> list[list[str]]:
    """The keys of a workload's tree that a path, a pattern or a short name stands for; none where no operation fits."""
    return list(_expanded(root, spelled_out(path), drawn_only=path in KNOBS))


def may_meet(path: str, other: str) -> bool:
    """Whether two paths of a sweep may stand for one key of some workload, or are one key of machines."""
    if not (path.startswith("workload.") and other.startswith("workload.")):
        return path == other
    first, second = (spelled_out(each.removeprefix("workload.")) for each in (path, other))
    return len(first) == len(second) and all(a == b or "*" in (a, b) for a, b in zip(first, second, strict=True))


def _expanded(root: Entry, keys: Sequence[str], *, drawn_only: bool) -> Iterator[list[str]]:
    if keys[0] != "operations" or len(keys) < 2 or keys[1] != "*":
        yield list(keys)
        return
    operations = child(root, "operations")
    items = operations.value if operations is not None and isinstance(operations.value, list) else []
    for index, item in enumerate(items):
        if not drawn_only or _is_drawn(plain(item)):
            yield ["operations", str(index), *keys[2:]]


def _is_drawn(operation: object) -> bool:
    """Whether an operation's W is a pattern of a chosen number of nonzeros, or pruned to it, and stored in DRAM."""
    if not isinstance(operation, dict) or not isinstance(operation.get("weight"), dict):
        return False
    counted = any(key in operation["weight"] for key in _EITHER)
    return counted and bool({"pattern", "prune"} & operation["weight"].keys()) and operation.get("weight_home", "dram") == "dram"


def _only(entry: Entry, keys: Sequence[str], kept: Sequence[str]) -> Entry:
    """The tree with no other keys than these in the mapping at a path; as it is where it has none there."""
    found: Entry | None = entry
    for key in keys:
        found = child(found, key) if found is not None else None
    names = list(found.value) if found is not None and isinstance(found.value, dict) else []
    for name in names:
        entry = entry if name in kept else _without(entry, [*keys, name])
    return entry


def _without(entry: Entry, keys: Sequence[str]) -> Entry:
    """The tree without a key, where it has it."""
    below = child(entry, keys[0])
    if below is None:
        return entry
    if isinstance(entry.value, list):
        items = list(entry.value)
        items[int(keys[0])] = _without(below, keys[1:])
        return Entry(items, entry.place)
    assert isinstance(entry.value, dict)
    if len(keys) == 1:
        return Entry({key: item for key, item in entry.value.items() if key != keys[0]}, entry.place)
    return Entry({**entry.value, keys[0]: _without(below, keys[1:])}, entry.place)
