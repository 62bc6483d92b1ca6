"""What ships, found from the command line: `list`, `where`, `new`, completion, and the command and the package by their own name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import simulator
import sparsim as package
from simulator.cli.app import application
from simulator.specs.shipped import SHELVES

Type = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]


def test_all_that_ships_is_listed_by_the_names_that_commands_take(sparsim: Type) -> None:
    listed = json.loads(sparsim("list", "--json").out)
    assert list(listed) == ["machines", "workloads", "technologies", "sweeps", "studies"]
    assert {"crossbar", "systolic"} <= set(listed["machines"])
    assert {"tinygpt", "twins/gnn_cora_adj"} <= set(listed["workloads"])
    assert "7nm" in listed["technologies"]
    assert not {"common", "dram"} & set(listed["technologies"])
    assert "; and 13 in flagship/" in " ".join(sparsim("list").out.split())
    assert "flagship/clusters-64" not in sparsim("list", "machines").out
    lines = sparsim("list", "--full").out.splitlines()
    assert lines[0].startswith("machines: crossbar, crossbar-64, hybrid")
    assert any(line.strip().startswith("flagship/clusters-") for line in lines)  # those of a folder apart


@pytest.mark.parametrize("kind", ["machines", "workloads", "sweeps", "studies"])
def test_a_list_says_what_each_file_says_of_itself(sparsim: Type, kind: str) -> None:
    said = json.loads(sparsim("list", kind, "--json").out)
    assert said.keys() == SHELVES[kind].files().keys()
    assert all(said.values())
    assert all(words.splitlines() == [words] for words in said.values())
    assert next(iter(said)) in sparsim("list", kind).out


def test_a_shipped_name_has_a_place_and_a_misspelt_one_the_nearest(sparsim: Type) -> None:
    assert sparsim("where", "crossbar").out.splitlines() == [str(SHELVES["machines"].path / "crossbar.yaml")]
    assert str(SHELVES["sweeps"].path.resolve()) in sparsim("where").out
    wrong = sparsim("where", "crosbar")
    assert (wrong.code, "nearest: crossbar" in wrong.err) == (2, True)


@pytest.mark.parametrize(
    ("kind", "source"), [("machine", "systolic"), ("workload", "spmm-1024"), ("sweep", "best"), ("study", "structure")]
)
def test_a_new_file_is_another_one_under_its_own_name_with_a_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sparsim: Type, kind: str, source: str
) -> None:
    monkeypatch.chdir(tmp_path)
    made = sparsim("new", kind, "mine", "--from", source)
    assert made.code == 0, made.err
    first, *lines = Path("mine.yaml").read_text(encoding="utf-8").splitlines()
    assert first == f"# yaml-language-server: $schema=.sparsim/{kind}.schema.json"
    assert json.loads(Path(first.partition("=")[2]).read_text(encoding="utf-8"))["type"] == "object"
    assert lines[1] == "name: mine"
    body = (SHELVES["studies" if kind == "study" else f"{kind}s"].path / f"{source}.yaml").read_text(encoding="utf-8").splitlines()
    start = next(index for index, line in enumerate(body) if line.startswith("name:"))
    assert lines[2:] == body[start + 1 :]
    again = sparsim("new", kind, "mine")
    assert (again.code, "exists already" in again.err) == (2, True)


def test_a_new_machine_runs_and_a_new_workload_finds_its_matrices(place: Path, sparsim: Type) -> None:
    assert sparsim("new", "machine", "mine", "--from", "crossbar.yaml").code == 0
    assert simulator.load_machine("mine.yaml").name == "mine"
    assert sparsim("new", "workload", "gpt", "--from", "tinygpt").code == 0
    names = [line for line in (place / "gpt.yaml").read_text(encoding="utf-8").splitlines() if "file: " in line]
    assert len(names) > 20
    assert all(str(SHELVES["workloads"].path.resolve()) in line for line in names)
    assert simulator.load_workload("gpt.yaml").name == "gpt"


def test_what_is_no_name_or_no_such_file_is_refused(place: Path, sparsim: Type) -> None:
    for arguments, message in (
        (("machine", "a/b"), 'the name: found "a/b"; allowed: 1 to 64 letters'),
        (("machine", ".."), 'the name: found ".."; allowed'),
        (("machine", "NUL"), 'the name: found "NUL", which Windows keeps for a device'),
        (("workload", "mine", "--from", "crossbar.yaml"), "crossbar.yaml: is a machine, since it has the key fabric; allowed: a workload"),
        (("machine", "mine", "--from", "crosbar"), "nearest: crossbar"),
    ):
        refused = sparsim("new", *arguments)
        assert (refused.code, message in refused.err) == (2, True), refused.err
    assert not (place / ".sparsim").exists()
    assert not (place / "mine.yaml").exists()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("sparsim ", ["list", "where", "new", "run"]),
        ("sparsim run crossbar-", ["crossbar-64"]),
        ("sparsim run crossbar -w tinygpt-", ["tinygpt-trained", "tinygpt-uniform"]),
        ("sparsim run crossbar -w tinygpt --ide", ["--ideal"]),
        ("sparsim list ma", ["machines"]),
    ],
)
def test_a_shell_completes_verbs_options_and_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, found: list[str]
) -> None:
    monkeypatch.setenv("_SPARSIM_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
    with pytest.raises(SystemExit):
        application([])(prog_name="sparsim")
    assert capsys.readouterr().out.split()[: len(found)] == found


def test_the_package_goes_by_its_own_name() -> None:
    assert package.__all__ == simulator.__all__ == dir(package)
    assert package.load_machine is simulator.load_machine
    with pytest.raises(AttributeError, match="'sparsim' has no attribute 'cycles'"):
        _ = package.cycles
    shown = subprocess.run(
        [sys.executable, "-m", "sparsim", "--version"],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert shown.stdout.startswith("sparsim ")


def test_a_schema_takes_what_a_file_may_hold(sparsim: Type) -> None:
    """A dense operand fits two of its forms, and a sweep within a study needs no name."""
    for kind in ("machine", "workload", "sweep", "study"):
        schema = sparsim("schema", kind).out
        assert '"oneOf"' not in schema
    assert "name" not in json.loads(schema)["$defs"]["SweepSpec"]["required"]
