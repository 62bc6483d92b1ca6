"""Study files: every mistake is named before anything runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.errors import ConfigError
from simulator.study.questions.reading import load_question

STUDY = """
name: tiny
question: Which is better?
claim: The array is.
sweeps:
  main:
    workload: spmm-1024
    axes:
      machine: [crossbar, systolic]
columns:
  pj: {of: energy_pj / useful_macs, unit: pJ, label: energy}
figures:
  lead: {kind: ratio, of: pj, at: {machine: crossbar}, over: {at: {machine: systolic}}}
verdict:
  - {when: lead > 1, say: "The array, by {lead:x}."}
  - {say: "Not the array ({lead:x})."}
rests_on: {lead: crossbar against array}
overturned_by: Another workload.
table: {columns: [pj], by: pj, rows: [{name: ours, at: {machine: crossbar}}]}
picture: {form: bars, x: machine, panels: [pj], title: Energy}
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "tiny.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_study_is_one_file(tmp_path: Path) -> None:
    question = load_question(write(tmp_path, STUDY))
    assert question.spaces["main"].size == 2
    assert question.spec.sweeps["main"].name == "tiny-main"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("question:", "qestion:", "qestion: unknown key; allowed: "),
        ("kind: ratio", "kind: ration", "nearest: ratio"),
        ("of: pj,", "of: pk,", "figures.lead: pk: no such column; allowed: pj; nearest: pj"),
        (
            "at: {machine: crossbar}",
            "at: {machin: crossbar}",
            "at: machin: no axis of sweeps.main; allowed: machine; nearest: machine",
        ),
        ("energy_pj /", "energy_jp /", "energy_jp: no such quantity"),
        ("energy_pj /", "counts.dram_red_bytes /", "nearest: counts.dram_read_bytes"),
        ("{lead:x}.", "{led:x}.", "led: no such figure; allowed: lead; nearest: lead"),
        ("lead > 1", "lead.lo > 1", "lead.lo: no such word of that figure; allowed: value, low, high; nearest: low"),
        ("{lead: cross", "{led: cross", "rests_on: led: no such figure; allowed: lead"),
        ("x: machine", "x: machines", "machines: no axis of sweeps.main; allowed: machine; nearest: machine"),
        ("panels: [pj]", "panels: [joules]", "joules: no such column; allowed: pj"),
        ("[crossbar, systolic]", "[crossbar, systolc]", "nearest: systolic"),
        ("rests_on", "references: [h201]\nrests_on", "nearest: h200"),
        ("by: pj", "by: pk", "table: pk: no such column; allowed: pj; nearest: pj"),
        ("    workload: spmm-1024", "    workloads: spmm-1024", "nearest: workload"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in STUDY
    with pytest.raises(ConfigError, match=re.escape(message)):
        load_question(write(tmp_path, STUDY.replace(old, new, 1)))


@pytest.mark.parametrize("line", ["", "name: a/b\n"])
def test_a_study_without_a_name_that_can_be_is_refused_for_that_alone(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_question(write(tmp_path, STUDY.replace("name: tiny\n", line, 1)))
    assert len(str(refused.value).splitlines()) == 1
    assert ": name: " in str(refused.value)


def test_set_replaces_a_key(tmp_path: Path) -> None:
    question = load_question(write(tmp_path, STUDY), ["sweeps.main.workload=dense-1024"])
    assert question.spec.sweeps["main"].workload == "dense-1024"
