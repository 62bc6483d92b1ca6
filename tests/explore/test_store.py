"""The store keeps what it is given, whole, and gives it back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import OutputError
from simulator.explore.record import Outcome
from simulator.explore.store import Store

KEYS = st.text(alphabet="abcdef", min_size=1, max_size=3)
RECORDS = st.none() | st.dictionaries(
    st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60), max_size=3
)
OUTCOMES = st.builds(lambda key, record: Outcome(key, "t" + key, record, None if record is not None else "error", "why"), KEYS, RECORDS)


@settings(max_examples=30)
@given(st.lists(st.lists(OUTCOMES, max_size=4), max_size=6))
def test_the_first_figures_of_a_point_stay_and_replace_a_failure(
    tmp_path_factory: pytest.TempPathFactory, commits: list[list[Outcome]]
) -> None:
    expected: dict[str, Outcome] = {}
    with Store(tmp_path_factory.mktemp("store") / "store.sqlite") as store:
        for outcomes in commits:
            store.add(outcomes, {outcome.timing_key: "{}" for outcome in outcomes})
            for outcome in outcomes:
                if outcome.key not in expected or expected[outcome.key].record is None:
                    expected[outcome.key] = outcome
        found = store.points([*expected, "missing"])
        assert {key: (row.record, row.failure) for key, row in found.items()} == {
            key: (outcome.record, outcome.failure) for key, outcome in expected.items()
        }
        assert set(store.activities(outcome.timing_key for outcome in expected.values())) == {o.timing_key for o in expected.values()}


def test_a_commit_is_whole_or_nothing(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        bad = Outcome("bad", "t", None, None)  # neither figures nor failure
        with pytest.raises(sqlite3.IntegrityError):
            store.add([Outcome("good", "t", {}), bad], {"t": "{}"})
        assert store.points(["good", "bad"]) == {}


def test_pruning_keeps_what_another_sweep_needs(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        store.add([Outcome(key, f"t{key}", {}) for key in "abc"], {f"t{key}": "{}" for key in "abc"})
        for sweep, points in (("one", "ab"), ("two", "bc")):
            store.begin(sweep, sweep, {}, "v", "now")
            store.enlist(sweep, [(place, key, {"axis": key}) for place, key in enumerate(points)])
        assert store.remove(["one"]) == (1, 1)
        assert set(store.points("abc")) == {"b", "c"}
        assert [sweep.id for sweep in store.sweeps()] == ["two"]


def test_another_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    text, other = tmp_path / "notes.sqlite", tmp_path / "other.sqlite"
    text.write_text("no database, but long enough to be taken for one" * 40)
    base = sqlite3.connect(other)
    base.execute("CREATE TABLE mine (x)")
    base.commit()
    base.close()
    for path in (text, other):
        before = path.read_bytes()
        with pytest.raises(OutputError, match="store"):
            Store(path)
        assert path.read_bytes() == before
