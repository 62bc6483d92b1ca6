"""What surrounds a run: the notice that kernels are compiled, its progress, its record, and how failures of a sweep end the command."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from simulator.cli.entry import USER_ERROR, OutputClosedError

if TYPE_CHECKING:
    from rich.progress import TaskID

    from simulator.engine.compiled.kernels import Kernel


class Provenance:
    """When and how a result was made, which lives apart from the results, so that these repeat byte for byte.

    Starts its clock when it is made; `record()` is what run.json holds.
    """

    def __init__(self) -> None:
        from datetime import UTC, datetime

        self.started = datetime.now(UTC)
        self.clock = time.perf_counter()

    def record(self) -> dict[str, Any]:
        """JSON values: the command, when it started, how long it has run, and on what."""
        import platform
        import shlex

        from simulator.version import package_version

        return {
            "command": shlex.join(["sparsim", *sys.argv[1:]]),
            "started": self.started.isoformat(timespec="seconds"),
            "simulation_seconds": round(time.perf_counter() - self.clock, 3),
            "sparsim_version": package_version(),
            "python": platform.python_version(),
            "platform": platform.platform(),
        }


NOTICE = "compiling a simulation kernel ({}): once, up to a minute; it is kept for later runs"
NOT_KEPT = "compiling a simulation kernel ({}): up to a minute; it is not kept, for no cache folder can be written"


def ensure_kernels(kernels: Iterable[Kernel]) -> None:
    """Compile the kernels that the disk does not hold, with a notice on stderr, before any process needs them."""
    missing = [kernel for kernel in kernels if not kernel.ready]
    if not missing:
        return
    from rich.console import Console

    from simulator.engine.compiled.kernels import kernels_kept

    console = Console(markup=False, stderr=True)
    for kernel in missing:
        notice = (NOTICE if kernels_kept() else NOT_KEPT).format(kernel.name)
        if not console.is_terminal:
            console.print(notice, soft_wrap=True)
        with console.status(notice):
            kernel.warm_up()


class Bars(Protocol):
    """Shows how far runs and searches are."""

    def __call__(self, name: str, fraction: float) -> None:
        """A run, or another piece of work, and the fraction of it that is done."""

    def tell(self, name: str, standing: Any) -> None:
        """A machine whose best sizes are looked for, and how far that is."""


class _Lines:
    """Where stderr is no terminal: a line now and then of what takes long, and nothing loaded that could show more."""

    def __init__(self) -> None:
        self.said = time.monotonic() - _LINE_S

    def __call__(self, name: str, fraction: float) -> None:
        """Runs are soon over."""

    def tell(self, name: str, standing: Any) -> None:
        """A line, where the last was said long enough ago."""
        if time.monotonic() - self.said >= _LINE_S:
            self.said = time.monotonic()
            sys.stderr.write(f"best {name}: {standing_line(standing)}\n")
            sys.stderr.flush()


class _Progress:
    """On a terminal: each name gets a bar when it first reports."""

    def __init__(self, progress: Any) -> None:
        self.progress = progress
        self.bars: dict[str, TaskID] = {}

    def __call__(self, name: str, fraction: float) -> None:
        """Move its bar."""
        self.progress.update(self._bar(name), completed=fraction)

    def tell(self, name: str, standing: Any) -> None:
        """Say it beside the bar."""
        self.progress.update(self._bar(f"size {name}"), news=standing_line(standing))

    def _bar(self, name: str) -> TaskID:
        if name not in self.bars:
            self.bars[name] = self.progress.add_task(name, total=1.0, news="")
        return self.bars[name]


@contextmanager
def progress_bars() -> Iterator[Bars]:
    """Yield a function of a run's name and the fraction of it that is done, which is also told how far searches are.

    Where stderr is no terminal only searches are told of, in lines.
    """
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(markup=False, stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[news]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield _Progress(progress)


def standing_line(standing: Any) -> str:
    """How far a search for the best sizes has come, in a line: designs simulated, the best so far, and the gap to what none goes below."""
    line = f"{standing.stage}, {standing.simulated:,} designs simulated"
    if standing.best is not None:
        line += f", best so far {standing.best:.4g}"
        if standing.bound > 0:
            line += f", no other shape more than {max(0.0, 1 - standing.bound / standing.best):.0%} better"
    return line


_LINE_S = 10.0
"""Between two lines that are told where there is no terminal."""
SOME_FAILED = 3
"""Exit code of a sweep that came to its end though points failed."""


class Talk(StrEnum):
    """What a sweep tells on its way."""

    bar = "bar"
    quiet = "quiet"
    json_lines = "json_lines"


JsonLinesOption = Annotated[
    bool, typer.Option("--json-lines", help="One JSON object a line for each point as it is done, and nothing else.")
]


def talk_of(quiet: bool, json_lines: bool) -> Talk:
    """Which of the ways to tell was asked for. Raises ConfigError for both at once."""
    from simulator.errors import ConfigError

    if quiet and json_lines:
        raise ConfigError("--quiet and --json-lines cannot be given together")
    return Talk.quiet if quiet else Talk.json_lines if json_lines else Talk.bar


@contextmanager
def told(talk: Talk, name: str, objective: str, way: str) -> Iterator[Any]:
    """Yield a listener of a sweep's events that shows them as asked for."""
    if talk is Talk.quiet:
        yield lambda event: None
    elif talk is Talk.json_lines:
        yield _say_json
    else:
        with _bar(name, objective, way) as listener:
            yield listener


