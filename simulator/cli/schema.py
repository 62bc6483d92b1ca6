"""`sparsim schema`: the JSON schema of the files, for editors that check while you type."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.saying import echo

if TYPE_CHECKING:
    from pydantic import BaseModel


class FileKind(StrEnum):
    """Files that have a schema."""

    machine = "machine"
    workload = "workload"
    figures = "figures"
    rebuild = "rebuild"
    sweep = "sweep"
    study = "study"


def schema_command(kind: Annotated[FileKind, typer.Argument(help="Which file.")]) -> None:
    """Print the JSON schema of a machine, a workload, a sweep, a study, a list of published figures, or a published accelerator rebuilt."""
    echo(schema_text(kind))


def schema_text(kind: FileKind) -> str:
    """The JSON schema of such a file."""
    schema = _any_of(model_of(kind).model_json_schema())
    if kind is FileKind.study:
        # a sweep within a study is called after it
        schema["$defs"]["SweepSpec"]["required"].remove("name")
    return json.dumps(schema, indent=2)


def _any_of(schema: Any) -> Any:
    """The schema with `anyOf` for `oneOf`: of the forms that an operand may have, a pattern without keys of its own fits two."""
    if isinstance(schema, list):
        return [_any_of(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {"anyOf" if key == "oneOf" else key: _any_of(value) for key, value in schema.items()}


def model_of(kind: FileKind) -> type[BaseModel]:
    """What such a file must hold."""
    model: type[BaseModel]
    if kind is FileKind.machine:
        from simulator.machine import Machine as model
    elif kind is FileKind.sweep:
        from simulator.study.sweep.spec import SweepSpec as model
    elif kind is FileKind.study:
        from simulator.study.questions.spec import QuestionSpec as model
    elif kind is FileKind.workload:
        from simulator.workload.spec import WorkloadSpec as model
    elif kind is FileKind.rebuild:
        from simulator.cost.validation import Rebuild as model
    else:
        from simulator.cost.validation import FiguresFile as model
    return model
