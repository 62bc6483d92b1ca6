"""`compare --equal`, typed as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import simulator
from simulator.cost import load_technology
from simulator.study.sizing import area_mm2
from simulator.study.sizing.runner import InTurn
from simulator.study.sizing.scale import SEARCHED

Type = Callable[..., Any]


@pytest.mark.usefixtures("no_plots")
def test_equal_area_says_what_it_changed_and_leaves_files_to_go_on_from(place: Path, sparsim: Type) -> None:
    outcome = sparsim("compare", "crossbar.yaml", "systolic.yaml", "-w", "tiny.yaml", "--equal", "area", "-j", "1")
    assert outcome.code == 0, outcome.err
    folder = place / "reports" / "compare-equal-area-tiny"
    first, second = json.loads((folder / "run.json").read_text(encoding="utf-8"))["sizing"]
    assert first["difference"] == 0
    assert first["changes"] == []
    assert second["achieved"] <= second["target"] < second["next_size"]
    sized = simulator.load_machine(folder / "machine-systolic.yaml")
    assert area_mm2(sized, load_technology("7nm")) == second["achieved"]
    assert simulator.Result.load(folder / "result-systolic.json").machine == sized
    assert {change["key"] for change in second["changes"]} >= {"fabric.rows", "fabric.cols"}
    shown = outcome.out.split("Sized to equal area: at most ")[1]
    assert all(f"{change['key']} " in shown for change in second["changes"])
    assert f"{-100 * second['difference']:.1f} % below; the next size has" in " ".join(shown.split())
    assert outcome.out.startswith("On tiny, at equal area, ")
    assert max(map(len, outcome.out.splitlines())) <= 80


BEST = ("compare", "crossbar.yaml", "-w", "tiny.yaml", "--equal", "area", "--to", "1.5mm2", "--best")


def test_a_search_says_what_it_looked_at(place: Path, sparsim: Type) -> None:
    record = json.loads(sparsim(*BEST, "--search", "grid", "--budget", "3", "--keep", "fabric.lanes", "-j", "1", "--json").out)
    (sized,) = record["sizing"]
    assert sized["kind"] == "crossbar"
    assert sized["achieved"] <= 1.5
    search = sized["search"]
    assert search["simulated"] <= 3
    assert search["designs"] == sum(search[name] for name in ("illegal", "over_cap", "pruned", "simulated", "skipped"))
    assert search["grid"]["fabric.bank_kib"]
    assert record["machine"]["fabric"]["kind"] == "gather"
    assert bool(sized["notes"]) == bool(search["skipped"])
    assert not list((place / "reports").glob("compare*"))


@pytest.mark.usefixtures("no_plots")
def test_a_search_by_steps_has_a_certificate_and_is_done_once(place: Path, sparsim: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [key for key in SEARCHED if key not in ("fabric.window", "fabric.lanes")]
    command = [*BEST, *(word for key in kept for word in ("--keep", key)), "-j", "1"]
    outcome = sparsim(*command)
    shown = " ".join(outcome.out.split())
    assert "; no single step is better by 1 %" in shown
    assert "from it tried" not in shown, "how it was searched is in the machine's file, and in --full"
    file = place / "reports" / "compare-equal-area-best-tiny" / "machine-crossbar.yaml"
    assert "none is better by more than 1 %" in file.read_text(encoding="utf-8")
    (sized,) = json.loads((place / "reports" / "compare-equal-area-best-tiny" / "run.json").read_text())["sizing"]
    assert sized["walk"]["objective"] == "edap"
    assert sized["walk"]["certificate"]["holds"]
    assert "best crossbar: starts, " in outcome.err
    monkeypatch.setattr(InTurn, "run", None)
    again = sparsim(*command, "--force")
    assert again.out == outcome.out
    assert "best crossbar" not in again.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--to", "5mm2"], "--to says how to size machines, and goes with --equal area|throughput|power|bandwidth"),
        (["--best"], "--best says how to size machines"),
        (["--equal", "area", "--budget", "5"], "--budget, --keep, --search and --store say how to search, and go with --best"),
        (["--equal", "area", "--store", "kept.sqlite"], "--budget, --keep, --search and --store say how to search"),
        (["--equal", "throughput", "--best", "--objective", "energy"], "--best takes the least area that reaches it"),
        (["--equal", "bandwidth", "--best"], "--best needs a cap"),
        (["--equal", "area", "--to", "0.001mm2"], "0.001 mm² is too small for a crossbar scaled by its size alone: it has "),
        (["--equal", "area", "--to", "five"], "--to five: allowed: area above 0 in mm2, mm² (as 5mm²), or one of the machines crossbar"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(place: Path, sparsim: Type, options: list[str], said: str) -> None:
    outcome = sparsim("compare", "crossbar.yaml", "-w", "tiny.yaml", "-j", "1", *options)
    assert outcome.code == 2
    assert said in outcome.err
    assert not (place / "reports").exists()
