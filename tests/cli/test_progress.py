"""How far work is, told where stderr is no terminal: a line now and then, with an estimate, also while nothing reports."""

import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.progress import Progress

from simulator.cli import progress
from simulator.cli.progress import Bars, Pulse, bars_away, each_busy, on_terminal, pace, progress_bars, seconds
from simulator.cli.running import Talk, told
from simulator.study.sweep.run import Finished, Planned, Searching
from simulator.study.sweep.study import Row


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines after 0.02 s and every 0.02 s."""
    monkeypatch.setattr(progress, "FIRST_S", 0.02)
    monkeypatch.setattr(progress, "EVERY_S", 0.02)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    return lambda: capsys.readouterr().err.splitlines()


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.mark.usefixtures("quick")
def test_work_that_never_reports_again_is_told_of_with_an_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []

    def wait(bars: Bars, for_what: str) -> None:
        def there() -> bool:
            heard.extend(capsys.readouterr().err.splitlines())
            return any(re.fullmatch(for_what, line) for line in heard)

        until(there)

    with progress_bars() as bars:
        bars("crossbar", 0.0)
        wait(bars, r"crossbar: 0%, \d+ s so far")
        bars("crossbar", 0.01)
        wait(bars, r"crossbar: 1%, \d+ s so far, about \d+ s left")
        bars("crossbar", 1.0)
        bars("replication", 0.5)
        wait(bars, r"replication: 50%, \d+ s so far")
    assert not any(thread.name == "progress" for thread in threading.enumerate())


def test_what_is_soon_over_says_nothing(lines: Callable[[], list[str]]) -> None:
    with progress_bars() as bars:
        bars("crossbar", 0.0)
        bars("crossbar", 1.0)
    assert lines() == []


@pytest.mark.usefixtures("quick")
def test_work_that_cannot_tell_how_far_it_is_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    def slowly() -> Iterator[int]:
        time.sleep(0.05)
        yield 1

    assert list(each_busy(slowly(), "crossbar: hardware beside both engines")) == [1]
    assert capsys.readouterr().err.splitlines()[0] == "crossbar: hardware beside both engines, 0 s so far"


def test_bars_make_room_for_what_shows_itself_on_the_terminal() -> None:
    console = Console(file=io.StringIO(), force_terminal=True)
    with Progress(console=console, transient=True) as bars, on_terminal(bars):
        with bars_away():
            assert not bars.live.is_started
            with console.status("compiling"):
                bars.update(bars.add_task("crossbar", total=1.0), completed=0.5)
        assert bars.live.is_started
    with bars_away():
        assert not bars.live.is_started
    assert not bars.live.is_started


@pytest.mark.usefixtures("quick")
def test_a_pulse_keeps_quiet_where_others_speak() -> None:
    said: list[str] = []
    with Pulse(lambda elapsed: "", said.append):
        time.sleep(0.05)
    assert said == []
    with Pulse(lambda elapsed: f"{elapsed >= 0.02}", said.append):
        until(lambda: len(said) > 1)
    assert set(said) == {"True"}


def test_a_sweep_says_which_search_goes_on_and_how_long_points_take(lines: Callable[[], list[str]]) -> None:
    standing = SimpleNamespace(stage="starts", simulated=3, best=None, bound=0.0)
    row = Row(0, "k", {"a": 1}, None, "mapping", "no room")
    with told(Talk.bar, "mine", "seconds", "min") as listen:
        listen(Searching("best crossbar for tiny, replicas 1", 0.0))
        listen(Searching("best crossbar for tiny, replicas 1", 0.5))
        listen(Searching("best crossbar for tiny, replicas 2", None, standing))
        listen(Planned(2, 2, 0, 0, ()))
        listen(Finished(row, computed=True))
    assert lines() == [
        "mine: search 1, best crossbar for tiny, replicas 1: 0% of the designs",
        "mine: search 2, best crossbar for tiny, replicas 2: starts, 3 designs simulated",
    ]


def test_work_of_several_stages_counts_each_by_itself(monkeypatch: pytest.MonkeyPatch, lines: Callable[[], list[str]]) -> None:
    monkeypatch.setattr("simulator.cli.progress.EVERY_S", 0.0)
    row = Row(0, "k", {"a": 1}, None, "mapping", "no room")
    with told(Talk.bar, "mine", "seconds", "min") as listen:
        for stage in ("scan", "halving 2 crossings"):
            listen(Planned(2, 4, 0, 0, (), stage))
            listen(Finished(row, computed=False))
    assert [line.partition(";")[0] for line in lines()] == ["mine, scan: 1 of 4 points", "mine, halving 2 crossings: 1 of 4 points"]


@pytest.mark.parametrize(
    ("count", "text"),
    [(0.2, "0 s"), (89.0, "89 s"), (91.0, "1.5 min"), (101.0, "1.7 min"), (600.0, "10 min"), (9000.0, "2.5 h"), (-1.0, "0 s")],
)
def test_times_for_people(count: float, text: str) -> None:
    assert seconds(count) == text


@pytest.mark.parametrize(
    ("count", "elapsed", "text"), [(25, 2.0, "12.5/s"), (1, 2.0, "0.5/s"), (1, 20.0, "3.0/min"), (2, 7200.0, "1.0/h"), (1, 1e4, "0.4/h")]
)
def test_a_pace_is_never_nothing(count: int, elapsed: float, text: str) -> None:
    assert pace(count, elapsed) == text
