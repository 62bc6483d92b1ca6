"""A sweep file to a space, with every name in it checked before anything runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from simulator.errors import ConfigError
from simulator.machine import Machine
from simulator.result import METRICS
from simulator.specs import Document, Key, config_path, load_yaml_document, nearest_hint, workload_path
from simulator.specs.documents import read_tree
from simulator.specs.fields import hint_at, keys_at, paths_of, slot_at, takes_integers_only
from simulator.specs.tree import Entry
from simulator.study.sizing.scale import SCALED, SETTLED
from simulator.study.sweep.expression import Expression, no_names
from simulator.study.sweep.keys import KNOBS, spelled_out
from simulator.study.sweep.space import Derived, Dimension, Space
from simulator.study.sweep.spec import MAX_POINTS, Axis, AxisSpec, EqualSpec, Scalar, Setting, SweepSpec, values_of
from simulator.workload.spec import WorkloadSpec


def load_sweep(path: str | Path, overrides: Sequence[str] = ()) -> Space:
    """Return the space of a sweep file, or of a name in configs/sweeps.

    Machines and workloads go by shipped names, or by paths relative to the sweep file. Raises ConfigError.
    """
    file = config_path("sweeps", path)
    return space_of(load_yaml_document(file, SweepSpec, overrides), Path(file).parent)


def space_of(document: Document[SweepSpec], folder: Path) -> Space:
    """Return the space of a validated sweep; files that it names are looked for in `folder` first. Raises ConfigError."""
    spec = document.model
    reader = _Reader(document, folder)
    space = Space(
        spec=spec,
        dimensions=tuple(reader.dimensions()),
        derived=tuple(reader.derived(path, value) for path, value in spec.set.items()),
        where=tuple(reader.expression(text, ("where", index)) for index, text in enumerate(spec.where)),
        machine_file=lambda name: config_path("machines", _beside(folder, name)),
        workload_file=lambda name: workload_path(_beside(folder, name)),
        root=document.root,
    )
    reader.check(space)
    return space


class _Reader:
    """Reads one document; its errors name the places of keys."""

    def __init__(self, document: Document[SweepSpec], folder: Path) -> None:
        self.document = document
        self.spec = document.model
        self.folder = folder

    def error(self, path: Sequence[Key], message: str) -> ConfigError:
        """An error that names the place of a key."""
        return ConfigError(f"{self.document.where(path)}: {message}")

    def expression(self, text: str, path: Sequence[Key]) -> Expression:
        """Parse the text of a key. Raises ConfigError that names its place."""
        return Expression.parse(text, self.document.where(path))

    def dimensions(self) -> list[Dimension]:
        """One for each of `axes`, then one for each group of `zip`. Raises ConfigError."""
        groups = [(({path: axis}), ("axes",)) for path, axis in self.spec.axes.items()]
        zipped = [(group, ("zip", index)) for index, group in enumerate(self.spec.zip)]
        return [self._dimension(group, section) for group, section in [*groups, *zipped]]

    def _dimension(self, group: dict[str, Axis], section: tuple[Key, ...]) -> Dimension:
        if not group:
            raise self.error(
                section, "a group without axes; allowed: axes that step together, {fabric.units: [4, 8], fabric.banks: [8, 16]}"
            )
        columns = {path: values_of(axis) for path, axis in group.items()}
        lengths = {path: len(values) for path, values in columns.items()}
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{path} has {length}" for path, length in lengths.items())
            raise self.error(section, f"axes of a group step together and need as many values each; {found}")
        for path, values in columns.items():
            twice = next((value for (_, value), count in Counter((type(value), value) for value in values).items() if count > 1), None)
            if twice is not None and len(group) == 1:
                raise self.error((*section, path), f"found {twice!r} twice; allowed: each value once")
        when = [
            self.expression(axis.when, (*section, path, "when")) if isinstance(axis, AxisSpec) and axis.when is not None else None
            for path, axis in group.items()
        ]
        return Dimension(tuple(columns), tuple(zip(*columns.values(), strict=True)), tuple(when))

    def derived(self, path: str, value: Setting | Scalar) -> Derived:
        """An entry of `set`: its value, or the expression that a text in ${} is. Raises ConfigError for what is no expression."""
        when = None
        if isinstance(value, Setting):
            when = self.expression(value.when, ("set", path, "when")) if value.when is not None else None
            value = value.value
        if isinstance(value, str) and value.startswith("${") and value.endswith("}"):
            expression = self.expression(value[2:-1], ("set", path))
            return Derived(path, expression if expression.paths else expression.scalar(no_names), when)
        return Derived(path, value, when)

    def check(self, space: Space) -> None:
        """Every file is there, every key path and every metric is known, and the grid is not beyond reason."""
        if self.spec.search.method == "grid" and space.size > MAX_POINTS:
            raise self.error(("axes",), f"{space.size:,} combinations; allowed: at most {MAX_POINTS:,}, or search: {{method: random}}")
        roots = {kind: self._roots(space, kind) for kind in ("machine", "workload")}
        for path, where in self._sections().items():
            self._check_path(path, self.document.where(where), roots)
        for kind in ("machine", "workload"):
            if kind in space.conditions:
                raise ConfigError(f"{space.conditions[kind].place}: allowed beside keys of a file; without a {kind} there is no point")
        for expression in _of_keys(space):
            for name in expression.paths:
                self._check_path(name, expression.place, roots)
        self._check_metrics()
        self._check_constraints(space)
        self._check_equal(space)

    def _check_constraints(self, space: Space) -> None:
        """Raise ConfigError for one that no point, or not every point, can be held against."""
        known = [*METRICS, *(path for path in self._sections() if path not in self.spec.set and path not in space.conditions)]
        for index, text in enumerate(self.spec.constraints):
            expression = self.expression(text, ("constraints", index))
            for name in expression.paths:
                if name not in known:
                    raise ConfigError(
                        f"{expression.place}: {name}: neither a metric nor an axis that every point has; conditions on other keys "
                        f"belong under where; allowed: {', '.join(known)}{nearest_hint(name, known)}"
                    )
            _check_types(expression, space)

    def _check_equal(self, space: Space) -> None:
        """Raise ConfigError where machines are to be scaled and no size can be found, or an axis sets what scaling sets."""
        if self.spec.equal is None:
            return
        settled = SETTLED if isinstance(self.spec.equal, EqualSpec) and self.spec.equal.best else SCALED
        for path, where in self._sections().items():
            if path in settled:
                raise self.error(where, f"{path}: settled by equal, which sizes the machines; remove one of them")
        try:
            space.target()
            if isinstance(self.spec.equal, EqualSpec) and self.spec.equal.on is not None:
                read_tree(space.workload_file(self.spec.equal.on), WorkloadSpec)
        except ConfigError as error:
            raise self.error(("equal",), str(error)) from error

    def _roots(self, space: Space, kind: str) -> list[Entry]:
        """The base files of a kind, each read once."""
        base = getattr(self.spec, kind)
        named: list[tuple[Scalar, tuple[Key, ...]]] = [] if base is None else [(base, (kind,))]
        for dimension in space.dimensions:
            if kind in dimension.paths:
                named += [(row[dimension.paths.index(kind)], self._sections()[kind]) for row in dimension.values]
        roots = []
        for name, where in named:
            try:
                if kind == "machine":
                    roots.append(read_tree(space.machine_file(str(name)), Machine))
                else:
                    roots.append(read_tree(space.workload_file(str(name)), WorkloadSpec))
            except ConfigError as error:
                raise self.error(where, str(error)) from error
        return roots

    def _sections(self) -> dict[str, tuple[Key, ...]]:
        """Where each key is given: key path of the sweep file."""
        found: dict[str, tuple[Key, ...]] = {path: ("axes", path) for path in self.spec.axes}
        found |= {path: ("zip", index, path) for index, group in enumerate(self.spec.zip) for path in group}
        return found | {path: ("set", path) for path in self.spec.set}

    def _check_path(self, path: str, place: str, roots: dict[str, list[Entry]]) -> None:
        """Raise ConfigError where no base file can have such a key."""
        if path in ("machine", "workload"):
            return
        kind = "workload" if path.startswith("workload.") else "machine"
        model = WorkloadSpec if kind == "workload" else Machine
        keys = spelled_out(path.removeprefix("workload.")) if kind == "workload" else path.split(".")
        keys = ["0" if key == "*" else key for key in keys]
        slots = [slot for root in roots[kind] if (slot := slot_at(model, keys, root)) is not None]
        if slots:
            axis = self.spec.axes.get(path)
            if isinstance(axis, AxisSpec) and axis.values is None and not axis.integer and all(map(takes_integers_only, slots)):
                raise ConfigError(f"{place}: {path} takes integers alone; allowed: integer: true beside linspace and logspace")
            return
        root = roots[kind][0]
        known = next(length for length in range(len(keys) - 1, -1, -1) if slot_at(model, keys[:length], root) is not None)
        allowed = keys_at(model, keys[:known], root)
        above = ".".join([*([kind] if kind == "workload" else []), *keys[:known]]) or "a machine"
        elsewhere = next((".".join((*parent, keys[known])) for parent in paths_of(model, keys[known], root)), None)
        hint = hint_at(model, keys[: known + 1], root) if elsewhere is None else f"; nearest: {elsewhere}"
        if above == "workload":
            allowed = [*allowed, *KNOBS]
            hint = nearest_hint(keys[known], allowed)
        raise ConfigError(f"{place}: {path}: unknown key; allowed in {above}: {', '.join(allowed) or 'nothing'}{hint}")

    def _check_metrics(self) -> None:
        for name in self.spec.objectives:
            if name not in METRICS:
                raise self.error(("objectives", name), f"unknown metric; allowed: {', '.join(METRICS)}{nearest_hint(name, METRICS)}")


def _of_keys(space: Space) -> list[Expression]:
    """All expressions of a sweep but constraints, which are of metrics."""
    found = [when for dimension in space.dimensions for when in dimension.when]
    found += [each for entry in space.derived for each in (entry.value, entry.when) if isinstance(each, Expression)]
    return [expression for expression in (*found, *space.where) if expression is not None]


def _check_types(constraint: Expression, space: Space) -> None:
    """Raise ConfigError where whatever the axes give and whatever number a metric is has the wrong type."""
    wrong: ConfigError | None = None
    for index in range(max(map(len, space.dimensions))):
        values = space.given(tuple(index % len(dimension) for dimension in space.dimensions))
        try:
            constraint.value({**dict.fromkeys(METRICS, 1.0), **values}.__getitem__)
            return
        except ConfigError as error:
            if not isinstance(error.__cause__, TypeError):
                return
            wrong = error
    if wrong is not None:
        raise wrong


def _beside(folder: Path, name: str) -> str:
    """A path relative to the sweep file, where there is such a file; else the name as it is."""
    return str(folder / name) if (folder / name).is_file() else name
