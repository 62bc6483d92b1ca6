"""`--html`: a page in the folder of results, of a run, a comparison and a sweep."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Type

SWEEP = """
name: few
machine: crossbar.yaml
workload: tiny.yaml
axes: {fabric.accumulators: [1, 2], workload.density: [0.1, 0.4]}
objectives: {seconds: min, energy_pj: min}
"""


def _data(page: Path) -> dict[str, list[dict[str, object]]]:
    text = page.read_text(encoding="utf-8")
    return dict(json.loads(text.split('<script type="application/json" id="data">')[1].split("</script>")[0]))


@pytest.fixture(autouse=True)
def _small_script(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real one has 4.8 MB."""
    monkeypatch.setattr("simulator.report.page.drawing_script", lambda: "let Plotly;")


def test_a_comparison_and_a_run_with_a_page(place: Path, sparsim: Type) -> None:
    assert (
        sparsim(
            "compare", "crossbar.yaml", "systolic.yaml", "-w", "tiny.yaml", "--engine", "reference", "--no-plots", "--html", "-o", "c"
        ).code
        == 0
    )
    assert {point["name"] for point in _data(Path("c/report.html"))["points"]} == {"crossbar", "systolic"}
    assert sparsim("run", "crossbar.yaml", "-w", "tiny.yaml", "--engine", "reference", "--no-plots", "-o", "r").code == 0
    assert not Path("r/report.html").exists()


@pytest.mark.usefixtures("no_sweep_plots")
def test_a_sweep_with_a_page(place: Path, sparsim: Type) -> None:
    Path("few.yaml").write_text(SWEEP, encoding="utf-8")
    outcome = sparsim("sweep", "few.yaml", "--store", "s.db", "-o", "s", "--html", "-j", "1")
    assert outcome.code == 0, outcome.err
    data = _data(Path("s/report.html"))
    assert "results in s/ (report.html for a browser)" in outcome.out
    assert len(data["points"]) == 4
    assert {point["work"] for point in data["points"]} != {""}
    assert len(data["bars"]) == 3


def test_a_page_needs_a_folder(place: Path, refusal: Callable[..., str]) -> None:
    assert "name it with -o" in refusal("run", "crossbar.yaml", "-w", "tiny.yaml", "--html", "--json")
