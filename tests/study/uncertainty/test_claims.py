"""Which claims are robust, and the values at which the others turn."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import replace
from runs import small_run, small_runs

from simulator.report.robustness import on_what
from simulator.report.verdict import held_by
from simulator.repricing import reprice
from simulator.result import Result
from simulator.study.uncertainty import Claim, Probe, assess, claims, sensitivity
from simulator.study.uncertainty.claims import claim, default_pairs, search_range, turning_point


@pytest.fixture(scope="module")
def probe() -> Probe:
    return Probe(assess(small_runs()))


@pytest.fixture(scope="module")
def found(probe: Probe) -> list[Claim]:
    return claims(probe.known)


def test_the_winner_is_the_one_with_the_better_figure(found: list[Claim]) -> None:
    assert found
    for entry in found:
        assert entry.ratio.nominal >= 1
        assert entry.robust == (entry.ratio.extreme.low >= 1 and entry.ratio.combined.low >= 1)
        assert bool(entry.turns) == (entry.ratio.extreme.low < 1)


def test_the_pairs_are_crossbar_and_replication_and_the_array(probe: Probe) -> None:
    pairs = default_pairs(probe.known)
    assert pairs[0] == ("crossbar", "replication")
    assert pairs[1][1] == "systolic"
    assert pairs[1][0] in ("crossbar", "hybrid", "replication")


def test_at_its_turning_point_two_runs_are_equal(probe: Probe) -> None:
    study = sensitivity(probe, "crossbar", "replication", "energy_pj")
    turns = [entry.turn for entry in study.influences if entry.turn and not entry.factor.discrete]
    assert turns
    for turn in turns:
        assert probe.ratio("crossbar", "replication", "energy_pj", turn.factor, turn.value) == pytest.approx(1.0, abs=1e-5)


def test_a_turning_point_is_confirmed_by_pricing_again(probe: Probe) -> None:
    study = sensitivity(probe, "crossbar", "replication", "fabric_area_mm2")
    turn = next(entry.turn for entry in study.influences if entry.turn and entry.factor.name == "crossbar_wire_pitch_um")
    priced = [reprice(small_run(name), overrides={"crossbar_wire_pitch_um": turn.value}) for name in ("crossbar", "replication")]
    # pricing again settles `slices: auto` anew, the study holds them: the crossbar can only become smaller
    assert priced[0].fabric_area_mm2 <= priced[1].fabric_area_mm2 * (1 + 1e-9)
    assert not turn.inside


def test_the_strongest_factor_is_first_and_within_its_band_it_spans_the_extremes(probe: Probe) -> None:
    study = sensitivity(probe, "hybrid", "systolic", "edap_js_mm2")
    swings = [entry.swing for entry in study.influences]
    assert swings == sorted(swings, reverse=True)
    assert min(min(entry.at_low, entry.at_high) for entry in study.influences) == pytest.approx(study.ratio.extreme.low)


def test_a_claim_turns_where_two_machines_are_close(probe: Probe) -> None:
    """A machine beside itself with one constant set by hand: they change places where the constant's band passes that value."""
    result = small_run("hybrid")
    other = reprice(result, overrides={"dram.hbm2e.phy_pj_per_bit": 1.6})
    renamed = _renamed(other, "other")
    entry = claim(Probe(assess([result, renamed])), "hybrid", "other", "energy_pj")
    # `other` holds the PHY at 1.6 pJ/bit, so they are equal there and hybrid is dearer above
    assert entry.winner == "hybrid"
    assert [turn.factor.name for turn in entry.turns] == ["dram.hbm2e.phy_pj_per_bit"]
    assert entry.turns[0].value == pytest.approx(1.6)
    assert entry.turns[0].inside
    assert on_what(entry) == "turns on dram.hbm2e.phy_pj_per_bit at 1.60 pJ/bit (band 0 to 9.2)"


def test_a_verdict_is_held_by_the_claims(found: list[Claim], probe: Probe) -> None:
    for entry in found:
        held = held_by(probe.known, entry.metric)(entry.winner, entry.rival)
        assert held is not None
        assert (held.low, held.high, held.robust) == (entry.ratio.combined.low, entry.ratio.combined.high, entry.robust)
        assert len(held.turns) == len(entry.turns)
    assert held_by(probe.known, "seconds")(found[0].winner, found[0].rival) is None, "time has no band"


def test_a_search_stays_where_a_constant_may_go(probe: Probe) -> None:
    technology = probe.known.technologies[0]
    for factor in probe.known.factors:
        low, high = (0.0, 1.0) if factor.discrete else search_range(technology, factor)
        assert low <= factor.low or factor.low == 0
        assert high >= factor.high
    fill = next(factor for factor in probe.known.factors if factor.name == "crossbar_fill")
    assert search_range(technology, fill)[1] == 1.0


def test_two_equal_machines_never_turn(probe: Probe) -> None:
    known = assess([small_run("hybrid"), _renamed(small_run("hybrid"), "twin")])
    twins = Probe(known)
    assert all(turning_point(twins, "hybrid", "twin", "energy_pj", factor) is None for factor in known.factors[:10])


def _renamed(result: Result, name: str) -> Result:
    machine = result.machine.model_copy(update={"name": name})
    return dataclasses.replace(result, elaborated=replace(result.elaborated, machine=machine))
