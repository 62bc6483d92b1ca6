"""`sweep`, `results`, `breakeven` and `plot`, typed as a user types them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Type = Callable[..., Any]
Once = Callable[[Path, Callable[[], object]], None]
SWEEP = """
name: try
machine: crossbar.yaml
workload: tiny.yaml
axes:
  fabric.replicas: [1, 2, 4]
  fabric.window: [2, 8]
objectives: {seconds: min, energy_pj: min}
constraints: [fabric_area_mm2 <= 1]
"""
SMALL = """
name: small
operations:
  - name: only
    kind: SpMM
    shape: {m: 16, k: 16, n: 8}
    weight: {pattern: uniform, density: 0.2}
    activation: {pattern: dense}
"""


@pytest.fixture
def swept(place: Path) -> Path:
    (place / "try.yaml").write_text(SWEEP, encoding="utf-8")
    return place


@pytest.fixture
def stored(swept: Path, once: Once, sparsim: Type, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same once it was run, whose points are in the store."""

    def run() -> None:
        with monkeypatch.context() as patched:
            patched.setattr("simulator.study.sweep.folder.save_sweep_plots", lambda study, folder: None)
            assert sparsim("sweep", "try.yaml", "-j", "0").code == 0

    once(swept, run)
    return swept


def test_a_sweep_writes_a_whole_folder_and_is_instant_again(swept: Path, sparsim: Type) -> None:
    outcome = sparsim("sweep", "try.yaml", "-j", "0")
    assert outcome.code == 0, outcome.err
    assert "6 points run, 0 from the store; results in reports/sweep-try/" in outcome.out
    folder = swept / "reports" / "sweep-try"
    assert {"sweep.json", "points.csv", "table.txt", "run.json", "pareto.png", "heat.png", "area_along.png", "energy_along.png"} <= {
        path.name for path in folder.iterdir()
    }
    rows = list(csv.DictReader((folder / "points.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["fabric.replicas"], row["fabric.window"]) for row in rows] == [(a, b) for a in "124" for b in "28"]
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "run.json"}
    again = sparsim("sweep", "try.yaml", "-j", "0", "--quiet")
    assert "0 points run, 6 from the store" in again.out
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "run.json"} == before


def test_plots_are_drawn_again_to_the_same_bytes(stored: Path, sparsim: Type) -> None:
    sparsim("sweep", "try.yaml", "-j", "0", "-o", "out")
    sparsim("run", "crossbar.yaml", "-w", "tiny.yaml", "-o", "one")
    for folder, plot in (("out", "pareto.png"), ("one", "energy.png")):
        before = (stored / folder / plot).read_bytes()
        (stored / folder / plot).unlink()
        assert sparsim("plot", folder).code == 0
        assert (stored / folder / plot).read_bytes() == before
    nothing = sparsim("plot", ".")
    assert (nothing.code, "no result folder" in nothing.err) == (2, True)


@pytest.mark.usefixtures("swept", "no_sweep_plots")
def test_json_lines_are_json_and_nothing_else(sparsim: Type) -> None:
    outcome = sparsim("sweep", "try.yaml", "-j", "0", "--json-lines", "--set", "axes={fabric.replicas: [1, 3]}")
    events = [json.loads(line) for line in outcome.out.splitlines()]
    assert [event["event"] for event in events] == ["planned", "point"]
    assert "do not divide units" in events[0]["invalid"][0]["reason"]
    assert events[1]["metrics"]["cycles"] > 0
    assert outcome.code == 3


@pytest.mark.usefixtures("swept", "no_sweep_plots")
def test_failures_are_told_at_the_end_and_by_the_exit_code(sparsim: Type) -> None:
    some = sparsim("sweep", "try.yaml", "-j", "0", "--set", "axes={fabric.replicas: [1, 3]}")
    assert some.code == 3
    assert "1 of 2 combinations cannot be run" in some.err
    assert "1 of 2 points failed" in some.out
    none = sparsim("sweep", "try.yaml", "-j", "0", "-o", "none", "--set", "axes={fabric.replicas: [3]}")
    assert none.code == 2


@pytest.mark.usefixtures("no_sweep_plots")
def test_results_lists_filters_exports_compares_and_prunes(stored: Path, sparsim: Type) -> None:
    pytest.importorskip("pyarrow")
    import pandas as pd

    sparsim("sweep", "try.yaml", "-j", "0", "-o", "b", "--set", "name=other", "--set", "set={fabric.accumulators: 1}")
    assert [sweep["name"] for sweep in json.loads(sparsim("results", "--json").out)] == ["other", "try"]
    rows = json.loads(sparsim("results", "try", "--where", "fabric.replicas > 1 and failure == ''", "--json").out)
    assert [row["fabric.replicas"] for row in rows] == [2, 2, 4, 4]
    assert "bank" not in sparsim("results", "try").err
    assert sparsim("results", "try", "--export", "x.parquet").code == 0
    assert pd.read_parquet(stored / "x.parquet")["cycles"].tolist() == [
        row["cycles"] for row in json.loads(sparsim("results", "try", "--json").out)
    ]
    assert "exists already" in sparsim("results", "try", "--export", "x.parquet").err
    assert "0 points differ, 6 have the same figures" in sparsim("results", "try", "--against", "try").out
    assert "6 points differ, 0 have the same figures" in sparsim("results", "try", "--against", "other").out
    assert "removed 1 sweeps, 6 points, 6 timings" in sparsim("results", "--prune", "other").out
    assert "nearest: try" in sparsim("results", "tri").err


def test_break_even_is_where_the_curves_cross(swept: Path, sparsim: Type) -> None:
    asked = ("breakeven", "--axis", "workload.operations.0.weight.density", "--between", "crossbar.yaml,systolic.yaml", "-w", "tiny.yaml")
    outcome = sparsim(*asked, "-m", "energy_pj", "--range", "0.01:1", "--points", "4", "--tolerance", "0.5", "-j", "0", "-o", "even")
    assert outcome.code == 0, outcome.err
    record = json.loads((swept / "even" / "breakeven.json").read_text(encoding="utf-8"))
    (curve,) = record["curves"]
    signs = [first < second for first, second in zip(curve["first"], curve["second"], strict=True)]
    changes = [index for index in range(len(signs) - 1) if signs[index] != signs[index + 1]]
    assert [(crossing["low"], crossing["high"]) for crossing in curve["crossings"]] == [
        (curve["values"][index], curve["values"][index + 1]) for index in changes
    ]
    assert len(changes) == outcome.out.count("break-even at")
    assert (swept / "even" / "breakeven.png").is_file()


@pytest.fixture
def asked(swept: Path, sparsim: Type) -> Type:
    """`breakeven` between two machines that change places along `fabric.window`."""
    text = (swept / "crossbar.yaml").read_text(encoding="utf-8")
    many = text.replace("units: 4, lanes: 4", "units: 8, lanes: 8, accumulators: 1").replace("bank_kib: 1", "bank_kib: 2", 1)
    wide = text.replace("lanes: 4", "lanes: 8, accumulators: 4").replace("banks: 8, bank_kib: 1", "banks: 16, bank_kib: 2")
    for name, machine in {"many": many, "wide": wide, "twin": text}.items():
        (swept / f"{name}.yaml").write_text(machine, encoding="utf-8")
    (swept / "small.yaml").write_text(SMALL, encoding="utf-8")

    def ask(*arguments: str, between: str = "many.yaml,wide.yaml") -> Any:
        return sparsim("breakeven", "--between", between, "-w", "small.yaml", "-j", "0", "-q", *arguments)

    return ask


def test_an_axis_of_integers_is_asked_for_integers(asked: Type, swept: Path) -> None:
    (swept / "small.yaml").write_text(SMALL.replace("operations:", "seed: 5\noperations:"), encoding="utf-8")
    outcome = asked("--axis", "fabric.window", "--range", "1:7", "-m", "seconds", "-o", "even")
    assert outcome.code == 0, outcome.err
    assert outcome.out.splitlines()[0] == "time: break-even at window 3, where they are equal; many below, wide above"
    (curve,) = json.loads((swept / "even" / "breakeven.json").read_text(encoding="utf-8"))["curves"]
    assert curve["values"] == [1, 2, 3, 4, 5, 6, 7]
    assert curve["first"][2] == curve["second"][2]
    none = asked("--axis", "fabric.window", "--range", "1.2:1.8")
    assert (none.code, "fabric.window takes integers" in none.err) == (2, True)


def test_values_without_figures_are_passed_over_and_told(asked: Type) -> None:
    outcome = asked("--axis", "fabric.replicas", "--range", "1:4", "-m", "cycles", "-o", "even")
    assert outcome.code == 3
    assert "better at every value that has figures" in outcome.out
    assert "no figures at many.yaml, replicas 3" in outcome.out


def test_equal_machines_are_called_equal(asked: Type) -> None:
    arguments = ("--axis", "workload.density", "--range", "0.1:1", "--points", "3", "--equal-area", "-o", "even")
    outcome = asked(*arguments, between="crossbar.yaml,twin.yaml")
    assert outcome.out.splitlines()[:2] == [
        "time, at equal area: no break-even from 0.100 to 1.00; they are equal at every value that was looked at",
        "energy, at equal area: no break-even from 0.100 to 1.00; they are equal at every value that was looked at, "
        "also over the bands of the constants",
    ]


def test_a_break_even_without_figures_says_each_reason_once_and_leaves_no_folder(asked: Type, swept: Path) -> None:
    outcome = asked("--axis", "workload.density", "--set", "fabric.bank_kib=0.001", "-o", "even", between="crossbar.yaml,twin.yaml")
    assert (outcome.code, outcome.out, outcome.err.count("\n"), outcome.err.count("no figures at 22 points, the first ")) == (2, "", 1, 1)
    assert "fabric.bank_kib = 0.001" in outcome.err
    assert not (swept / "even").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--between", "crossbar.yaml"], "two different machines"),
        (["--range", "1:0"], "LOW below HIGH"),
        (["--range", "a"], "two numbers"),
        (["--metric", "energy"], "unknown; allowed"),
        (["--axis", "fabric.windw", "--range", "1:8"], "nearest: window"),
        (["--axis", "workload.densty"], "nearest: density"),
        (["--axis", "fabric.windw"], "fabric.windw: unknown key"),
        (["--axis", "fabric.clusters"], "clusters is token_groups × replicas, which can be set"),
        (["--axis", "fabric.window"], "needs --range LOW:HIGH"),
        (["--metric", "edap"], "nearest: edap_js_mm2"),
    ],
)
@pytest.mark.usefixtures("swept")
def test_mistakes_of_break_even(sparsim: Type, arguments: list[str], message: str) -> None:
    given = {"--axis": "workload.density", "--between": "crossbar.yaml,systolic.yaml", "-w": "tiny.yaml"}
    given |= dict(zip(arguments[::2], arguments[1::2], strict=True))
    outcome = sparsim("breakeven", *[text for pair in given.items() for text in pair], "-j", "0")
    assert outcome.code == 2
    assert message in outcome.err
    assert not Path("reports").exists()


