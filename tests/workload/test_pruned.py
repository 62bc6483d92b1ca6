"""W of a file that is pruned whenever it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.errors import ConfigError, OperandError
from simulator.workload import load_workload
from simulator.workload.types import Weight

VALUES = np.random.default_rng(3).permutation(np.arange(1, 41)).reshape(5, 8) * np.where(np.arange(40).reshape(5, 8) % 3, 1.0, -1.0)
TEXT = """
name: pruned
operations:
  - {name: a, kind: SpMM, shape: {n: 4}, weight: {file: w.npy, prune: magnitude, density: 0.25}, activation: {pattern: dense}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    np.save(tmp_path / "w.npy", VALUES)
    (tmp_path / "pruned.yaml").write_text(TEXT, encoding="utf-8")
    return tmp_path / "pruned.yaml"


def weight(file: Path, *settings: str) -> Weight:
    (operation,) = load_workload(file, [f"operations.0.weight.{text}" for text in settings]).operations
    return operation.weight


@pytest.mark.parametrize("density", [0.025, 0.25, 0.5, 1.0])
def test_the_largest_of_the_matrix_stay_with_their_values(file: Path, density: float) -> None:
    kept = weight(file, f"density={density}").to_dense()
    threshold = 40 - round(40 * density)
    assert np.array_equal(kept, np.where(np.abs(VALUES) > threshold, VALUES, 0))


def test_rows_keep_as_many_each_also_of_a_transpose(file: Path) -> None:
    assert np.count_nonzero(weight(file, "prune=row").to_dense(), axis=1).tolist() == [2] * 5
    turned = weight(file, "prune=row", "transposed=true", "density=0.4")
    assert turned.shape == (8, 5)
    assert np.count_nonzero(turned.to_dense(), axis=1).tolist() == [2] * 8


def test_it_is_the_matrix_that_import_would_have_pruned(file: Path) -> None:
    order = np.sort(np.abs(VALUES).ravel())[::-1]
    np.save(file.parent / "done.npy", np.where(np.abs(VALUES) >= order[9], VALUES, 0))
    text = TEXT.replace("file: w.npy, prune: magnitude, density: 0.25", "file: done.npy")
    (file.parent / "done.yaml").write_text(text, encoding="utf-8")
    assert weight(file).sha256 == load_workload(file.parent / "done.yaml").operations[0].weight.sha256


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        (["density=0.001"], OperandError, r"operations\.0\.weight\.prune \(operation a\): w\.npy: pruning to 0\.001 leaves no nonzero"),
        (["density=0"], ConfigError, "density: found 0; allowed: a number above 0 and of at most 1"),
        (["prune=global"], ConfigError, "allowed: magnitude, row"),
        (["blocks={tokens: 5, channels: 8}"], ConfigError, "beside a file without blocks only"),
        (["file=mask.npy"], OperandError, "has no values"),
    ],
)
def test_what_cannot_be_pruned_is_said(file: Path, settings: list[str], kind: type[Exception], message: str) -> None:
    np.save(file.parent / "mask.npy", VALUES > 0)
    with pytest.raises(kind, match=message):
        weight(file, *settings)


def test_a_dense_product_is_said_to_be_none(file: Path) -> None:
    with pytest.raises(OperandError, match="GEMM needs a dense W, but 10 of 40 are nonzero"):
        load_workload(file, ["operations.0.kind=GEMM"])


def test_a_folder_that_an_import_made_is_a_workload(file: Path) -> None:
    record: Any = file.rename(file.parent / "workload.yaml")
    assert load_workload(record.parent).hashes == load_workload(record).hashes
