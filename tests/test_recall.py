"""What is remembered is found by content, for as long as there is room."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.recall import NOTHING, Recall, Same, by_identity, fingerprint
from tests.strategies import machine


@dataclass(frozen=True)
class _Named:
    name: str
    size: float
    _seen: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Hashed:
    sha256: str
    data: object = None


def _closing_over(value: object) -> Callable[[], object]:
    return lambda: value


_SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-1, 1) | st.text("ab:1", max_size=3) | st.binary(max_size=2)
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3).map(tuple) | st.tuples(st.just("k"), inner), max_leaves=6)


@given(_VALUES, _VALUES)
def test_equal_fingerprints_are_equal_content(one: object, other: object) -> None:
    assert (fingerprint(one) == fingerprint(other)) == (repr(one) == repr(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros(4, dtype=np.int32), np.zeros(4, dtype=np.int64)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.arange(6), np.arange(6)[::-1]),
        (_Named("a", 1.0), _Named("a", 2.0)),
        (_Hashed("a"), _Hashed("b")),
        ({"a": 1}, {"a": 2}),
        (_closing_over(1), _closing_over(2)),
        (machine({"window": 2}), machine({"window": 3})),
        (([], "a"), (["a"], "")),
    ],
)
def test_other_content_is_told_apart(one: Any, other: Any) -> None:
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.arange(12)[::2], np.arange(0, 12, 2)),
        (_Named("a", 1.0, {"x": 1}), _Named("a", 1.0)),
        (_Hashed("a", object()), _Hashed("a")),
        (np.int64(3), 3),
        (machine({"window": 2}), machine({"window": 2})),
    ],
)
def test_what_an_object_has_worked_out_and_where_it_lies_is_no_content(one: Any, other: Any) -> None:
    assert fingerprint(one) == fingerprint(other)


def test_what_cannot_be_told_is_refused() -> None:
    with pytest.raises(TypeError, match="the content of a object cannot be told"):
        fingerprint((1, [object()]))


def test_the_least_recently_used_goes_first_and_the_bound_is_kept() -> None:
    recall, made = Recall(10), []

    def of(name: str, pieces: int) -> str:
        return recall.of((name,), lambda: made.append(name) or name, lambda result: pieces)  # type: ignore[func-returns-value]

    assert [of("a", 4), of("b", 4), of("a", 4), of("c", 4), of("a", 4), of("b", 4)] == ["a", "b", "a", "c", "a", "b"]
    assert made == ["a", "b", "c", "b"]
    of("larger than all", 11)
    assert recall.pieces == 8
    assert of("a", 4) == "a"
    assert made[-1] == "larger than all"


def test_another_process_begins_with_nothing_and_nothing_is_never_walked() -> None:
    recall = Recall(10)
    recall.of((1,), lambda: "one")
    sent = pickle.loads(pickle.dumps(recall))
    assert (sent.most, sent.pieces) == (10, 0)
    assert NOTHING.of((object(),), lambda: "made") == "made"


def test_an_error_is_not_remembered() -> None:
    recall = Recall(10)
    with pytest.raises(ZeroDivisionError):
        recall.of((1,), lambda: 1 // 0)
    assert recall.of((1,), lambda: 7) == 7


def test_an_object_in_a_key_is_told_by_which_it_is_and_held() -> None:
    recall, made = Recall(10), []

    def of(items: list[int]) -> int:
        return recall.of_key(("sum", Same(items)), lambda: made.append(items) or sum(items))  # type: ignore[func-returns-value]

    one, other = [1, 2], [1, 2]
    assert [of(one), of(one), of(other), of([1, 2]), of(one)] == [3] * 5
    assert len(made) == 3
    assert made[0] is one


def test_what_is_told_by_identity_is_forgotten_after_so_many() -> None:
    made = []

    @by_identity(2)
    def doubled(items: list[int], *, times: int = 2) -> list[int]:
        made.append(items)
        return items * times

    one, two, three = [1], [2], [3]
    assert [doubled(each) for each in (one, one, two, three, one)] == [[1, 1], [1, 1], [2, 2], [3, 3], [1, 1]]
    assert doubled(one, times=3) == [1, 1, 1]
    assert made == [one, two, three, one, one]
