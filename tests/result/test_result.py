"""A result: its metrics, its file, its share of time for each operation."""

import dataclasses
import json
import math
from pathlib import Path

import pytest
from msgspec.structs import replace
from sample_results import FABRICS, sample_result

from simulator.activity import operation_shares
from simulator.errors import OutputError
from simulator.result import Result

LISTED = """cycles seconds area_mm2 energy_pj power_w power_density_w_per_mm2 utilization useful_macs bounds unit_cycles
area_mm2_by_component energy_pj_by_component bandwidth_gb_per_s""".split()  # noqa: SIM905 (a list of names reads better so)


@pytest.mark.parametrize("name", FABRICS)
@pytest.mark.parametrize("ideal", ["none", "both"])
def test_it_comes_back_from_its_file(tmp_path: Path, name: str, ideal: str) -> None:
    result = sample_result(name, ideal=ideal)
    result.to_json(tmp_path / "result.json")
    again = Result.load(tmp_path / "result.json")
    assert again == result
    assert again.to_dict() == result.to_dict()


def test_the_same_result_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        sample_result().to_json(tmp_path / name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize("name", FABRICS)
def test_a_run_and_each_of_its_operations_have_the_listed_keys(name: str) -> None:
    record = sample_result(name).to_dict()
    assert [key for key in LISTED if key not in record] == []
    for operation in record["operations"]:
        assert [key for key in (*LISTED, "compute_cycles") if key not in operation] == []
    json.dumps(record, allow_nan=False)


def test_metrics_by_hand() -> None:
    result = sample_result("crossbar")
    # 2.4 M useful MACs on 64 × 16 multipliers in 9,800 cycles of 1 ns
    assert result.utilization == pytest.approx(2_400_000 / (1024 * 9800))
    assert result.seconds == pytest.approx(9.8e-6)
    assert result.effective_tops == pytest.approx(2 * 2.4e6 / 9.8e-6 / 1e12)
    assert result.dense_equivalent_tops == pytest.approx(2 * 2 * 256**3 / 9.8e-6 / 1e12)
    assert result.power_w == pytest.approx(result.energy_pj * 1e-12 / 9.8e-6)
    assert result.edp_js == pytest.approx(result.energy_pj * 1e-12 * 9.8e-6)
    assert result.tops_per_w == pytest.approx(2 * 2.4e6 / (result.energy_pj * 1e-12) / 1e12)
    assert result.bound_cycles == 5000


def test_bandwidth_by_hand() -> None:
    levels = sample_result("crossbar").bandwidth_gb_per_s
    # 2 × 45,056 bytes in 9.8 µs; 64 banks × 32 bytes a cycle at 1 GHz; 240,000 words of 32 bytes through the network
    assert levels["dram"].used == pytest.approx(2 * 45056 / 9.8e-6 / 1e9)
    assert levels["banks"].available == 2048
    assert levels["network"].used == pytest.approx(240_000 * 32 / 9.8e-6 / 1e9)
    assert levels["network"].available == 2048
    assert "network" not in sample_result("replication").bandwidth_gb_per_s
    # 32 banks of X and 32 of W, each with a word of four elements of 2 bytes a cycle
    assert sample_result("systolic").bandwidth_gb_per_s["banks"].available == 512


def test_an_ideal_part_has_no_limit() -> None:
    levels = sample_result("crossbar", ideal="both").bandwidth_gb_per_s
    assert math.isinf(levels["dram"].available)
    assert math.isinf(levels["network"].available)
    assert levels["dram"].to_dict()["available"] is None


def test_shares_of_the_operations_add_up() -> None:
    result = sample_result("crossbar")
    assert sum(entry.cycles for entry in result.operations) == result.cycles
    assert sum(entry.energy_pj for entry in result.operations) == pytest.approx(result.energy_pj)


def test_operations_that_overlap_still_divide_the_run() -> None:
    activity = sample_result("crossbar").activity
    first, second = activity.operations
    early = replace(activity, operations=(replace(first, end_cycle=9000), replace(second, start_cycle=100, end_cycle=8000)))
    assert [share.cycles for share in operation_shares(early)] == [9000, 800]


def test_fused_operations_divide_their_time_by_what_each_computes() -> None:
    """Both end in cycle 9,000: three quarters of it are the first one's, since it has three quarters of the compute cycles."""
    activity = sample_result("crossbar").activity
    first, second = activity.operations
    fused = replace(first, end_cycle=8900, compute_cycles=600, details={"y_home": "chip"})
    others = replace(second, end_cycle=9000, compute_cycles=200), replace(second, end_cycle=9800)
    chained = replace(activity, operations=(fused, *others))
    shares = operation_shares(chained)
    assert [share.cycles for share in shares] == [6750, 2250, 800]
    assert [share.operations for share in shares] == [(fused,), (others[0],), (others[1],)]
    idle = replace(activity, operations=(replace(fused, compute_cycles=0), replace(second, compute_cycles=0)))
    assert [share.cycles for share in operation_shares(idle)] == [0, 9800]


def test_a_run_of_no_cycles_divides_by_nothing() -> None:
    result = sample_result("crossbar")
    empty = dataclasses.replace(result, activity=replace(result.activity, cycles=0), cost=replace(result.cost, seconds=0.0))
    assert empty.power_w == 0
    assert empty.to_dict()["utilization"] == 0


def test_a_frame_has_one_row_an_operation() -> None:
    frame = sample_result("crossbar").to_frame()
    assert list(frame.index) == ["a", "b"]
    assert frame["cycles"].sum() == 9800
    assert {"m", "k", "n", "computing", "energy_pj"} <= set(frame.columns)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not a sparsim result"),
        ("[]", "not a sparsim result"),
        ('{"schema_version": 99}', "schema version 99"),
        ('{"schema_version": 3}', "machine"),
    ],
)
def test_a_file_that_is_no_result_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "x.json").write_text(content, encoding="utf-8")
    with pytest.raises(OutputError, match=message):
        Result.load(tmp_path / "x.json")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be read"):
        Result.load(tmp_path / "none.json")


def test_a_notebook_shows_a_line_and_a_table() -> None:
    result = sample_result("crossbar")
    assert repr(result).startswith("<Result: crossbar on tiny, 9,800 cycles, ")
    html = result._repr_html_()
    assert html.startswith("<pre")
    assert "utilization" in html