def test_bands_are_an_option_and_end_in_the_table(swept: Path, sparsim: Type) -> None:
    outcome = sparsim("sweep", "try.yaml", "--bands", "--workers", "0", "-q", "-o", "out", "--full")
    assert outcome.code == 0, outcome.err
    assert "Over the bands of the constants" in outcome.out
    assert "Over the bands of the constants" in (swept / "out" / "table.txt").read_text(encoding="utf-8")
    (row, *_) = csv.DictReader((swept / "out" / "points.csv").read_text(encoding="utf-8").splitlines())
    above = float(row["energy_pj_high"]) * 1.0001
    some = sparsim("results", "try", "--where", f"energy_pj_high < {above}", "--json")
    assert row["key"] in {entry["key"] for entry in json.loads(some.out)}
    assert all(entry["energy_pj_low"] < entry["energy_pj"] < entry["energy_pj_high"] < above for entry in json.loads(some.out))
    assert "–" in sparsim("results", "try", "-m", "energy_pj").out


def test_a_sweep_without_any_figures_says_why(swept: Path, sparsim: Type, no_sweep_plots: None) -> None:
    (swept / "none.yaml").write_text(SWEEP.replace("[1, 2, 4]", "[3]"), encoding="utf-8")
    for quiet in ("-q", "--json-lines"):
        outcome = sparsim("sweep", "none.yaml", "-j", "0", quiet, "--force")
        assert outcome.code == 2
        assert "Error: none of the 2 points has figures; the first, " in outcome.err
        assert not (swept / "reports" / "sweep-try").exists()


