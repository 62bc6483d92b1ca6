"""The verdict says what the numbers say."""

import re
from dataclasses import replace

from sample_results import sample_result

from simulator.report.glossary import label
from simulator.report.numbers import significant
from simulator.report.verdict import ideal_sentence, verdict
from simulator.result import Result


def test_each_claim_names_the_machine_with_the_best_number() -> None:
    results = [sample_result(name) for name in ("crossbar", "replication", "systolic")]
    sentence = verdict(results)
    fastest = min(results, key=lambda r: r.seconds)
    frugal = min(results, key=lambda r: r.energy_pj)
    small = min(results, key=lambda r: r.fabric_area_mm2)
    best = min(results, key=lambda r: r.energy_pj * r.seconds * r.fabric_area_mm2)
    assert f"{fastest.name} is fastest (7.00 µs, next crossbar at 1.40×)" in sentence
    for winner, claim in (
        (frugal, "takes the least energy ("),
        (small, "takes the least fabric area ("),
        (best, "is best by energy × time"),
    ):
        before = re.sub(r"\([^)]*\)", "", sentence[: sentence.index(claim)])
        assert max(("crossbar", "replication", "systolic"), key=before.rfind) == winner.name
    assert sentence.count(". ") == 0
    assert sentence.endswith(".")


def test_the_crossbar_is_set_against_replication_whatever_they_are_called() -> None:
    crossbar, replication = sample_result("crossbar"), sample_result("replication")
    paid = f"{crossbar.seconds / replication.seconds:.2f}× the time"
    assert f"against replication, crossbar pays {paid}" in verdict([replication, crossbar])


def test_the_array_is_set_against_the_best() -> None:
    crossbar, systolic = sample_result("crossbar"), sample_result("systolic")
    assert f"against crossbar, systolic takes {systolic.seconds / crossbar.seconds:.2f}× the time" in verdict([systolic, crossbar])


def test_a_machine_that_wins_several_times_is_named_once() -> None:
    slow, quick = sample_result("crossbar"), sample_result("crossbar", faster=2.0)
    assert verdict([slow, quick]).startswith("On tiny, crossbar is fastest (4.90 µs, next crossbar at 2.00×)")
    assert verdict([slow, quick]).count("crossbar is") == 1


def test_without_both_ends_nothing_is_said_of_them() -> None:
    assert "against" not in verdict([sample_result("crossbar"), sample_result("partition")])


def test_equal_machines_are_level() -> None:
    assert "level with" in verdict([sample_result("hybrid"), sample_result("hybrid")])


def test_one_machine_has_no_rival() -> None:
    assert verdict([sample_result("crossbar")]).startswith("On tiny, crossbar takes 9.80 µs")


def test_what_an_ideal_part_would_save() -> None:
    sentence = ideal_sentence(sample_result("crossbar"), sample_result("crossbar", ideal="dram", faster=2.0))
    assert sentence == "crossbar: the DRAM costs 50.0 % of its time (4,900 of 9,800 cycles)"


def test_heat_above_the_limit_is_said_of_each_machine() -> None:
    cool, hot = limited(sample_result("partition"), 100.0), limited(sample_result("crossbar"), 0.5)
    sentence = verdict([cool, hot])
    assert "partition gets hotter" not in sentence
    hottest, density = next(iter(hot.hot_components.items()))
    assert (
        f"crossbar gets hotter than its limit of 0.5 W/mm² in the whole die ({significant(hot.power_density_w_per_mm2)} W/mm²)" in sentence
    )
    assert f"{label(hottest, 'component')} ({significant(density)} W/mm²)" in sentence
    assert sentence.endswith(" more.")
    assert "gets hotter than its limit" in verdict([hot])
    assert "hotter" not in verdict([cool])


def limited(result: Result, limit: float) -> Result:
    machine = result.machine.model_copy(update={"power_density_limit_w_per_mm2": limit})
    return replace(result, elaborated=replace(result.elaborated, machine=machine))
