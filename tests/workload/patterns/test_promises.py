"""Every pattern keeps the promise that its document makes."""

from itertools import pairwise
from typing import Annotated, Any, Literal
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import TypeAdapter, create_model

from simulator.errors import OperandError
from simulator.workload.patterns import ACTIVATION_PATTERNS, Pattern, pattern_at
from simulator.workload.patterns.base import Drawn, file_or
from simulator.workload.patterns.skewed import shares
from simulator.workload.spec import OperandSpec

ANY: TypeAdapter[Pattern] = TypeAdapter(file_or(OperandSpec, ACTIVATION_PATTERNS))

SPECS = [
    "uniform density=0.3",
    "dense",
    "per_row count=3",
    "per_row count=3 of=column",
    "floor floor=2 density=0.25",
    "floor floor=2 density=0.25 of=column",
    "chung_lu density=0.1 row_cv=1.5 col_cv=0.5",
    "chung_lu density=0.8 row_cv=3 col_cv=3",
    "chung_lu density=0.2 row_cv=1 exact=rows",
    "chung_lu density=0.2 col_cv=1 exact=columns",
    "power_law density=0.05",
    "power_law density=0.7",
    "banded half_width=3",
    "banded half_width=5 density=0.08",
    "banded offsets=[-9,-1,0,1,9]",
    "block block=4 density=0.3",
    "block block=[2,8] density=0.3",
    "n_m n=2 m=4",
    "n_m n=1 m=8 of=column",
    "n_m n=2 m=5",
    "bank_balanced density=0.2 banks=8 units=4",
    "radix radices=[2,4] strides=[1,8]",
    "fixed_structured tile=[4,8] density=0.3",
    "fixed_structured tile=[4,8] density=0.3 places_of_tiles=same",
    "hypergeometric density=0.3",
    "hypergeometric density=0.3 tile=[8,8]",
    "abs_topk density=0.25 channel_cv=1 jaccard=0.5",
]


def pattern(text: str) -> Pattern:
    import json

    name, *keys = text.split()
    values = (key.split("=", 1) for key in keys)
    words = ("row", "rows", "column", "columns", "same")
    return ANY.validate_python(
        {"pattern": name} | {key: value if value in words else json.loads(value) for key, value in values}, strict=False
    )


def draw(text: str, shape: tuple[int, int], seed: int = 0) -> NDArray[np.bool_]:
    matrix = pattern(text).stack(1, shape, seed)
    mask = np.zeros(shape, dtype=np.bool_)
    mask[matrix.rows(), matrix.indices] = True
    assert mask.sum() == matrix.nnz
    return mask


def cv(counts: NDArray[np.int64]) -> float:
    return float(counts.std() / counts.mean())


@pytest.mark.parametrize("text", SPECS)
def test_exact_reproducible_and_its_blocks_below_one_another(text: str) -> None:
    spec = pattern(text)
    one, again, other = (spec.stack(3, (48, 64), seed) for seed in (1, 1, 2))
    assert one.shape == (144, 64)
    assert one.nnz == 3 * spec.nonzeros((48, 64)) or text.startswith("uniform")
    flat = one.rows() * 64 + one.indices
    assert np.all(np.diff(flat) > 0)
    assert one.sha256() == again.sha256()
    drawn = not text.startswith(("dense", "radix", "banded half_width=3", "banded offsets"))
    assert (one.sha256() != other.sha256()) == drawn
    assert (ANY.validate_python({**spec.model_dump(), "seed": 7}).stack(1, (48, 64), 0).sha256() != one.sha256()) if drawn else True


@pytest.mark.parametrize("text", [text for text in SPECS if "density=" in text and not text.startswith(("fixed", "bank", "block", "abs"))])
def test_density_is_exactly_rounded(text: str) -> None:
    density = float(text.split("density=")[1].split()[0])
    assert draw(text, (40, 56) if "tile" in text else (41, 57)).sum() == round(density * (40 * 56 if "tile" in text else 41 * 57))