def _say_json(event: Any) -> None:
    from dataclasses import asdict

    from simulator.result import METRICS
    from simulator.study.sweep.run import Finished, Searching

    if isinstance(event, Finished):
        row = event.row
        metrics = None if row.record is None else {name: row.record[name] for name in METRICS} | row.flat_bands()
        record = {
            "event": "point",
            "place": row.place,
            "assignments": dict(row.assignments),
            "computed": event.computed,
            "metrics": metrics,
        }
        record |= {"scaled": dict(row.sizes)} if row.sizes else {}
        record |= {"unexamined": row.unexamined} if row.unexamined else {}
        record |= {"broken": list(row.broken), "failure": row.failure, "reason": row.reason, "key": row.key}
    elif isinstance(event, Searching):
        record = {"event": "searching", "name": event.name, "fraction": None if event.fraction is None else round(event.fraction, 4)}
        record |= {} if event.standing is None else asdict(event.standing)
    else:
        record = {
            "event": "planned",
            "points": event.points,
            "expected": event.expected,
            "stored": event.stored,
            "excluded": event.excluded,
        }
        record["invalid"] = [{"assignments": dict(row.assignments), "reason": row.reason} for row in event.invalid]
    try:
        sys.stdout.write(json.dumps(record, allow_nan=False) + "\n")
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise OutputClosedError from error


@contextmanager
def _bar(name: str, objective: str, way: str) -> Iterator[Any]:
    """A bar with rate, estimate, best so far and failures on a terminal's stderr; elsewhere a line every ten seconds."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from simulator.study.sweep.run import Finished, Searching

    console = Console(markup=False, stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[news]}", markup=False),
    )
    state = _State(objective, way)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(name, total=None, news="")

        def listen(event: Any) -> None:
            """Show a point that is done on the bar, and what was planned above it."""
            if isinstance(event, Searching):
                news = f"{event.fraction:.0%} of the designs" if event.standing is None else standing_line(event.standing)
                progress.update(task, news=f"{event.name}: {news}")
                if not console.is_terminal and (event.fraction == 0.0 or state.due()):
                    console.print(f"{name}: {event.name}, {news}", soft_wrap=True)
                return
            if isinstance(event, Finished):
                state.count(event)
                progress.update(task, completed=state.done, news=state.news)
                if not console.is_terminal and state.due():
                    console.print(f"{name}: {state.done} of {state.expected} points; {state.news}", soft_wrap=True)
                return
            state.expected = event.expected
            progress.update(task, total=event.expected, completed=state.done)
            _warn(console, event)
            if event.stored:
                console.print(f"{event.stored} of {event.points} points are in the store already", soft_wrap=True)

        yield listen


def _warn(console: Any, event: Any) -> None:
    """List combinations that cannot be run, with the reason, before anything runs."""
    from itertools import groupby

    if not event.invalid:
        return
    console.print(f"{len(event.invalid)} of {event.points} combinations cannot be run, and are recorded as failed:", soft_wrap=True)
    ordered = sorted(event.invalid, key=lambda row: row.reason)
    for reason, rows in groupby(ordered, key=lambda row: row.reason):
        labels = [row.label for row in rows]
        more = f" … and {len(labels) - 3} more" if len(labels) > 3 else ""
        console.print(f"  {'; '.join(labels[:3])}{more}\n    {reason}", soft_wrap=True)


class _State:
    """What the progress line says."""

    def __init__(self, objective: str, way: str) -> None:
        self.objective, self.way = objective, way
        self.began = self.said = time.monotonic()
        self.done = self.computed = self.failed = self.expected = 0
        self.best: Any = None

    def count(self, event: Any) -> None:
        """Take in a point that is done."""
        self.done += 1
        self.computed += event.computed
        self.failed += event.row.failure is not None
        if event.row.feasible:
            sign = 1 if self.way == "min" else -1
            if self.best is None or sign * event.row.metric(self.objective) < sign * self.best.metric(self.objective):
                self.best = event.row

    def due(self) -> bool:
        """Whether ten seconds have gone by since a line was said."""
        if time.monotonic() - self.said < 10:
            return False
        self.said = time.monotonic()
        return True

    @property
    def news(self) -> str:
        """Rate, best figure so far, and failures, as far as there are any."""
        from simulator.report.glossary import term
        from simulator.report.numbers import quantity

        parts = []
        if self.computed:
            parts.append(f"{self.computed / max(time.monotonic() - self.began, 1e-9):.1f}/s")
        if self.best is not None:
            parts.append(f"best {quantity(self.best.metric(self.objective), term(self.objective, 'metric').unit)}")
        if self.failed:
            parts.append(f"{self.failed} failed")
        return ", ".join(parts)


def exit_code(rows: Any) -> int:
    """0 where every point has figures, 3 where some have not, 2 where none has."""
    failures = sum(row.record is None for row in rows)
    if failures and failures == len(rows):
        typer.echo(f"Error: none of the {failures} points has figures; the first, {rows[0].label}: {rows[0].reason}", err=True)
    return 0 if not failures else USER_ERROR if failures == len(rows) else SOME_FAILED


def tell_damaged(store: Any) -> None:
    """Say on stderr that rows of a store were not what was written, and so were not used."""
    if store.damaged:
        typer.echo(f"{store.path}: {store.damaged} rows were not what was written, and are not used; a run computes them again", err=True)
