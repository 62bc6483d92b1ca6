"""The glossary collects every term that is declared, and docs/metrics.md is made from it."""

from pathlib import Path

import pytest
from sample_results import FABRICS, sample_result

from simulator.cost import load_technology
from simulator.cost.words import BRANCHES
from simulator.errors import ConfigError
from simulator.machine import load_machine
from simulator.pricing import elaborate, hardware_of
from simulator.report.glossary import all_terms, components, roles, term, terms, to_markdown
from simulator.report.plots.style import component_colours

ROOT = Path(__file__).parent.parent.parent


def _names(section: str) -> set[str]:
    return {entry.name for entry in all_terms() if entry.section == section}


@pytest.mark.parametrize("name", FABRICS)
def test_every_level_is_defined(name: str) -> None:
    assert set(sample_result(name).bandwidth_gb_per_s) <= _names("bandwidth")


@pytest.mark.parametrize("name", FABRICS)
def test_every_component_is_defined_coloured_and_in_the_area_tree(name: str) -> None:
    technology = load_technology("7nm")
    parts = hardware_of(elaborate(load_machine(name), technology), technology).components
    in_tree = {entry.name for entry in components() if entry.branch in BRANCHES}
    assert [part for part in parts if part not in _names("component")] == []
    assert [part for part in parts if roles().get(part, part) not in component_colours()] == []
    assert [part for part in parts if part not in in_tree] == []


def test_no_two_terms_of_a_section_share_a_name() -> None:
    pairs = [(entry.section, entry.name) for entry in all_terms()]
    assert len(pairs) == len(set(pairs))


def test_the_docs_page_is_the_glossary() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8") == to_markdown()


def test_a_label_finds_its_term() -> None:
    assert term("bank conflict").name == "bank_conflict"
    assert term("Energy × time").name == "edp_js"


def test_headings_of_the_short_table_find_their_terms() -> None:
    assert [term(heading).name for heading in ("time", "energy", "area", "E×t×A", "E × t × A", "largest loss", "largest bound")] == [
        "seconds", "energy_pj", "fabric_area_mm2", "edap_js_mm2", "edap_js_mm2", "unit_cycles", "bound_cycles",
    ]  # fmt: skip


def test_a_branch_of_the_area_tree_is_its_components() -> None:
    assert [entry.name for entry in terms("networks")] == [entry.name for entry in components() if entry.branch == "networks"]
    assert {entry.branch for entry in terms("DRAM interface")} == {"DRAM interface"}  # type: ignore[attr-defined]


def test_one_word_may_mean_two_things() -> None:
    assert [entry.section for entry in terms("drain_bus")] == ["bandwidth", "component"]


def test_a_misspelt_name_gets_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no metric is called 'utilisation'; did you mean utilization"):
        term("utilisation")


def test_a_label_is_found_beside_a_name() -> None:
    assert {entry.section for entry in terms("dram")} == {"bound", "bandwidth", "component", "cause"}
    assert terms("density")[0].section == "pattern"


@pytest.mark.parametrize("words", ["row CV", "cycles ÷ largest bound", "time that it costs", "compute cycles", "energy efficiency"])
def test_what_tables_say_can_be_asked(words: str) -> None:
    assert term(words).label == words
