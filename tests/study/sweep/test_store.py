"""The store keeps what it is given, whole, and gives it back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.errors import OutputError
from simulator.study.sweep.point import ComputedPoint
from simulator.study.sweep.store import ListedSweep, Removed, Store
from simulator.version import MODEL_VERSION

KEYS = st.text(alphabet="abcdef", min_size=1, max_size=3)
RECORDS = st.none() | st.dictionaries(
    st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60), max_size=3
)
OUTCOMES = st.builds(
    lambda key, record: ComputedPoint(key, f"t{key}", record, None if record is not None else "error", "why"), KEYS, RECORDS
)


def named(sweep: str, started: str = "now") -> ListedSweep:
    """A sweep of that name and id."""
    return ListedSweep(sweep, sweep, {}, "v", started)


def members(keys: str) -> list[tuple[str, dict[str, str]]]:
    """A point for each letter."""
    return [(key, {"axis": key}) for key in keys]


def listed(store: Store, sweep: str) -> str:
    """The axis values that a sweep lists, which must stand at places from 0 on."""
    found = store.members(sweep)
    assert [place for place, _, _ in found] == list(range(len(found)))
    return "".join(values["axis"] for _, values, _ in found)


@settings(max_examples=30)
@given(st.lists(st.lists(OUTCOMES, max_size=4), max_size=6))
def test_the_first_figures_of_a_point_stay_and_replace_a_failure(
    tmp_path_factory: pytest.TempPathFactory, commits: list[list[ComputedPoint]]
) -> None:
    expected: dict[str, ComputedPoint] = {}
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
        bad = ComputedPoint("bad", "t", None, None)  # neither figures nor failure
        with pytest.raises(sqlite3.IntegrityError):
            store.add([ComputedPoint("good", "t", {}), bad], {"t": "{}"})
        assert store.points(["good", "bad"]) == {}


def test_pruning_keeps_what_another_sweep_needs(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        store.add([ComputedPoint(key, f"t{key}", {}) for key in "abc"], {f"t{key}": "{}" for key in "abc"})
        for sweep, points in (("one", "ab"), ("two", "bc")):
            store.begin(named(sweep))
            store.enlist(named(sweep), members(points))
        assert store.remove(["one"]) == Removed(points=1, timings=1, searches=0)
        assert set(store.points("abc")) == {"b", "c"}
        assert [sweep.id for sweep in store.sweeps()] == ["two"]


def test_a_run_takes_the_place_of_what_an_earlier_one_listed(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        store.add([ComputedPoint(key, "t", {}) for key in "abcx"], {"t": "{}"})
        store.enlist(named("one", "1st"), members("abc"))
        store.enlist(named("two", "2nd"), members("abc"))
        store.enlist(named("one", "3rd"), members("ax"))
        assert (listed(store, "one"), listed(store, "two")) == ("ax", "abc")
        assert [sweep.id for sweep in store.sweeps()] == ["one", "two"]
        store.enlist(named("one", "3rd"), members("cb"), 2)
        store.enlist(named("one", "3rd"), members("c"), 1)
        assert listed(store, "one") == "ac"
        store.enlist(named("one", "3rd"), [])
        assert listed(store, "one") == ""
        assert set(store.points("abcx")) == set("abcx")


@given(st.lists(st.booleans(), max_size=8), st.booleans())
@settings(max_examples=30)
def test_two_runs_of_a_sweep_at_once_end_with_one_whole_list(
    tmp_path_factory: pytest.TempPathFactory, turns: list[bool], first_is_last: bool
) -> None:
    """Each lists three generations, then all of them; the runs may walk differently, and take turns in any order."""
    walks = {True: "abcdef", False: "abcxyz"}
    with Store(tmp_path_factory.mktemp("store") / "store.sqlite") as store:
        steps = {run: [(walk[start : start + 2], start) for start in (0, 2, 4)] + [(walk, 0)] for run, walk in walks.items()}
        for run in [*turns, *[not first_is_last] * 4, *[first_is_last] * 4]:
            if steps[run]:
                keys, start = steps[run].pop(0)
                store.enlist(named("one"), members(keys), start)
                last = run
        assert listed(store, "one") == walks[last]


def test_a_sweep_that_was_pruned_while_it_runs_is_listed_again(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite") as running, Store(tmp_path / "store.sqlite") as other:
        running.begin(named("one"))
        other.remove(["one"])
        running.enlist(named("one"), members("ab"))
        assert listed(other, "one") == "ab"


def test_a_point_that_has_lost_its_timing_is_run_again(tmp_path: Path) -> None:
    """Priced from a timing that a prune removed before the point was stored."""
    with Store(tmp_path / "store.sqlite") as store:
        outcomes = [ComputedPoint("a", "t", {"cycles": 1}), ComputedPoint("b", "t", None, "error", "why")]
        store.add(outcomes, {})
        assert set(store.points("ab")) == {"b"}
        store.add(outcomes[:1], {"t": "{}"})
        assert set(store.points("ab")) == {"a", "b"}


def test_what_searches_of_other_versions_have_found_is_removed_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        with monkeypatch.context() as patch:
            patch.setattr("simulator.study.sweep.store.MODEL_VERSION", replace(MODEL_VERSION, sizing=0))
            store.add_sizes("old", {"sizes": {}})
        store.add_sizes("new", {"sizes": {}})
        assert store.remove([]).searches == 0
        assert store.remove([], other_searches=True).searches == 1
        assert (store.sizes("old"), store.sizes("new") is not None) == (None, True)


def _ask(store: Store) -> list[Callable[[], object]]:
    """Every method that asks for or changes something."""
    return [
        lambda: store.add([ComputedPoint("z", "t", {})], {"t": "{}"}),
        lambda: store.points("a"),
        lambda: store.activities("t"),
        lambda: store.sizes("a"),
        lambda: store.add_sizes("a", {}),
        lambda: store.begin(named("two")),
        lambda: store.enlist(named("one"), members("z")),
        store.sweeps,
        lambda: store.members("one"),
        lambda: store.remove(["one"]),
    ]


def test_a_damaged_store_is_said_in_a_sentence_by_every_method(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        store.add([ComputedPoint("a", "t", {})], {"t": "{}"})
        store.enlist(named("one"), members("a"))
    path.write_bytes(path.read_bytes()[:4096] + b"\xa5" * (path.stat().st_size - 4096))
    with Store(path) as store:
        for ask in _ask(store):
            with pytest.raises(OutputError, match=r"store\.sqlite: cannot be used as a results store: it is damaged"):
                ask()


@pytest.mark.parametrize(
    ("table", "column", "text"),
    [("sweeps", "spec", "{"), ("members", "assignments", "{"), ("sweeps", "name", b"\x00\xff"), ("members", "assignments", b"\x00\xff")],
)
def test_text_that_is_no_json_is_said_in_a_sentence(tmp_path: Path, table: str, column: str, text: str | bytes) -> None:
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        store.add([ComputedPoint("a", "t", {})], {"t": "{}"})
        store.enlist(named("one"), members("a"))
        store.add_sizes("a", {})
    with closing(sqlite3.connect(path)) as base:
        base.execute(f"UPDATE {table} SET {column} = ?", (text,))
        base.commit()
    with Store(path) as store:
        ask = {"sweeps": store.sweeps, "members": lambda: store.members("one")}
        with pytest.raises(OutputError, match=r"store\.sqlite: .*damaged"):
            ask[table]()


@pytest.mark.parametrize(
    ("table", "column", "text"),
    [
        ("points", "record", '{"cycles":2}'),
        ("points", "timing", "u"),
        ("points", "record", "{"),
        ("timings", "activity", "[" * 9999),
        ("sizes", "found", "{}"),
        ("points", "record", b"\x00\xff"),
        ("sizes", "found", b"{}"),
    ],
)
def test_a_row_that_is_not_what_was_written_is_not_served_and_can_be_written_again(
    tmp_path: Path, table: str, column: str, text: str | bytes
) -> None:
    """SQLite notices a damaged page, but not a digit that changed within one."""
    path = tmp_path / "store.sqlite"

    def write(store: Store) -> None:
        store.add([ComputedPoint(key, "t", {"cycles": 1}) for key in "ab"], {"t": "{}"})
        store.add_sizes("a", {"sizes": {}})

    with Store(path) as store:
        write(store)
    with closing(sqlite3.connect(path)) as base:
        base.execute(f"UPDATE {table} SET {column} = ?", (text,))
        base.commit()
    with Store(path) as store:
        ask: dict[str, Callable[[], object]] = {
            "points": lambda: store.points("ab"),
            "timings": lambda: store.activities("t"),
            "sizes": lambda: store.sizes("a"),
        }
        assert not ask[table]()
        assert store.damaged == (2 if table == "points" else 1)
        write(store)
        assert ask[table]()
        assert {key: point.record for key, point in store.points("ab").items()} == {key: {"cycles": 1} for key in "ab"}


def test_a_store_from_before_there_were_checksums_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        store.add([ComputedPoint("a", "t", {})], {"t": "{}"})
    with closing(sqlite3.connect(path)) as base:
        base.executescript("DROP TABLE checksums")
    with Store(path) as store:
        assert (set(store.points("a")), store.damaged) == ({"a"}, 0)


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        ("CREATE TABLE points (x); PRAGMA user_version = 1;", "database of another program"),
        ("CREATE VIEW mine AS SELECT 1;", "another kind"),
    ],
)
def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path, statements: str, message: str) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as base:
        base.executescript(statements)
    before = path.read_bytes()
    with pytest.raises(OutputError, match=message):
        Store(path)
    assert path.read_bytes() == before


def test_a_store_from_before_there_were_searches_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    Store(path).__exit__(None, None, None)
    with closing(sqlite3.connect(path)) as base:
        base.executescript("DROP TABLE sizes")
    with Store(path) as store:
        store.add_sizes("a", {"sizes": {}})


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
