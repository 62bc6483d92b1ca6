"""Workload files: operands put together, and the shipped workloads against what is known of them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from simulator.errors import ConfigError, OperandError
from simulator.specs import data_folder, load_yaml_document
from simulator.workload import build, load_workload, pattern_stats
from simulator.workload.csr import Csr
from simulator.workload.operands import drawn, running_or
from simulator.workload.spec import OperandSpec, WorkloadSpec
from simulator.workload.types import Operation

X = np.array([[1, 0, 0, 2, 0, 0], [0, 3, 0, 0, 0, 4]], dtype=np.float64)


def write(folder: Path, weight: str, activation: str, kind: str = "SpMSpM", shape: str = "{m: 3}") -> Path:
    sp.save_npz(folder / "x.npz", sp.csr_matrix(X))
    sp.save_npz(folder / "xt.npz", sp.csr_matrix(X.T))
    path = folder / "w.yaml"
    path.write_text(f"name: w\noperations:\n  - {{name: a, kind: {kind}, shape: {shape}, weight: {weight}, activation: {activation}}}\n")
    return path


def only(path: Path, *overrides: str) -> Operation:
    (operation,) = load_workload(path, overrides).operations
    return operation


def test_a_file_and_its_transpose_are_the_same_operand(tmp_path: Path) -> None:
    straight = only(write(tmp_path, "{pattern: dense}", "{file: x.npz}"))
    turned = only(write(tmp_path, "{pattern: dense}", "{file: xt.npz, transposed: true}"))
    assert straight.activations.sha256 == turned.activations.sha256
    assert straight.shape == (3, 2, 6)
    assert np.array_equal(straight.activations.values(), X)
    assert straight.activations.mask is not None
    assert np.array_equal(straight.activations.mask, X != 0)


def test_running_or_spreads_within_a_sequence_and_forgets_values(tmp_path: Path) -> None:
    operation = only(write(tmp_path, "{pattern: dense}", "{file: x.npz, running_or: 3}"))
    assert operation.activations.mask is not None
    assert operation.activations.mask.astype(int).tolist() == [[1, 1, 1, 1, 1, 1], [0, 1, 1, 0, 0, 1]]
    assert operation.activations.data is None
    assert np.array_equal(running_or(X != 0, 1), X != 0)


def test_a_file_without_zeros_is_dense(tmp_path: Path) -> None:
    path = write(tmp_path, "{file: full.npz}", "{file: full.npz, transposed: true}", "GEMM", "{}")
    sp.save_npz(tmp_path / "full.npz", sp.csr_matrix(np.full((3, 2), 2.0)))
    operation = only(path)
    assert operation.weight.dense
    assert operation.activations.mask is None
    assert operation.activations.values().tolist() == [[2.0] * 3] * 2


def test_a_uniform_density_gives_its_exact_number(tmp_path: Path) -> None:
    operation = only(write(tmp_path, "{pattern: uniform, density: 0.3}", "{pattern: dense}", "SpMM", "{m: 7, k: 9, n: 5}"))
    assert operation.weight.nnz == round(0.3 * 63)
    assert operation.activations.nnz == 45


def test_seeds_come_from_the_operand_or_from_the_workload(tmp_path: Path) -> None:
    path = write(tmp_path, "{pattern: uniform, nnz: 20, seed: 5}", "{pattern: uniform, nnz: 20}", shape="{m: 9, k: 9, n: 9}")
    one, two = only(path, "seed=1"), only(path, "seed=2")
    assert one.weight.sha256 == two.weight.sha256
    assert one.activations.sha256 != two.activations.sha256
    assert only(path, "seed=1").activations.sha256 == one.activations.sha256


def test_the_spec_is_the_file_after_defaults(tmp_path: Path) -> None:
    workload = load_workload(write(tmp_path, "{pattern: dense}", "{file: x.npz}"), ["seed=3"])
    assert workload.spec["seed"] == 3
    assert workload.spec["operations"][0]["activation"]["transposed"] is False


def test_an_operand_error_names_workload_operation_and_file(tmp_path: Path) -> None:
    path = write(tmp_path, "{pattern: dense}", "{file: x.npz}", shape="{m: 3, k: 6}")
    with pytest.raises(OperandError) as caught:
        load_workload(path)
    assert str(caught.value) == (
        f"{path}:3: operations.0.activation.file (operation a): {tmp_path}/x.npz: k = 2, but shape.k is 6; "
        "a file of the transpose needs transposed: true"
    )


def test_kinds_are_held_against_the_operands(tmp_path: Path) -> None:
    with pytest.raises(OperandError, match=r"kind \(operation a\): SpMM needs a dense X, but 4 of 12 are nonzero; allowed: SpMSpM"):
        load_workload(write(tmp_path, "{pattern: dense}", "{file: x.npz}", "SpMM"))


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"^tinygtp: neither a file nor a name in workloads; .*; nearest: tinygpt$"):
        load_workload("tinygtp")


SHIPPED = sorted(data_folder("workloads").glob("*.yaml"))
LARGE = {f"ws-{scale}x-{step}" for scale in (8, 16) for step in ("train", "train-dense-dw")}
"""As ws-4x's, with other sizes: drawing their masks takes a minute and a half."""


