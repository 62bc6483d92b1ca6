"""What a sweep says first: the best value of its first axis, on each workload, and where along them another one wins."""

from collections.abc import Mapping

import pytest

from simulator.report.folder import as_text
from simulator.study.sweep.fronts import pareto_figure
from simulator.study.sweep.spec import SweepSpec
from simulator.study.sweep.study import Row, Study
from simulator.study.sweep.tables import study_summary
from simulator.study.sweep.verdict import sweep_sentences, sweep_verdicts

AXES = {"fabric.replicas": [1, 8], "workload.n": [4, 64]}


def study(seconds: Mapping[tuple[int, int], float], objectives: Mapping[str, str] | None = None) -> Study:
    """One point for each (replicas, n)."""
    spec = SweepSpec.model_validate(
        {"name": "try", "machine": "crossbar", "workload": "tiny", "axes": AXES, "objectives": objectives or {"seconds": "min"}}
    )
    rows = tuple(
        Row(place, f"{place}", {"fabric.replicas": replicas, "workload.n": n}, {"seconds": value, "energy_pj": 5.0 * replicas})
        for place, ((replicas, n), value) in enumerate(seconds.items())
    )
    return Study(spec, rows, "id", 0)


def test_where_another_value_wins_on_another_workload_it_flips() -> None:
    turned = study({(1, 4): 1.0, (8, 4): 2.0, (1, 64): 3.0, (8, 64): 1.5})
    assert {name: verdict.winner.name for name, verdict in sweep_verdicts(turned).items()} == {"n 4": "replicas 1", "n 64": "replicas 8"}
    assert sweep_sentences(turned) == [
        "On the points of try, n 4, replicas 1 is best by time; next replicas 8 at 2.00×.",
        "Along the 2 workloads it flips at n 64 to replicas 8 (2.00× ahead).",
    ]


def test_where_nothing_turns_that_is_said() -> None:
    assert sweep_sentences(study({(1, 4): 1.0, (8, 4): 2.0, (1, 64): 1.0, (8, 64): 1.02}))[-1] == (
        "On all 2 workloads it is the same, or level."
    )


def test_of_an_objective_of_which_more_is_better_the_most_wins() -> None:
    most = study({(1, 4): 1.0, (8, 4): 2.0}, {"energy_pj": "max", "seconds": "min"})
    (verdict,) = sweep_verdicts(most).values()
    assert (verdict.winner.name, round(verdict.standings[1].ratio, 9)) == ("replicas 8", 8.0)
    assert [(flip.where, flip.winner) for flip in verdict.flips] == [("seconds", "replicas 1")]


def test_a_sweep_without_figures_says_so() -> None:
    failed = Study(study({(1, 4): 1.0}).spec, (Row(0, "0", {"fabric.replicas": 1}, None, "invalid", "because"),), "id", 0)
    text = as_text(study_summary(failed), 80)
    assert text.startswith("try: no point has figures within the constraints.")
    assert "1 of 1 points failed; the first, replicas 1: because" in text


def test_the_picture_has_the_objectives_and_the_front_of_the_table() -> None:
    own = {"seconds": "min", "energy_pj": "min", "fabric_area_mm2": "min"}
    found = study({(1, 4): 3.0, (8, 4): 1.0, (64, 4): 2.0}, own)
    for row, area in zip(found.rows, (3.0, 3.0, 1.0), strict=True):
        assert row.record is not None
        row.record["fabric_area_mm2"] = area  # type: ignore[index]
    figure = pareto_figure(found)
    assert figure is not None
    assert [axes.get_xlabel().split(" (")[0] for axes in figure.axes] == ["energy", "fabric area"]
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "front (3)" in told, "each is best in one of three objectives, though two of them alone would beat some"
    places = [sorted(float(x) for group in axes.collections for x, _ in group.get_offsets()) for axes in figure.axes]  # type: ignore[union-attr]
    assert places[1] == pytest.approx([1.0, 3.0, 3.0])
