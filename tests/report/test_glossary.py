"""The glossary defines everything that reports print, and docs/metrics.md is made from it."""

import ast
from itertools import pairwise
from pathlib import Path

import pytest
from sample_results import FABRICS, sample_result

from simulator.activity import CAUSES, Bounds
from simulator.cost import load_technology
from simulator.errors import ConfigError
from simulator.machine import load_machine
from simulator.pricing import elaborate, hardware_of
from simulator.report.glossary import TERMS, term, terms, to_markdown
from simulator.report.inspection.machine import FAMILIES
from simulator.report.plots.style import CAUSE_COLOURS, COMPONENT_COLOURS, ROLES
from simulator.report.tables import TABLE_METRICS
from simulator.result import METRICS

ROOT = Path(__file__).parent.parent.parent


def _names(section: str) -> set[str]:
    return {entry.name for entry in TERMS if entry.section == section}


def test_every_metric_cause_and_bound_is_defined() -> None:
    assert {name for name, _ in TABLE_METRICS} | set(METRICS) <= _names("metric")
    assert set(CAUSES) == _names("cause") == set(CAUSE_COLOURS)
    assert set(Bounds().to_dict()) == _names("bound")


def test_every_key_of_a_json_result_that_is_a_figure_is_defined() -> None:
    keys = sample_result().derived()
    assert [key for key in keys if key not in _names("metric")] == []


@pytest.mark.parametrize("name", FABRICS)
def test_every_level_is_defined(name: str) -> None:
    assert set(sample_result(name).bandwidth_gb_per_s) <= _names("bandwidth")


@pytest.mark.parametrize("name", FABRICS)
def test_every_component_is_defined_coloured_and_in_the_area_tree(name: str) -> None:
    technology = load_technology("7nm")
    components = hardware_of(elaborate(load_machine(name), technology), technology).components
    in_tree = {part for members in FAMILIES.values() for part in members}
    assert [part for part in components if part not in _names("component")] == []
    assert [part for part in components if ROLES.get(part, part) not in COMPONENT_COLOURS] == []
    assert [part for part in components if part not in in_tree] == []


def test_no_two_terms_of_a_section_share_a_name() -> None:
    pairs = [(entry.section, entry.name) for entry in TERMS]
    assert len(pairs) == len(set(pairs))


def test_the_docs_page_is_the_glossary() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8") == to_markdown()


def test_a_label_finds_its_term() -> None:
    assert term("bank conflict").name == "bank_conflict"
    assert term("Energy-Delay").name == "edp_js"


def test_one_word_may_mean_two_things() -> None:
    assert [entry.section for entry in terms("drain_bus")] == ["bandwidth", "component"]


def test_a_misspelt_name_gets_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no metric is called 'utilisation'; did you mean utilization"):
        term("utilisation")


def test_every_counter_is_said_as_the_code_says_it() -> None:
    tree = ast.parse((ROOT / "simulator" / "activity.py").read_text(encoding="utf-8"))
    counts = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Counts")
    said = {
        field.target.id: " ".join(text.value.value.split()).rstrip(".").lower()
        for field, text in pairwise(counts.body)
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr)
    }
    assert said == {entry.name: entry.short.lower() for entry in TERMS if entry.section == "counter"}


def test_a_label_is_found_beside_a_name() -> None:
    assert {entry.section for entry in terms("dram")} == {"bound", "bandwidth", "component"}
    assert terms("density")[0].section == "pattern"


@pytest.mark.parametrize("words", ["row CV", "cycles ÷ largest bound", "time that it costs", "compute cycles", "energy efficiency"])
def test_what_tables_say_can_be_asked(words: str) -> None:
    assert term(words).label == words
