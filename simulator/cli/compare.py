"""`sparsim compare`: several machines on one workload, made equal before where `--equal` asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from msgspec import Struct

from simulator.cli.options import (
    DEFAULT_STORE,
    EngineChoice,
    EngineOption,
    ForceOption,
    FormatChoice,
    FormatOption,
    FullOption,
    HtmlOption,
    IdealOption,
    IdealPart,
    JsonOption,
    NoPlotsOption,
    OutputOption,
    PlotsOption,
    SetOption,
    StyleChoice,
    StyleOption,
    WorkloadOption,
    shipped,
)
from simulator.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from simulator.cli.progress import Bars
    from simulator.report.write import Report


class QuantityChoice(StrEnum):
    """What machines can be made equal in."""

    area = "area"
    throughput = "throughput"
    power = "power"
    bandwidth = "bandwidth"


class ObjectiveChoice(StrEnum):
    """What a search for the best sizes minimises."""

    edap = "edap"
    time = "time"
    energy = "energy"


class SearchChoice(StrEnum):
    """How the best sizes are looked for."""

    steps = "steps"
    grid = "grid"


EqualOption = Annotated[
    QuantityChoice | None,
    typer.Option(
        "--equal", help="Size the machines first: equal fabric area, mean power, throughput or DRAM bandwidth (docs/comparing.md)."
    ),
]
ToOption = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="VALUE|MACHINE", help="With --equal: 5mm2, 1.5W, 0.5TOPS, 400GB/s, or one of the machines; default: the first."
    ),
]
BestOption = Annotated[
    bool, typer.Option("--best", help="With --equal: each design at its own best sizes within the target, with a certificate.")
]
ObjectiveOption = Annotated[
    ObjectiveChoice | None,
    typer.Option(
        "--objective", help="What the verdict, and with --best the search, is by; default: edap, energy × time × area of the fabric."
    ),
]
SearchOption = Annotated[
    SearchChoice | None,
    typer.Option("--search", help="With --best: by single steps in every key (default), or every design of a small grid, exactly."),
]
_METRICS = {ObjectiveChoice.time: "seconds", ObjectiveChoice.energy: "energy_pj", ObjectiveChoice.edap: "edap_js_mm2"}
"""What a verdict is by, by the name of the objective."""
BudgetOption = Annotated[
    int | None, typer.Option("--budget", min=1, help="With --best: most simulations a machine; says what it left out.")
]
KeepOption = Annotated[
    list[str] | None, typer.Option("--keep", metavar="KEY", help="With --best: a key to leave as each machine has it, as fabric.lanes.")
]
BestStoreOption = Annotated[
    Path | None,
    typer.Option("--store", metavar="FILE", help=f"With --best: store (SQLite) that keeps what was found; default: {DEFAULT_STORE}."),
]
IncludeDramOption = Annotated[bool, typer.Option("--include-dram", help="With --equal: count DRAM and its PHY to area and power.")]


class SizingRequest(Struct, frozen=True):
    """What the user typed of it."""

    equal: QuantityChoice | None
    to: str | None
    best: bool
    objective: ObjectiveChoice | None
    search: SearchChoice | None
    budget: int | None
    keep: tuple[str, ...]
    include_dram: bool
    store: Path | None

    def check(self) -> None:
        """Raise ConfigError where an option needs another one."""
        if self.equal is None:
            given = {"--to": self.to is not None, "--best": self.best, "--include-dram": self.include_dram}
            lonely = next((name for name, is_given in given.items() if is_given), None)
            if lonely is not None:
                raise ConfigError(f"{lonely} says how to size machines, and goes with --equal area|throughput|power|bandwidth")
        if not self.best and (self.budget is not None or self.keep or self.search is not None or self.store is not None):
            raise ConfigError("--budget, --keep, --search and --store say how to search, and go with --best")
        if self.best and self.equal is QuantityChoice.throughput and self.objective is not None:
            raise ConfigError("--objective: with --equal throughput, --best takes the least area that reaches it")


class _Kept(Struct, frozen=True):
    """What searches have found, in a results store that is made when there is something to keep."""

    store: Path

    def sizes(self, key: str) -> dict[str, Any] | None:
        """What was found before. Raises OutputError where the file is no store."""
        from simulator.study.sweep.store import Store

        if not self.store.exists():
            return None
        with Store(self.store) as base:
            return base.sizes(key)

    def add_sizes(self, key: str, found: Mapping[str, Any]) -> None:
        """Keep it. Raises OutputError where the file is no store, or cannot be made."""
        from simulator.study.sweep.store import Store

        with Store(self.store) as base:
            base.add_sizes(key, found)


def sizer(request: SizingRequest, engine: Any, jobs: int) -> Callable[..., Any] | None:
    """A function (machines, workload, progress) → what `run_study` compares instead; None where nothing is to be sized."""
    request.check()
    if request.equal is None:
        return None
    quantity: Literal["area", "throughput", "power", "bandwidth"] = request.equal.value

    def size(machines: Sequence[Any], workload: Any, progress: Bars) -> Any:
        """Machines that agree in the quantity, in their order."""
        from simulator.study.executors import local
        from simulator.study.sizing import equalise
        from simulator.study.sizing.runner import machine_runner

        with local(jobs if request.best else 1) as executor, machine_runner(workload, executor, engine) as run:
            return equalise(
                machines,
                quantity,
                workload,
                to=request.to,
                best=request.best,
                objective="edap" if request.objective is None else request.objective.value,
                search="steps" if request.search is None else request.search.value,
                budget=request.budget,
                keep=request.keep,
                include_dram=request.include_dram,
                run=run,
                memory=_Kept(request.store or DEFAULT_STORE),
                progress=progress,
                told=progress.tell,
            )

    return size


def compare_command(
    machines: Annotated[
        list[str],
        typer.Argument(metavar="MACHINE", help="Machine files, or names in configs/machines/.", autocompletion=shipped("machines")),
    ],
    workload: WorkloadOption,
    equal: EqualOption = None,
    to: ToOption = None,
    best: BestOption = False,
    objective: ObjectiveOption = None,
    search: SearchOption = None,
    budget: BudgetOption = None,
    keep: KeepOption = None,
    include_dram: IncludeDramOption = False,
    overrides: SetOption = None,
    engine: EngineOption = EngineChoice.compiled,
    ideal: IdealOption = IdealPart.none,
    full: FullOption = False,
    output: OutputOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
    plots: PlotsOption = None,
    no_plots: NoPlotsOption = False,
    picture_format: FormatOption = FormatChoice.png,
    style: StyleOption = StyleChoice.screen,
    html: HtmlOption = False,
    store: BestStoreOption = None,
    bands: Annotated[
        bool, typer.Option("--bands", help="Low and high of every figure and ratio; the verdict says what is robust.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Processes; default: one a processor, for small work one.")
    ] = None,
) -> None:
    """Compare machines on a workload: a verdict, a line a machine, and a folder with results and plots."""
    from simulator.cli.study import Request, run_study
    from simulator.processors import processors
    from simulator.report.pictures import OF_SEVERAL, asked_for
    from simulator.report.write import write_comparison

    sizing = SizingRequest(equal, to, best, objective, search, budget, tuple(keep or ()), include_dram, store)
    size = sizer(sizing, engine.value, jobs or processors())
    pictures = asked_for(OF_SEVERAL, plots, picture_format.formats, style.value, nothing=no_plots)
    request = Request(
        machines, workload, overrides or [], engine.value, ideal.value, output, as_json, force, pictures, jobs, bands, full,
        _METRICS[objective or ObjectiveChoice.edap], html, () if store is None else (store,),
    )  # fmt: skip
    name = "compare" if equal is None else f"compare-equal-{equal.value}{'-best' if best else ''}"
    run_study(request, lambda names, load: f"{name}-{load}", write_comparison, _appendix, size)


def _appendix(report: Report) -> RenderableType:
    from simulator.report.robustness import bands_table

    return bands_table(report.assessment, report.claims) if report.assessment else ""
