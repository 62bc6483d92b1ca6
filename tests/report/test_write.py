"""Report folders: what is in them, and that they are whole or not there."""

import csv
import json
from pathlib import Path

import pytest
from sample_results import FABRICS, sample_result

from simulator.errors import ConfigError, OutputError
from simulator.report import write
from simulator.report.folder import new_file, new_folder
from simulator.report.pictures import OF_ONE, OF_SEVERAL, PICTURES, Pictures, asked_for
from simulator.report.plots import FIGURES
from simulator.report.write import Report, write_comparison, write_run
from simulator.result import Result

COMMON = {"summary.csv", "table.txt", "run.json"}


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports") / "compare"
    write_comparison(folder, Report(tuple(sample_result(name) for name in FABRICS)), {"started": "now"}, force=False)
    return folder


def test_a_comparison_holds_a_result_for_each_machine_and_the_verdict(comparison: Path) -> None:
    assert {path.name for path in comparison.iterdir()} == COMMON | {"tradeoff.png", "energy.png", "comparison.json"} | {
        f"result-{name}.json" for name in FABRICS
    }
    record = json.loads((comparison / "comparison.json").read_text(encoding="utf-8"))
    assert record["verdict"].startswith("On tiny, ")
    assert record["metrics"]["systolic"]["cycles"] == Result.load(comparison / record["files"]["systolic"]).cycles


def test_every_plot_can_be_asked_for_in_both_formats(tmp_path: Path) -> None:
    results = tuple(sample_result(name) for name in FABRICS)
    write_comparison(tmp_path / "all", Report(results), {}, force=False, pictures=Pictures(PICTURES, ("png", "svg")))
    for name in FIGURES:
        assert (tmp_path / "all" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (tmp_path / "all" / f"{name}.svg").read_text(encoding="utf-8")


def test_no_plots_no_pictures(tmp_path: Path) -> None:
    write_run(tmp_path / "run", Report((sample_result("crossbar"),)), {}, force=False, pictures=Pictures(()))
    assert {path.name for path in (tmp_path / "run").iterdir()} == COMMON | {"result.json"}


def test_what_was_typed_says_what_is_drawn() -> None:
    assert tuple(FIGURES) == PICTURES
    assert asked_for(OF_ONE, None, ("png",), nothing=False) == OF_ONE == Pictures(("energy", "unit_cycles"), ("png",))
    assert asked_for(OF_SEVERAL, "area, energy,area", ("svg",), nothing=False) == Pictures(("area", "energy"), ("svg",))
    assert asked_for(OF_ONE, "all", ("png", "svg"), nothing=False) == Pictures(PICTURES, ("png", "svg"))
    assert asked_for(OF_ONE, None, ("png",), nothing=True).names == ()
    with pytest.raises(
        ConfigError, match="--plots areas: 'areas' is no plot; allowed: area, energy, unit_cycles, tradeoff, bandwidth, all"
    ):
        asked_for(OF_ONE, "areas", ("png",), nothing=False)
    with pytest.raises(ConfigError, match="--plots and --no-plots cannot be given together"):
        asked_for(OF_ONE, "area", ("png",), nothing=True)


def test_the_summary_has_one_row_a_run(comparison: Path) -> None:
    rows = list(csv.DictReader((comparison / "summary.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["machine"] for row in rows] == list(FABRICS)
    assert float(rows[0]["energy_pj"]) == sample_result("crossbar").energy_pj
    assert rows[4]["area_mm2.reply_network"] == ""


def test_the_table_defines_its_metrics(comparison: Path) -> None:
    text = (comparison / "table.txt").read_text(encoding="utf-8")
    assert all(f"{name}: components" in text for name in ("crossbar", "replication"))
    assert "utilization: useful MACs ÷ (multipliers × cycles)" in text
    assert "bank conflict: its oldest request lost" in text


def test_the_same_results_give_the_same_bytes(comparison: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    write_comparison(again, Report(tuple(sample_result(name) for name in FABRICS)), {"started": "later"}, force=False)
    differing = [path.name for path in comparison.iterdir() if path.read_bytes() != (again / path.name).read_bytes()]
    assert differing == ["run.json"]


def test_a_run_with_an_ideal_repeat_keeps_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr("simulator.report.plots.save_plots", lambda results, *_: drawn.extend(result.name for result in results))
    report = Report((sample_result("crossbar"),), (sample_result("crossbar", ideal="network", faster=1.3),))
    write_run(tmp_path / "run", report, {}, force=False)
    assert {path.name for path in (tmp_path / "run").iterdir()} == COMMON | {"result.json", "result-ideal-network.json"}
    assert drawn == ["crossbar", "crossbar (ideal network)"]


def test_an_existing_folder_is_kept(comparison: Path) -> None:
    before = (comparison / "comparison.json").read_bytes()
    with pytest.raises(OutputError, match="exists already and is not overwritten"):
        write_comparison(comparison, Report((sample_result("hybrid"),)), {}, force=False)
    assert (comparison / "comparison.json").read_bytes() == before


def test_force_replaces_a_report_and_nothing_else(tmp_path: Path) -> None:
    report, home = tmp_path / "report", tmp_path / "home"
    for folder, name in ((report, "run.json"), (home, "letter.txt")):
        folder.mkdir()
        (folder / name).write_text("old", encoding="utf-8")
    with new_folder(report, force=True) as draft:
        (draft / "run.json").write_text("new", encoding="utf-8")
    assert (report / "run.json").read_text(encoding="utf-8") == "new"
    with pytest.raises(OutputError, match="holds files that are no sparsim report"), new_folder(home, force=True):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "report"]


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupt: type[BaseException]) -> None:
    def fail(*_: object) -> None:
        raise interrupt

    monkeypatch.setattr(write, "_write_common", fail)
    with pytest.raises(interrupt):
        write_run(tmp_path / "run", Report((sample_result("crossbar"),)), {}, force=False)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be made"), new_folder(tmp_path / "file" / "report", force=False):
        pass
    with pytest.raises(OutputError, match="exists and is no folder"), new_folder(tmp_path / "file", force=True):
        pass


def test_a_file_is_kept_too(tmp_path: Path) -> None:
    new_file(tmp_path / "spy.png", b"one", force=False)
    with pytest.raises(OutputError, match="not overwritten"):
        new_file(tmp_path / "spy.png", b"two", force=False)
    new_file(tmp_path / "spy.png", b"two", force=True)
    assert (tmp_path / "spy.png").read_bytes() == b"two"
