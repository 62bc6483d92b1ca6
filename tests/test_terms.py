"""A declaration is the one home of a counter, a metric or a component: what follows from it."""

from types import SimpleNamespace

import numpy as np
import pytest
from sample_results import sample_result

from simulator.activity import COUNTER_TERMS, Counts
from simulator.report.glossary import term
from simulator.result import BANDED, METRICS, Result
from simulator.terms import component


def test_a_counter_is_a_field_with_words() -> None:
    assert Counts(requests=2) + Counts(requests=3, replies=1) == Counts(requests=5, replies=1)
    said = next(entry for entry in COUNTER_TERMS if entry.name == "dram_read_bytes")
    assert (said.label, said.unit, said.short) == ("dram read bytes", "bytes", "bytes read from DRAM, in whole bursts")
    assert term("dram_read_bytes", "counter") is said


def test_a_metric_is_its_formula_and_its_words() -> None:
    result = sample_result("crossbar")
    assert result.edp_js == METRICS["edp_js"].formula(result) == result.energy_pj * 1e-12 * result.seconds
    assert Result.edp_js.better == "low"
    assert Result.edp_js.term is term("edp_js")
    assert Result.edp_js.__doc__ == "The energy-delay product, DRAM included."
    with pytest.raises(AttributeError):
        result.edp_js = 0.0  # type: ignore[misc]


@pytest.mark.parametrize("name", BANDED)
def test_a_banded_metric_is_as_good_for_variants_as_for_a_run(name: str) -> None:
    result = sample_result("crossbar")
    own = ("area_mm2", "fabric_area_mm2", "energy_pj", "fabric_energy_pj")
    variants = SimpleNamespace(seconds=result.seconds, **{figure: getattr(result, figure) * np.array([1.0, 2.0]) for figure in own})
    assert METRICS[name].of(variants)[0] == getattr(result, name)


def test_a_component_may_share_the_look_of_another() -> None:
    banks = component("banks", "banks", "hold words", branch="memories", rank=1, colour="#08488a")
    assert banks.role == "banks"
    assert component("buffer", "buffer", "holds words", branch="memories", drawn_as="banks").role == "banks"
