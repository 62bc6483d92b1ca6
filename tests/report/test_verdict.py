"""The verdict says what the numbers say, by one figure, the best of a kind for its kind, level within three per cent."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_results import FABRICS, sample_result

from simulator.report.sentences import crossbar_against_replication, verdict_sentences
from simulator.report.verdict import LEVEL, Entrant, Flip, Held, Verdict, entrants_of, flips_along, judge


def entrant(name: str, figure: float, kind: str = "", **besides: float) -> Entrant:
    return Entrant(name, kind or name, {"edap_js_mm2": figure, "seconds": figure, **besides})


def judged(*entrants: Entrant, **options: object) -> Verdict:
    return judge(entrants, on="tiny", besides=("seconds",), **options)  # type: ignore[arg-type]


def test_the_winner_is_the_one_with_the_least_figure_and_the_nearest_rival_comes_next() -> None:
    verdict = judged(entrant("array", 8.0), entrant("crossbar", 1.0), entrant("copies", 1.5))
    assert [(standing.name, standing.ratio) for standing in verdict.standings] == [("crossbar", 1.0), ("copies", 1.5), ("array", 8.0)]
    assert verdict_sentences(verdict) == ["On tiny, crossbar is best by energy × time × area; next copies at 1.50× and array at 8.00×."]


def test_the_best_of_a_kind_stands_for_it() -> None:
    verdict = judged(entrant("naive", 6.0, "array"), entrant("crossbar", 1.0), entrant("strong", 2.0, "array"))
    assert [standing.name for standing in verdict.standings] == ["crossbar", "strong"]
    assert verdict_sentences(verdict) == ["On tiny, crossbar is best by energy × time × area; next strong (best of 2) at 2.00×."]


def test_machines_of_one_kind_stand_for_themselves() -> None:
    verdict = judged(entrant("small", 2.0, "crossbar"), entrant("large", 1.0, "crossbar"))
    assert [standing.name for standing in verdict.standings] == ["large", "small"]


@pytest.mark.parametrize(("ratio", "level"), [(1.0, True), (1 + LEVEL, True), (1.0301, False)])
def test_within_three_per_cent_they_are_level(ratio: float, level: bool) -> None:
    verdict = judged(entrant("one", 1.0), entrant("other", ratio))
    assert bool(verdict.level) is level
    assert ("one and other are level by" in verdict_sentences(verdict)[0]) is level


def test_where_another_wins_by_another_figure_it_flips() -> None:
    verdict = judged(entrant("one", 1.0, seconds=2.0), entrant("other", 3.0, seconds=1.0))
    assert verdict.flips == (Flip("seconds", "other", 2.0),)
    assert verdict_sentences(verdict)[1] == "By time other wins (0.500×)."
    assert not judged(entrant("one", 1.0, seconds=1.02), entrant("other", 3.0, seconds=1.0)).flips, "level is no flip"


def test_bands_leave_a_lead_standing_or_name_what_turns_it() -> None:
    robust, open_ = Held(1.1, 3.0, True), Held(0.9, 3.0, False, ("a at 1", "b at 2", "c at 3"))
    entrants = entrant("one", 1.0), entrant("other", 1.5), entrant("third", 4.0)
    stands = judged(*entrants, held=lambda winner, rival: robust)
    assert stands.stands
    assert verdict_sentences(stands)[-1] == "Over the bands of the constants that stands: other stays at 1.10 to 3.00×."
    turns = judged(*entrants, held=lambda winner, rival: open_ if rival == "other" else robust)
    assert turns.stands is False
    assert verdict_sentences(turns)[-1] == (
        "Over the bands of the constants that stands against third, not against other (0.900 to 3.00×, turns on a at 1, b at 2 and 1 more)."
    )
    assert judged(*entrants).stands is None


def test_along_an_axis_the_places_are_told_where_the_winner_changes() -> None:
    by_ports = {
        "8": judged(entrant("crossbar", 1.0), entrant("copies", 1.2)),
        "16": judged(entrant("crossbar", 1.02), entrant("copies", 1.0)),
        "64": judged(entrant("crossbar", 3.0), entrant("copies", 1.0)),
    }
    assert flips_along(by_ports) == (Flip("64", "copies", 3.0),), "at 16 they are level, which changes nothing"


@given(st.dictionaries(st.text("abcdef", min_size=1), st.tuples(st.sampled_from("xyz"), st.floats(1e-9, 1e9)), min_size=1, max_size=8))
def test_laws_of_a_verdict(figures: dict[str, tuple[str, float]]) -> None:
    entrants = [entrant(name, figure, kind) for name, (kind, figure) in figures.items()]
    verdict = judge(entrants, besides=())
    assert verdict.winner.figure == min(figure for _, figure in figures.values())
    assert [standing.ratio for standing in verdict.standings] == sorted(standing.ratio for standing in verdict.standings)
    told = [name for standing in verdict.standings for name in (standing.name, *standing.others)]
    assert sorted(told) == sorted(figures), "each is told once, for itself or by the best of its kind"
    again = judge(entrants[::-1], besides=())
    assert [standing.figure for standing in again.standings] == [standing.figure for standing in verdict.standings]


def test_runs_are_judged_by_their_own_figures() -> None:
    results = [sample_result(name) for name in FABRICS]
    verdict = judge(entrants_of(results), "seconds", on="tiny")
    assert verdict.winner.name == min(results, key=lambda result: result.seconds).name
    for flip in verdict.flips:
        least = min(results, key=lambda result: getattr(result, flip.where))
        mine = next(result for result in results if result.name == verdict.winner.name)
        assert flip.winner == least.name
        assert math.isclose(flip.ratio, getattr(mine, flip.where) / getattr(least, flip.where))


def test_the_crossbar_is_set_against_replication_whatever_they_are_called() -> None:
    crossbar, replication = sample_result("crossbar"), sample_result("replication")
    (sentence,) = crossbar_against_replication([replication, crossbar])
    assert sentence.startswith(f"Against replication, crossbar pays {crossbar.seconds / replication.seconds:.2f}× the time")
    assert crossbar_against_replication([crossbar, sample_result("partition")]) == []
