"""The folder of a study: answer in words and as figures, table, picture, the file it was made from, and how it was made."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simulator.report.folder import MARKER, NO_FILES, check_free, csv_text, default_folder, new_folder, write_json
from simulator.study.questions.run import Answered
from simulator.study.questions.spec import TableSpec
from simulator.study.questions.table import headings
from simulator.version import MODEL_VERSION, package_version

ANSWER = "answer.json"
SCHEMA_VERSION = 1


def check_study_folder(folder: Path, name: str, *, force: bool) -> None:
    """Raise OutputError where the folder must not be written; the folder of the same study may be."""
    check_free(folder, force=force or _holds(folder, name))


def study_folder(name: str, *, force: bool) -> Path:
    """Where a study is written unless told: the folder that holds it, or the first that is free."""
    return default_folder(Path("reports") / f"study-{name}", force=force, same=lambda folder: _holds(folder, name))


def write_study(
    folder: Path, done: Answered, made: Mapping[str, Any], picture: bytes | None, *, force: bool, files: Mapping[str, str] = NO_FILES
) -> None:
    """Write the folder, whole or not at all. `picture`: a PNG; `files`: more of them, text by name. Raises OutputError."""
    spec = done.question.spec
    with new_folder(folder, force=force or _holds(folder, spec.name)) as draft:
        (draft / "answer.md").write_text(answer_text(done), encoding="utf-8")
        write_json(draft / ANSWER, answer_record(done))
        (draft / "table.csv").write_text(csv_text(table_rows(done), columns=["sweep"]), encoding="utf-8")
        (draft / "study.yaml").write_text(done.question.file.read_text(encoding="utf-8"), encoding="utf-8")
        if picture is not None:
            (draft / "picture.png").write_bytes(picture)
        for name, text in files.items():
            (draft / name).write_text(text, encoding="utf-8")
        write_json(draft / MARKER, {**made, "model_version": str(MODEL_VERSION)})


def answer_text(done: Answered) -> str:
    """The answer as a page."""
    spec, answer = done.question.spec, done.answer
    verdict, *sentences = answer.paragraphs
    parts = [
        f"# {spec.question}",
        f"**Claim.** {spec.claim}",
        " ".join(("**Answer.**", f"**{verdict}**", *sentences)),
        *([_markdown(done, spec.table)] if spec.table is not None else []),
        "![picture](picture.png)",
    ]
    parts += ["**What would overturn it.**\n" + "\n".join(f"- {line}" for line in answer.overturned_by)]
    parts += [f"Measured: {sentence}" for sentence in measured(done)]
    failed = [f"- {sweep}: {row.label}: {row.reason}" for sweep, row in done.evidence.failed]
    parts += ["**Without figures.**\n" + "\n".join(failed)] if failed else []
    parts.append(f"Model version {MODEL_VERSION}. In brackets: the bands of the constants.")
    parts.append("Every point: [table.csv](table.csv). Made by [study.yaml](study.yaml).")
    return "\n\n".join(parts) + "\n"


def measured(done: Answered) -> list[str]:
    """What devices did, and who says so."""
    return [f"{reference.sentence}. {reference.spec.source}." for reference in done.evidence.references.values()]


def _markdown(done: Answered, table: TableSpec) -> str:
    """The rivals as a table."""
    heads = ["", "", *(", ".join(filter(None, head)) for head in headings(table, done.evidence))]
    lines = [heads, ["---", "---", *["---:"] * (len(heads) - 2)]]
    lines += [[rival.group, rival.name, *rival.figures, rival.of_the_best] for rival in done.answer.rivals]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def answer_record(done: Answered) -> dict[str, Any]:
    """JSON values: the sentences, and every figure with its band."""
    figures: dict[str, Any] = {}
    for name, found in done.answer.figures.items():
        entry: dict[str, Any] = {key: value for key, value in found.words.items() if not (isinstance(value, float) and math.isinf(value))}
        if found.estimate is not None:
            band = found.estimate.band
            entry = {"value": found.estimate.nominal, "low": band.low, "high": band.high, "unit": found.estimate.unit, **entry}
        figures[name] = entry
    return {
        "schema_version": SCHEMA_VERSION,
        "sparsim_version": package_version(),
        "model_version": str(MODEL_VERSION),
        "study": done.question.spec.name,
        "verdict": done.answer.verdict,
        "sentences": list(done.answer.sentences),
        "overturned_by": list(done.answer.overturned_by),
        "rivals": [asdict(rival) for rival in done.answer.rivals],
        "figures": figures,
        "points": len(done.evidence.seen),
        "failed": len(done.evidence.failed),
    }


def table_rows(done: Answered) -> list[dict[str, Any]]:
    """A row a point: sweep, axes, sizes that `equal` gave it, columns with the ends of their bands."""
    rows = []
    for seen in done.evidence.seen:
        row: dict[str, Any] = {"sweep": seen.sweep, **seen.row.assignments}
        row |= {f"scaled.{key}": value for key, value in seen.row.sizes.items()}
        for name, column in done.evidence.columns.items():
            if column.sweeps is not None and seen.sweep not in column.sweeps:
                continue
            estimate = done.evidence.estimate(seen, name)
            row[name] = f"{estimate.nominal:.9g}"
            if estimate.banded:
                row |= {f"{name}_low": f"{estimate.band.low:.9g}", f"{name}_high": f"{estimate.band.high:.9g}"}
        rows.append(row)
    return rows


def _holds(folder: Path, name: str) -> bool:
    """Whether a folder holds an answer of this study."""
    try:
        return bool(json.loads((folder / ANSWER).read_text(encoding="utf-8"))["study"] == name)
    except (OSError, ValueError, KeyError, TypeError):
        return False
