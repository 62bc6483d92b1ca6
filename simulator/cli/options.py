"""Options that several verbs share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class IdealPart(StrEnum):
    """Parts that a repeat can make perfect."""

    none = "none"
    network = "network"
    dram = "dram"
    both = "both"


class EngineChoice(StrEnum):
    """Fabric engines."""

    compiled = "compiled"
    reference = "reference"


WorkloadOption = Annotated[str, typer.Option("--workload", "-w", metavar="WORKLOAD", help="Workload file, or a name in workloads/.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", "-s", metavar="KEY=VALUE", help="Replace a key of the machine (inspect: of its file), as fabric.units=128; repeatable."
    ),
]
EngineOption = Annotated[EngineChoice, typer.Option("--engine", help="Fabric engine.")]
IdealOption = Annotated[IdealPart, typer.Option("--ideal", help="Repeat with that part perfect, and say how much time it costs.")]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder of results; default: one in reports/.")]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object and nothing else; files are written only where -o names them.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace what an earlier command wrote there.")]
