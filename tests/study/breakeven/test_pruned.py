"""Break-evens of one's own weights, pruned anew at every density."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli.conftest import place, sparsim
from safetensors.numpy import save_file

from simulator.errors import ConfigError, OperandError
from simulator.study.breakeven.pruned import prunable
from simulator.workload import load_workload

__all__ = ["place", "sparsim"]
Type = Callable[..., Any]
ASKED = ("breakeven", "--axis", "workload.density", "--between", "crossbar.yaml,systolic.yaml", "-j", "0", "-q", "-m", "cycles")
COARSE = ("--range", "0.1:1", "--points", "2", "--tolerance", "1")


@pytest.fixture
def checkpoint(place: Path) -> Path:
    drawn = np.random.default_rng(1)
    weights = {f"{name}.weight": drawn.normal(size=(16, 16)).astype("f4") for name in "ab"}
    save_file({**weights, "a.bias": np.ones(16, dtype="f4")}, place / "model.safetensors")
    return place / "model.safetensors"


def test_a_checkpoint_and_the_folder_of_its_import_give_one_answer(checkpoint: Path, sparsim: Type) -> None:
    assert sparsim("import", "model.safetensors", "-o", "trace", "-n", "8").code == 0
    answers = []
    for workload in (("-w", "model.safetensors", "-n", "8"), ("-w", "trace")):
        done = sparsim(*ASKED, *COARSE, *workload, "--prune", "magnitude", "--json")
        assert done.code == 0, done.err
        answers.append(json.loads(done.out))
    assert answers[0]["curves"] == answers[1]["curves"]
    assert [answer["workload"] for answer in answers] == ["model", "trace"]
    curve = answers[0]["curves"][0]
    assert curve["first"][0] < curve["first"][-1]


def test_each_density_runs_what_pruning_to_it_at_import_runs(checkpoint: Path, sparsim: Type) -> None:
    pruned = ("--prune", "magnitude", "--density", "0.1", "-n", "8")
    assert sparsim("import", "model.safetensors", "-o", "tenth", *pruned).code == 0
    ran = json.loads(sparsim("run", "crossbar.yaml", "-w", "tenth", "--json").out)
    answer = json.loads(sparsim(*ASKED, *COARSE, "-w", "model.safetensors", "-n", "8", "--prune", "magnitude", "--json").out)
    assert answer["curves"][0]["first"][0] == ran["cycles"]


def test_what_has_no_values_of_its_own_is_said(checkpoint: Path, sparsim: Type) -> None:
    assert sparsim("import", "model.safetensors", "-o", "trace").code == 0
    for arguments, message in (
        (("-w", "trace"), "--prune magnitude prunes the values of matrix files anew"),
        (("-w", "model.safetensors"), "model.safetensors: no workload file; --prune magnitude prunes what it holds"),
        (("-w", "trace", "--prune", "row", "-n", "8"), "--tokens 8: trace has N of its own; -s workload.*.shape.n=8 sets another"),
        (("-w", "tiny.yaml", "-n", "8"), "--tokens 8: is of a checkpoint or a matrix, with --prune"),
        (("-w", "tiny.yaml", "--prune", "row"), "--prune row: no operation of tiny.yaml has a weight from a matrix file"),
    ):
        refused = sparsim(*ASKED, *arguments)
        assert (refused.code, message in refused.err) == (2, True), refused.err
    assert not Path("reports").exists()


def test_a_pattern_among_weights_is_left_out_and_alone_refused(place: Path) -> None:
    save_file({"w": np.ones((4, 4)), "kept": np.eye(4, dtype=bool)}, "some.safetensors")
    with prunable("some.safetensors", "row", 8) as ready:
        assert ready.left_out == {"kept": "has no values, so that it cannot be pruned"}
        assert [operation.name for operation in load_workload(ready.file).operations] == ["w"]
    np.save("mask.npy", np.eye(4, dtype=bool))
    with (
        pytest.raises(OperandError, match=r"^mask\.npy: mask: has no values, so that it cannot"),
        prunable("mask.npy", "row", 8),
    ):
        pass


def test_a_mistake_that_shows_at_a_point_names_the_users_file(place: Path, sparsim: Type) -> None:
    np.save(place / "few.npy", np.eye(8))
    text = "name: t\noperations:\n- {name: a, kind: SpMM, shape: {n: 4, k: 9}, weight: {file: few.npy}, activation: {pattern: dense}}\n"
    (place / "wide.yaml").write_text(text, encoding="utf-8")
    told = {
        "few.npy": "few.npy: operations.0.weight.prune (operation few): few.npz: pruning to 0.001 leaves no nonzero of 8 × 8 places",
        "wide.yaml": f"wide.yaml: operations.0.weight.file (operation a): {place}/few.npy: k = 8, but shape.k is 9",
    }
    for workload, message in told.items():
        done = sparsim(*ASKED, "--range", "0.001:0.5", "--points", "2", "-w", workload, "--prune", "magnitude")
        assert message in done.err + done.out
        assert "sparsim-prune-" not in done.err + done.out
    assert b"sparsim-prune-" not in b"".join(file.read_bytes() for file in place.rglob("*") if file.is_file())


def test_what_is_no_matrix_of_the_file_stays_as_it_is(checkpoint: Path) -> None:
    text = Path("tiny.yaml").read_text(encoding="utf-8")
    np.save("w.npy", np.ones((24, 32)))
    Path("some.yaml").write_text(text.replace("{pattern: uniform, density: 0.2}", "{file: w.npy}"), encoding="utf-8")
    with prunable("some.yaml", "row") as ready:
        first, second = load_workload(ready.file, ["operations.0.weight.density=0.5"]).operations
    assert (first.weight.nnz, second.weight.sha256) == (24 * 16, load_workload("tiny.yaml").operations[1].weight.sha256)
    assert not ready.file.exists()
    with pytest.raises(ConfigError, match="no operation of tiny"), prunable("tiny.yaml", "row"):
        pass
