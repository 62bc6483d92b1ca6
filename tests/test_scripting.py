"""What a script calls: runs, sweeps and break-evens of what it has in its hands equal those of files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from scipy import sparse

import sparsim as sim
from simulator.report.plots.looks import looks

RECORD: dict[str, Any] = {
    "name": "mine",
    "activation_buffer_kib": 64,
    "fabric": {"kind": "gather", "units": 4, "lanes": 4, "banks": 8, "bank_kib": 1, "weight_bank_kib": 1, "output_bank_kib": 1},
}
WORKLOAD = """
name: small
operations:
  - {name: only, kind: SpMM, shape: {m: 16, k: 16, n: 8}, weight: {pattern: uniform, density: 0.2}, activation: {pattern: dense}}
"""


@pytest.fixture
def mine() -> sim.Machine:
    return sim.load_machine(RECORD)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The file of a workload, in a working directory in which nothing else is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(WORKLOAD, encoding="utf-8")
    return "small.yaml"


def test_a_mapping_is_a_machine_as_its_file_is(mine: sim.Machine, small: str) -> None:
    Path("mine.yaml").write_text(mine.model_dump_json(exclude_unset=True), encoding="utf-8")
    assert sim.load_machine("mine.yaml") == mine
    assert sim.simulate(RECORD, small).to_dict() == sim.simulate("mine.yaml", sim.load_workload(small)).to_dict()
    with pytest.raises(sim.ConfigError, match=r'^machine mine: fabric\.kind: found "gathr"; .*nearest: gather$'):
        sim.load_machine({**RECORD, "fabric": {"kind": "gathr"}})
    with pytest.raises(sim.ConfigError, match="numbers, text, lists and mappings"):
        sim.load_machine({**RECORD, "fabric": object()})


def test_with_replaces_keys_and_leaves_the_machine_alone(mine: sim.Machine) -> None:
    other = mine.with_({"dram.share": 0.5}, units=8, name="other")
    assert (other.fabric.unit_count, other.dram.share, other.name) == (8, 0.5, "other")
    assert (mine.fabric.unit_count, mine.dram.share, mine.name) == (4, 1.0, "mine")
    assert other.with_({"dram.share": 1.0}, units=4, name="mine") == mine.with_({"dram.share": 1.0})
    for keys, message in (
        ({"unitz": 3}, "no key is called so; nearest: units"),
        ({"kind": "x"}, r"several keys are called so: dram\.kind, fabric\.kind"),
        ({"units": "a"}, r'fabric\.units: found "a"; allowed: an integer'),
        ({"units": 9, "replicas": 2}, "do not divide units = 9"),
        ({"units": object()}, "numbers, text, lists and mappings"),
    ):
        with pytest.raises(sim.ConfigError, match=message):
            mine.with_(**keys)


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr", "dia", "lil", "dok"])
def test_every_format_of_scipy_gives_the_same_workload_as_its_array(form: str) -> None:
    dense = sparse.random(12, 9, 0.3, random_state=1).toarray()
    (one,), (other,) = (sim.Workload.from_scipy(each, tokens=4).operations for each in (sparse.csr_array(dense).asformat(form), dense))
    assert one.content == other.content
    assert (one.kind, one.shape) == ("SpMM", (12, 9, 4))
    assert np.array_equal(one.weight.to_dense(), dense)


def test_a_matrix_of_a_script_runs_as_its_file_does(mine: sim.Machine, small: str) -> None:
    matrix = sparse.random(16, 16, 0.2, random_state=2, format="csr")
    sparse.save_npz("w.npz", matrix)
    text = "name: m\noperations:\n  - {name: m, kind: SpMM, shape: {n: 8}, weight: {file: w.npz}, activation: {pattern: dense}}\n"
    Path("m.yaml").write_text(text, encoding="utf-8")
    assert sim.Workload.from_scipy(matrix, tokens=8, name="m").hashes == sim.load_workload("m.yaml").hashes
    assert sim.simulate(mine, sim.Workload.from_scipy(matrix, tokens=8)).cycles == sim.simulate(mine, "m.yaml").cycles


def test_entries_that_stand_twice_are_summed_and_what_is_zero_is_none() -> None:
    twice = sparse.coo_array(([1.0, 2.0, 3.0, -3.0], ([0, 0, 1, 1], [1, 1, 0, 0])), shape=(2, 3))
    (operation,) = sim.Workload.from_scipy(twice, tokens=1).operations
    assert operation.kind == "SpMV"
    assert operation.weight.to_dense().tolist() == [[0, 3, 0], [0, 0, 0]]
    patterns = sim.Workload.from_scipy({"a": twice != 0, "b": np.ones((2, 3), bool)}, activation=np.eye(3)).operations
    assert [(each.name, each.kind, each.weight.nnz, each.weight.data) for each in patterns] == [
        ("a", "SpMSpM", 1, None), ("b", "SpMSpM", 6, None),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float8_e4m3fn"])
def test_narrow_numbers_are_those_of_a_wider_type(name: str) -> None:
    values = np.array([[1.5, 0, -2], [0, 0.25, -0.75]])
    (operation,) = sim.Workload.from_scipy(values.astype(getattr(ml_dtypes, name, name))).operations
    assert np.array_equal(operation.weight.to_dense(), values)


def test_what_is_no_machine_and_no_workload_is_called_by_its_type(mine: sim.Machine) -> None:
    matrix: Any = sparse.eye(4)
    with pytest.raises(sim.ConfigError, match=r"found dia_matrix as a workload; allowed: a Workload \(from_scipy makes one of a matrix\)"):
        sim.simulate(mine, matrix)
    with pytest.raises(sim.ConfigError, match="found dia_matrix as a machine; allowed: a Machine, a name"):
        sim.simulate(matrix, "spmm-1024")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: sim.load_machine(3), "found int as a file; allowed: its path, or a name in configs/machines"),  # type: ignore[arg-type]
        (lambda: sim.load_workload(None), "found NoneType as a file; allowed: its path, or a name in workloads"),  # type: ignore[arg-type]
        (lambda: sim.load_machine({**RECORD, "name": object()}), "a machine is numbers, text, lists and mappings: found object"),
        (lambda: sim.load_machine("crossbar").with_(3), "found int; allowed: a mapping of key paths"),  # type: ignore[arg-type]
        (lambda: sim.simulate("crossbar", "small.yaml", ideal="netwrok"), "ideal: found 'netwrok'; allowed: none, .*; nearest: network"),  # type: ignore[arg-type]
        (lambda: sim.simulate("crossbar", "small.yaml", engine="fast"), "engine: found 'fast'; allowed: compiled, reference"),  # type: ignore[arg-type]
        (lambda: sim.compare(["crossbar"], "small.yaml", jobs=0), "jobs: found 0; allowed: an integer of at least 1"),
        (lambda: sim.sweep(3), "found int as a sweep"),  # type: ignore[arg-type]
        (lambda: sim.sweep({"machine": "crossbar", "workload": sim.load_workload("small.yaml")}), "workload: found a Workload; allowed"),
        (
            lambda: sim.sweep({"machine": "crossbar", "workload": "small.yaml", "axes": {"dram.share": [1]}}, workers=-1),
            "workers: found -1; allowed: an integer of at least 0",
        ),
        (lambda: _crossing(workers=-1), "workers: found -1"),
        (lambda: _crossing(between_values=(0, 1)), "between_values=0, 1: allowed: LOW below HIGH, both above 0"),
        (lambda: _crossing(between_values=(0.1, 2)), "found 2; allowed: densities from 0 to 1"),
        (lambda: _crossing(between_values=(0.1,)), "found .0.1,.; allowed: two numbers"),
        (lambda: _crossing(between=("crossbar",)), "allowed: two machines, as"),
        (lambda: _crossing(workload=sim.load_workload("small.yaml")), "found Workload as a workload"),
        (lambda: _crossing(metrics=[]), "metrics: found none"),
        (lambda: _crossing(points=1), "points: found 1; allowed: an integer from 2 to 1000"),
        (lambda: _crossing(tolerance=0), "tolerance: found 0; allowed: a number from 1e-06 to 1"),
        (lambda: _crossing(prune="block"), "prune: found 'block'; allowed: magnitude, row"),
        (lambda: sim.equalise([], "area", "small.yaml"), "nothing to size"),
        (lambda: sim.equalise(["crossbar"], "volume", "small.yaml"), "quantity: found 'volume'; allowed: area"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_is_said_in_words(small: str, ask: Callable[[], object], message: str) -> None:
    with pytest.raises(sim.ConfigError, match=message):
        ask()


def _crossing(between: Any = ("crossbar", "systolic"), workload: Any = "small.yaml", **more: Any) -> object:
    return sim.breakeven("workload.density", between, workload, **more)


def test_numbers_of_numpy_are_numbers(mine: sim.Machine) -> None:
    fabric = {**RECORD["fabric"], "units": np.int64(8)}
    assert sim.load_machine({**RECORD, "fabric": fabric}) == mine.with_(units=np.int32(8)) == sim.load_machine(RECORD, "fabric.units=8")
    (operation,) = sim.Workload.from_scipy(np.eye(4), tokens=np.int64(3)).operations  # type: ignore[arg-type]
    assert (operation.shape, type(operation.shape[2])) == ((4, 4, 3), int)


def test_machines_are_sized_by_name_too(small: str) -> None:
    (sized,) = sim.equalise(["crossbar"], "area", small, to="3mm2")
    assert sized.achieved == sim.equalise([sim.load_machine("crossbar")], "area", sim.load_workload(small), to="3mm2")[0].achieved <= 3


@pytest.mark.parametrize(
    ("weights", "more", "message"),
    [
        (np.ones(3), {}, r"m: W\[M, K\]: found ndarray of shape \(3,\)"),
        (np.ones((2, 2), complex), {}, "real numbers"),
        (np.array([[np.nan]]), {}, "NaN or infinite"),
        (np.ones((2, 2)), {"activation": np.ones((3, 1))}, "W has 2 columns, but X has 3 rows"),
        (np.ones((2, 2)), {"tokens": 0}, "tokens = 0"),
        (np.ones((2, 2)), {"tokens": 1.5}, "tokens = 1.5; allowed: an integer of at least 1"),
        (
            np.ma.masked_array(np.ones((2, 2)), np.eye(2) > 0),
            {},
            r"found a masked array; allowed: one without a mask, as matrix.filled\(0\)",
        ),
        ({3: np.ones((2, 2))}, {}, "found 3 as a name; allowed: text"),
        ({}, {}, "no matrix"),
        ("m.npz", {}, "found ndarray"),
    ],
)
def test_what_is_no_matrix_is_refused_by_name(weights: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(sim.OperandError, match=message):
        sim.Workload.from_scipy(weights, name="m", **more)


def test_a_sweep_of_machines_in_hand_is_that_of_runs(mine: sim.Machine, small: str) -> None:
    wide = mine.with_(units=8, name="wide")
    study = sim.sweep({"workload": small, "axes": {"machine": [mine, wide], "fabric.window": [2, 8]}})
    assert [row.assignments["machine"] for row in study.rows] == ["mine.yaml", "mine.yaml", "wide.yaml", "wide.yaml"]
    expected = [sim.simulate(machine.with_(window=window), small).cycles for machine in (mine, wide) for window in (2, 8)]
    assert study.to_frame()["cycles"].tolist() == expected
    assert [path.name for path in Path().iterdir()] == ["small.yaml"]
    with pytest.raises(sim.ConfigError, match="two machines are called 'mine'"):
        sim.sweep({"workload": small, "axes": {"machine": [mine, mine.with_(units=8)]}})


def test_a_store_that_is_named_is_kept(mine: sim.Machine, small: str) -> None:
    spec = {"machine": mine, "workload": small, "axes": {"fabric.window": [2, 8]}}
    assert [sim.sweep(spec, store="kept.sqlite", settings=["ideal=dram"]).computed for _ in range(2)] == [2, 0]
    Path("s.yaml").write_text("name: s\nmachine: crossbar\nworkload: small.yaml\naxes: {fabric.window: [4]}\n", encoding="utf-8")
    assert sim.sweep("s.yaml").rows[0].assignments == {"fabric.window": 4}


def test_a_break_even_of_machines_in_hand(mine: sim.Machine, small: str) -> None:
    axis, wide = "workload.density", mine.with_(units=8, name="wide")
    answer = sim.breakeven(axis, (mine, wide), small, metrics=["cycles"], between_values=(0.1, 1), points=2, tolerance=0.5)
    assert (answer.names, answer.workload) == (("mine", "wide"), "small")
    table = answer.to_frame()
    assert table.index.names == ["metric", axis]
    assert (table["mine"] > table["wide"]).all()
    with pytest.raises(sim.ConfigError, match="needs between_values"):
        sim.breakeven("fabric.window", (mine, wide), small)


def test_a_mistake_of_a_machine_in_hand_names_the_machine_and_no_file_of_ours(mine: sim.Machine, small: str) -> None:
    rows = sim.sweep({"machine": mine, "workload": small, "axes": {"fabric.units": [4]}, "set": {"fabric.banks": 7}}, store="kept").rows
    assert rows[0].reason.startswith("mine: mapping.placement = hashed folds the index by XOR")
    ends = {"between_values": (1, 2), "points": 2, "store": "kept"}
    answer = sim.breakeven("fabric.rows", (mine, "systolic"), small, metrics=["cycles"], **ends)  # type: ignore[arg-type]
    assert {"mine.yaml, rows 1", "mine.yaml, rows 2"} <= set(answer.failures)
    assert "sparsim-machines-" not in str(answer) + str(rows)
    assert b"sparsim-machines-" not in Path("kept").read_bytes()


def test_where_pandas_is_missing_what_to_install_is_said(mine: sim.Machine, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = sim.simulate(mine, small)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        result.to_frame()


def test_what_is_drawn_draws_itself_in_a_notebook(mine: sim.Machine, small: str) -> None:
    study = sim.sweep({"machine": mine, "workload": small, "axes": {"fabric.window": [2, 8]}})
    figure = study.plot()
    assert figure is not None
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


def test_a_study_is_answered_in_words(small: str) -> None:
    text = """
