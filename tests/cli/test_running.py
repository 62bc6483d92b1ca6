"""The options of running points are those of every command that runs points, and arrive as one value."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from simulator.cli.breakeven import breakeven_command
from simulator.cli.options import DEFAULT_STORE, Running, with_running_options
from simulator.cli.running import ensure_kernels
from simulator.cli.sweep import sweep_command


@pytest.mark.parametrize("command", [sweep_command, breakeven_command])
def test_a_command_has_an_option_for_each_field(command: Callable[..., None]) -> None:
    names = set(inspect.signature(command).parameters)
    assert set(Running.__struct_fields__) <= names
    assert "running" not in names


def test_what_was_typed_arrives_as_one_value() -> None:
    seen: list[Any] = []

    @with_running_options
    def command(name: Annotated[str, typer.Argument()], running: Running, twice: Annotated[bool, typer.Option("--twice")] = False) -> None:
        """What it does."""
        seen.append((name, running, twice))

    app = typer.Typer()
    app.command()(command)
    assert CliRunner().invoke(app, ["a"]).exit_code == 0
    assert CliRunner().invoke(app, ["b", "-j", "3", "--store", "s", "--time-limit", "2", "--retry", "-q", "--twice"]).exit_code == 0
    assert seen == [("a", Running(), False), ("b", Running(3, None, Path("s"), 2.0, True, True), True)]
    assert CliRunner().invoke(app, ["c", "--workers", "-1"]).exit_code == 2


def test_where_points_run_follows_from_workers_and_dask() -> None:
    assert Running().store == DEFAULT_STORE
    assert Running(workers=0).options().executor == "in_process"
    assert (Running(workers=3).options().executor, Running(workers=3).options().workers) == ("processes", 3)
    assert Running(dask="local", workers=2).options().address == "local"
    assert Running(dask="local").options().executor == "dask"


@pytest.mark.parametrize(
    ("names", "kept", "told"),
    [
        (["gather"], True, "compiling a simulation kernel: once, up to a minute; kept for later runs"),
        (["gather", "system"], False, "compiling 2 simulation kernels: up to a minute; not kept, for no cache folder can"),
    ],
)
def test_kernels_that_are_compiled_are_told_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, names: list[str], kept: bool, told: str
) -> None:
    compiled: list[str] = []
    kernels: list[Any] = [SimpleNamespace(name=name, ready=False, warm_up=lambda name=name: compiled.append(name)) for name in names]
    monkeypatch.setattr("simulator.engine.compiled.kernels.kernels_kept", lambda: kept)
    ensure_kernels([*kernels, SimpleNamespace(name="there", ready=True)])  # type: ignore[list-item]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(told)
    assert compiled == names
