"""`sparsim price` and `sparsim sensitivity` on saved results, and `compare --bands`, as a user types them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from runs import MACHINES, small_run

from simulator.result import Result
from simulator.result.saved import head_of

Type = Callable[..., Any]
Once = Callable[[Path, Callable[[], object]], None]


@pytest.fixture
def saved(place: Path, once: Once) -> Path:
    folder = place / "saved"

    def save() -> None:
        folder.mkdir()
        for name in MACHINES:
            small_run(name).to_json(folder / f"result-{name}.json")

    once(place, save)
    return folder


def test_a_folder_is_priced_in_another_technology(saved: Path, sparsim: Type) -> None:
    outcome = sparsim("price", "saved", "-t", "10nm", "--json")
    assert outcome.code == 0, outcome.err
    rows = json.loads(outcome.out)["results"]
    assert [row["machine"] for row in rows] == sorted(MACHINES)
    assert {row["technology"] for row in rows} == {"10nm"}
    assert all(row["area_mm2"] > 1.2 * small_run(row["machine"]).area_mm2 for row in rows)


def test_without_options_the_saved_figures_come_back(saved: Path, sparsim: Type) -> None:
    rows = json.loads(sparsim("price", "saved", "--json").out)["results"]
    assert [row["energy_pj"] for row in rows] == pytest.approx([small_run(row["machine"]).energy_pj for row in rows])


def test_the_table_names_machines_and_units(saved: Path, sparsim: Type) -> None:
    outcome = sparsim("price", "saved/result-crossbar.json", "--set", "energy_scale=0.156")
    assert outcome.code == 0, outcome.err
    assert "crossbar" in outcome.out
    assert "W/mm²" in outcome.out


def test_the_answer_comes_first(saved: Path, sparsim: Type) -> None:
    """Who is best now, where the runs are rivals."""
    least = min(MACHINES, key=lambda name: small_run(name).edap_js_mm2)
    outcome = sparsim("price", "saved")
    assert outcome.out.startswith(f"On small in 7nm, {least} is best by energy × time × area; next ")
    assert sparsim("price", "saved/result-crossbar.json").out.lstrip().startswith("fabric"), "a run alone has no rival"


def test_a_new_folder_holds_whole_results_that_can_be_priced_again(saved: Path, sparsim: Type) -> None:
    assert sparsim("price", "saved", "-s", "dram.hbm2e.io_pj_per_bit=0.8", "-o", "dear").code == 0
    assert {path.name for path in Path("dear").iterdir()} == {f"result-{name}.json" for name in MACHINES} | {"summary.csv", "run.json"}
    assert Result.load("dear/result-crossbar.json").machine.technology_overrides == {"dram.hbm2e.io_pj_per_bit": 0.8}
    assert Result.load("dear/result-crossbar.json").energy_pj > small_run("crossbar").energy_pj
    assert sparsim("price", "dear").code == 0
    again = sparsim("price", "saved", "-o", "dear")
    assert again.code == 2
    assert "dear: exists already" in again.err


def test_the_table_alone_goes_to_a_csv_file(saved: Path, sparsim: Type) -> None:
    assert sparsim("price", "saved", "-o", "prices.csv").code == 0
    with Path("prices.csv").open(encoding="utf-8") as file:
        assert [row["machine"] for row in csv.DictReader(file)] == sorted(MACHINES)


def test_what_cannot_be_priced_is_named_and_the_rest_is_priced(saved: Path, sparsim: Type) -> None:
    whole = (saved / "result-hybrid.json").read_text(encoding="utf-8")
    (saved / "result-cut.json").write_text(whole[: len(whole) // 3], encoding="utf-8")
    (saved / "result-old.json").write_text(whole.replace('"schema_version": 3', '"schema_version": 0'), encoding="utf-8")
    (saved / "result-other.json").write_text(whole.replace('"sparsim_version": "', '"sparsim_version": "9.'), encoding="utf-8")
    outcome = sparsim("price", "saved", "--json")
    assert outcome.code == 2
    record = json.loads(outcome.out)
    assert len(record["results"]) == len(MACHINES)
    assert [line.split(": ", 2)[1] for line in outcome.err.splitlines()] == [
        f"saved/result-{name}.json" for name in ("cut", "old", "other")
    ]
    for fragment in ("not a whole sparsim result", "schema version 0; this sparsim reads version 3", "made by sparsim 9."):
        assert fragment in outcome.err


def test_a_latency_that_would_be_another_is_refused_unless_held(saved: Path, sparsim: Type) -> None:
    slow = ("price", "saved/result-crossbar.json", "-s", "wire_delay_ns_per_mm=20")
    refused = sparsim(*slow)
    assert refused.code == 2
    assert refused.out == ""
    assert "--hold-latency" in refused.err
    assert sparsim(*slow, "--hold-latency").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("price", "nowhere"), "nowhere: no such file or folder"),
        (("price", "tiny.yaml"), "not a whole sparsim result"),
        (("price", "empty"), "empty: holds no result"),
        (("price", "saved", "-t", "8nm"), "8nm"),
        (("price", "saved", "-s", "energy_scale"), "CONSTANT=NUMBER"),
        (("price", "saved", "-s", "energy_scale=nan"), "CONSTANT=NUMBER"),
        (("price", "saved", "-s", "energy_scal=1"), "nearest: energy_scale"),
        (("sensitivity", "nowhere"), "name a workload with -w"),
        (("sensitivity", "saved/result-crossbar.json"), "a ratio needs two machines"),
        (("sensitivity", "saved", "--between", "crossbar"), "as A,B"),
        (("sensitivity", "saved", "--between", "crossbar,crossbar"), "as A,B"),
        (("sensitivity", "saved", "--between", "crossbar,replica"), "replica: no such run"),
        (("sensitivity", "saved", "saved"), "two results are of a machine called"),
        (("sensitivity", "saved", "-s", "fabric.units=8"), "name a workload with -w"),
        (("sensitivity", "saved", "--metric", "cycles"), "energy_pj"),
    ],
)
def test_a_mistake_is_one_message(saved: Path, sparsim: Type, arguments: tuple[str, ...], message: str) -> None:
    Path("empty").mkdir()
    outcome = sparsim(*arguments)
    assert outcome.code == 2
    assert message in outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""
    assert not Path("reports").exists()


@pytest.mark.parametrize("columns", ["60", "80"])
def test_a_sensitivity_study_of_saved_results(saved: Path, sparsim: Type, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    outcome = sparsim("sensitivity", "saved", "--between", "crossbar,replication", "--metric", "energy_pj", "-o", "study")
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("crossbar has ")
    assert " the energy of replication; over the bands of the constants that " in " ".join(outcome.out.split())
    assert "combined band" in outcome.out
    assert "…" not in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= int(columns)
    plots = {"tornado-crossbar-replication.png"}
    assert {path.name for path in Path("study").iterdir()} == plots | {"sensitivity.json", "sensitivity.csv", "table.txt", "run.json"}
    (study,) = json.loads(Path("study/sensitivity.json").read_text(encoding="utf-8"))["studies"]
    assert study["ratio"] == pytest.approx(small_run("crossbar").energy_pj / small_run("replication").energy_pj)
    assert study["combined"]["low"] <= study["one_constant"]["low"] <= study["ratio"] <= study["one_constant"]["high"]
    assert all(entry["source"] for entry in study["constants"])


def test_a_sensitivity_study_may_simulate_first(place: Path, sparsim: Type) -> None:
    outcome = sparsim("sensitivity", "crossbar.yaml", "replication.yaml", "-w", "tiny.yaml", "--metric", "fabric_area_mm2", "--json")
    assert outcome.code == 0, outcome.err
    assert [study["metric"] for study in json.loads(outcome.out)["studies"]] == ["fabric_area_mm2"]
    assert not (place / "reports").exists()


@pytest.mark.usefixtures("no_plots")
def test_compare_says_what_is_robust(place: Path, sparsim: Type) -> None:
    outcome = sparsim("compare", "crossbar.yaml", "replication.yaml", "systolic.yaml", "-w", "tiny.yaml", "-j", "1", "--bands", "-o", "out")
    assert outcome.code == 0, outcome.err
    assert "Over the bands of the constants" in outcome.out
    record = json.loads(Path("out/comparison.json").read_text(encoding="utf-8"))
    assert "Over the bands of the constants" in record["verdict"]
    claims, bands = record["uncertainty"]["claims"], record["uncertainty"]["bands"]
    assert {claim["metric"] for claim in claims} == {"energy_pj", "fabric_area_mm2", "edap_js_mm2"}
    for name, metrics in record["metrics"].items():
        for metric, band in bands[name].items():
            assert band["value"] == pytest.approx(metrics[metric])
            assert band["combined"]["low"] <= band["one_constant"]["low"] <= band["value"] <= band["one_constant"]["high"]
    assert record["judged"]["stands"] in (True, False)
    table = Path("out/table.txt").read_text(encoding="utf-8")
    assert "combined band" in table
    assert "robust" in table
    plain = json.loads(sparsim("compare", "crossbar.yaml", "systolic.yaml", "-w", "tiny.yaml", "-j", "1", "--json").out)
    assert "uncertainty" not in plain
    assert "bands" not in plain["verdict"]


def test_of_many_refusals_the_first_are_shown(place: Path, sparsim: Type) -> None:
    sparsim("run", "crossbar.yaml", "-w", "tiny.yaml", "-o", "one", "--no-plots")
    text = (place / "one" / "result.json").read_text(encoding="utf-8")
    (place / "many").mkdir()
    for index in range(25):
        (place / "many" / f"result-{index}.json").write_text(text.replace('"schema_version": ', '"schema_version": 9'), encoding="utf-8")
    outcome = sparsim("price", "many")
    assert outcome.code == 2
    assert outcome.err.count("reads version") == 20
    assert "… and 5 more" in outcome.err


def test_a_result_that_was_cut_off_or_laid_out_anew(place: Path, sparsim: Type) -> None:
    sparsim("run", "crossbar.yaml", "-w", "tiny.yaml", "-o", "one", "--no-plots")
    result = place / "one" / "result.json"
    whole = result.read_text(encoding="utf-8")
    as_written = json.loads(sparsim("price", "one", "--json").out)
    result.write_text(json.dumps(json.loads(whole)), encoding="utf-8")
    assert json.loads(sparsim("price", "one", "--json").out) == as_written
    result.write_text(whole[: len(whole) * 3 // 4], encoding="utf-8")
    outcome = sparsim("price", "one")
    assert outcome.code == 2
    assert "not a whole sparsim result" in outcome.err


def test_pricing_parses_what_stands_before_the_operations(place: Path, sparsim: Type) -> None:
    sparsim("run", "crossbar.yaml", "-w", "tiny.yaml", "-o", "one", "--no-plots")
    whole = (place / "one" / "result.json").read_bytes()
    head = json.loads(head_of(whole))
    assert set(json.loads(whole)) - set(head) == {"operations", "cost", "operation_costs"}
