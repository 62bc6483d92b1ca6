"""Every shipped study: its small cut says what was kept, and its kept answer follows from its kept figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.errors import OutputError
from simulator.machine import load_machine
from simulator.specs.documents import apply_overrides, read_tree
from simulator.specs.tree import plain
from simulator.study.questions.answer import Answer, said
from simulator.study.questions.estimate import Estimate
from simulator.study.questions.figures import Found
from simulator.study.questions.folder import ANSWER
from simulator.study.questions.pages import block, update_page
from simulator.study.questions.reading import load_question, study_names
from simulator.study.questions.spec import QuestionSpec
from simulator.version import MODEL_VERSION
from tests.study.questions.cuts import answer_cut, kept

REPORTS = Path(__file__).parents[3] / "reports" / "studies"
FINDINGS = REPORTS.parents[1] / "docs" / "findings.md"
ANSWERS = sorted(REPORTS.glob(f"*/{ANSWER}"))
STUDIES = ["bandwidth", "crossbar-cost", "flagship", "gpu", "heat", "locality", "routing", "structure", "training", "width"]


def test_there_is_one_for_each_claim_and_the_flagship() -> None:
    assert study_names() == STUDIES


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studies") / "store.sqlite"


@pytest.mark.skipif(kept()["model_version"] != str(MODEL_VERSION), reason="kept under another version of the model")
@pytest.mark.parametrize("name", STUDIES)
def test_its_cut_says_what_was_kept(name: str, store: Path) -> None:
    done = answer_cut(name, store)
    assert not done.evidence.failed
    assert done.answer.text == kept()["answers"][name]


def found_of(entry: dict[str, Any]) -> Found:
    """A figure as its band leaves it: one factor that moves it from end to end."""
    if "unit" not in entry:
        return Found(None, entry)
    return Found(Estimate(np.array([entry["value"], entry["low"], entry["high"]]), entry["unit"]), entry)


@pytest.mark.parametrize("file", ANSWERS, ids=lambda file: file.parent.name)
def test_the_kept_answer_follows_from_its_figures(file: Path) -> None:
    record = json.loads(file.read_text(encoding="utf-8"))
    spec = load_question(file.parent.name).spec
    figures = {name: found_of(entry) for name, entry in record["figures"].items()}
    assert said((spec.verdict,), figures) == (record["verdict"],)
    assert list(said(spec.answer, figures)) == record["sentences"]
    page = file.with_name("answer.md").read_text(encoding="utf-8")
    assert " ".join(record["sentences"]) in page


@pytest.mark.parametrize("file", ANSWERS, ids=lambda file: file.parent.name)
def test_the_kept_answer_is_of_the_shipped_file(file: Path) -> None:
    shipped = plain(apply_overrides(read_tree(f"configs/studies/{file.parent.name}.yaml", QuestionSpec), []))
    kept_file = plain(read_tree(file.with_name("study.yaml"), QuestionSpec))
    assert {key: value for key, value in kept_file.items() if key != "cut"} == {
        key: value for key, value in shipped.items() if key != "cut"
    }


@pytest.mark.parametrize("file", ANSWERS, ids=lambda file: file.parent.name)
def test_the_findings_say_what_was_answered(file: Path) -> None:
    record = json.loads(file.read_text(encoding="utf-8"))
    found = block(record["study"]).search(FINDINGS.read_text(encoding="utf-8"))
    assert found is not None
    assert f"**{record['verdict']}**\n\n{' '.join(record['sentences'])}\n" in found[0]


def test_the_readme_says_what_the_flagship_answered() -> None:
    record = json.loads((REPORTS / "flagship" / ANSWER).read_text(encoding="utf-8"))
    assert f"**{record['verdict']}** {record['sentences'][0]}" in (REPORTS.parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_flagships_curve_goes_through_machines_as_they_are() -> None:
    (together,) = load_question("flagship").spec.sweeps["copies"].zip
    assert len(together["machine"]) == 6
    for name, units, copies in zip(together["machine"], together["fabric.units"], together["fabric.replicas"], strict=True):
        fabric = load_machine(str(name)).fabric
        assert (fabric.units, fabric.replicas) == (units, copies)


def test_the_findings_have_a_place_for_each() -> None:
    page = FINDINGS.read_text(encoding="utf-8")
    assert [name for name in STUDIES if block(name).search(page) is None] == []


def test_a_page_takes_an_answer_where_it_has_a_place(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "page.md"
    page.parent.mkdir()
    page.write_text("before\n<!-- study: heat -->\nold\n<!-- /study -->\nafter\n", encoding="utf-8")
    update_page(page, "heat", Answer({}, "It is hot.", ("Very.", "At 80 °C."), ()), tmp_path / "reports" / "heat")
    expected = (
        "before\n<!-- study: heat -->\n**It is hot.**\n\nVery. At 80 °C.\n\n![heat](../reports/heat/picture.png)\n<!-- /study -->\nafter\n"
    )
    assert page.read_text(encoding="utf-8") == expected
    with pytest.raises(OutputError, match="has no place for this answer"):
        update_page(page, "width", Answer({}, "No.", (), ()), tmp_path)
