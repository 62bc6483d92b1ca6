"""What surrounds a run: the notice that kernels are compiled, progress of sweeps, its record and page, what ends it early."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.entry import USER_ERROR, OutputClosedError
from simulator.cli.progress import Pulse, bars_away, on_terminal, pace, seconds, standing_line
from simulator.cli.saying import echo, say

if TYPE_CHECKING:
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


def result_folder(output: Path | None, name: str, *, as_json: bool, force: bool, read: Iterable[str | Path] = ()) -> Path | None:
    """Where a verb writes: what -o names, else a folder NAME of reports/, and with --json none.

    Raises OutputError where it may not, or where the folder holds what the verb reads.
    """
    from simulator.report.folder import check_apart, check_free, default_folder

    folder = output or (None if as_json else default_folder(Path("reports") / name, force=force))
    if folder is not None:
        check_free(folder, force=force)
        check_apart(folder, read)
    return folder


def files_of(machines: Iterable[str], workload: str | None = None) -> list[Path]:
    """The files that names of machines and of a workload mean. Raises ConfigError for a name of none."""
    from simulator.specs import config_path, workload_path

    return [*(config_path("machines", machine) for machine in machines), *([] if workload is None else [workload_path(workload)])]


NOTICE = "compiling {}: once, up to a minute; kept for later runs"
NOT_KEPT = "compiling {}: up to a minute; not kept, for no cache folder can be written"


def ensure_kernels(kernels: Iterable[Kernel]) -> None:
    """Compile the kernels that the disk does not hold, with a notice on stderr, before any process needs them."""
    missing = [kernel for kernel in kernels if not kernel.ready]
    if not missing:
        return
    from simulator.engine.compiled.kernels import kernels_kept
    from simulator.report.console import Console

    console = Console(markup=False, stderr=True)
    number = f"{len(missing)} simulation kernels" if len(missing) > 1 else "a simulation kernel"
    notice = (NOTICE if kernels_kept() else NOT_KEPT).format(number)
    if not console.is_terminal:
        console.print(notice, soft_wrap=True)
    with bars_away(), console.status(notice) as shown:
        for done, kernel in enumerate(missing):
            shown.update(f"{notice}; {done} done")
            kernel.warm_up()


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
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from simulator.report.console import Console
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
    pulse = Pulse(lambda elapsed: "" if console.is_terminal else f"{state.named(name)}: {state.line(elapsed)}", say)
    with pulse, Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress, on_terminal(progress):
        task = progress.add_task(name, total=None, news="")

        def listen(event: Any) -> None:
            """Show a point that is done on the bar, and what was planned above it."""
            if isinstance(event, Searching):
                begins = state.search(event)
                progress.update(task, news=state.searching)
                if not console.is_terminal and (begins or pulse.due()):
                    say(f"{name}: {state.searching}")
                return
            if isinstance(event, Finished):
                state.count(event)
                progress.update(task, completed=state.done, news=state.news)
                if not console.is_terminal and pulse.due():
                    say(f"{state.named(name)}: {state.line(time.monotonic() - state.began)}")
                return
            if event.stage != state.stage:
                state.enter(event.stage)
                progress.reset(task, description=state.named(name), news="")
            state.expected = event.expected
            progress.update(task, total=event.expected, completed=state.done)
            _warn(console, event)
            if event.stored and not state.told_stored:
                state.told_stored = True
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
        first, *others = reason.splitlines()
        alike = f" (and {len(others)} more)" if others else ""
        console.print(f"  {'; '.join(labels[:3])}{more}\n    {first}{alike}", soft_wrap=True)


class _State:
    """What the progress line says."""

    def __init__(self, objective: str, way: str) -> None:
        self.objective, self.way = objective, way
        self.began = time.monotonic()
        self.stage = ""
        """Which part of the work goes on, where it has several."""
        self.done = self.computed = self.failed = self.expected = 0
        self.best: Any = None
        self.searching = ""
        """Which search goes on, and how far; empty while points run."""
        self.searches: dict[str, int] = {}
        """Their names, numbered."""
        self.told_stored = False
        self._computing_since = self._entered = self.began

    def named(self, name: str) -> str:
        """What goes on, with the name of its stage."""
        return f"{name}, {self.stage}" if self.stage else name

    def enter(self, stage: str) -> None:
        """Another part of the work begins, of which nothing is done."""
        self.stage, self.done, self.computed = stage, 0, 0
        self._computing_since = self._entered = time.monotonic()

    def count(self, event: Any) -> None:
        """Take in a point that is done."""
        if self.searching:
            self.searching, self._computing_since = "", time.monotonic()
        self.done += 1
        self.computed += event.computed
        self.failed += event.row.failure is not None
        if event.row.feasible:
            sign = 1 if self.way == "min" else -1
            if self.best is None or sign * event.row.metric(self.objective) < sign * self.best.metric(self.objective):
                self.best = event.row

    def search(self, event: Any) -> bool:
        """Take in how far a search is; whether it has just begun."""
        begins = event.name not in self.searches
        number = self.searches.setdefault(event.name, len(self.searches) + 1)
        news = f"{event.fraction:.0%} of the designs" if event.standing is None else standing_line(event.standing)
        self.searching = f"search {number}, {event.name}: {news}"
        return begins

    def line(self, elapsed: float) -> str:
        """How far it is, with an estimate."""
        if self.searching:
            return f"{self.searching}; {seconds(elapsed)} so far"
        if not self.expected:
            return f"{seconds(elapsed)} so far, no point has begun"
        parts = [f"{self.done} of {self.expected} points", self.news, f"{seconds(elapsed)} so far"]
        left = self.expected - self.done
        if self.computed and left > 0:
            parts.append(f"about {seconds(left * (time.monotonic() - self._computing_since) / self.computed)} left")
        return "; ".join(part for part in parts if part)

    @property
    def news(self) -> str:
        """Rate, best figure so far, and failures, as far as there are any."""
        from simulator.report.glossary import term
        from simulator.report.numbers import quantity

        parts = []
        if self.computed:
            parts.append(pace(self.computed, time.monotonic() - self._entered))
        if self.best is not None:
            parts.append(f"best {quantity(self.best.metric(self.objective), term(self.objective, 'metric').unit)}")
        if self.failed:
            parts.append(f"{self.failed} failed")
        return ", ".join(parts)


@contextmanager
def kept_when_interrupted(store: Path) -> Iterator[None]:
    """Within it, an interrupt is told where the points that are done are kept."""
    try:
        yield
    except KeyboardInterrupt:
        echo(f"interrupted; what was done is in {store}, and the same command goes on from there", err=True)
        raise


def page_script(asked: bool, *, folder: bool) -> str | None:
    """What draws the page of a result folder; None where no page was asked for. Raises ConfigError where there is no such folder."""
    if not asked:
        return None
    from simulator.errors import ConfigError
    from simulator.report.page import drawing_script

    if not folder:
        raise ConfigError("--html writes report.html into the folder of results; with --json, name it with -o")
    return drawing_script()


def results_in(folder: Path) -> str:
    """Where results are, and the page among them where there is one."""
    from simulator.report.page import PAGE

    return f"results in {folder}/{f' ({PAGE} for a browser)' if (folder / PAGE).is_file() else ''}"


def exit_code(rows: Any) -> int:
    """0 where every point has figures, 3 where some have not, 2 where none has."""
    failures = sum(row.record is None for row in rows)
    if failures and failures == len(rows):
        echo(f"Error: none of the {failures} points has figures; the first, {rows[0].label}: {rows[0].reason}", err=True)
    return 0 if not failures else USER_ERROR if failures == len(rows) else SOME_FAILED


def tell_damaged(store: Any) -> None:
    """Say on stderr that rows of a store were not what was written, and so were not used."""
    if store.damaged:
        echo(f"{store.path}: {store.damaged} rows were not what was written, and are not used; a run computes them again", err=True)
