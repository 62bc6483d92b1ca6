"""`sparsim new`: a machine, workload, sweep or study of one's own, begun as a copy of one that there is."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import ForceOption
from simulator.cli.saying import echo
from simulator.cli.schema import FileKind, model_of, schema_text
from simulator.errors import ConfigError


class NewKind(StrEnum):
    """Files that one writes."""

    machine = "machine"
    workload = "workload"
    sweep = "sweep"
    study = "study"


_FIRST = {NewKind.machine: "crossbar", NewKind.workload: "spmm-1024", NewKind.sweep: "replicas", NewKind.study: "locality"}
_SHELF = {NewKind.machine: "machines", NewKind.sweep: "sweeps", NewKind.study: "studies"}
_THEN = {
    NewKind.machine: "sparsim run {file} -w tinygpt",
    NewKind.workload: "sparsim run crossbar -w {file}",
    NewKind.sweep: "sparsim sweep {file}",
    NewKind.study: "sparsim study {file}",
}
"""What one may do with a new file."""
_SCHEMAS = ".sparsim"
"""Folder, beside the file, of the schema that it names: it goes where the file goes."""
_HEAD = re.compile(r"\A(?:[ \t]*(?:#.*)?\n)+")
_NAME = re.compile(r"^name:[^#\n]*?(?=\s*(?:#.*)?$)", re.MULTILINE)
_MATRIX = re.compile(r"(?<![\w-])(file: *)([^\s,}#]+)")


def new_command(
    kind: Annotated[NewKind, typer.Argument(help="Which file.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, and that of the file: NAME.yaml in this folder.")],
    source: Annotated[str | None, typer.Option("--from", metavar="NAME|FILE", help="What it starts from; default: a small one.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where; default: NAME.yaml.")] = None,
    force: ForceOption = False,
) -> None:
    """Write a file of your own as a copy of another one, with a line that lets editors check and complete it while you type."""
    from simulator.report.folder import new_file, write_whole
    from simulator.specs import config_path, workload_path
    from simulator.specs.files import read_text
    from simulator.specs.naming import fault_of

    name = name.removesuffix(".yaml")
    fault = fault_of(name)
    if fault is not None:
        raise ConfigError(f"the name: {fault}")
    named = source or _FIRST[kind]
    found = workload_path(named) if kind is NewKind.workload else config_path(_SHELF[kind], named)
    file = output or Path(f"{name}.yaml")
    schema = file.parent / _SCHEMAS / f"{kind.value}.schema.json"
    text = _copy(read_text(found), found, kind, name, named)
    _check(found, kind)
    new_file(file, text.encode(), force=force)
    write_whole(schema, (schema_text(FileKind(kind.value)) + "\n").encode())
    echo(f"{file}, as {named} is; then: {_THEN[kind].format(file=file)}")


def _check(found: Path, kind: NewKind) -> None:
    """Raise ConfigError where what is copied is not what it should be."""
    from simulator.specs import load_yaml_model

    if kind is NewKind.study:
        from simulator.study.questions.reading import load_question

        load_question(found)
    else:
        load_yaml_model(found, model_of(FileKind(kind.value)))


def _copy(text: str, found: Path, kind: NewKind, name: str, named: str) -> str:
    """The text under its new name; what the comment at its head says is of the old one, and stays behind."""
    from simulator.specs import as_yaml

    head = f"# yaml-language-server: $schema={_SCHEMAS}/{kind.value}.schema.json\n# Begun as {named}.\n"
    body = _NAME.sub(lambda _: as_yaml({"name": name}).rstrip(), _HEAD.sub("", text), count=1)
    return head + (_MATRIX.sub(lambda match: match[1] + _absolute(match[2], found.parent), body) if kind is NewKind.workload else body)


def _absolute(matrix: str, folder: Path) -> str:
    """A matrix file as the copy must name it: where it lies, since it stays there."""
    there = folder / matrix.strip("\"'")
    return json.dumps(str(there.resolve()), ensure_ascii=False) if there.is_file() else matrix
