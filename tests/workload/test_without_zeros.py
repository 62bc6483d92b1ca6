"""A W without zeros is known by its sizes: it is the W that its elements make, in every dataflow, and takes no room."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from round_numbers import round_machine

import simulator
from simulator.errors import OperandError
from simulator.workload import Workload, load_workload
from simulator.workload.csr import MAX_NONZEROS, Ramps
from simulator.workload.operands import dense_weight
from simulator.workload.patterns.plain import dense

SPEC = """
name: full
operations:
  - {name: a, kind: GEMM, shape: {m: 70, k: 33, n: 5}, weight: {pattern: dense}, activation: {pattern: dense}}
  - {name: b, kind: SpMSpM, shape: {n: 5}, weight_of: a, transpose: stored, activation: {pattern: uniform, density: 0.3}}
"""


@settings(max_examples=25)
@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_ramps_are_read_as_the_array_that_they_stand_for(length: int, times: int, data: st.DataObject) -> None:
    ramps, held = Ramps(length, times), np.tile(np.arange(length, dtype=np.int32), times)
    places = np.array(data.draw(st.lists(st.integers(0, len(held) - 1))), dtype=np.int64)
    part = data.draw(st.slices(len(held)))
    assert len(ramps) == len(held)
    assert np.array_equal(ramps[places], held[places])
    assert np.array_equal(ramps[part], held[part])
    assert np.array_equal(np.asarray(ramps), held)
    assert ramps[part].dtype == np.int32


def test_it_is_the_pattern_without_zeros() -> None:
    weight, pattern = dense_weight((7, 5)), dense((7, 5))
    assert weight.dense
    assert weight.sha256 == pattern.sha256()
    assert np.array_equal(weight.indptr, pattern.indptr)
    assert np.array_equal(weight.indices[:], pattern.indices)
    assert np.array_equal(weight.column_counts, np.full(5, 7))


def test_it_may_be_larger_than_a_matrix_with_zeros_and_then_takes_no_room() -> None:
    weight = dense_weight((2**15, 2**14 + 1))
    assert weight.nnz > MAX_NONZEROS
    assert weight.indptr.nbytes < 2**19
    assert isinstance(weight.indices, Ramps)
    with pytest.raises(OperandError, match="a dense W of 65536 × 32768 elements; allowed: at most 2147483647"):
        dense_weight((2**16, 2**15))


@pytest.mark.parametrize("machine", ["crossbar", "scatter", "systolic"])
def test_it_runs_as_the_w_whose_elements_are_held(tmp_path: Path, machine: str) -> None:
    (tmp_path / "full.yaml").write_text(SPEC)
    workload = load_workload(tmp_path / "full.yaml")
    assert all(isinstance(operation.weight.indices, Ramps) for operation in workload.operations)
    held = [
        replace(operation, weight=replace(operation.weight, indices=np.asarray(operation.weight.indices)))
        for operation in workload.operations
    ]
    overrides = ["mapping.dataflow=scatter"] if machine == "scatter" else []
    built = round_machine("crossbar" if machine == "scatter" else machine, overrides)
    results = [simulator.simulate(built, each) for each in (workload, Workload("full", tuple(held), workload.spec))]
    for number, result in enumerate(results):
        result.to_json(tmp_path / f"{number}.json")
    assert (tmp_path / "0.json").read_bytes() == (tmp_path / "1.json").read_bytes()
