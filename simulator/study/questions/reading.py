"""A study file to what can be run, with every name in it checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.errors import ConfigError
from simulator.specs import Document, Key, config_names, config_path, nearest_hint
from simulator.specs.documents import apply_overrides, read_tree, replaced, validated
from simulator.specs.naming import fault_of
from simulator.specs.parse import parse
from simulator.specs.tree import Entry, child
from simulator.study.measured import Reference, load_reference
from simulator.study.questions.answer import holes
from simulator.study.questions.evidence import ColumnOf
from simulator.study.questions.figures import Pick
from simulator.study.questions.quantities import SPACES, known_names
from simulator.study.questions.spec import QuestionSpec, Saying
from simulator.study.sweep.expression import Expression
from simulator.study.sweep.reading import space_of
from simulator.study.sweep.space import Space

FOLDER = "studies"


@dataclass(frozen=True, eq=False)
class Question:
    """A study that can be run."""

    spec: QuestionSpec
    spaces: Mapping[str, Space]
    columns: Mapping[str, ColumnOf]
    references: Mapping[str, Reference]
    file: Path


def study_names() -> list[str]:
    """Names of the shipped studies."""
    return config_names(FOLDER)


def load_question(path: str | Path, overrides: Sequence[str] = (), *, cut: bool = False) -> Question:
    """A study file, or a name in configs/studies; `cut`: the small part of it that the file itself names. Raises ConfigError."""
    file = Path(config_path(FOLDER, path))
    root = _named(apply_overrides(read_tree(file, QuestionSpec), overrides))
    document = validated(root, QuestionSpec)
    if cut:
        for key, value in document.model.cut.items():
            root = replaced(root, _keys(key, root), Entry(parse(value, f"{file}: cut.{key}", lines=False).value, root.place))
        document = validated(root, QuestionSpec)
    spaces = {
        name: space_of(Document(sweep, _below(document.root, "sweeps", name)), file.parent) for name, sweep in document.model.sweeps.items()
    }
    return _Reader(document, spaces, file).question()


def _named(root: Entry) -> Entry:
    """The file with a name for each of its sweeps: that of the study and its own."""
    sweeps, name = child(root, "sweeps"), child(root, "name")
    # a study without a name, or with one that cannot be, is refused for that alone
    study = name.value if name is not None and isinstance(name.value, str) and fault_of(name.value) is None else "study"
    if sweeps is None or not isinstance(sweeps.value, dict):
        return root
    for key, entry in sweeps.value.items():
        if isinstance(entry.value, dict) and "name" not in entry.value:
            root = replaced(root, ["sweeps", str(key), "name"], Entry(f"{study}-{key}", entry.place))
    return root


def _keys(path: str, root: Entry) -> list[str]:
    """`sweeps.main.axes.workload.density`: an axis is one key, dots and all."""
    parts = path.split(".")
    return [*parts[:3], ".".join(parts[3:])] if parts[0] == "sweeps" and len(parts) > 3 else parts


def _below(root: Entry, *keys: str) -> Entry:
    for key in keys:
        found = child(root, key)
        assert found is not None, "validated before"
        root = found
    return root


class _Reader:
    """Checks one document; its errors name the places of keys."""

    def __init__(self, document: Document[QuestionSpec], spaces: Mapping[str, Space], file: Path) -> None:
        self.document, self.spec, self.spaces, self.file = document, document.model, spaces, file

    def question(self) -> Question:
        """All of it. Raises ConfigError."""
        columns = {name: self._column(name) for name in self.spec.columns}
        references = {reference.name: reference for reference in map(self._reference, range(len(self.spec.references)))}
        for name in self.spec.figures:
            self._check_figure(name)
        self._check_sentences()
        self._check_table()
        self._check_picture(references)
        return Question(self.spec, self.spaces, columns, references, self.file)

    def _reference(self, index: int) -> Reference:
        """Raises ConfigError at the place that names it."""
        try:
            return load_reference(_beside(self.file.parent, self.spec.references[index]))
        except ConfigError as error:
            raise self._fail(("references", index), str(error)) from error

    def _fail(self, path: Sequence[Key], message: str) -> ConfigError:
        return ConfigError(f"{self.document.where(path)}: {message}")

    def _axes(self, sweep: str) -> list[str]:
        """Axes of a sweep."""
        return [path for dimension in self.spaces[sweep].dimensions for path in dimension.paths]

    def _column(self, name: str) -> ColumnOf:
        """Raises ConfigError where its expression names what no point has."""
        column = self.spec.columns[name]
        place = ("columns", name, "of")
        expression = Expression.parse(column.of, self.document.where(place))
        axes = {axis for sweep in self.spaces for axis in self._axes(sweep)}
        for path in expression.paths:
            known = [*known_names(), *axes]
            if path in known or (path.startswith("machine.") and not SPACES["machine"].names):
                continue
            shown = [other for other in known if "." not in other] + [f"{prefix}.…" for prefix in SPACES] + sorted(axes)
            raise self._fail(place, f"{path}: no such quantity; allowed: {', '.join(dict.fromkeys(shown))}{nearest_hint(path, known)}")
        for sweep in column.sweeps or ():
            self._check_sweep(sweep, ("columns", name, "sweeps"))
        return ColumnOf(name, expression, column.unit, column.label, column.sweeps)

    def _check_sweep(self, sweep: str, place: Sequence[Key]) -> None:
        if sweep not in self.spaces:
            known = list(self.spaces)
            raise self._fail(place, f"{sweep}: no such sweep; allowed: {', '.join(known)}{nearest_hint(sweep, known)}")

    def _check_column(self, name: str, place: Sequence[Key]) -> None:
        if name not in self.spec.columns:
            known = list(self.spec.columns)
            raise self._fail(place, f"{name}: no such column; allowed: {', '.join(known)}{nearest_hint(name, known)}")

    def _check_figure(self, name: str) -> None:
        figure, place = self.spec.figures[name], ("figures", name)
        for column in figure.columns():
            self._check_column(column, place)
        swept = []
        for pick in figure.picks():
            swept.append(self._check_pick(pick, place))
        for axis in figure.axes():
            known = [path for sweep in swept for path in self._axes(sweep)]
            if axis not in known:
                raise self._fail(
                    place, f"{axis}: no axis of its sweep; allowed: {', '.join(dict.fromkeys(known))}{nearest_hint(axis, known)}"
                )

    def _check_pick(self, pick: Pick, place: Sequence[Key]) -> str:
        """The sweep it means."""
        if pick.sweep is None and len(self.spaces) > 1:
            raise self._fail(place, f"sweep: which one? allowed: {', '.join(self.spaces)}")
        sweep = pick.sweep or next(iter(self.spaces))
        self._check_sweep(sweep, place)
        axes = self._axes(sweep)
        for axis in pick.at:
            if axis not in axes:
                raise self._fail(place, f"at: {axis}: no axis of sweeps.{sweep}; allowed: {', '.join(axes)}{nearest_hint(axis, axes)}")
        return sweep

    def _check_sentences(self) -> None:
        groups: list[tuple[tuple[Key, ...], tuple[Saying, ...]]] = [(("verdict",), self.spec.verdict)]
        groups += [(("answer", number), group) for number, group in enumerate(self.spec.answer)]
        for key_path, group in groups:
            for index, saying in enumerate(group):
                place = (*key_path, index)
                named = [(name, word, "say") for name, word in holes(saying.say)]
                if saying.when is not None:
                    paths = Expression.parse(saying.when, self.document.where((*place, "when"))).paths
                    named += [(path.partition(".")[0], path.partition(".")[2], "when") for path in paths]
                for name, word, key in named:
                    self._check_word(name, word, (*place, key))

    def _check_word(self, name: str, word: str, place: Sequence[Key]) -> None:
        if name not in self.spec.figures:
            known = list(self.spec.figures)
            raise self._fail(place, f"{name}: no such figure; allowed: {', '.join(known)}{nearest_hint(name, known)}")
        words = self.spec.figures[name].words
        if word and word not in words:
            raise self._fail(place, f"{name}.{word}: no such word of that figure; allowed: {', '.join(words)}{nearest_hint(word, words)}")

    def _check_table(self) -> None:
        table = self.spec.table
        if table is not None:
            for row in table.rows:
                self._check_pick(Pick(sweep=row.sweep, at=row.at), ("table", "rows"))
            for column in (*table.columns, table.by):
                self._check_column(column, ("table",))

    def _check_picture(self, references: Mapping[str, Reference]) -> None:
        picture, place = self.spec.picture, ("picture",)
        sweep = self._check_pick(Pick(sweep=picture.sweep, at=picture.at), place)
        axes = self._axes(sweep)
        for axis in (picture.x, *picture.lines):
            if axis not in axes:
                raise self._fail(place, f"{axis}: no axis of sweeps.{sweep}; allowed: {', '.join(axes)}{nearest_hint(axis, axes)}")
        for level in picture.levels:
            self._check_pick(Pick(sweep=level.sweep, at=level.at), (*place, "levels"))
        for column in (*picture.panels, *(line.panel for line in picture.measured)):
            self._check_column(column, place)
        for line in picture.measured:
            if line.reference not in references:
                known = list(references)
                raise self._fail(place, f"{line.reference}: not among references; allowed: {', '.join(known) or 'none'}")
            references[line.reference].curve(line.kernel, line.shape)


def _beside(folder: Path, name: str) -> str:
    """A path relative to the study file, where there is such a file; else the name as it is."""
    return str(folder / name) if (folder / name).is_file() else name