@pytest.mark.usefixtures("no_sweep_plots")
def test_another_sweep_of_the_same_name_gets_a_folder_of_its_own(stored: Path, sparsim: Type) -> None:
    for keys in (["--set", "ideal=dram"], []):
        assert sparsim("sweep", "try.yaml", "-j", "0", "-q", *keys).code == 0
    assert sorted(path.name for path in (stored / "reports").glob("sweep-*")) == ["sweep-try", "sweep-try-2"]


@pytest.mark.parametrize("ends", ["[1e308, -1e308]", "[0, 1e308]"])
def test_a_range_that_is_not_finite_is_refused(swept: Path, sparsim: Type, ends: str) -> None:
    axis = f"{{linspace: {ends}, count: 3, integer: true}}"
    (swept / "wide.yaml").write_text(SWEEP.replace("[2, 8]", axis), encoding="utf-8")
    outcome = sparsim("sweep", "wide.yaml", "-j", "0", "-q")
    assert (outcome.code, outcome.out) == (2, "")
    assert "linspace: found 1e+308; allowed: numbers up to 1e+300" in outcome.err


def test_a_saved_value_of_another_type_is_said_in_a_sentence(swept: Path, sparsim: Type) -> None:
    assert sparsim("run", "crossbar.yaml", "-w", "tiny.yaml", "-o", "ran").code == 0
    file = swept / "ran" / "result.json"
    whole = json.loads(file.read_text(encoding="utf-8"))
    elaborated = whole["elaborated"] | {"dram_latency_cycles": []}
    file.write_text(json.dumps(whole | {"elaborated": elaborated}), encoding="utf-8")
    priced = sparsim("price", "ran", "--json")
    assert "not a whole sparsim result: elaborated.dram_latency_cycles is list, no number" in priced.err
    file.write_text(json.dumps(whole | {"cost": "none"}), encoding="utf-8")
    (swept / "other").mkdir()
    (swept / "other" / "run.json").write_text("{}", encoding="utf-8")
    refused = sparsim("plot", "ran", "-o", "other")
    assert (refused.code, "other: holds another report" in refused.err) == (2, True)
    assert "a file; allowed: the folder of a result, ran" in sparsim("plot", "ran/result.json").err
    drawn = sparsim("plot", "ran", "-o", "drawn")
    assert drawn.code == 2
    assert drawn.err.startswith("Error: ran")
    assert not list(swept.rglob("*.part"))
