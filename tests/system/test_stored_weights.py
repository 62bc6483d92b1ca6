"""Stored weights on machines: what is fetched is the format's bytes, lists and cycles of the fabric stay as they were."""

from itertools import pairwise
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.activity import Counts
from simulator.errors import MappingError
from simulator.kinds.units.machine import UnitsMachine
from simulator.system.weights import dense_elements, tile_elements
from simulator.workload.storage import FormatName, StorageSpec
from simulator.workload.types import Workload
from tests.strategies import machine, operation, run, sampled_operation, sparse, workload

KEYS: dict[str, dict[str, Any]] = {"blocked_csr": {"block": (2, 3)}, "n_m": {"n_m": "4:4"}}
FABRICS: list[dict[str, Any]] = [{}, {"token_groups": 2}, {"kind": "systolic", "rows": 4, "cols": 4}]


def stored(name: str, *, sampled: bool = False) -> Workload:
    random = np.random.default_rng(2)
    w, x = sparse(random, 12, 10, 0.3), sparse(random, 10, 6, 1.0)
    op = sampled_operation(w, np.ones((12, 6)), x) if sampled else operation(w, x)
    return workload(replace(op, storage=StorageSpec(format=name, **KEYS.get(name, {})) if name != "own" else None))  # type: ignore[arg-type]


def counts(fabric: dict[str, Any], what: Workload, **keys: Any) -> Counts:
    return run(machine(fabric, **keys), what).activity.counts


@pytest.mark.parametrize("dataflow", ["gather", "scatter"])
@pytest.mark.parametrize("name", get_args(FormatName))
def test_only_what_is_fetched_changes(name: str, dataflow: str) -> None:
    keys: dict[str, Any] = {"mapping": {"dataflow": dataflow, "tokens_per_tile": 2, "loop_order": "m_rounds"}}
    own, other = counts({}, stored("own"), **keys, weight_decoder=False), counts({}, stored(name), **keys)
    assert other.weight_bits_decoded == 8 * (other.weight_value_bytes + other.weight_metadata_bytes) > 0
    assert own.weight_bits_decoded == 0
    assert other.w_trunk_bytes == -(-(other.weight_value_bytes + other.weight_metadata_bytes) // 64) * 64
    same = ("weight_bits_filled", "requests", "list_entries", "x_trunk_bytes", "drain_bytes", "mac_slots")
    assert [other.to_dict()[counter] for counter in same] == [own.to_dict()[counter] for counter in same]


@pytest.mark.parametrize("fabric", FABRICS)
def test_one_tile_by_hand(fabric: dict[str, Any]) -> None:
    """36 of 12 × 10 places or so: z·16 bits of values and 120 bits of map, on every fabric the same."""
    what = stored("bitmap")
    nnz = what.operations[0].weight.nnz
    fetched = counts(fabric, what)
    assert (fetched.weight_value_bytes, fetched.weight_metadata_bytes) == (nnz * 2, 15)


def test_the_own_form_of_each_machine() -> None:
    what = stored("own")
    nnz, of = what.operations[0].weight.nnz, machine()
    lists = counts({}, what, weight_decoder=False)
    assert lists.weight_value_bytes == nnz * 2
    assert lists.weight_value_bytes + lists.weight_metadata_bytes >= nnz * UnitsMachine.of(of).weight_entry_bits(dense=False) / 8
    array = counts(FABRICS[2], what, weight_decoder=False)
    assert (array.weight_value_bytes, array.weight_metadata_bytes) == (120 * 2, 0)


@pytest.mark.parametrize("fabric", FABRICS)
def test_a_decoder_takes_the_least_form_on_every_machine(fabric: dict[str, Any]) -> None:
    """A bitmap at 0.3, values alone where W is dense, CSR where hardly anything is left; and it decodes what it is given."""
    random, x = np.random.default_rng(2), np.ones((64, 2))
    forms = {0.01: "csr", 0.3: "bitmap", 0.99: "dense", 1.0: "dense"}
    for density, form in forms.items():
        (only,) = run(machine(fabric), workload(operation(sparse(random, 12, 64, density), x))).activity.operations
        counts = only.counts
        assert only.details["weight_format"] == form
        assert only.details["weight_stored_bytes"] == counts.weight_value_bytes + counts.weight_metadata_bytes
        decoded = form in ("csr", "bitmap") or (density == 0.99 and "kind" not in fabric)
        assert (counts.weight_bits_decoded > 0) == decoded


@pytest.mark.parametrize(("name", "values"), [("csr", False), ("bitmap", False), ("coo", False), ("dense", True), ("run_length", True)])
def test_a_mask_leaves_the_values_where_it_can(name: str, values: bool) -> None:
    fetched = counts({"lane_tree": True}, stored(name, sampled=True))
    assert (fetched.weight_value_bytes > 0) == values
    assert fetched.weight_metadata_bytes > 0 or name == "dense"


def test_the_room_in_dram_is_told() -> None:
    details = run(machine(), stored("csr")).activity.operations[0].details
    fetched = counts({}, stored("csr"))
    assert details["weight_format"] == "csr"
    assert details["weight_stored_bytes"] == fetched.weight_value_bytes + fetched.weight_metadata_bytes


def test_a_machine_without_a_decoder_says_what_to_set() -> None:
    with pytest.raises(MappingError, match=r"the weights of op are stored as csr, which needs a decoder; set weight_decoder: true"):
        run(machine(weight_decoder=False), stored("csr"))


@pytest.mark.parametrize("name", get_args(FormatName))
def test_what_is_read_by_columns_is_what_was_stored_by_rows(name: str) -> None:
    """In one tile, the transposed product fetches the very bytes of the forward one."""
    forward = stored(name).operations[0]
    w = forward.weight.to_dense()
    backward = replace(operation(w.T.copy(), np.ones((12, 6))), storage=forward.storage, transpose="scatter")
    keys: dict[str, Any] = {"mapping": {"dataflow": "both"}}
    one, other = (counts({"bank_kib": 1, "output_bank_kib": 1}, workload(op), **keys) for op in (forward, backward))
    assert (one.weight_value_bytes, one.weight_metadata_bytes) == (other.weight_value_bytes, other.weight_metadata_bytes)


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5), st.sets(st.integers(1, 19)), st.sets(st.integers(1, 19)))
def test_tiles_of_a_batched_product_have_the_elements_of_its_blocks(batch: int, m: int, k: int, m_cuts: set[int], k_cuts: set[int]) -> None:
    op = replace(operation(np.kron(np.eye(batch), np.ones((m, k))), np.ones((batch * k, 1))), batch=batch)
    m_tiles, k_tiles = _spans(batch * m, m_cuts), _spans(batch * k, k_cuts)
    elements = tile_elements(op, m_tiles, k_tiles)
    assert elements.tolist() == [[dense_elements(op, rows, columns) for columns in k_tiles] for rows in m_tiles]
    assert elements.sum() == op.weight.nnz


def _spans(size: int, cuts: set[int]) -> list[tuple[int, int]]:
    """The parts of so many lines."""
    return list(pairwise(sorted({0, size, *(cut for cut in cuts if cut < size)})))
