"""Options that several verbs share: what they read, where they write, and where points of a sweep run."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer
from msgspec import Struct

if TYPE_CHECKING:
    from simulator.report.pictures import PictureFormat
    from simulator.study.sweep.run import Options


LARGEST_SEED = 2**63 - 1
"""Of a workload file."""
MOST_COLUMNS = 2**27
"""Of X: the sides of a matrix are no longer (`MAX_DIMENSION` of the workload, which loads too much for a help text)."""


class IdealPart(StrEnum):
    """Parts that a repeat can make perfect."""

    none = "none"
    network = "network"
    dram = "dram"
    trunks = "trunks"
    both = "both"


class EngineChoice(StrEnum):
    """Fabric engines."""

    compiled = "compiled"
    reference = "reference"


def shipped(*shelves: str) -> Callable[[str], list[str]]:
    """What a shell completes: names of shipped files of these kinds; where there is none, it looks for files itself."""

    def names(incomplete: str) -> list[str]:
        from simulator.specs.shipped import SHELVES

        return [name for shelf in shelves for name in SHELVES[shelf].files() if name.startswith(incomplete)]

    return names


MachineArgument = Annotated[
    str, typer.Argument(metavar="MACHINE", help="Machine file, or a name in configs/machines/.", autocompletion=shipped("machines"))
]
WorkloadOption = Annotated[
    str,
    typer.Option(
        "--workload", "-w", metavar="WORKLOAD", help="Workload file, or a name in workloads/.", autocompletion=shipped("workloads")
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="KEY=VALUE",
        help="Replace a key of the machine (inspect: of its file), as fabric.units=128; run, compare: or workload.KEY; repeatable.",
    ),
]
EngineOption = Annotated[EngineChoice, typer.Option("--engine", help="Fabric engine.")]
IdealOption = Annotated[IdealPart, typer.Option("--ideal", help="Repeat with that part perfect, and say how much time it costs.")]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder of results; default: one in reports/.")]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object and nothing else; files are written only where -o names them.")
]
FullOption = Annotated[bool, typer.Option("--full", help="Show every table, not only the verdict and what it rests on.")]
HtmlOption = Annotated[bool, typer.Option("--html", help="Write report.html too: one interactive page with all of it.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace what an earlier command wrote there.")]


class FormatChoice(StrEnum):
    """Formats of pictures."""

    png = "png"
    svg = "svg"
    pdf = "pdf"
    both = "both"

    @property
    def formats(self) -> tuple[PictureFormat, ...]:
        """One; `both` is PNG and SVG."""
        formats: dict[FormatChoice, tuple[PictureFormat, ...]] = {
            FormatChoice.png: ("png",),
            FormatChoice.svg: ("svg",),
            FormatChoice.pdf: ("pdf",),
            FormatChoice.both: ("png", "svg"),
        }
        return formats[self]


class StyleChoice(StrEnum):
    """Sizes of pictures."""

    screen = "screen"
    column = "column"
    slide = "slide"


PlotsOption = Annotated[
    str | None, typer.Option("--plots", metavar="NAME,…", help="What to draw: area, energy, unit_cycles, tradeoff, bandwidth, or all.")
]
NoPlotsOption = Annotated[bool, typer.Option("--no-plots", help="Draw nothing, which saves most of the time of a short run.")]
FormatOption = Annotated[FormatChoice, typer.Option("--format", help="Format of pictures; both: png and svg.")]
StyleOption = Annotated[
    StyleChoice, typer.Option("--style", help="Size of pictures: a screen, a paper's column (3.5 inches), a slide (10 × 5.6 inches).")
]


ConstantOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", "-s", metavar="CONSTANT=VALUE", help="Replace a constant of the technology, as dram.hbm2e.io_pj_per_bit=0.8; repeatable."
    ),
]


def parse_constants(texts: Sequence[str]) -> dict[str, float]:
    """Constants by name. Raises ConfigError for what is not NAME=NUMBER; whether there is such a constant, its technology says."""
    from simulator.errors import ConfigError

    found: dict[str, float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not name.strip() or not math.isfinite(number):
            raise ConfigError(f"--set {text}: allowed: CONSTANT=NUMBER, as wire_pj_per_bit_mm=0.08")
        found[name.strip().removeprefix("technology_overrides.")] = number
    return found


DEFAULT_STORE = Path("reports/store.sqlite")
StoreOption = Annotated[Path, typer.Option("--store", metavar="FILE", help="Results store (SQLite); several sweeps may share it.")]


class Running(Struct, frozen=True):
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
        from simulator.cli.running import ensure_kernels
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
        name: inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[name])
        for name, default in zip(Running.__struct_fields__, Running.__struct_defaults__, strict=True)
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