def test_every_pattern_is_drawn_here() -> None:
    assert {text.split()[0] for text in SPECS} | {"causal"} == set(ACTIVATION_PATTERNS)


@pytest.mark.parametrize(("name", "place"), ACTIVATION_PATTERNS.items())
def test_a_pattern_is_found_by_the_name_that_it_takes(name: str, place: str) -> None:
    assert pattern_at(place).model_fields["pattern"].annotation == Literal[name]


def test_per_row_is_regular_in_its_lines_and_binomial_across() -> None:
    rows, cols = (draw("per_row count=8", (512, 64)).sum(axis=axis) for axis in (1, 0))
    assert set(rows) == {8}
    assert cv(cols) == pytest.approx(np.sqrt((1 - 8 / 64) / 64), rel=0.3)
    assert set(draw("per_row count=8 of=column", (512, 64)).sum(axis=0)) == {8}


def test_floor_gives_every_neuron_its_least() -> None:
    rows = draw("floor floor=4 nnz=4096", (512, 128)).sum(axis=1)
    assert rows.min() == 4
    assert set(draw("floor floor=4 nnz=2048", (512, 128)).sum(axis=1)) == {4}
    best = np.random.default_rng(0).binomial(128, 0.0621, 200_000)  # the share of the best at which Σ max(4, ·) is 8 a row
    assert np.maximum(best, 4).mean() == pytest.approx(8, rel=0.01)
    assert cv(rows) == pytest.approx(cv(np.maximum(best, 4)), rel=0.12)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 144), st.integers(0, 3), st.integers(0, 99))
def test_floor_of_any_size(rows: int, cols: int, extra: int, floor: int, seed: int) -> None:
    least = min(max(floor, 1), cols)
    nnz = min(least * rows + extra, rows * cols)
    mask = draw(f"floor floor={least} nnz={nnz}", (rows, cols), seed)
    assert (mask.sum(), mask.sum(axis=1).min() >= least) == (nnz, True)


def test_chung_lu_reproduces_a_trained_mask() -> None:
    """A c_fc matrix early in training: row CV .93, column CV .31 (mean of draws; a lognormal's own CV scatters)."""
    masks = [draw("chung_lu nnz=4096 row_cv=0.85 col_cv=0.2", (1024, 256), seed) for seed in range(20)]
    assert np.mean([cv(mask.sum(axis=1)) for mask in masks]) == pytest.approx(0.93, rel=0.08)
    assert np.mean([cv(mask.sum(axis=0)) for mask in masks]) == pytest.approx(0.31, rel=0.08)
    uniform = [draw("uniform nnz=4096", (1024, 256), seed) for seed in range(5)]
    assert np.mean([cv(mask.sum(axis=1)) for mask in uniform]) == pytest.approx(0.49, rel=0.05)


def test_chung_lu_without_skew_is_uniform_and_exact_takes_the_noise_away() -> None:
    assert cv(draw("chung_lu density=0.05", (512, 512)).sum(axis=1)) == pytest.approx(np.sqrt(0.95 / 0.05 / 512), rel=0.15)
    assert set(draw("chung_lu nnz=4096 exact=rows", (512, 512)).sum(axis=1)) == {8}
    assert set(draw("chung_lu nnz=4096 exact=columns", (512, 512)).sum(axis=0)) == {8}


def test_sparse_and_dense_ways_of_a_weighted_draw_are_one_law() -> None:
    """Keys for every place (skewed, dense) and one place after another (sparse) give the same shares of a hot row."""
    from simulator.workload.patterns.draws import _by_keys, weighted

    weights = np.array([8.0, 4.0, 2.0, 1.0, 1.0])
    logs = np.log(weights)
    hits = np.zeros((2, 5))
    for seed in range(3000):
        generator = np.random.default_rng(seed)

        def one(number: int, generator: np.random.Generator = generator) -> NDArray[np.int64]:
            return generator.choice(5, p=weights / 16, size=number)

        hits[0, weighted(5, 2, one, lambda: logs, generator)] += 1
        hits[1, _by_keys(5, 2, np.empty(0, dtype=np.int64), lambda: logs, generator)] += 1
    assert np.abs(hits[0] - hits[1]).max() < 4 * np.sqrt(3000 / 2)
    first = weights / 16
    second = np.array([sum(first[j] * weights[i] / (16 - weights[j]) for j in range(5) if j != i) for i in range(5)])
    assert hits / 3000 == pytest.approx(np.array([first + second] * 2), abs=0.04)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=30), st.integers(1, 20), st.floats(0, 1))