@pytest.fixture(scope="module")
def drawn_once() -> Iterator[None]:
    """Steps of one model have operands in common, which are drawn for the first of them that asks."""
    known: dict[tuple[str, int, tuple[int, int], int], Csr] = {}

    def once(spec: OperandSpec, batch: int, shape: tuple[int, int], seed: int) -> Csr:
        key = spec.model_dump_json(), batch, shape, seed
        if key not in known:
            known[key] = drawn(spec, batch, shape, seed)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "drawn", once)
        yield


@pytest.mark.usefixtures("drawn_once")
@pytest.mark.parametrize("path", [path for path in SHIPPED if path.stem not in LARGE], ids=lambda path: path.stem)
def test_every_shipped_workload_loads(path: Path) -> None:
    workload = load_workload(path)
    assert workload.name == path.stem
    assert len({operation.name for operation in workload.operations}) == len(workload.operations)


@pytest.mark.parametrize("name", sorted(LARGE))
def test_large_training_steps_are_as_those_that_are_drawn(name: str) -> None:
    path = data_folder("workloads") / f"{name}.yaml"
    large, drawn = (load_yaml_document(file, WorkloadSpec).model for file in (path, path.with_stem(f"ws-4x-{name.split('-', 2)[2]}")))
    assert large.name == name
    assert [(entry.name, entry.kind, entry.depends_on) for entry in large.operations] == [
        (entry.name, entry.kind, entry.depends_on) for entry in drawn.operations
    ]


def test_tinygpt_has_every_product() -> None:
    operations = load_workload("tinygpt").operations
    of_a_layer = 768 * 256 + 256 * 256 + 1024 * 256 + 256 * 1024
    attention = 2 * 2 * 16 * 128 * 16 * 128
    assert sum(operation.macs_dense for operation in operations) == 256 * (2 * of_a_layer + 1024 * 256) + 2 * attention == 503_316_480
    assert [operation.weight.nnz for operation in operations if operation.batch == 1] == [3072, 1024, 4096, 4096] * 2 + [16384]
    assert {operation.name for operation in operations if operation.batch > 1} == {
        f"h{layer}.{kind}{sequence}" for layer in (0, 1) for kind in ("qk", "av") for sequence in (0, 1)
    }
    assert {(operation.batch, operation.weight_home) for operation in operations} == {(1, "dram"), (16, "activation")}
    densities = {
        operation.name: operation.activations.nnz / (operation.batch * np.prod(operation.block_shape[1:])) for operation in operations
    }
    assert {name: round(density, 3) for name, density in densities.items()} == {
        "h0.c_attn": 0.091,
        "h0.qk0": 0.249,
        "h0.av0": 0.504,
        "h0.qk1": 0.247,
        "h0.av1": 0.504,
        "h0.c_proj": 0.792,
        "h0.c_fc": 0.25,
        "h0.m_proj": 0.25,
        "h1.c_attn": 0.25,
        "h1.qk0": 0.25,
        "h1.av0": 0.504,
        "h1.qk1": 0.25,
        "h1.av1": 0.504,
        "h1.c_proj": 0.65,
        "h1.c_fc": 0.25,
        "h1.m_proj": 0.25,
        "lm_head": 1.0,
    }


