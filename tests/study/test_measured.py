"""Measured devices: what is read, what lies between two measurements, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_results import sample_result

from simulator.errors import ConfigError
from simulator.report.measured import draw_measured
from simulator.report.plots.tradeoff import tradeoff_figure
from simulator.study.measured import MeasuredRun, load_reference, measured_curves, measured_runs
from simulator.workload import load_workload


def test_the_shipped_reference_says_what_it_is() -> None:
    reference = load_reference("h200")
    assert "814 mm²" in reference.sentence
    assert "measured, not simulated" in reference.sentence
    assert len(reference.products) == 90


def test_dense_products_take_the_same_at_every_density() -> None:
    curve = load_reference("h200").curve("dense", (4096, 1024, 256))
    assert curve.at(1 / 64, "seconds") == curve.at(1.0, "seconds") == 5.9289e-06
    assert curve.at(1 / 64, "pj_per_mac") == pytest.approx(64 * 3.978, rel=1e-3)


def test_between_two_densities_a_power_is_assumed() -> None:
    curve = load_reference("h200").curve("rows-csr", (4096, 1024, 256))
    low, high = curve.at(0.015625, "joules"), curve.at(0.03125, "joules")
    assert curve.at((0.015625 * 0.03125) ** 0.5, "joules") == pytest.approx((low * high) ** 0.5)
    with pytest.raises(ConfigError, match=r"rows-csr was measured at densities 0.000976562 to 0.25; found 0.5"):
        curve.at(0.5, "joules")


def test_what_was_not_measured_is_refused() -> None:
    reference = load_reference("h200")
    with pytest.raises(ConfigError, match=r"rows-csv: no such kernel; .*nearest: rows-csr"):
        reference.curve("rows-csv", (4096, 1024, 256))
    with pytest.raises(ConfigError, match="rows-csr was not measured at 1×1×1; allowed: 16384×4096×256"):
        reference.curve("rows-csr", (1, 1, 1))


def test_a_table_that_is_none_is_named(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "configs" / "references" / "h200.yaml").read_text(encoding="utf-8")
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    table = tmp_path / "h200.csv"
    with pytest.raises(ConfigError, match="cannot be read"):
        load_reference(file)
    table.write_text("kind,m,k,n,density,seconds,joules,board_w\nrows,1,1,1,1,1,1,1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"h200\.csv:2: kind: rows: not among kernels"):
        load_reference(file)
    table.write_text("kind,m,k,n,density,seconds,joules,board_w\ndense,1,1,1,1,-1,1,1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="not above 0"):
        load_reference(file)


def test_a_layer_stands_beside_what_was_measured_of_it() -> None:
    runs = measured_runs(load_workload("studies/layer-256"))
    assert [(run.label, run.seconds) for run in runs] == [
        ("NVIDIA H200, layer-dense", 1.2806e-05),
        ("NVIDIA H200, layer-rows", pytest.approx(6.3875e-05)),
    ]
    assert [run.energy_pj for run in runs] == pytest.approx([0.0032624e12, 0.013905e12])


def test_other_products_stand_alone() -> None:
    assert measured_runs(load_workload("spmm-1024")) == ()
    assert measured_curves([(4096, 1024, 256), (1024, 4096, 256)]) == ()
    kernels = [curve.kernel for curve in measured_curves([(4096, 1024, 256)])]
    # neither other number formats nor masks of a pattern
    assert kernels == ["dense", "rows-csr", "copies-csr", "cusparse-csr"]


def test_a_device_is_a_line_in_the_picture_of_time_against_energy() -> None:
    results = [sample_result("crossbar"), sample_result("replication")]
    figure = tradeoff_figure(results)
    far, near = MeasuredRun("far", "", 1e6, 1e30), MeasuredRun("near", "", results[0].seconds, results[0].energy_pj)
    draw_measured(figure, results, [near, far])
    labels = [line.get_label() for line in figure.axes[0].get_lines()]
    assert "near (measured)" in labels
    assert "far (measured), time above the picture, energy above the picture" in labels
