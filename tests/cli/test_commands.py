"""The verbs, typed as a user types them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import simulator
from simulator.cost.constants import DramConstants
from simulator.cost.technology import CONSTANTS, load_technology
from simulator.report.constants import constant_words

REQUIRED = """cycles seconds area_mm2 energy_pj power_w power_density_w_per_mm2 utilization useful_macs bounds unit_cycles
area_mm2_by_component energy_pj_by_component bandwidth_gb_per_s operations""".split()  # noqa: SIM905 (a list of names reads better so)
Type = Callable[..., Any]


def test_run_shows_a_table_and_writes_a_whole_folder(place: Path, sparsim: Type) -> None:
    outcome = sparsim("run", "crossbar.yaml", "-w", "tiny.yaml")
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("On tiny, crossbar takes ")
    assert "results in reports/crossbar-tiny/\nall figures: --full; " in outcome.out
    folder = place / "reports" / "crossbar-tiny"
    assert "utilization: useful MACs ÷ (multipliers × cycles)" in (folder / "table.txt").read_text(encoding="utf-8")
    assert {"result.json", "summary.csv", "table.txt", "run.json", "energy.png", "unit_cycles.png"} <= {p.name for p in folder.iterdir()}
    assert simulator.Result.load(folder / "result.json").workload.name == "tiny"
    assert [path.name for path in (place / "reports").iterdir()] == ["crossbar-tiny"]


def test_json_is_one_object_with_the_promised_keys_and_no_folder(place: Path, sparsim: Type) -> None:
    outcome = sparsim("run", "systolic.yaml", "-w", "tiny.yaml", "--json")
    record = json.loads(outcome.out)
    assert outcome.out.count("\n") == 1
    assert [key for key in REQUIRED if key not in record] == []
    assert [operation["name"] for operation in record["operations"]] == ["first", "second"]
    assert all("compute_cycles" in operation and "energy_pj" in operation for operation in record["operations"])
    assert sum(record["unit_cycles"].values()) == record["units"] * record["cycles"]
    assert not (place / "reports").exists()


def test_operations_share_the_time_and_the_energy_of_the_run(place: Path, sparsim: Type) -> None:
    record = json.loads(sparsim("run", "crossbar.yaml", "-w", "tiny.yaml", "--json").out)
    assert sum(operation["cycles"] for operation in record["operations"]) == record["cycles"]
    assert sum(operation["energy_pj"] for operation in record["operations"]) == pytest.approx(record["energy_pj"])


def test_set_reaches_the_machine(place: Path, sparsim: Type) -> None:
    outcome = sparsim("run", "crossbar.yaml", "-w", "tiny.yaml", "--json", "--set", "fabric.window=4", "--set", "clock_ghz=2")
    record = json.loads(outcome.out)
    assert record["machine"]["fabric"]["window"] == 4
    assert record["seconds"] == pytest.approx(record["cycles"] / 2e9)


def test_set_reaches_the_workload(place: Path, sparsim: Type) -> None:
    run = ("run", "crossbar.yaml", "-w", "tiny.yaml", "--json")
    apart, fused = (json.loads(sparsim(*run, *more).out) for more in ((), ("--set", "workload.fuse=[first, second]")))
    assert [operation["details"]["y_home"] for operation in apart["operations"]] == ["buffer", "buffer"]
    assert [operation["details"]["y_home"] for operation in fused["operations"]] == ["chip", "buffer"]
    wrong = sparsim(*run, "--set", "workload.fuse=[first, sekond]")
    assert (wrong.code, "found sekond, which is no operation" in wrong.err, "nearest: second" in wrong.err) == (2, True, True)


@pytest.mark.usefixtures("no_plots")
def test_an_ideal_repeat_says_what_the_part_costs(place: Path, sparsim: Type) -> None:
    outcome = sparsim("run", "crossbar.yaml", "-w", "tiny.yaml", "--ideal", "both", "-o", "out")
    assert outcome.code == 0, outcome.err
    assert "crossbar: the network and the DRAM cost " in outcome.out
    rows = list(csv.DictReader((place / "out" / "summary.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["ideal"] for row in rows] == ["none", "both"]
    assert int(rows[1]["cycles"]) <= int(rows[0]["cycles"])


@pytest.mark.usefixtures("no_plots")
def test_compare_in_two_processes_equals_compare_in_one(place: Path, sparsim: Type) -> None:
    files = ("crossbar.yaml", "replication.yaml", "systolic.yaml")
    for jobs in ("1", "2"):
        outcome = sparsim("compare", *files, "-w", "tiny.yaml", "--jobs", jobs, "-o", f"jobs{jobs}")
        assert outcome.code == 0, outcome.err
        assert "Against replication, crossbar pays " in outcome.out
    one, two = place / "jobs1", place / "jobs2"
    assert {path.name for path in one.iterdir()} == {path.name for path in two.iterdir()}
    assert [path.name for path in one.iterdir() if path.read_bytes() != (two / path.name).read_bytes()] == ["run.json"]


@pytest.mark.usefixtures("no_plots")
def test_compare_does_not_overwrite_unless_told(place: Path, sparsim: Type) -> None:
    command = ("compare", "crossbar.yaml", "replication.yaml", "-w", "tiny.yaml", "--jobs", "1", "-o", "out")
    assert sparsim(*command).code == 0
    before = {path.name: path.read_bytes() for path in (place / "out").iterdir()}
    refused = sparsim(*command, "--ideal", "dram")
    assert refused.code == 2
    assert "out: exists already and is not overwritten" in refused.err
    assert before == {path.name: path.read_bytes() for path in (place / "out").iterdir()}
    assert sparsim(*command, "--ideal", "dram", "--force").code == 0
    assert (place / "out" / "result-crossbar-ideal-dram.json").is_file()


@pytest.mark.usefixtures("no_plots")
def test_a_run_without_a_named_folder_is_never_refused_one(place: Path, sparsim: Type) -> None:
    command = ("run", "crossbar.yaml", "-w", "tiny.yaml")
    for more in ([], [], ["--set", "fabric.window=4", "--ideal", "dram"], ["--force"], ["--set", "workload.fuse=[first, second]"]):
        assert sparsim(*command, *more).code == 0
    assert sparsim(*command, "--set", "fabric.units=5", "--set", "fabric.replicas=2").code == 2
    assert sorted(path.name for path in (place / "reports").iterdir()) == [
        "crossbar-tiny", "crossbar-tiny-2", "crossbar-tiny-fuse=first_second", "crossbar-tiny-window=4-ideal-dram",
    ]  # fmt: skip


def test_force_replaces_no_folder_of_someone_else(place: Path, sparsim: Type) -> None:
    kept = place / "reports" / "crossbar-tiny" / "mine.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine", encoding="utf-8")
    outcome = sparsim("run", "crossbar.yaml", "-w", "tiny.yaml", "--no-plots", "--force")
    assert "results in reports/crossbar-tiny-2/" in outcome.out
    assert kept.read_text(encoding="utf-8") == "mine"


def test_compare_prints_one_json_object(place: Path, sparsim: Type) -> None:
    outcome = sparsim("compare", "crossbar.yaml", "systolic.yaml", "-w", "tiny.yaml", "--jobs", "1", "--json")
    record = json.loads(outcome.out)
    assert [result["name"] for result in record["results"]] == ["crossbar", "systolic"]
    assert record["verdict"].startswith("On tiny, ")


def test_machines_of_one_name_cannot_be_told_apart(place: Path, sparsim: Type) -> None:
    outcome = sparsim("compare", "crossbar.yaml", "crossbar.yaml", "-w", "tiny.yaml")
    assert (outcome.code, outcome.out) == (2, "")
    assert "two machines are called 'crossbar'" in outcome.err


def test_machines_whose_names_differ_by_case_alone_would_share_a_file_on_some_systems(place: Path, sparsim: Type) -> None:
    text = (place / "crossbar.yaml").read_text(encoding="utf-8")
    (place / "other.yaml").write_text(text.replace("name: crossbar", "name: Crossbar"), encoding="utf-8")
    outcome = sparsim("compare", "crossbar.yaml", "other.yaml", "-w", "tiny.yaml")
    assert (outcome.code, outcome.out) == (2, "")
    assert "two machines are called 'crossbar' and 'Crossbar'" in outcome.err


def test_the_same_from_python(place: Path) -> None:
    workload = simulator.load_workload("tiny.yaml")
    both = simulator.compare([simulator.load_machine(f"{name}.yaml") for name in ("crossbar", "replication")], workload)
    result = simulator.simulate(simulator.load_machine("crossbar.yaml"), workload)
    assert result == both.results[0]
    assert both.verdict.startswith("On tiny, ")
    assert list(both.to_frame()["cycles"]) == [entry.cycles for entry in both.results]
    assert result.__rich__() is not None
    assert len(both.plot().axes) == 3


def test_explain_one_and_all(sparsim: Type) -> None:
    assert sparsim("explain", "bank_conflict").out.startswith("bank_conflict – bank conflict [unit-cycles]: its oldest request lost")
    everything = sparsim("explain", "--full").out
    names = sparsim("explain").out.splitlines()
    assert names[0].startswith("Metrics (")
    assert len(names) <= 15
    assert "power_density_w_per_mm2 – power density [W/mm²]" in everything
    misspelt = sparsim("explain", "bank_conflit")
    assert (misspelt.code, misspelt.out) == (2, "")
    assert "did you mean bank_conflict?" in misspelt.err


def test_explain_tells_the_constants_that_bands_and_break_evens_name(sparsim: Type) -> None:
    technology = load_technology("7nm")
    for name in (*CONSTANTS, *(f"dram.hbm2e.{field}" for field in DramConstants.model_fields)):
        found = technology.constant(name)
        unit, said = constant_words(name) or ("", "")
        assert unit == found.unit
        assert f": {found.value:g} at 7nm" in said
        assert found.source in said
    out = sparsim("explain", "control_area_fraction").out
    assert out.startswith(
        "control_area_fraction – constant of the cost models [1]: cells of control over cells of the logic that is listed: "
    )
    assert "laid out whole" in sparsim("explain", "crossbar_in_one_slice").out
    assert sparsim("explain", "dram.hbm2e.nothing").code == 2


def test_inspect_tells_a_workload_from_a_machine(place: Path, sparsim: Type) -> None:
    workload = sparsim("inspect", "tiny.yaml", "-o", "spy.png")
    assert "2 operations" in workload.out
    assert (place / "spy.png").read_bytes().startswith(b"\x89PNG")
    machine = json.loads(sparsim("inspect", "crossbar.yaml", "--json").out)
    assert machine["derived"]["multipliers"] == 16
    assert "activation banks" in sparsim("inspect", "systolic.yaml", "--full").out
    short = sparsim("inspect", "systolic.yaml").out
    assert "operand and output memories" in short
    assert len(short.splitlines()) <= 18


def test_inspect_shows_the_paths_that_bound_the_clock(place: Path, sparsim: Type) -> None:
    shown = sparsim("inspect", "crossbar.yaml", "--set", "fabric.accumulate_latency=7", "--full")
    assert "paths that bound the clock" in shown.out
    assert "fabric.network.allocation" in shown.out
    paths = json.loads(sparsim("inspect", "crossbar.yaml", "--json", "--set", "fabric.accumulate_latency=7").out)["paths"]
    found = {path["sets"]: path for path in paths}
    assert (found["fabric.accumulate_latency"]["cycles"], found["fabric.accumulate_latency"]["asked"]) == (7, 1)
    assert found["fabric.multiply_latency"]["fo4"] == 36.0
    array = json.loads(sparsim("inspect", "systolic.yaml", "--json").out)["paths"]
    assert [path["sets"] for path in array] == ["fabric.read_latency", "fabric.multiply_latency", ""]
    refused = sparsim("inspect", "systolic.yaml", "--set", "clock_ghz=2.0")
    assert refused.code == 2
    assert "fp32 addition in a cell takes 0.48 ns" in " ".join(refused.err.split())


def test_inspect_draws_the_networks_of_a_machine(place: Path, sparsim: Type) -> None:
    outcome = sparsim("inspect", "crossbar.yaml", "-o", "networks", "--set", "fabric.network.topology=butterfly")
    assert outcome.code == 0
    assert {path.name for path in (place / "networks").iterdir()} == {
        "run.json", "floorplan.png", "request_network.png", "reply_network.png",
    }  # fmt: skip
    assert sparsim("inspect", "crossbar.yaml", "-o", "networks").code == 2, "not overwritten"
    assert sparsim("inspect", "crossbar.yaml", "-o", "networks", "--force", "--format", "svg").code == 0
    assert {path.name for path in (place / "networks").glob("*.*g")} == {"floorplan.svg", "request_network.svg", "reply_network.svg"}


def test_inspect_statistics(place: Path, sparsim: Type) -> None:
    record = json.loads(sparsim("inspect", "tiny.yaml", "--json").out)
    first = record["operations"][0]
    assert first["shape"] == {"m": 24, "k": 32, "n": 16}
    assert first["weight"]["nnz"] == round(0.2 * 24 * 32)
    assert first["useful_macs"] == first["weight"]["nnz"] * 16


def test_inspect_draws_spy_and_degrees_and_writes_the_control(place: Path, sparsim: Type) -> None:
    outcome = sparsim("inspect", "tiny.yaml", "-o", "pictures", "--uniform-twin", "twin.yaml", "--json")
    record = json.loads(outcome.out)
    names = {"spy.png", "degrees.png", "workload.json", "run.json"}
    assert {path.name for path in (place / "pictures").iterdir()} == names
    twin = json.loads(sparsim("inspect", "twin.yaml", "--json").out)
    for real, control in zip(record["operations"], twin["operations"], strict=True):
        assert (real["shape"], real["weight"]["nnz"]) == (control["shape"], control["weight"]["nnz"])
        assert real["activation"]["nnz"] == control["activation"]["nnz"]
        assert real["depends_on"] == control["depends_on"]
        assert real["uniform_twin"] == control["banks"] | {
            key: control["weight"][key] for key in real["uniform_twin"] if key in control["weight"]
        }
    refused = sparsim("inspect", "tiny.yaml", "--uniform-twin", "twin.yaml")
    assert (refused.code, "not overwritten" in refused.err) == (2, True)
    assert sparsim("inspect", "crossbar.yaml", "--uniform-twin", "new.yaml").code == 2
    before = Path("tiny.yaml").read_bytes()
    itself = sparsim("inspect", "tiny.yaml", "--uniform-twin", "tiny.yaml", "--force")
    assert "is read by this command, and not replaced; choose another one with --uniform-twin" in itself.err
    assert Path("tiny.yaml").read_bytes() == before


@pytest.mark.usefixtures("no_plots")
def test_import_prune_and_run(place: Path, sparsim: Type) -> None:
    np.save(place / "w.npy", np.random.default_rng(0).normal(size=(16, 32)))
    (place / "net.csv").write_text("Layer, M, N, K,\nQKT, 8, 16, 32, 2:4,\n")
    outcome = sparsim("import", "w.npy", "-o", "trace", "--prune", "row", "--density", "0.25", "-n", "8")
    assert outcome.out == "1 operation with 128 nonzero weights in trace/workload.yaml\n"
    assert sparsim("run", "crossbar.yaml", "-w", "trace/workload.yaml", "-o", "out").code == 0
    both = json.loads(sparsim("import", "w.npy", "net.csv", "-o", "two", "--json").out)
    assert (both["operations"], both["weight_nonzeros"]) == (2, 16 * 32 + 16 * 16)
    again = sparsim("import", "w.npy", "-o", "trace")
    assert (again.code, "not overwritten" in again.err) == (2, True)


def test_import_says_what_it_leaves_out_of_a_checkpoint(place: Path, sparsim: Type) -> None:
    save_file({"conv": np.ones((8, 2, 3, 3), dtype="f4"), "fc": np.ones((4, 5), dtype="f4")}, place / "m.safetensors")
    outcome = sparsim("import", "m.safetensors", "-o", "linear")
    assert outcome.out == "1 operation with 20 nonzero weights in linear/workload.yaml\n"
    assert outcome.err == "left out: conv (8 × 2 × 3 × 3, as 8 × 18): it has more than 2 dimensions; --tensor takes it\n"
    assert json.loads(sparsim("import", "m.safetensors", "-o", "told", "--json").out)["left_out"] == ["conv (8 × 2 × 3 × 3, as 8 × 18)"]
    outcome = sparsim("import", "m.safetensors", "-o", "both", "-t", "fc", "-t", "conv")
    assert (outcome.out, outcome.err) == ("2 operations with 164 nonzero weights in both/workload.yaml\n", "")


def test_a_terminal_shows_names_of_tensors_and_does_not_obey_them(place: Path, sparsim: Type) -> None:
    save_file({"a\x1b[2Jb\n": np.zeros((2, 2)), "fc": np.ones((4, 5))}, place / "m.safetensors")
    assert sparsim("import", "m.safetensors", "-o", "some").err == "left out: a\\x1b[2Jb\\n: no nonzero\n"
    assert "a\\x1b[2Jb" in sparsim("import", "m.safetensors", "-o", "none", "-t", "a*").err


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--prune", "row"), "--prune row needs --density"),
        (("--tensor", "w"), "--tensor w: means nothing without a checkpoint among the sources"),
        (("--density", "0.5"), "--density means nothing beside --prune none"),
        (("--prune", "n_m", "--n-m", "4:2"), "found 4:2; allowed: N:M with N from 1 to M"),
        (("--prune", "magnitude", "--density", "0"), "w: no nonzero is left"),
        (("--prune", "block", "--block", "7", "--density", "0"), "w: no nonzero is left"),
    ],
)
def test_import_says_what_is_wrong_and_writes_nothing(place: Path, sparsim: Type, options: tuple[str, ...], reason: str) -> None:
    np.save(place / "w.npy", np.ones((16, 32)))
    outcome = sparsim("import", "w.npy", "-o", "trace", *options)
    assert (outcome.code, reason in outcome.err, "Traceback" in outcome.err) == (2, True, False)
    assert not (place / "trace").exists()


def test_schema_lists_the_keys(sparsim: Type) -> None:
    assert {"name", "fabric", "dram"} <= set(json.loads(sparsim("schema", "machine").out)["properties"])
    assert "operations" in json.loads(sparsim("schema", "workload").out)["properties"]
    assert "figures" in json.loads(sparsim("schema", "figures").out)["properties"]
    assert "parts" in json.loads(sparsim("schema", "rebuild").out)["properties"]


@pytest.mark.parametrize("verb", ["run", "compare", "inspect", "import", "explain", "schema", "validate"])
def test_help_gives_an_example(sparsim: Type, verb: str) -> None:
    outcome = sparsim(verb, "--help")
    assert outcome.code == 0
    assert "Example: sparsim " + verb in outcome.out


def test_version(sparsim: Type) -> None:
    assert sparsim("--version").out == f"sparsim {simulator.__version__}\n"


def test_three_areas_and_power_by_kind_are_in_table_and_json(place: Path, sparsim: Type, no_plots: None) -> None:
    outcome = sparsim("compare", "crossbar.yaml", "systolic.yaml", "-w", "tiny.yaml", "-o", "both", "-j", "1", "--full")
    assert outcome.code == 0, outcome.err
    for row in ("cell area", "placed area", "die area", "dynamic power", "clock power", "leakage power", "peak power density"):
        assert f"{row}" in outcome.out
    record = json.loads((place / "both" / "result-crossbar.json").read_text(encoding="utf-8"))
    assert record["cell_area_mm2"] < record["placed_area_mm2"] < record["area_mm2"]
    assert record["dynamic_power_w"] + record["clock_power_w"] + record["leakage_power_w"] == pytest.approx(record["power_w"])
    assert set(record["power_w_by_component"]["mac_lanes"]) == {"dynamic_w", "clock_w", "leakage_w", "total_w"}
    assert record["power_density_limit_w_per_mm2"] == 1.0


def test_the_components_of_a_run_are_shown_with_what_is_hot(place: Path, sparsim: Type, no_plots: None) -> None:
    cool = sparsim("run", "crossbar.yaml", "-w", "tiny.yaml", "-o", "cool", "--set", "power_density_limit_w_per_mm2=10", "--full")
    heading = next(line for line in cool.out.splitlines() if line.lstrip().startswith("cells"))
    assert heading.split() == ["cells", "placed", "die", "dynamic", "clock", "leakage", "total"]
    assert "hotter than" not in cool.out.lower()
    hot = sparsim("run", "crossbar.yaml", "-w", "tiny.yaml", "-o", "hot", "--set", "power_density_limit_w_per_mm2=0.001")
    assert "Hotter than the limit of 0.001 W/mm²: crossbar in the whole die" in " ".join(hot.out.split())
    record = json.loads((place / "hot" / "result.json").read_text(encoding="utf-8"))
    assert record["is_hot"]
    densities = list(record["hot_components"].values())
    assert densities == sorted(densities, reverse=True)
    assert densities[0] == record["peak_power_density_w_per_mm2"] > 0.001


def test_cacti_where_it_cannot_be_is_one_line(place: Path, sparsim: Type) -> None:
    shipped = Path(simulator.__file__).parents[1] / "configs" / "technologies" / "7nm.yaml"
    (place / "mine.yaml").write_text(
        shipped.read_text(encoding="utf-8").replace("name: 7nm", "name: mine\nsram_model: cacti", 1), encoding="utf-8"
    )
    outcome = sparsim("run", "crossbar.yaml", "-w", "tiny.yaml", "--set", "technology=mine.yaml")
    assert outcome.code == 2
    assert "technology: sram_model: cacti knows 22 to 90 nm, not 7 nm" in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_trace_of_a_model_is_a_workload_that_runs(place: Path, sparsim: Type) -> None:
    assert "ws-4x-train" in sparsim("trace").out
    outcome = sparsim("trace", "moe", "--tokens", "8", "-o", "moe.yaml")
    assert outcome.code == 0, outcome.err
    assert sparsim("trace", "moe", "-o", "moe.yaml").code == 2
    assert sparsim("inspect", "moe.yaml").code == 0
    misspelt = sparsim("trace", "ws-5x")
    assert misspelt.code == 2
    assert "allowed: flagship, ws-1x" in misspelt.err
