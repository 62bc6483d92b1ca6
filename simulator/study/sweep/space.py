"""The space of a sweep: coordinates are one index for each axis; resolving them gives a point, or why it is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

from simulator.errors import ConfigError, SparsimError, WorkerError
from simulator.machine import Machine
from simulator.specs import Document
from simulator.specs.documents import read_tree, validated
from simulator.specs.tree import Entry, deepest
from simulator.study.sizing.scale import SEARCHED
from simulator.study.sweep.expression import Expression
from simulator.study.sweep.inputs import PricedIn, Recipe, Scaled, SizeSearch, Target, searched, target_of
from simulator.study.sweep.keys import labelled, may_meet, of_the_workload, reached_by, set_machine, set_workload
from simulator.study.sweep.point import Invalid, Point
from simulator.study.sweep.spec import EqualSpec, Scalar, SweepSpec
from simulator.workload.spec import WorkloadSpec

T = TypeVar("T")
Coordinates = tuple[int, ...]
"""One index for each dimension."""


@dataclass(frozen=True)
class Dimension:
    """An axis, or a group of axes that step together."""

    paths: tuple[str, ...]
    values: tuple[tuple[Scalar, ...], ...]
    """For each index, one value for each path."""
    when: tuple[Expression | None, ...]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Derived:
    """A key that is fixed or follows from others."""

    path: str
    value: Scalar | Expression
    when: Expression | None


@dataclass(frozen=True, eq=False)
class Space:
    """All combinations of a sweep file."""

    spec: SweepSpec
    dimensions: tuple[Dimension, ...]
    derived: tuple[Derived, ...]
    where: tuple[Expression, ...]
    machine_file: Callable[[str], Path]
    workload_file: Callable[[str], Path]
    root: Entry
    """The sweep file, for the places of keys."""
    search: Callable[[SizeSearch], Scaled] = searched
    """What finds the best sizes, where `equal` asks for them."""
    _bases: dict[Any, Any] = field(default_factory=dict, repr=False)
    """Files, machines, workloads and technologies that were read already; they end with the space."""

    @cached_property
    def size(self) -> int:
        """Combinations of all axes."""
        return math.prod(len(dimension) for dimension in self.dimensions)

    @cached_property
    def conditions(self) -> dict[str, Expression]:
        """The condition of each axis that has one, after those of the axes that it names. Raises ConfigError where they go in a circle."""
        given = {
            path: when
            for dimension in self.dimensions
            for path, when in zip(dimension.paths, dimension.when, strict=True)
            if when is not None
        }
        # a condition that names its own key means what that is where the axis leaves it
        before = {
            path: [other for other in given if other != path and any(may_meet(name, other) for name in when.paths)]
            for path, when in given.items()
        }
        try:
            return {path: given[path] for path in TopologicalSorter(before).static_order()}
        except CycleError as error:
            circle = error.args[1]
            raise ConfigError(
                f"{given[circle[0]].place}: conditions of axes that wait for each other: {' → '.join(circle)}; remove one of them"
            ) from error

    def coordinates(self) -> Iterator[Coordinates]:
        """All coordinates, the last axis fastest."""
        return product(*(range(len(dimension)) for dimension in self.dimensions))

    def resolve(self, at: Coordinates) -> Point | Invalid | None:
        """The point at some coordinates, why there is none, or None where a condition of `where` leaves it out."""
        given = self.given(at)
        chosen: Mapping[str, Scalar] = given
        try:
            chosen = self._chosen(given)
            values = self._with_derived(chosen)
            if not self._wanted(values):
                return None
            return self._point(chosen, values)
        except SparsimError as error:
            return Invalid(chosen, str(error), "killed" if isinstance(error, WorkerError) else "invalid")

    @property
    def searches(self) -> bool:
        """Whether `equal` asks for the best sizes."""
        return isinstance(self.spec.equal, EqualSpec) and self.spec.equal.best is not None

    def search_at(self, at: Coordinates) -> SizeSearch | None:
        """What `resolve` will search for there; None where it searches for nothing, or there is no point."""
        try:
            values = self._with_derived(self._chosen(self.given(at)))
            if not self._wanted(values):
                return None
            recipe = self._recipe(self._named("workload", values), _of_workload(values))
            return self._size_search(self._named("machine", values), _of_machine(values), recipe)
        except SparsimError:
            return None

    def given(self, at: Coordinates) -> dict[str, Scalar]:
        """Values of all axes there, those whose condition does not hold among them."""
        return {
            path: value
            for dimension, index in zip(self.dimensions, at, strict=True)
            for path, value in zip(dimension.paths, dimension.values[index], strict=True)
        }

    def _chosen(self, given: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Those of the values whose condition holds, in order."""
        chosen = {path: value for path, value in given.items() if path not in self.conditions}
        for path, when in self.conditions.items():
            if when.holds(lambda name: self._value(name, chosen)):
                chosen[path] = given[path]
        return {path: value for path, value in given.items() if path in chosen}

    def _with_derived(self, chosen: Mapping[str, Scalar]) -> dict[str, Scalar]:
        values = dict(chosen)
        for entry in self.derived:
            if entry.when is None or entry.when.holds(lambda path: self._value(path, values)):
                found = entry.value.scalar(lambda path: self._value(path, values)) if isinstance(entry.value, Expression) else entry.value
                # a quotient of integers that is whole is meant as one: banks, units
                values[entry.path] = int(found) if isinstance(found, float) and found.is_integer() else found
        return values

    def _wanted(self, values: Mapping[str, Scalar]) -> bool:
        """Whether the conditions of `where` hold."""
        return all(condition.holds(lambda path: self._value(path, values)) for condition in self.where)

    def _value(self, path: str, values: Mapping[str, Scalar]) -> Any:
        """What a key path has: as set, as in the base file, or its default. Raises LookupError."""
        if path in values:
            return values[path]
        if path in ("machine", "workload"):
            return self._named(path, values)
        if path.startswith("workload."):
            return self._value_of_workload(path, values)
        return self._value_in(self._base(Machine, self._named("machine", values)), path.split("."), path)

    def _value_of_workload(self, path: str, values: Mapping[str, Scalar]) -> Any:
        """The same for a key, or a pattern of keys that all have one value, however the path that sets it is spelled."""
        document = self._base(WorkloadSpec, self._named("workload", values))
        given = {keys: value for other, value in values.items() if other.startswith("workload.") for keys in self._reached(document, other)}
        found = [given[keys] if keys in given else self._value_in(document, keys, path) for keys in self._reached(document, path)]
        different = {repr(value): value for value in found}
        if len(different) != 1:
            several = f"not one value but {', '.join(different)}; name an operation" if different else "no operation has such a key"
            raise LookupError(f"{path}: in {document.root.place.source} {several}")
        return found[0]

    def _reached(self, document: Document[Any], path: str) -> tuple[tuple[str, ...], ...]:
        keys = ("reached", document.root.place.source, path)
        return self._once(keys, lambda: tuple(map(tuple, reached_by(document.root, path.removeprefix("workload.")))))

    def _value_in(self, document: Document[Any], keys: Sequence[str], path: str) -> Any:
        source = document.root.place.source
        found: Any = self._once(("values", source), lambda: document.model.model_dump(mode="json"))
        for key in keys:
            if isinstance(found, list) and key.isdecimal() and int(key) < len(found):
                found = found[int(key)]
            elif isinstance(found, dict) and key in found:
                found = found[key]
            else:
                raise LookupError(f"{path}: no such key of {source}")
        return found

    def _named(self, kind: str, values: Mapping[str, Scalar]) -> str:
        """The machine or workload to start from. Raises LookupError where that is an axis, and the values are of no point."""
        name = values.get(kind, getattr(self.spec, kind))
        if name is None:
            raise LookupError(f"the {kind} is an axis; what equal scales machines to is found without axes")
        return str(name)

    def _base(self, model: Any, name: str) -> Document[Any]:
        # looked for once: a search through folders for each point would be a tenth of what resolving it takes
        file = self._once(("file", model, name), lambda: self.machine_file(name) if model is Machine else self.workload_file(name))
        document: Document[Any] = self._once(("base", file), lambda: validated(read_tree(file, model), model))
        return document

    def _once(self, key: Any, make: Callable[[], T]) -> T:
        """What `make` returns or raises, remembered."""
        if key not in self._bases:
            try:
                self._bases[key] = make()
            except SparsimError as error:
                self._bases[key] = error
        kept = self._bases[key]
        if isinstance(kept, SparsimError):
            raise kept
        found: T = kept
        return found

    def machines(self) -> list[str]:
        """Names of all machines that points start from, in order."""
        found = [self.spec.machine] if self.spec.machine is not None else []
        for dimension in self.dimensions:
            if "machine" in dimension.paths:
                found += [str(row[dimension.paths.index("machine")]) for row in dimension.values]
        return found

    def target(self) -> Target:
        """What `equal` scales machines to; all of them as their files and `set` have them, without axes. Raises ConfigError."""
        target: Target = self._once("target", self._target)
        return target

    def _target(self) -> Target:
        names = self.machines()
        wanted = self.spec.equal.area if isinstance(self.spec.equal, EqualSpec) else names[0]
        model = self._without_axes(wanted) if isinstance(wanted, str) else wanted
        return target_of(model, [self._without_axes(name) for name in names])

    def _without_axes(self, name: str) -> Machine:
        return self._changed_machine(name, _of_machine(self._with_derived({"machine": name})))

    def _sized(self, name: str, values: Sequence[tuple[str, Scalar]], recipe: Recipe) -> Scaled:
        """The machine as its points have it. Remembered, for all workloads where these do not matter."""
        search = self._size_search(name, values, recipe)
        if search is not None:
            return self._once(("best", search.key), lambda: self.search(search))
        return self._once(("machine", name, typed(values)), lambda: self._scaled(self._changed_machine(name, values)))

    def _size_search(self, name: str, values: Sequence[tuple[str, Scalar]], recipe: Recipe) -> SizeSearch | None:
        """What is searched for where `equal` asks for the best sizes: for the workload of each point, unless it names one."""
        if not self.searches:
            return None
        equal = self.spec.equal
        assert isinstance(equal, EqualSpec)
        assert equal.best is not None
        objective, search, budget = equal.best, equal.search or "steps", equal.budget
        on = recipe if equal.on is None else self._recipe(equal.on, ())
        kept = tuple(path for path, _ in values if path in SEARCHED)
        at = labelled({path: value for path, value in values if path not in self.spec.set})
        return self._once(
            ("search", name, typed(values), on.key),
            lambda: SizeSearch(self._changed_machine(name, values), on, self.target().area_mm2, objective, search, budget, kept, at),
        )

    def _scaled(self, machine: Machine) -> Scaled:
        return Scaled(machine, {}) if self.spec.equal is None else self.target().scaled(machine)

    def _point(self, chosen: Mapping[str, Scalar], values: Mapping[str, Scalar]) -> Point:
        of_machine = _of_machine(values)
        machine_name, workload_name = self._named("machine", values), self._named("workload", values)
        recipe = self._recipe(workload_name, _of_workload(values))
        sized = self._sized(machine_name, of_machine, recipe)
        machine = sized.machine
        constants = tuple(sorted(machine.technology_overrides.items()))
        technology = self._once(("technology", machine.technology, constants), lambda: PricedIn.of(machine))
        return Point.of(self.spec, chosen, sized, technology, recipe)

    def _recipe(self, name: str, values: tuple[tuple[str, Scalar], ...]) -> Recipe:
        return self._once(("recipe", name, typed(values)), lambda: self._changed_workload(name, values))

    def _changed_machine(self, name: str, values: Sequence[tuple[str, Scalar]]) -> Machine:
        root = self._base(Machine, name).root
        for path, value in values:
            root = set_machine(root, path, Entry(value, self._place(path)))
        machine: Machine = validated(root, Machine).model
        return machine

    def _changed_workload(self, name: str, values: Sequence[tuple[str, Scalar]]) -> Recipe:
        document = self._base(WorkloadSpec, name)
        root = document.root
        for path, value in values:
            root = set_workload(root, path.removeprefix("workload."), Entry(value, self._place(path)))
        return Recipe.of(validated(root, WorkloadSpec), self.workload_file(name).parent)

    def _place(self, path: str) -> Any:
        """Line of the sweep file that sets a key."""
        for section in (("axes",), ("set",), *(("zip", index) for index in range(len(self.spec.zip)))):
            entry, followed = deepest(self.root, (*section, path))
            if followed == len(section) + 1:
                return entry.place
        return self.root.place


def _of_machine(values: Mapping[str, Scalar]) -> tuple[tuple[str, Scalar], ...]:
    """The values that are of keys of the machine file."""
    return tuple((path, value) for path, value in values.items() if path != "machine" and not of_the_workload(path))


def _of_workload(values: Mapping[str, Scalar]) -> tuple[tuple[str, Scalar], ...]:
    """The values that are of keys of the workload file."""
    return tuple((path, value) for path, value in values.items() if path.startswith("workload."))


def typed(values: Iterable[tuple[str, Scalar]]) -> tuple[tuple[str, str, Scalar], ...]:
    """Values with their types, to tell 1 from 1.0 and true, which Python takes for equal."""
    return tuple((path, type(value).__name__, value) for path, value in values)