def test_shares_are_whole_and_sum_up(weights: list[float], most: int, part: float) -> None:
    count = round(part * most * len(weights))
    found = shares(np.array(weights), count, most)
    assert (found.sum(), found.min() >= 0, found.max() <= most) == (count, True, True)


def test_power_law_has_hubs_and_its_quadrants() -> None:
    mask = draw("power_law density=0.002", (1024, 1024))
    uniform = draw("uniform density=0.002", (1024, 1024))
    assert mask.sum(axis=1).max() > 5 * uniform.sum(axis=1).max()
    quarters = [mask[r : r + 512, c : c + 512].sum() / mask.sum() for r in (0, 512) for c in (0, 512)]
    assert quarters == pytest.approx([0.57, 0.19, 0.19, 0.05], abs=0.04)


def test_banded_stays_in_its_band() -> None:
    rows, cols = np.nonzero(draw("banded half_width=5 density=0.08", (64, 128)))
    assert np.abs(cols - (2 * rows + 1)).max() == 5
    rows, cols = np.nonzero(draw("banded offsets=[-9,0,1]", (50, 50)))
    assert set(cols - rows) == {-9, 0, 1}
    assert len(rows) == 41 + 50 + 49


def test_blocks_are_full_or_empty() -> None:
    tiles = draw("block block=16 density=0.25", (64, 128)).reshape(4, 16, 8, 16).sum(axis=(1, 3))
    assert sorted(set(tiles.ravel())) == [0, 256]
    assert np.count_nonzero(tiles) == 8


def test_n_of_m_in_every_group() -> None:
    assert set(draw("n_m n=2 m=4", (32, 64)).reshape(32, 16, 4).sum(axis=2).ravel()) == {2}
    assert set(draw("n_m n=1 m=4 of=column", (32, 64)).reshape(8, 4, 64).sum(axis=1).ravel()) == {1}


@pytest.mark.parametrize(("n", "m", "length"), [(2, 4, 18), (3, 4, 18), (2, 4, 3), (1, 5, 33), (4, 4, 6)])
@pytest.mark.parametrize("of", ["row", "column"])
def test_the_last_group_of_a_ragged_line_has_n_of_its_places_or_all(n: int, m: int, length: int, of: str) -> None:
    mask = draw(f"n_m n={n} m={m} of={of}", (5, length) if of == "row" else (length, 5))
    lines = mask if of == "row" else mask.T
    counts = np.add.reduceat(lines, np.arange(0, length, m), axis=1, dtype=int)
    assert (counts == [min(n, min(m, length - start)) for start in range(0, length, m)]).all()


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([4, 8, 32]), st.integers(1, 4), st.integers(1, 20), st.floats(0.05, 0.6), st.integers(0, 99))
def test_bank_balanced_never_asks_a_bank_twice(banks: int, units: int, rows: int, density: float, seed: int) -> None:
    """Any `banks` entries of a unit's list lie in different banks, and so do the units' entries of one step."""
    mask = draw(f"bank_balanced density={density} banks={banks} units={units}", (rows * units, 4 * banks), seed)
    assert set(mask.sum(axis=1)) == {round(density * 4 * banks)}
    lists = [np.concatenate([np.flatnonzero(row) for row in mask[unit::units]]) % banks for unit in range(units)]
    for entries in lists:
        assert all(after == (before + 1) % banks for before, after in pairwise(entries))
    assert all(len(set(step)) == units for step in zip(*lists, strict=True))


