"""Sentences about runs: what an ideal part would save, what is too hot, and the lines of the summary."""

import dataclasses

from msgspec.structs import replace
from sample_results import FABRICS, sample_result

from simulator.report.folder import as_text
from simulator.report.glossary import label
from simulator.report.numbers import significant
from simulator.report.sentences import heat_sentences, ideal_sentence, run_sentence
from simulator.report.summary import parts_lines, summary_table
from simulator.report.verdict import entrants_of, judge
from simulator.result import Result


def test_one_machine_has_no_rival() -> None:
    sentence = run_sentence(sample_result("crossbar"))
    assert sentence.startswith("On tiny, crossbar takes 9.80 µs")
    assert "its multipliers work " in sentence


def test_what_an_ideal_part_would_save() -> None:
    sentence = ideal_sentence(sample_result("crossbar"), sample_result("crossbar", ideal="dram", faster=2.0))
    assert sentence == "crossbar: the DRAM costs 50.0 % of its time (4,900 of 9,800 cycles)"


def test_heat_above_the_limit_is_said_once_of_all_machines() -> None:
    cool, hot = limited(sample_result("partition"), 100.0), limited(sample_result("crossbar"), 0.5)
    (sentence,) = heat_sentences([cool, hot])
    assert "partition" not in sentence
    hottest, density = next(iter(hot.hot_components.items()))
    assert sentence.startswith(
        f"Hotter than the limit of 0.5 W/mm²: crossbar in the whole die ({significant(hot.power_density_w_per_mm2)}), "
        f"{label(hottest, 'component')} ({significant(density)})"
    )
    assert sentence.endswith(" more.")
    assert heat_sentences([cool]) == []


def limited(result: Result, limit: float) -> Result:
    machine = result.machine.model_copy(update={"power_density_limit_w_per_mm2": limit})
    return dataclasses.replace(result, elaborated=replace(result.elaborated, machine=machine))


def test_the_summary_is_a_line_a_machine_on_eighty_columns_the_best_first() -> None:
    results = [sample_result(name) for name in FABRICS]
    verdict = judge(entrants_of(results), "energy_pj")
    lines = as_text(summary_table(results, verdict), 80).splitlines()
    assert [line.split()[0] for line in lines[2:]] == [result.name for result in sorted(results, key=lambda result: result.energy_pj)]
    assert max(map(len, lines)) <= 80
    assert all(significant(result.fabric_area_mm2) in "".join(lines) for result in results)


def test_where_a_name_or_a_word_has_no_room_it_is_cut_and_no_number_is() -> None:
    result = sample_result("crossbar")
    named = dataclasses.replace(
        result, elaborated=replace(result.elaborated, machine=result.machine.model_copy(update={"name": "crossbar" * 9}))
    )
    lines = as_text(summary_table([named], None), 80).splitlines()
    assert max(map(len, lines)) <= 80
    assert all(significant(value) in lines[2] for value in (result.fabric_area_mm2, result.seconds * 1e6))


def test_of_one_machine_the_largest_parts_are_named() -> None:
    result = sample_result("crossbar")
    text = as_text(parts_lines(result), 80)
    largest = max(result.energy_pj_by_component, key=lambda name: result.energy_pj_by_component[name])
    assert f"energy   {label(largest, 'component')} " in text
    narrow = as_text(parts_lines(result), 40).splitlines()
    assert len(narrow) > len(text.splitlines())
    assert {line[:9].strip() for line in narrow} == {"time", "energy", "area", "longest", ""}, "what goes on stands below what it is of"
