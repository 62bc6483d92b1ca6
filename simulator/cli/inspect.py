"""`sparsim inspect`: a workload or a machine before it runs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from simulator.cli.options import (
    ForceOption,
    FormatChoice,
    FormatOption,
    FullOption,
    JsonOption,
    SetOption,
    StyleChoice,
    StyleOption,
    shipped,
)
from simulator.cli.saying import echo

if TYPE_CHECKING:
    from rich.console import RenderableType

    from simulator.machine import Machine
    from simulator.report.pictures import PictureFormat
    from simulator.workload.types import Workload


_PICTURES: tuple[PictureFormat, ...] = ("png", "svg", "pdf")
"""Endings of a single picture."""


def inspect_command(
    file: Annotated[
        str,
        typer.Argument(
            metavar="WORKLOAD|MACHINE",
            help="Machine or workload file, or a shipped one's name.",
            autocompletion=shipped("machines", "workloads"),
        ),
    ],
    overrides: SetOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|DIR",
            help="Draw a workload's spy plot (FILE.png, .svg, .pdf) or all its plots (DIR), or a machine's floorplan and networks (DIR).",
        ),
    ] = None,
    twin: Annotated[
        Path | None,
        typer.Option("--uniform-twin", metavar="FILE", help="Write the control: the same workload with nonzeros at random places."),
    ] = None,
    full: FullOption = False,
    as_json: JsonOption = False,
    force: ForceOption = False,
    picture_format: FormatOption = FormatChoice.png,
    style: StyleOption = StyleChoice.screen,
) -> None:
    """Show a workload (shapes, nonzeros, skew, spy plot) or a machine (area tree, peak rates, derived sizes, networks)."""
    from simulator.cli.running import files_of
    from simulator.errors import ConfigError
    from simulator.report.folder import check_apart
    from simulator.report.pictures import in_style

    kind = file_kind(file)
    read = files_of([], file) if kind == "workload" else files_of([file])
    for written, option in ((output, "-o"), (twin, "--uniform-twin")):
        if written is not None:
            check_apart(written, read, option=option)
    if kind == "workload":
        with in_style(style.value):
            workload = _draw_workload(file, overrides or [], output, twin, picture_format, force=force)
        _show_workload(workload, as_json=as_json, full=full)
    elif twin is not None:
        raise ConfigError(f"{file}: a machine has no uniform twin; --uniform-twin is for workloads")
    else:
        with in_style(style.value):
            machine = _draw_machine(file, overrides or [], output, picture_format, force=force)
        _show_machine(machine, as_json=as_json, full=full)


def _draw_machine(file: str, overrides: list[str], output: Path | None, picture_format: FormatChoice, *, force: bool) -> Machine:
    from simulator.cli.machines import read_machine
    from simulator.errors import OutputError
    from simulator.report.network import write_machine_pictures
    from simulator.report.numbers import listed

    machine = read_machine(file, overrides)
    if output is not None:
        if output.suffix.lower().lstrip(".") in _PICTURES:
            raise OutputError(
                f"{output}: a machine's floorplan and networks are drawn into a folder; allowed: a name without {output.suffix}"
            )
        names = write_machine_pictures(machine, output, picture_format.formats, force=force)
        echo(f"{listed(names)} drawn in {output}/", err=True)
    return machine


def _show_machine(machine: Machine, *, as_json: bool, full: bool) -> None:
    from simulator.report.inspection.machine import machine_record, machine_summary, machine_table

    if as_json:
        _print(machine_record(machine))
    elif full:
        _print(machine_table(machine))
    else:
        _print(machine_summary(machine))


def _draw_workload(
    file: str, overrides: list[str], output: Path | None, twin: Path | None, picture_format: FormatChoice, *, force: bool
) -> Workload:
    from simulator.report.inspection.workload import write_workload_pictures
    from simulator.report.numbers import listed
    from simulator.workload import load_workload

    workload = load_workload(file, overrides)
    if output is not None and output.suffix:
        _write_spy(workload, output, force)
    elif output is not None:
        names = write_workload_pictures(workload, output, picture_format.formats, force=force)
        echo(f"{listed(names)} drawn in {output}/", err=True)
    if twin is not None:
        _write_twin(workload, twin, force)
    return workload


def _show_workload(workload: Workload, *, as_json: bool, full: bool) -> None:
    from simulator.report.inspection.workload import workload_record, workload_summary, workload_table

    if as_json:
        _print(workload_record(workload))
    elif full:
        _print(workload_table(workload))
    else:
        _print(workload_summary(workload))


def _write_spy(workload: Workload, output: Path, force: bool) -> None:
    from simulator.errors import OutputError
    from simulator.report.folder import new_file
    from simulator.report.inspection.patterns import spy_figure
    from simulator.report.plots.style import finish, render

    kind = next((kind for kind in _PICTURES if output.suffix.lower() == f".{kind}"), None)
    if kind is None:
        raise OutputError(f"{output}: allowed: a name that ends in .png, .svg or .pdf, or a folder's, without ending")
    figure = spy_figure(workload)
    finish(figure)
    new_file(output, render(figure, kind), force=force)
    echo(f"spy plot in {output}", err=True)


def _write_twin(workload: Workload, file: Path, force: bool) -> None:
    from simulator.errors import OutputError
    from simulator.report.folder import new_file
    from simulator.specs import as_yaml
    from simulator.workload.twin import twin_spec

    if file.suffix not in (".yaml", ".yml"):
        raise OutputError(f"{file}: allowed: a name that ends in .yaml")
    text = as_yaml(twin_spec(workload))
    new_file(file, text.encode(), force=force, option="--uniform-twin")
    echo(f"uniform twin in {file}", err=True)


def _print(shown: RenderableType | dict[str, Any]) -> None:
    if isinstance(shown, dict):
        echo(json.dumps(shown, allow_nan=False))
        return
    from simulator.report.console import Console

    Console(markup=False, highlight=False).print(shown, crop=False)


_TOP_KEY = re.compile(r"^([A-Za-z_]+)\s*:", re.MULTILINE)


def file_kind(name_or_path: str) -> Literal["machine", "workload"]:
    """Tell by the top-level keys: a workload has `operations`, a machine has not; a file that cannot be read is a machine's.

    A folder that `import` made is a workload, and weights are to become one.

    Only for choosing the reader, which makes all complaints but one: ConfigError for a bare name that neither folder has.
    """
    from simulator.specs.files import is_operand

    path = Path(name_or_path)
    if is_operand(path) or (path / "workload.yaml").is_file():
        return "workload"
    if not path.exists() and not path.suffix and path.name == name_or_path:
        _check_shipped(name_or_path)
    if not path.is_file():
        return "workload" if _is_shipped_workload(path) else "machine"
    try:
        keys = set(_TOP_KEY.findall(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):
        return "machine"
    return "workload" if "operations" in keys else "machine"


def _is_shipped_workload(path: Path) -> bool:
    """Whether a bare name is one of workloads/, or a missing file lies in a folder of that name."""
    from simulator.specs import config_names, workload_names

    shipped = path.name in workload_names() and str(path) not in config_names("machines")
    return shipped or "workloads" in path.parts


def _check_shipped(name: str) -> None:
    from simulator.errors import ConfigError
    from simulator.specs import config_names, nearest_hint, workload_names

    machines, workloads = config_names("machines"), workload_names()
    if name not in machines and name not in workloads:
        raise ConfigError(
            f"{name}: neither a file nor a shipped name; allowed: the machines {', '.join(machines)}, "
            f"the workloads {', '.join(workloads)}{nearest_hint(name, [*machines, *workloads])}"
        )
