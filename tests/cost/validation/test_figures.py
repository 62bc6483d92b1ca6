"""The shipped list of published figures: complete, honest about fits, and reproduced as well as it was."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cost import load_technology
from simulator.cost.technology import CONSTANTS
from simulator.cost.validation import FiguresFile, Row, cross_check, shipped_figures, summarise, summarise_cross_check, validate
from simulator.cost.validation.figures import HARDWARE, Figure
from simulator.cost.validation.hardware import Hardware
from simulator.cost.validation.memory import cacti_file
from simulator.errors import ConfigError
from simulator.specs import Document
from simulator.specs.tree import Entry, Location

FIGURES = [figure for document in shipped_figures() for figure in document.model.figures]
ROWS = validate(shipped_figures())
BY_ID = {row.id: row for row in ROWS}
DOCS = Path(__file__).parents[3] / "docs" / "validation.md"


def source_of(constant: str, technology: str) -> str:
    """What a constant says of its source."""
    loaded = load_technology(technology)
    if "." in constant:
        device, name = constant.split(".")
        return str(getattr(loaded.dram_devices[device], name).source)
    return loaded.constants[constant].source


def paper(source: str) -> tuple[str, ...]:
    """First author or project, and the year where there is one."""
    year = re.search(r"\b(?:19|20)\d\d\b", source)
    return (source.split()[0].strip(","), *([year[0]] if year else []))


def main_clauses(source: str) -> str:
    """The source without what only gives an end of the band, or was only compared."""
    return "; ".join(part for part in source.split("; ") if not part.startswith(("low end", "high end", "checked")))


@pytest.mark.parametrize("figure", [figure for figure in FIGURES if figure.role == "fitted"], ids=lambda figure: figure.id)
def test_a_fitted_figure_names_constants_that_name_its_paper(figure: Figure) -> None:
    for constant in figure.constants:
        source = source_of(constant, figure.technology)
        if constant == "crossbar_delay_fo4_per_level":
            assert paper(figure.source)[0] in source  # it quotes both switches by name only
        else:
            assert all(word in source for word in paper(figure.source)), f"{constant}: {source}"


NOT_FITTED = {
    "energy_scale": "the sentence that energies scale linearly, no figure of that paper",
    "sram_energy_scale": "the same sentence",
    "supply_voltage_v": "the supply at which the table of that paper holds",
    "nominal_voltage_v": "the same",
    "combiner_ge_per_bit": "gates a bit of comparators synthesised by themselves, of which the list has no figure",
    "mux_fj_per_level": "compared with two figures of its source, which stand in the list as predicted",
}
"""Derived constants that name a paper of the list for something else than a figure."""


def test_no_constant_is_fitted_to_a_figure_that_counts_as_predicted() -> None:
    """What a derived constant says it was derived from is, where the list has figures of that paper, among the fitted ones."""
    fitted = {
        (constant, word)
        for figure in FIGURES
        if figure.role == "fitted"
        for constant in figure.constants
        for word in paper(figure.source)[:1]
    }
    papers = {paper(figure.source) for figure in FIGURES}
    for technology in ("90nm", "45nm", "28nm", "12nm", "7nm", "5nm"):
        for name, constant in load_technology(technology).constants.items():
            if constant.basis in ("memory", "assumed") or name in NOT_FITTED:
                continue
            named = [words for words in papers if all(word in main_clauses(constant.source) for word in words)]
            for words in named:
                assert (name, words[0]) in fitted, f"{name} is from {' '.join(words)}, but no fitted figure of it names it"


def test_a_technology_may_stand_beside_the_list() -> None:
    assert {row.technology for row in ROWS if row.id.startswith("ihp_")} == {"ihp130"}
    with pytest.raises(ConfigError, match="neither a file nor a name in configs/technologies"):
        load_technology("ihp130")  # and is no node for machines


def test_ids_are_unique_over_all_lists_and_sources_are_given() -> None:
    ids = [figure.id for figure in FIGURES]
    assert len(set(ids)) == len(ids)
    assert len(ids) >= 150


def test_every_hardware_of_the_registry_is_in_the_list_or_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert [name for name in HARDWARE if f"| `{name}` |" not in text] == []
    assert {figure.component for figure in FIGURES} >= set(HARDWARE)


@pytest.mark.parametrize("figure", list({figure.component: figure for figure in FIGURES}.values()), ids=lambda figure: figure.component)
def test_hardware_answers_what_it_promises(figure: Figure) -> None:
    hardware: Hardware = figure.parameters
    answers = hardware.modelled(load_technology(figure.technology))
    assert set(answers) == set(hardware.quantities)
    assert all(value >= 0 for value in answers.values())


def median_and_worst(name: str, role: str) -> tuple[float, float]:
    """Of single components."""
    found = [summary for summary in summarise(ROWS) if (summary.name, summary.role) == (name, role)]
    (summary,) = [summary for summary in found if summary.figure_class == "component"]
    return summary.median_error, abs(summary.worst_error)


@pytest.mark.parametrize(
    ("name", "role", "median", "worst"),
    # measured, of components: 4.6 and 65.3 %; 8.6 and 114.8 %; 3.0 and 68.8 %; 19.7 and 103.7 %
    [
        ("area", "fitted", 0.048, 0.66),
        ("area", "predicted", 0.09, 1.16),
        ("energy", "fitted", 0.04, 0.69),
        ("energy", "predicted", 0.20, 1.04),
    ],
)
def test_errors_do_not_grow(name: str, role: str, median: float, worst: float) -> None:
    found = median_and_worst(name, role)
    assert found[0] <= median
    assert found[1] <= worst


def test_predicted_area_is_within_twenty_percent_in_the_median() -> None:
    assert median_and_worst("area", "predicted")[0] <= 0.20


CROSSBARS = [*(f"pulp_lic_{ports}x{ports}" for ports in (8, 16, 32, 64, 128, 256)), "passas_area", "satpathy_area"]


@pytest.mark.parametrize("name", CROSSBARS)
def test_fitted_crossbars_are_within_ten_percent(name: str) -> None:
    assert BY_ID[name].role == "fitted"
    assert abs(BY_ID[name].error) <= 0.10


@pytest.mark.parametrize(
    ("name", "error"),
    [("pulp_bfly4_8", -0.17), ("pulp_bfly4_64", 0.046), ("recpipe_xbar", -0.19), ("feather_birrd8", -0.01), ("feather_birrd16", -0.02),
     ("swift_area", 0.48), ("terapool_local", -0.62), ("terapool_remote", 0.76)],
)  # fmt: skip
def test_unfitted_networks_are_listed_as_predicted_whatever_they_say(name: str, error: float) -> None:
    assert BY_ID[name].role == "predicted"
    assert BY_ID[name].error == pytest.approx(error, abs=0.02)


def test_the_energy_scale_is_what_the_tpu_table_asks_for_and_linear_scaling_is_far_below() -> None:
    arithmetic = [row for row in ROWS if row.id.startswith("tpuv4i_7nm") and "sram" not in row.id]
    factor = load_technology("7nm").constants["energy_scale"].low / load_technology("7nm").energy_scale
    assert len(arithmetic) == 10
    assert all(-0.25 < row.error < 0.30 for row in arithmetic)
    assert all(-0.67 < factor * (1 + row.error) - 1 < -0.40 for row in arithmetic)


def test_published_ranges_count_from_their_nearer_end() -> None:
    def error(model: float) -> float:
        return Row("a", "wire", "7nm", "energy", "pJ", 2.0, 4.0, model, "predicted", "read", "me", "").error

    assert [error(1.0), error(2.0), error(3.0), error(4.0), error(5.0)] == [-0.5, 0.0, 0.0, 0.0, 0.25]


def test_cacti_is_a_class_of_its_own_with_provenance() -> None:
    rows = cross_check()
    lines = cacti_file().read_text(encoding="utf-8").splitlines()
    runs = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert lines[0].startswith("# CACTI 7")
    assert (len(runs), len(rows)) == (198, 3 * 198)
    assert {row.role for row in rows} == {"cross-check"}
    # measured medians of area: 37, 25, 43 and 21 %; 7 nm is CACTI's own scaling and shows nothing
    medians = {summary.name: summary.median_error for summary in summarise_cross_check(rows)}
    assert len(medians) == 12
    assert medians["45nm cell_area"] < 0.40
    assert medians["32nm cell_area"] < 0.27
    assert medians["22nm cell_area"] < 0.45


def test_constants_named_in_overrides_exist_and_differ() -> None:
    for figure in FIGURES:
        for name, value in figure.overrides.items():
            assert name in CONSTANTS
            assert getattr(load_technology(figure.technology), name) != value, f"{figure.id}: {name} is that already"


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_an_error_says_what_the_model_is_of_the_published_value(published: float, model: float) -> None:
    row = Row("a", "wire", "7nm", "energy", "pJ", published, published, model, "predicted", "read", "me", "")
    assert (1 + row.error) * published == pytest.approx(model)
    assert row.published == pytest.approx(published)


@given(st.floats(1, 512), st.integers(32, 512), st.integers(1, 100))
def test_units_of_a_figure_do_not_change_its_error(kib: float, width_bits: int, count: int) -> None:
    figure = {
        "component": "sram",
        "parameters": {"kib": kib, "width_bits": width_bits, "count": count},
        "technology": "28nm",
        "source": "me",
    }
    first, second = (
        FiguresFile.model_validate({"figures": [{**figure, "id": "a", "quantity": quantity, "value": value, "unit": unit}]})
        for quantity, value, unit in (("cell_area", 2e5, "um2"), ("cell_area", 0.2, "mm2"))
    )
    rows = [validate([Document(file, Entry({}, Location("test")))])[0] for file in (first, second)]
    assert rows[0].error == pytest.approx(rows[1].error)
