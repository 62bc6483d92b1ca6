"""`study`, typed as a user types it."""

from __future__ import annotations

import base64
import csv
import json
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pytest

from simulator.report.numbers import significant

Type = Callable[..., Any]
STUDY = """
name: mine
question: Which of the two takes less energy?
claim: The array does.
sweeps:
  main:
    workload: tiny.yaml
    axes:
      machine: [crossbar.yaml, systolic.yaml]
columns:
  pj: {of: energy_pj / useful_macs, unit: pJ, label: energy a useful MAC}
figures:
  lead: {kind: ratio, of: pj, at: {machine: systolic.yaml}, over: {at: {machine: crossbar.yaml}}}
verdict:
  - {when: lead < 1, say: "The array."}
  - {say: "Not the array."}
answer:
  - - {say: "It takes {lead:x}."}
rests_on: {lead: array against crossbar}
overturned_by: Another workload.
table:
  columns: [pj]
  by: pj
  rows: [{group: both, name: ours, at: {machine: crossbar.yaml}}, {group: both, name: theirs, at: {machine: systolic.yaml}}]
picture: {form: bars, x: machine, panels: [pj], title: Energy}
"""


@pytest.fixture
def study(place: Path) -> Path:
    (place / "mine.yaml").write_text(STUDY, encoding="utf-8")
    (place / "page.md").write_text("<!-- study: mine -->\n<!-- /study -->\n", encoding="utf-8")
    return place


def test_a_study_is_answered_and_is_instant_again(study: Path, sparsim: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = sparsim("study", "mine.yaml", "-j", "0", "--page", "page.md")
    assert outcome.code == 0, outcome.err
    assert "2 points run, 0 from the store; results in reports/study-mine/" in outcome.out
    folder = study / "reports" / "study-mine"
    assert {path.name for path in folder.iterdir()} == {"answer.md", "answer.json", "table.csv", "picture.png", "study.yaml", "run.json"}
    record = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    rows = list(csv.DictReader((folder / "table.csv").read_text(encoding="utf-8").splitlines()))
    gathering, array = (float(row["pj"]) for row in rows)
    assert record["figures"]["lead"]["value"] == pytest.approx(array / gathering)
    (sentence,) = record["sentences"]
    assert record["verdict"] == ("The array." if array < gathering else "Not the array.")
    assert sentence.startswith("It takes ")
    assert f"**{record['verdict']}** {sentence}" in (folder / "answer.md").read_text(encoding="utf-8")
    assert f"**{record['verdict']}**\n\n{sentence}\n" in (study / "page.md").read_text(encoding="utf-8")
    assert "It takes" not in outcome.out
    ours, theirs = record["rivals"]
    best, other = (theirs, ours) if array < gathering else (ours, theirs)
    assert best["of_the_best"] == "1.00×"
    assert other["of_the_best"].startswith(significant(max(gathering, array) / min(gathering, array)) + "×")
    assert f" theirs {significant(array)} " in " ".join(outcome.out.split())
    whole = sparsim("study", "mine.yaml", "-j", "0", "--full", "--quiet").out
    assert sentence in " ".join(whole.split())
    assert "- array against crossbar: " in whole
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "run.json"}
    monkeypatch.setattr("simulator.report.page.drawing_script", lambda: "let Plotly;")
    assert sparsim("study", "mine.yaml", "-j", "0", "--html", "-o", "page", "--quiet").code == 0
    page = (study / "page" / "report.html").read_text(encoding="utf-8")
    points = json.loads(page.split('<script type="application/json" id="data">')[1].split("</script>")[0])["points"]
    assert [point["labels"]["sweep"] for point in points] == ["main", "main"]
    assert escape(sentence) in page
    wide, narrow = (base64.b64decode(found) for found in re.findall('data:image/png;base64,(.*?)"', page)[::-1])
    assert wide == before["picture.png"]
    assert [int.from_bytes(png[16:20]) for png in (wide, narrow)] == [pytest.approx(8.2 * 160, abs=2), pytest.approx(3.5 * 300, abs=2)]
    assert f"<td>theirs</td><td>{significant(array)}</td>" in page
    assert "<h2>What would overturn it</h2><ul><li>array against crossbar: " in page
    again = sparsim("study", "mine.yaml", "-j", "0", "--quiet")
    assert "0 points run, 2 from the store" in again.out
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "run.json"} == before


def test_it_is_one_object_for_programs(study: Path, sparsim: Type) -> None:
    outcome = sparsim("study", "mine.yaml", "-j", "0", "--json")
    assert json.loads(outcome.out)["study"] == "mine"
    assert not (study / "reports" / "study-mine").exists()


def test_a_point_without_figures_is_told_and_a_figure_of_it_is_refused(study: Path, sparsim: Type) -> None:
    outcome = sparsim("study", "mine.yaml", "-j", "0", "--set", "sweeps.main.set={fabric.x_buffer_kib: 0.01}")
    assert outcome.code == 2
    assert "mine: figures.lead: no point at machine" in outcome.err


def test_studies_are_listed_by_their_questions(place: Path, sparsim: Type) -> None:
    outcome = sparsim("study")
    assert "locality       Do arrays win by locality, and down to which density?" in outcome.out
    assert sparsim("study", "localty").err.strip().endswith("nearest: locality")
