"""The options of all commands that run points: where these run, for how long, where they are stored, what is told meanwhile."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from simulator.study.sweep.run import Options

DEFAULT_STORE = Path("reports/store.sqlite")
StoreOption = Annotated[Path, typer.Option("--store", metavar="FILE", help="Results store (SQLite); several sweeps may share it.")]


@dataclass(frozen=True)
class Running:
    """What was typed; each field is an option with its help."""

    workers: Annotated[
        int | None,
        typer.Option("--workers", "-j", min=0, help="Worker processes; default: one a processor; 0: none, all in this process."),
    ] = None
    dask: Annotated[
        str | None,
        typer.Option("--dask", metavar="ADDRESS", help="Run on a Dask cluster: tcp://HOST:PORT, or local for one of this computer."),
    ] = None
    store: StoreOption = DEFAULT_STORE
    time_limit: Annotated[
        float | None, typer.Option("--time-limit", metavar="SECONDS", min=0.001, help="Longest that one point may take.")
    ] = None
    retry: Annotated[bool, typer.Option("--retry", help="Run points again that failed before.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False

    def options(self) -> Options:
        """The same for `run_sweep`."""
        from simulator.cli.kernels import ensure_kernels
        from simulator.processors import processors
        from simulator.study.sweep.run import Options

        executor = "dask" if self.dask is not None else "in_process" if self.workers == 0 else "processes"
        return Options(executor, self.workers or processors(), self.dask, self.time_limit, self.retry, prepare=ensure_kernels)


def with_running_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each field of `Running` in place of its parameter `running`.

    @with_running_options
    def sweep_command(sweep: Annotated[str, …], running: Running) -> None: …
    """
    hints = get_type_hints(Running, include_extras=True)
    shared = {
        entry.name: inspect.Parameter(entry.name, inspect.Parameter.KEYWORD_ONLY, default=entry.default, annotation=hints[entry.name])
        for entry in fields(Running)
    }
    signature = inspect.signature(command, eval_str=True)
    own = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in signature.parameters.values()
        if parameter.annotation is not Running
    ]

    @functools.wraps(command)
    def typed(**given: Any) -> None:
        running = Running(**{name: given.pop(name) for name in shared})
        command(running=running, **given)

    typed.__signature__ = signature.replace(parameters=[*own, *shared.values()])  # type: ignore[attr-defined]
    typed.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *shared.values())}
    return typed