def test_tinygpt_depends_as_its_layers_do() -> None:
    depends = {operation.name: operation.depends_on for operation in load_workload("tinygpt").operations}
    assert depends == {
        "h0.c_attn": (),
        "h0.qk0": ("h0.c_attn",),
        "h0.av0": ("h0.c_attn", "h0.qk0"),
        "h0.qk1": ("h0.c_attn",),
        "h0.av1": ("h0.c_attn", "h0.qk1"),
        "h0.c_proj": ("h0.av0", "h0.av1"),
        "h0.c_fc": ("h0.c_proj",),
        "h0.m_proj": ("h0.c_fc",),
        "h1.c_attn": ("h0.m_proj",),
        "h1.qk0": ("h1.c_attn",),
        "h1.av0": ("h1.c_attn", "h1.qk0"),
        "h1.qk1": ("h1.c_attn",),
        "h1.av1": ("h1.c_attn", "h1.qk1"),
        "h1.c_proj": ("h1.av0", "h1.av1"),
        "h1.c_fc": ("h1.c_proj",),
        "h1.m_proj": ("h1.c_fc",),
        "lm_head": ("h1.m_proj",),
    }


def test_the_statistics_are_those_of_the_training_run() -> None:
    lines = (data_folder("workloads") / "tinygpt" / "stats.txt").read_text(encoding="utf-8").splitlines()
    published = {line.split()[0].replace("h.", "h"): line.split("|")[1].split() for line in lines[1:10]}
    of_stored_weights = [operation for operation in load_workload("tinygpt").operations if operation.weight_home == "dram"]
    assert len(of_stored_weights) == 9
    for operation in of_stored_weights:
        stats = pattern_stats(operation.weight)
        ours = (stats.row_degree_cv, stats.col_degree_cv, stats.row_max_over_mean, stats.col_max_over_mean)
        theirs = [float(word.split("(")[0]) for word in published[operation.name][:4]]
        assert ours == pytest.approx(theirs, abs=0.0051)


@pytest.mark.parametrize("name", ["tinygpt-uniform", "tinygpt-trained"])
def test_a_twin_has_the_same_shapes_and_nonzeros(name: str) -> None:
    real, twin = load_workload("tinygpt"), load_workload(name)
    for one, other in zip(real.operations, twin.operations, strict=True):
        assert (one.name, one.kind, one.shape, one.depends_on) == (other.name, other.kind, other.shape, other.depends_on)
        assert (one.batch, one.weight_home) == (other.batch, other.weight_home)
        assert (one.weight.nnz, one.activations.nnz) == (other.weight.nnz, other.activations.nnz)
        assert one.weight.sha256 != other.weight.sha256


def test_the_trained_twin_has_the_spread_of_degrees_of_each_matrix() -> None:
    real, twin, uniform = (load_workload(name) for name in ("tinygpt", "tinygpt-trained", "tinygpt-uniform"))
    for ours, theirs, even in zip(twin.operations, real.operations, uniform.operations, strict=True):
        if theirs.weight_home == "dram":
            drawn, trained, plain = (pattern_stats(operation.weight) for operation in (ours, theirs, even))
            assert drawn.row_degree_cv == pytest.approx(trained.row_degree_cv, rel=0.21)
            assert drawn.col_degree_cv == pytest.approx(trained.col_degree_cv, rel=0.21)
            assert drawn.row_degree_cv > plain.row_degree_cv
