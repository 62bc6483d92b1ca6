"""`results` where the store is not as this sparsim would have left it, and where points are not all alike."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Type = Callable[..., Any]
Once = Callable[[Path, Callable[[], object]], None]
STORE = "reports/store.sqlite"
SWEEP = """
name: cond
machine: crossbar.yaml
workload: tiny.yaml
axes:
  fabric.window: [2, 8]
  fabric.accumulators: {values: [1, 2], when: fabric.window > 2}
"""


@pytest.fixture
def swept(place: Path, once: Once, sparsim: Type, no_sweep_plots: None) -> Path:
    def sweep() -> None:
        (place / "cond.yaml").write_text(SWEEP, encoding="utf-8")
        assert sparsim("sweep", "cond.yaml", "-j", "0", "-q").code == 0

    once(place, sweep)
    return place


def change(statement: str) -> None:
    """Change the store behind the back of sparsim."""
    with closing(sqlite3.connect(STORE)) as base:
        assert base.execute(statement).rowcount > 0
        base.commit()


@pytest.mark.usefixtures("swept")
def test_results_and_exports_show_the_last_run_of_an_edited_machine(swept: Path, sparsim: Type) -> None:
    machine = swept / "crossbar.yaml"
    machine.write_text(machine.read_text(encoding="utf-8").replace("lanes: 4", "lanes: 8"), encoding="utf-8")
    assert "3 points run" in sparsim("sweep", "cond.yaml", "-j", "0", "-q", "--force").out
    assert sparsim("results", "cond", "--export", "all.csv").code == 0
    assert (swept / "all.csv").read_bytes() == (swept / "reports" / "sweep-cond" / "points.csv").read_bytes()


@pytest.mark.usefixtures("swept")
def test_a_row_that_lacks_a_key_does_not_meet_a_condition_on_it(sparsim: Type) -> None:
    def values(condition: str) -> list[int | None]:
        return [row["fabric.accumulators"] for row in json.loads(sparsim("results", "cond", "--where", condition, "--json").out)]

    assert values("fabric.accumulators > 1") == [2]
    assert values("fabric.accumulators != 2") == [1]
    assert values("fabric.window > 1") == [None, 1, 2]


@pytest.mark.usefixtures("swept")
def test_a_sweep_without_a_metric_of_today_is_shown_as_far_as_it_goes(sparsim: Type) -> None:
    change("UPDATE points SET record = json_remove(record, '$.peak_power_density_w_per_mm2')")
    with closing(sqlite3.connect(STORE)) as base:
        base.executescript("DROP TABLE checksums")  # as of a store from before there were any
    assert sparsim("results", "cond").code == 0
    for arguments in (["-m", "peak_power_density_w_per_mm2"], ["--export", "all.csv"], ["--json"]):
        told = sparsim("results", "cond", *arguments)
        assert told.code == 2
        assert "cond: was stored by another version of sparsim (its points have no peak_power_density_w_per_mm2); run it again" in told.err
        assert told.err.count("\n") == 1


@pytest.mark.usefixtures("swept")
def test_a_sweep_file_of_other_code_is_listed_told_and_pruned(sparsim: Type) -> None:
    change("UPDATE sweeps SET spec = json_insert(spec, '$.newkey', 1), version = 'other'")
    change("INSERT INTO sizes VALUES ('found by other code', '{}')")
    assert "cond" in sparsim("results").out
    told = sparsim("results", "cond")
    assert told.code == 2
    assert "stored by another version of sparsim (its sweep file has keys or values that this one does not know)" in told.err
    assert "removed 1 sweeps, 3 points, 3 timings, 1 searches" in sparsim("results", "--prune", "stale").out


@pytest.mark.usefixtures("swept")
def test_a_changed_digit_is_not_served_but_computed_again_and_said(sparsim: Type) -> None:
    before = sparsim("results", "cond", "--json").out
    change("UPDATE points SET record = replace(record, '1', '2')")
    shown = sparsim("results", "cond")
    assert "3 rows were not what was written, and are not used; a run computes them again" in shown.err
    again = sparsim("sweep", "cond.yaml", "-j", "0", "--json-lines", "-o", "again")
    assert "3 rows were not what was written" in again.err
    assert (after := sparsim("results", "cond", "--json")).out == before
    assert after.err == ""


@pytest.mark.usefixtures("swept")
def test_a_damaged_store_is_a_sentence_in_both_commands(sparsim: Type) -> None:
    store = Path(STORE)
    store.write_bytes(store.read_bytes()[:4096] + b"\xa5" * (store.stat().st_size - 4096))
    for command in (["results"], ["sweep", "cond.yaml", "-j", "0", "-q", "--force"]):
        told = sparsim(*command)
        assert (told.code, told.err) == (2, f"Error: {STORE}: cannot be used as a results store: it is damaged\n")


def test_an_export_that_fails_leaves_nothing_behind(swept: Path, sparsim: Type) -> None:
    (swept / "all.csv").mkdir()
    before = sorted(swept.iterdir())
    assert "all.csv: cannot be written" in sparsim("results", "cond", "--export", "all.csv", "--force").err
    assert sorted(swept.iterdir()) == before


def test_parquet_has_integers_beyond_64_bits_as_text(swept: Path, sparsim: Type) -> None:
    pytest.importorskip("pyarrow")
    import pandas as pd

    axes = f"axes={{fabric.window: [2, {2**63}, {10**32}]}}"
    sparsim("sweep", "cond.yaml", "-j", "0", "-q", "-o", "huge", "-s", "name=huge", "-s", axes)
    assert sparsim("results", "huge", "--export", "huge.parquet").code == 0
    assert pd.read_parquet(swept / "huge.parquet")["fabric.window"].tolist() == ["2", str(2**63), str(10**32)]
    sparsim("results", "huge", "--export", "huge.csv")
    rows = csv.DictReader((swept / "huge.csv").read_text(encoding="utf-8").splitlines())
    assert [row["fabric.window"] for row in rows] == ["2", str(2**63), str(10**32)]


@pytest.mark.usefixtures("swept")
def test_a_comparison_can_be_json(sparsim: Type) -> None:
    sparsim(
        "sweep",
        "cond.yaml",
        "-j",
        "0",
        "-q",
        "-o",
        "b",
        "-s",
        "name=other",
        "-s",
        "set={fabric.banks: 4}",
        "-s",
        "axes={fabric.window: [2]}",
    )
    found = json.loads(sparsim("results", "cond", "--against", "other", "--json", "-m", "cycles").out)
    here, there = (json.loads(sparsim("results", name, "--json").out)[0]["cycles"] for name in ("cond", "other"))
    assert found == {"points": [{"assignments": {"fabric.window": 2}, "figures": {"cycles": [here, there]}}], "same": 0, "alone": 2}
