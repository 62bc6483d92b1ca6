"""A study as a page: the answer, what would overturn it, and every point of its sweeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulator.report.page.page import Answers, Drawing, Page, columns_of
from simulator.report.page.runs import provenance
from simulator.report.pictures import in_style
from simulator.study.questions.folder import measured
from simulator.study.questions.picture import picture_png
from simulator.study.questions.run import Answered
from simulator.study.questions.table import headings
from simulator.study.sweep.page import points_of_rows
from simulator.study.sweep.study import Row
from simulator.version import MODEL_VERSION, package_version


def page_of_study(done: Answered, made: Mapping[str, Any], picture: bytes | None) -> Page:
    """Points of one sweep on one workload are rivals. `made`: what run.json holds; `picture`: the PNG of its folder."""
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
    lists = {"What would overturn it": answer.overturned_by, "Measured": measured(done)}
    return Page(
        title=spec.question,
        sentences=[*answer.paragraphs, f"Claim: {spec.claim}"],
        answers=_answers(done),
        drawings=_drawings(done, picture),
        lists=[(title, lines) for title, lines in lists.items() if lines],
        columns=columns_of([point.figures for point in points]),
        points=points,
        axes=("seconds", "energy_pj"),
        files=[("study.yaml", done.question.file.read_text(encoding="utf-8"))],
        made=provenance({**made, "model_version": str(MODEL_VERSION)}, package_version()),
        command=str(made.get("command", "")),
    )


def _answers(done: Answered) -> Answers | None:
    """The rivals, the name of a group where it begins."""
    rivals, table = done.answer.rivals, done.question.spec.table
    if table is None or not rivals:
        return None
    groups = ["", *(rival.group for rival in rivals)]
    rows = [
        ("" if rival.group == before else rival.group, rival.name, *rival.figures, rival.of_the_best)
        for before, rival in zip(groups, rivals, strict=False)
    ]
    return Answers([("", ""), ("", ""), *headings(table, done.evidence)], rows)


def _drawings(done: Answered, picture: bytes | None) -> list[Drawing]:
    spec = done.question.spec.picture
    with in_style("column"):
        narrow = picture_png(spec, done.evidence)
    return [] if picture is None or narrow is None else [Drawing(spec.title, picture, narrow)]