name: windows
question: Does a longer window help?
claim: It does.
sweeps: {windows: {workload: small.yaml, axes: {machine: [crossbar, hybrid], fabric.window: [1, 16]}}}
columns: {cycles: {of: cycles, unit: cycles, label: time}}
figures: {gain: {kind: ratio, of: cycles, at: {machine: crossbar, fabric.window: 1}, over: {at: {machine: crossbar, fabric.window: 16}}}}
verdict: [{say: "It gains {gain:x}."}]
rests_on: {gain: one against sixteen}
overturned_by: nothing
picture: {title: time, x: fabric.window, lines: [machine], panels: [cycles]}
cut: {sweeps.windows.axes: "{fabric.window: [1, 16]}"}
"""
    Path("windows.yaml").write_text(text, encoding="utf-8")
    done = sim.answer("windows.yaml")
    one, many = (sim.simulate(sim.load_machine("crossbar").with_(window=window), small).cycles for window in (1, 16))
    assert done.to_frame()["cycles"].tolist()[:2] == [one, many]
    assert str(done).startswith(f"It gains {one / many:.2f}×")
    assert "one against sixteen" in done.answer.overturned_by[0]
    drawn = {line.get_label(): line.get_color() for line in done.plot().axes[0].lines}
    assert drawn == {name: look.colour for name, look in looks(["crossbar", "hybrid"]).items()}
