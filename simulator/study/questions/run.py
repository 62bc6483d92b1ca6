"""Runs a study: its sweeps through the store, then the answer from what they found."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simulator.report.notebook import drawn
from simulator.result.frames import frame
from simulator.study.questions.answer import Answer, answered
from simulator.study.questions.evidence import Evidence, gathered
from simulator.study.questions.reading import Question
from simulator.study.sweep.run import Listener, Options, SweepRun, run_sweep
from simulator.study.sweep.spec import SweepSpec
from simulator.study.sweep.store import Store

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Told = Callable[[SweepSpec], AbstractContextManager[Listener]]
"""Of a sweep that begins: what hears of it."""


@dataclass(frozen=True, eq=False)
class Answered:
    """A study that has come to its end."""

    question: Question
    evidence: Evidence
    answer: Answer
    computed: int
    """Points that were run now; the others were in the store."""

    def __str__(self) -> str:
        return self.answer.text

    def to_frame(self) -> pd.DataFrame:
        """One row a point of its sweeps: values of the axes, sizes, columns of the study with their bands. Needs pandas."""
        from simulator.study.questions.folder import table_rows

        figures = {f"{name}{end}" for name in self.evidence.columns for end in ("", "_low", "_high")}
        return frame([{key: float(value) if key in figures else value for key, value in row.items()} for row in table_rows(self)], "sweep")

    def plot(self) -> Figure | None:
        """The picture that answers; None where no point has figures."""
        from simulator.study.questions.picture import picture

        return drawn(picture(self.question.spec.picture, self.evidence))


def answer_question(question: Question, store: Store, options: Options, told: Told) -> Answered:
    """Run what the store lacks, and answer. What is run is stored at once, so that an interrupt loses nothing.

    Raises ConfigError where a figure cannot be worked out, with the reason.
    """
    runs: dict[str, SweepRun] = {}
    for name, space in question.spaces.items():
        with told(space.spec) as listen:
            runs[name] = run_sweep(space, store, replace(options, listed=False), listen)
    evidence = gathered(runs, question.columns, question.references, store)
    return Answered(question, evidence, answered(question.spec, evidence), sum(run.computed for run in runs.values()))