def test_radix_is_regular_and_strided() -> None:
    mask = draw("radix radices=[2,16] strides=[1,64]", (1024, 1024))
    assert set(mask.sum(axis=0)) == set(mask.sum(axis=1)) == {32}
    assert np.flatnonzero(mask[5])[:4].tolist() == [5, 6, 69, 70]


def test_fixed_structured_is_the_same_in_every_tile() -> None:
    own, same = (draw(f"fixed_structured tile=[8,16] density=0.3 places_of_tiles={way}", (64, 64)) for way in ('"own"', "same"))
    tiles = [mask.reshape(8, 8, 4, 16).transpose(0, 2, 1, 3).reshape(32, -1) for mask in (own, same)]
    assert {int(tile.sum()) for both in tiles for tile in both} == {round(0.3 * 128)}
    assert [len({tile.tobytes() for tile in each}) for each in tiles] == [32, 1]


def test_hypergeometric_is_the_law_of_uniform() -> None:
    """Numbers of tiles and of places agree with uniform's over many draws; fixed_structured's would not vary at all."""
    by = {name: np.array([draw(text, (16, 16), seed) for seed in range(800)]) for name, text in
          {"uniform": "uniform density=0.25", "tiled": "hypergeometric density=0.25 tile=[4,4]"}.items()}  # fmt: skip
    variance = {name: masks.reshape(-1, 4, 4, 4, 4).sum(axis=(2, 4)).var() for name, masks in by.items()}
    exact = 16 * 0.25 * 0.75 * (256 - 16) / 255
    assert variance["tiled"] == pytest.approx(exact, rel=0.05)
    assert variance["uniform"] == pytest.approx(exact, rel=0.05)
    assert by["tiled"].mean(axis=0) == pytest.approx(np.full((16, 16), 0.25), abs=4.5 * np.sqrt(0.25 * 0.75 / 800))


def overlap(mask: NDArray[np.bool_]) -> float:
    both, either = mask[:, 1:] & mask[:, :-1], mask[:, 1:] | mask[:, :-1]
    return float(np.mean(both.sum(axis=0) / either.sum(axis=0)))


def test_abs_topk_has_skewed_channels_and_persistent_tokens() -> None:
    plain = draw("abs_topk density=0.25", (512, 256))
    assert overlap(plain) == pytest.approx(0.25 / 1.75, abs=0.01)
    assert cv(plain.sum(axis=1)) == pytest.approx(np.sqrt(0.75 / 0.25 / 256), rel=0.15)
    for wanted in (0.33, 0.6):
        skewed = draw(f"abs_topk density=0.25 channel_cv=1.5 jaccard={wanted}", (512, 256))
        assert set(skewed.sum(axis=0)) == {128}
        assert overlap(skewed) == pytest.approx(wanted, abs=0.03)
        assert 0.7 < cv(skewed.sum(axis=1)) < 1.3


@pytest.mark.parametrize("text", SPECS)
def test_what_does_not_fit_is_refused(text: str) -> None:
    spec = pattern(text)
    with pytest.raises(OperandError, match=r"allowed|places|divide|room|leave"):
        spec.stack(1, (2**27, 2**27), 0)


def test_the_model_of_a_pattern_is_made_when_a_file_names_it() -> None:
    choice = Drawn(OperandSpec, ACTIVATION_PATTERNS)
    operand: TypeAdapter[Pattern] = TypeAdapter(Annotated[Any, choice])
    with patch("simulator.workload.patterns.base.create_model", wraps=create_model) as made:
        texts = ['{"pattern": "banded", "offsets": [-1, 1]}', '{"pattern": "dense"}', '{"pattern": "banded", "half_width": 2}']
        for text in texts:
            operand.validate_json(text, strict=True)
        assert [call.args[0] for call in made.call_args_list] == ["Banded", "Dense"]
    assert [model.__name__ for model in choice.models()] == [place.partition(".")[2] for place in ACTIVATION_PATTERNS.values()]
