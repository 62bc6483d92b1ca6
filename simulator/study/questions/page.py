"""A study as a page: the answer, what would overturn it, and every point of its sweeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulator.report.page.page import Page, columns_of
from simulator.report.page.runs import provenance
from simulator.study.questions.run import Answered
from simulator.study.sweep.page import points_of_rows
from simulator.study.sweep.study import Row
from simulator.version import MODEL_VERSION, package_version


def page_of_study(done: Answered, made: Mapping[str, Any]) -> Page:
    """Points of one sweep on one workload are rivals. `made`: what run.json holds."""
    spec, answer = done.question.spec, done.answer
    rows: dict[str, list[Row]] = {name: [] for name in spec.sweeps}
    for seen in done.evidence.seen:
        rows[seen.sweep].append(seen.row)
    for sweep, row in done.evidence.failed:
        rows[sweep].append(row)
    points = [
        replace(point, labels={"sweep": name, **point.labels}, work=f"{name} {point.work}".strip() if len(rows) > 1 else point.work)
        for name, of_sweep in rows.items()
        for point in points_of_rows(of_sweep)
    ]
    overturned = "What would overturn it: " + "; ".join(answer.overturned_by)
    measured = [reference.sentence for reference in done.evidence.references.values()]
    return Page(
        title=spec.question,
        sentences=[*answer.paragraphs, f"Claim: {spec.claim}", overturned, *measured],
        columns=columns_of([point.figures for point in points]),
        points=points,
        axes=("seconds", "energy_pj"),
        files=[("study.yaml", done.question.file.read_text(encoding="utf-8"))],
        made=provenance({**made, "model_version": str(MODEL_VERSION)}, package_version()),
        command=str(made.get("command", "")),
    )
