"""How far work is: bars on a terminal, and where stderr is none a line now and then, also while nothing reports."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from msgspec import Struct

from simulator.cli.saying import say

if TYPE_CHECKING:
    from rich.progress import TaskID

_Item = TypeVar("_Item")
FIRST_S = 5.0
"""From the beginning to the first line."""
EVERY_S = 10.0
"""Between two lines."""
_NAMED = 3
"""Works that a line names."""


class Bars(Protocol):
    """Shows how far runs and searches are."""

    def __call__(self, name: str, fraction: float) -> None:
        """A run, or another piece of work, and the fraction of it that is done."""

    def tell(self, name: str, standing: Any) -> None:
        """A machine whose best sizes are looked for, and how far that is."""


class Pulse:
    """Says a line now and then until it is left: what `line` gives then, and nothing where that is nothing.

    From a thread of its own, so that work which reports seldom, or never, is told of too.
    """

    def __init__(self, line: Callable[[float], str], say: Callable[[str], None]) -> None:
        """`line`: given the seconds since the beginning."""
        self._line = line
        self._say = say
        self._over = threading.Event()
        self._began = self._said = time.monotonic()
        self._thread = threading.Thread(target=self._beat, name="progress", daemon=True)

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._over.set()
        self._thread.join()

    def due(self, *, first: bool = False) -> bool:
        """Whether the last line was long enough ago for another one, which then counts as said; `first`: or none was said yet."""
        now = time.monotonic()
        if now - self._said < EVERY_S and not (first and self._said == self._began):
            return False
        self._said = now
        return True

    def _beat(self) -> None:
        """Lines that others say put off the next one."""
        wait = FIRST_S
        while not self._over.wait(wait):
            now = time.monotonic()
            quiet = now - self._said
            if self._said != self._began and quiet < EVERY_S:
                wait = EVERY_S - quiet
                continue
            wait = EVERY_S
            line = self._line(now - self._began)
            if line:
                self._said = now
                self._say(line)


class _Done(Struct):
    """How far a piece of work was when it was last told, and when it was first."""

    began: float
    first: float
    told: float
    fraction: float

    def text(self, name: str, now: float) -> str:
        """With the time that is left, at the pace so far, where there is one."""
        line = f"{name}: {self.fraction:.0%}, {seconds(now - self.began)} so far"
        if self.fraction > self.first and self.told > self.began:
            left = (1 - self.fraction) * (self.told - self.began) / (self.fraction - self.first) - (now - self.told)
            line += f", about {seconds(left)} left" if left >= 1 else ""
        return line


class _Lines:
    """Where stderr is no terminal, and nothing loaded that could show more."""

    def __init__(self) -> None:
        self.done: dict[str, _Done] = {}
        self.pulse = Pulse(self._line, say)

    def __call__(self, name: str, fraction: float) -> None:
        """Kept for the next line; what is over is not told of."""
        now = time.monotonic()
        if fraction >= 1:
            self.done.pop(name, None)
        elif name in self.done:
            self.done[name].told, self.done[name].fraction = now, fraction
        else:
            self.done[name] = _Done(now, fraction, now, fraction)

    def tell(self, name: str, standing: Any) -> None:
        """A line, where the last was said long enough ago."""
        if self.pulse.due(first=True):
            say(f"best {name}: {standing_line(standing)}")

    def _line(self, elapsed: float) -> str:
        now, works = time.monotonic(), list(self.done.items())
        more = f"; {len(works) - _NAMED} more" if len(works) > _NAMED else ""
        return "; ".join(done.text(name, now) for name, done in works[:_NAMED]) + more


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
    """Yield a function of a run's name and the fraction of it that is done, which is also told how far searches are."""
    if not sys.stderr.isatty():
        lines = _Lines()
        with lines.pulse:
            yield lines
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from simulator.report.console import Console

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
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress, on_terminal(progress):
        yield _Progress(progress)


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Say what goes on in a block of which nothing tells how far it is: a spinner, and where stderr is no terminal a line now and then."""
    if not sys.stderr.isatty():
        with Pulse(lambda elapsed: f"{what}, {seconds(elapsed)} so far", say):
            yield
        return
    from simulator.report.console import Console

    with Console(markup=False, stderr=True).status(what):
        yield


def each_busy(items: Iterator[_Item], what: str) -> Iterator[_Item]:
    """Items as they are, `what` said while each is waited for, and nothing while it is looked at."""
    while True:
        with busy(what):
            found = list(itertools.islice(items, 1))
        if not found:
            return
        yield found[0]


_LIVE: list[Any] = []
"""Bars that a terminal shows."""


@contextmanager
def on_terminal(progress: Any) -> Iterator[None]:
    """Know of bars for as long as a block shows them."""
    _LIVE.append(progress)
    try:
        yield
    finally:
        _LIVE.remove(progress)


@contextmanager
def bars_away() -> Iterator[None]:
    """Take bars off the terminal for a block that shows something there itself: two at once are drawn over one another."""
    away = [progress for progress in _LIVE if progress.live.is_started]
    for progress in away:
        progress.stop()
    try:
        yield
    finally:
        for progress in away:
            progress.start()


def standing_line(standing: Any) -> str:
    """How far a search for the best sizes has come, in a line: designs simulated, the best so far, and the gap to what none goes below."""
    line = f"{standing.stage}, {standing.simulated:,} designs simulated"
    if standing.best is not None:
        line += f", best so far {standing.best:.4g}"
        if standing.bound > 0:
            line += f", no other shape more than {max(0.0, 1 - standing.bound / standing.best):.0%} better"
    return line


def seconds(count: float) -> str:
    """`40 s`, `2.5 min`, `15 min`, `2.5 h`: finer than the time between two lines for as long as that is a part of it."""
    if count < 90:
        return f"{max(0.0, count):.0f} s"
    if count < 5400:
        return f"{count / 60:.{int(count < 600)}f} min"
    return f"{count / 3600:.1f} h"


def pace(count: int, elapsed: float) -> str:
    """`12.5/s`, `3.0/min`, `1.2/h`: how many in that many seconds, by the unit in which it is not nothing."""
    a_second = count / max(elapsed, 1e-9)
    for unit, length in (("s", 1), ("min", 60)):
        if a_second * length >= 0.5:
            return f"{a_second * length:.1f}/{unit}"
    return f"{a_second * 3600:.1f}/h"
