"""Measured devices: what is read, what lies between two measurements, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import ConfigError
from simulator.study.measured import load_reference


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
