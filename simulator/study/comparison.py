"""`compare`: run machines on one workload, and what they show together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from simulator.engine.engines import EngineName
from simulator.errors import ConfigError
from simulator.machine.model import Machine
from simulator.pipeline import requests_of, simulate, simulate_and_repeat
from simulator.processors import processors
from simulator.report.notebook import drawn
from simulator.report.write import Report as WrittenReport
from simulator.result import Ideal, Result
from simulator.result.frames import frame
from simulator.study.executors import Dispatch, Report, local, silent
from simulator.workload.types import Workload

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from rich.console import RenderableType


@dataclass(frozen=True, repr=False)
class Comparison(WrittenReport):
    """Results of several machines on one workload.

    both = simulator.compare([crossbar, replication], workload)
    both.verdict, both.results[0].cycles
    """

    def to_frame(self) -> pd.DataFrame:
        """One row a run, one column a metric. Needs pandas."""
        from simulator.report.write import summary_rows

        return frame(summary_rows(self.all_results), ["machine", "ideal"])

    def plot(self) -> Figure:
        """Area, energy and causes of all machines in one figure."""
        from simulator.report.plots import overview_figure

        return drawn(overview_figure(self.results))

    def __repr__(self) -> str:
        return f"<Comparison: {self.verdict}>"

    def _repr_html_(self) -> str:
        from simulator.report.tables import as_html

        return as_html(self)

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        from simulator.report.summary import summary_table

        sentences = [Text(sentence, style="bold") for sentence in (*self.sentences, *self.ideal_sentences)]
        return Group(*sentences, Text(), summary_table(self.results, self.judged))

    def beside_measured(self, workload: Workload) -> Comparison:
        """This comparison with the shipped measured devices, where they did the same products; nothing of them is simulated."""
        from simulator.study.measured import measured_runs

        return replace(self, measured=measured_runs(workload))

    def with_bands(self) -> Comparison:
        """This comparison over the bands of the constants: the verdict then says what of it is robust. Nothing is simulated."""
        from simulator.study.uncertainty import assess

        return replace(self, assessment=assess(self.results))


def compare(
    machines: Sequence[Machine],
    workload: Workload,
    *,
    engine: EngineName = "compiled",
    ideal: Ideal = "none",
    jobs: int = 1,
    progress: Report | None = None,
) -> Comparison:
    """Run a workload on every machine, and again with an `ideal` part where one is named.

    Args:
        machines: their names must differ.
        workload: what all of them run.
        engine: fabric engine.
        ideal: part to make perfect in a second run of each machine.
        jobs: processes; with 1 everything runs in this one.
        progress: called with a run's name and the fraction of it that is done.

    Raises:
        ConfigError: no machine, or two of one name.
        MappingError: a machine cannot hold the workload.
        WorkerError: a process died twice over one machine.
    """
    check_names(machines)
    tasks = [_Task(machine, ideal, engine) for machine in machines]
    with local(min(jobs, len(tasks))) as executor:
        results = Dispatch(executor, _run, lambda key: workload, progress or silent).answers(tasks)
    return Comparison(tuple(plain for plain, *_ in results), tuple(repeat for _, *repeats in results for repeat in repeats))


SMALL_WORK = 20_000_000
"""List entries of all machines together below which workers would not have started before this process alone is done."""
ENTRIES_OF_A_SEARCH = 500_000
"""List entries that are simulated in the time in which a schedule is found for an operation of a machine without lists."""


def processes_for(machines: Sequence[Machine], workload: Workload) -> int:
    """How many processes compare machines soonest: as many as there are processors, or this one alone where the work is small."""
    searches = ENTRIES_OF_A_SEARCH * len(workload.operations)
    return 1 if sum(requests_of(machine, workload) or searches for machine in machines) < SMALL_WORK else processors()


def check_names(machines: Sequence[Machine]) -> None:
    """Raise ConfigError where there is no machine, or two have one name; case does not tell names of files apart everywhere."""
    names = [machine.name for machine in machines]
    if not names:
        raise ConfigError("nothing to compare: name at least one machine")
    first: dict[str, str] = {}
    twice = next(((one, name) for name in names if (one := first.setdefault(name.casefold(), name)) != name), None)
    if twice is None:
        twice = next(((name, name) for name in names if names.count(name) > 1), None)
    if twice is not None:
        called = repr(twice[0]) if twice[0] == twice[1] else f"{twice[0]!r} and {twice[1]!r}"
        raise ConfigError(f"two machines are called {called}; give one of them another `name`, so that reports can tell them apart")


_WORKLOAD = "workload"


class _Task(Struct, frozen=True):
    """One machine's run, and the repeat with an ideal part where one is named."""

    machine: Machine
    ideal: Ideal
    engine: EngineName
    inputs = (_WORKLOAD,)

    def run(self, workload: Workload, report: Report) -> tuple[Result, ...]:
        """Simulate, and report how far it is."""
        name = self.machine.name
        results: tuple[Result, ...]
        if self.ideal == "none":
            results = (simulate(self.machine, workload, engine=self.engine, progress=lambda _, fraction: report(name, fraction)),)
        else:
            results = simulate_and_repeat(
                self.machine, workload, engine=self.engine, ideal=self.ideal, progress=lambda _, fraction: report(name, fraction)
            )
        report(name, 1.0)
        return results


def _run(tasks: Sequence[_Task], inputs: Mapping[str, Any], report: Report) -> list[tuple[Result, ...]]:
    return [task.run(inputs[_WORKLOAD], report) for task in tasks]
