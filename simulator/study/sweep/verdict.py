"""A sweep's verdict: which value of its first axis is best by the first objective, on each workload, and where along them that flips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Literal

from simulator.report.glossary import label
from simulator.report.numbers import times
from simulator.report.sentences import verdict_sentences
from simulator.report.verdict import Entrant, Held, Verdict, flips_along, judge
from simulator.study.sweep.analysis import along_rows, best_row, by_workload, label_within
from simulator.study.sweep.keys import called, labelled
from simulator.study.sweep.study import Row, Study

_NAMED = 4
"""Flips that are named."""


def sweep_verdicts(study: Study) -> dict[str, Verdict]:
    """A verdict for each workload that has feasible points, by the values of the axes that make it.

    Rivals are the best points at each value of the first axis that is not the workload's; where there is none, the one point.
    An objective of which more is better is judged by its reciprocal, so that ratios read alike.
    """
    groups = by_workload([row for row in study.rows if row.feasible])
    return {workload: _judged(study, workload, rows) for workload, rows in groups.items()}


def _judged(study: Study, workload: str, rows: Sequence[Row]) -> Verdict:
    objectives = study.spec.objectives
    objective, way = next(iter(objectives.items()))
    path, best = along_rows(rows, objectives)
    if not path:
        only = best_row(rows, objective, way)
        best = [] if only is None else [only]
    labels = {called(path, row.assignments[path]) if path else row.label: row for row in best}
    figures = {label: {name: _less(row, name, each) for name, each in objectives.items()} for label, row in labels.items()}
    entrants = [Entrant(label, label, own) for label, own in figures.items()]
    held = _held(study, objective, workload, labels)
    on = f"the points of {study.spec.name}{f', {workload}' if workload else ''}"
    return judge(entrants, objective, on=on, besides=tuple(objectives), held=held)


def _less(row: Row, name: str, way: Literal["min", "max"]) -> float:
    value = row.metric(name)
    return value if way == "min" else 1 / value if value else float("inf")


def _held(study: Study, objective: str, workload: str, labels: dict[str, Row]) -> Callable[[str, str], Held | None] | None:
    """What the sweep has found out of best points and their rivals over the bands."""
    known = {(found.best, found.rival): found for found in study.robustness if found.objective == objective and found.workload == workload}
    if not known:
        return None

    def whole(row: Row) -> str:
        return label_within(row) if workload else labelled(row.assignments)

    def held(winner: str, rival: str) -> Held | None:
        found = known.get((whole(labels[winner]), whole(labels[rival])))
        if found is None:
            return None
        turns = found.turns_on.removeprefix("turns on ") if found.turns_on.startswith("turns on ") else ""
        return Held(found.low, found.high, found.robust, (turns,) if turns else ())

    return held


def sweep_sentences(study: Study) -> list[str]:
    """The verdict on the first workload in words, then where it flips along the others."""
    verdicts = sweep_verdicts(study)
    if not verdicts:
        return [f"{study.spec.name}: no point has figures within the constraints."]
    first = next(iter(verdicts.values()))
    alone = f"On {first.on}, {first.winner.name} is the only one with figures by {label(first.objective, 'metric')}."
    sentences = verdict_sentences(first) or [alone]
    if len(verdicts) == 1:
        return sentences
    flips = flips_along(verdicts)
    said = [f"at {flip.where} to {flip.winner}{_by(flip.ratio)}" for flip in islice(flips, _NAMED)]
    more = f" and {len(flips) - _NAMED} more" if len(flips) > _NAMED else ""
    along = (
        f"Along the {len(verdicts)} workloads it flips {', '.join(said)}{more}."
        if flips
        else (f"On all {len(verdicts)} workloads it is the same, or level.")
    )
    return [*sentences, along]


def _by(ratio: float) -> str:
    return f" ({times(ratio)} ahead)" if ratio != float("inf") else ""
