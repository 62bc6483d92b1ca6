"""Bytes of every storage format by hand, and what a format cannot hold."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from simulator.errors import MappingError
from simulator.workload.storage import LEAST, FormatName, StorageSpec, StoredTile, TileSize, size_bits, stored_bits, stored_tile
from tests.strategies import sparse, weight

# 4 × 10, 7 nonzeros: row 0 has 0 and 3, row 1 none, row 2 has 2, 3, 9, row 3 has 8 and 9
W = np.zeros((4, 10))
W[0, [0, 3]] = W[2, [2, 3, 9]] = 1
W[3, [8, 9]] = 2


def tile(values: np.ndarray = W, m: tuple[int, int] = (0, 4), k: tuple[int, int] = (0, 10)) -> StoredTile:
    return stored_tile(weight(values), m, k, (m[1] - m[0]) * (k[1] - k[0]))


def sizes(of: StoredTile, **keys: object) -> tuple[int, int]:
    size = stored_bits(of, 16, StorageSpec.model_validate(keys))
    return size.values, size.metadata


@pytest.mark.parametrize(
    ("keys", "values", "metadata"),
    [
        ({"format": "dense"}, 40 * 16, 0),
        ({"format": "bitmap"}, 7 * 16, 40),
        ({"format": "csr"}, 7 * 16, 7 * 4 + 5 * 3),  # 10 columns: 4 bits; 0 to 7 nonzeros: 3
        ({"format": "csr", "index_bits": 32}, 7 * 16, 7 * 32 + 5 * 32),
        ({"format": "csc"}, 7 * 16, 7 * 2 + 11 * 3),
        ({"format": "coo"}, 7 * 16, 7 * (2 + 4)),
        ({"format": "coo", "index_bits": 8}, 7 * 16, 7 * 16),
        # runs of zeros before the nonzeros at 0, 3, 22, 23, 29, 38, 39: 0, 2, 18, 0, 5, 8, 0
        ({"format": "run_length", "index_bits": 5}, 7 * 16, 7 * 5),
        ({"format": "run_length", "index_bits": 3}, (7 + 2 + 1) * 16, 10 * 3),
        ({"format": "run_length"}, 7 * 16, 7 * 5),
        # blocks of 2 × 4: (0,0), (1,0), (1,2); 3 blocks across, 0 to 3 blocks a pointer, 2 rows of blocks
        ({"format": "blocked_csr", "block": [2, 4]}, 3 * 8 * 16, 3 * 2 + 3 * 2),
        # 3 groups of 4 columns in each of 4 rows, two values each
        ({"format": "n_m", "n_m": "2:4"}, 4 * 3 * 2 * 16, 4 * 3 * 2 * 2),
    ],
)
def test_by_hand(keys: dict[str, object], values: int, metadata: int) -> None:
    assert sizes(tile(), **keys) == (values, metadata)


def test_groups_are_those_of_the_matrix_and_not_of_the_tile() -> None:
    """Columns 2 to 9 touch three groups of four; nonzeros 2 and 3 are in the first of them."""
    assert sizes(tile(k=(2, 10)), format="n_m", n_m="2:4") == (4 * 3 * 2 * 16, 4 * 3 * 2 * 2)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"format": "n_m", "n_m": "1:4"}, r"storage.n_m = 1:4: W has 2 nonzeros in a group of 4 columns; allowed: at most 1"),
        ({"format": "csr", "index_bits": 3}, r"storage.index_bits = 3: a column index of a tile needs 4; allowed: 4 or more, or auto"),
        ({"format": "csc", "index_bits": 2}, r"storage.index_bits = 2: a pointer of a tile needs 3"),
    ],
)
def test_what_cannot_be_held(keys: dict[str, object], message: str) -> None:
    with pytest.raises(MappingError, match=message):
        sizes(tile(), **keys)


@pytest.mark.parametrize(
    "keys",
    [
        {"format": "csr", "block": [2, 2]},
        {"format": "blocked_csr"},
        {"format": "n_m"},
        {"format": "n_m", "n_m": "5:4"},
        {"format": "bitmap", "index_bits": 8},
    ],
)
def test_keys_go_with_their_format(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        StorageSpec.model_validate(keys)


KEYS: dict[str, dict[str, object]] = {"blocked_csr": {"block": [2, 3]}, "n_m": {"n_m": "4:4"}}


@given(
    seed=st.integers(0, 2**32 - 1), shape=st.tuples(st.integers(1, 12), st.integers(1, 12)), density=st.sampled_from([0.0, 0.2, 0.7, 1.0])
)
def test_no_format_loses_a_value(seed: int, shape: tuple[int, int], density: float) -> None:
    values = sparse(np.random.default_rng(seed), *shape, density)
    of = tile(values, (0, shape[0]), (0, shape[1]))
    for name in get_args(FormatName):
        stored, metadata = sizes(of, format=name, **KEYS.get(name, {}))
        assert stored >= of.nnz * 16
        assert metadata >= 0
        assert metadata > 0 or of.nnz == 0 or name == "dense"


@given(seed=st.integers(0, 2**32 - 1), bits=st.integers(1, 4))
def test_runs_can_be_read_back(seed: int, bits: int) -> None:
    """A decoder of (run, value) pairs, a stored zero after every longest run, finds every nonzero with as many entries as are charged."""
    values = sparse(np.random.default_rng(seed), 5, 9, 0.15)
    flat, entries, run = values.ravel(), [], 0
    last = int(np.flatnonzero(flat).max(initial=-1))
    for value in flat[: last + 1]:
        if value or run == 2**bits - 1:
            entries.append((run, value))
            run = 0
        else:
            run += 1
    decoded = np.concatenate([np.zeros(0), *(np.append(np.zeros(zeros), value) for zeros, value in entries)])
    assert np.array_equal(decoded, flat[: last + 1])
    assert sizes(tile(values, (0, 5), (0, 9)), format="run_length", index_bits=bits) == (len(entries) * 16, len(entries) * bits)


@given(st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 5000), st.floats(0, 1)), min_size=1, max_size=5))
def test_many_tiles_at_once_take_what_they_take_one_by_one(of: list[tuple[int, int, float]]) -> None:
    tiles = [TileSize(rows, columns, rows * columns, int(density * rows * columns)) for rows, columns, density in of]
    together = TileSize(*(np.array(each) for each in zip(*((t.rows, t.columns, t.elements, t.nnz) for t in tiles), strict=True)))
    for form in LEAST:
        one_by_one = [size_bits(form, tile, 16) for tile in tiles]
        size = size_bits(form, together, 16)
        assert size.values.tolist() == [one.values for one in one_by_one]
        assert size.metadata.tolist() == [one.metadata for one in one_by_one]
