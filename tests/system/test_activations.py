"""In which form activations lie in memory, and that what is written of a tensor is what is read of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.system.activations import DENSE, ActivationForm, Forms, activation_forms
from simulator.workload.types import Operation
from tests.strategies import Matrix, operation, sampled_operation, sparse, workload


def forms(*operations: Operation, choice: str = "auto") -> tuple[Forms, ...]:
    return activation_forms(workload(*operations), choice, 16)  # type: ignore[arg-type]


def ones(rows: int, columns: int) -> Matrix:
    return np.ones((rows, columns))


def half(seed: int, rows: int, columns: int) -> Matrix:
    """With a nonzero in the first place, so that no union is empty."""
    drawn = sparse(np.random.default_rng(seed), rows, columns, 0.5)
    drawn[0, 0] = 1
    return drawn


def kept(form: ActivationForm) -> Matrix:
    assert form.packed
    assert form.kept is not None
    return form.kept


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 99), st.sampled_from([0.0, 0.3, 1.0]))
def test_parts_of_a_tensor_are_together_the_tensor(rows: int, tokens: int, seed: int, density: float) -> None:
    random = np.random.default_rng(seed)
    mask = random.random((rows, tokens)) < density
    form = ActivationForm("mask", mask)
    row, token = random.integers(0, rows + 1), random.integers(0, tokens + 1)
    parts = [form.bits(features, span, 16) for features in (slice(0, row), np.arange(row, rows)) for span in ((0, token), (token, tokens))]
    assert sum(parts) == form.bits(slice(0, rows), (0, tokens), 16) == 16 * mask.sum() + mask.size


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 100), st.sampled_from(["dense", "whole", "packed"]))
def test_many_parts_at_once_are_the_parts_one_by_one(rows: int, tokens: int, seed: int, how: str) -> None:
    random = np.random.default_rng(seed)
    form = {"dense": DENSE, "whole": ActivationForm("whole"), "packed": ActivationForm("packed", random.random((rows, tokens)) < 0.5)}[how]
    features, ranges = (np.sort(random.integers(0, most + 1, (3, 2)), axis=1) for most in (rows, tokens))
    order = random.permutation(rows)
    of = form.blocks(features, ranges, 16, order).tolist()
    assert of == [[form.bits(order[a:b], (c, d), 16) for c, d in ranges.tolist()] for a, b in features.tolist()]
    plain = form.blocks(features, ranges, 16).tolist()
    assert plain == [[form.bits(slice(a, b), (c, d), 16) for c, d in ranges.tolist()] for a, b in features.tolist()]


def test_a_tensor_from_outside_is_packed_where_that_is_less() -> None:
    x = ones(8, 10)
    assert forms(operation(ones(3, 8), x)) == (Forms(),)
    x[0, :5] = 0  # five values of 80 are 80 bits, as many as the bitmap
    assert forms(operation(ones(3, 8), x)) == (Forms(),)
    x[1, 0] = 0
    (form,) = forms(operation(ones(3, 8), x))
    assert form.y is DENSE
    assert (kept(form.x) == (x != 0)).all()
    assert form.x.bits(slice(0, 8), (0, 10), 16) == 16 * 74 + 80 == 16 * 80 - 16


def test_a_chosen_format_is_taken_whatever_it_costs() -> None:
    op = operation(ones(3, 8), ones(8, 10))
    (form,) = forms(op, choice="bitmap")
    assert form.x.bits(slice(0, 8), (0, 10), 16) == form.y.bits(slice(0, 8), (0, 10), 16) == 17 * 80
    assert forms(operation(ones(3, 8), half(0, 8, 10)), choice="dense") == (Forms(),)


def test_an_output_has_the_form_of_the_operand_that_is_made_of_it() -> None:
    x = half(1, 6, 10)
    first, second = forms(operation(ones(6, 4), ones(4, 10), "a"), operation(ones(3, 6), x, "b", ("a",)))
    assert first.y is second.x
    assert (kept(first.y) == (x != 0)).all()


def test_what_is_read_with_other_nonzeros_keeps_those_of_all() -> None:
    x, other = half(1, 6, 10), half(2, 6, 10)
    a = operation(ones(6, 4), ones(4, 10), "a")
    first, second, third = forms(a, operation(ones(3, 6), x, "b", ("a",)), operation(ones(3, 6), other, "c", ("a",)))
    assert first.y is second.x is third.x
    assert (kept(first.y) == ((x != 0) | (other != 0))).all()


@pytest.mark.parametrize("of_another_shape", [False, True])
def test_what_is_made_of_several_outputs_or_of_another_shape_is_whole(of_another_shape: bool) -> None:
    a, b = (operation(ones(6, 4), ones(4, 10), name) for name in "ab")
    x, awaited = (half(1, 3, 20), ("a",)) if of_another_shape else (half(1, 6, 10), ("a", "b"))
    found = forms(a, b, operation(ones(3, len(x)), x, "c", awaited), operation(ones(3, 6), half(2, 6, 10), "d", ("a",)))
    assert found[0].y is found[2].x is found[3].x is DENSE


def test_a_w_that_is_made_lies_whole_and_x_is_the_other_output() -> None:
    qk = replace(operation(half(3, 6, 4), half(4, 4, 10), "qk", ("a",)), weight_home="activation")
    a = operation(ones(8, 5), ones(5, 10), "a")
    av = replace(operation(half(5, 4, 6), half(6, 6, 10), "av", ("a", "qk")), weight_home="activation")
    found = forms(a, qk, av)
    assert found[0].y is found[1].x is DENSE
    assert found[1].y is found[2].x
    assert found[1].y.packed


def test_the_gradient_of_a_layer_reads_what_was_read_and_written() -> None:
    """up; dX, whose X is dY and made of what up leaves; dW, which takes the X of up and that dY, and leaves its mask alone."""
    x, dy = half(1, 8, 10), half(2, 6, 10)
    up = operation(ones(6, 8), x, "up")
    dx = operation(ones(8, 6), dy, "dx", ("up",))
    dw = sampled_operation(half(3, 6, 8), dy, x, "dw", ("up",))
    found = forms(up, dx, dw)
    assert found[2].x is found[0].x
    assert found[2].gradient is found[1].x is found[0].y
    assert (kept(found[1].x) == (dy != 0)).all()
    assert found[2].y is DENSE
    alone = forms(up, dw)
    assert alone[1].gradient is alone[0].y
    assert (kept(alone[0].y) == (dy != 0)).all()
