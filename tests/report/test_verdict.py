"""The verdict says what the numbers say."""

from sample_results import sample_result

from simulator.report.verdict import ideal_sentence, verdict


def test_each_claim_names_the_machine_with_the_best_number() -> None:
    results = [sample_result(name) for name in ("crossbar", "replication", "systolic")]
    sentence = verdict(results)
    fastest = min(results, key=lambda r: r.seconds)
    frugal = min(results, key=lambda r: r.energy_pj)
    small = min(results, key=lambda r: r.fabric_area_mm2)
    best = min(results, key=lambda r: r.energy_pj * r.seconds * r.fabric_area_mm2)
    assert f"{fastest.name} is fastest (7.00 µs, 1.40× faster than crossbar)" in sentence
    assert f"{frugal.name} takes the least energy" in sentence
    assert f"{small.name} the least fabric area" in sentence
    assert f"{best.name} is best by energy × time × fabric area" in sentence
    assert sentence.count(". ") == 0
    assert sentence.endswith(".")


def test_the_crossbar_is_set_against_replication_whatever_they_are_called() -> None:
    crossbar, replication = sample_result("crossbar"), sample_result("replication")
    paid = f"{crossbar.seconds / replication.seconds:.2f}× the time"
    assert f"against replication, crossbar pays {paid}" in verdict([replication, crossbar])


def test_without_both_ends_nothing_is_said_of_them() -> None:
    assert "against" not in verdict([sample_result("crossbar"), sample_result("partition")])


def test_equal_machines_are_level() -> None:
    assert "level with" in verdict([sample_result("hybrid"), sample_result("hybrid")])


def test_one_machine_has_no_rival() -> None:
    assert verdict([sample_result("crossbar")]).startswith("On tiny, crossbar takes 9.80 µs")


def test_what_an_ideal_part_would_save() -> None:
    sentence = ideal_sentence(sample_result("crossbar"), sample_result("crossbar", ideal="dram", faster=2.0))
    assert sentence == "crossbar: the DRAM costs 50.0 % of its time (4,900 of 9,800 cycles)"
