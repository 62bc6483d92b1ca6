"""Engine against engine: equal in cycles and in every counter, on random clusters and work over every option."""

from hypothesis import given, settings

from tests.differential.cases import Case, SwitchCase, cases, switch_cases
from tests.differential.compare import gather_counters, sampled_counters, scatter_counters, switch_figures


@settings(max_examples=300)
@given(cases())
def test_gather(case: Case) -> None:
    reference, compiled = gather_counters(case)
    assert compiled == reference


@settings(max_examples=100)
@given(cases())
def test_sampled(case: Case) -> None:
    reference, compiled = sampled_counters(case)
    assert compiled == reference


@settings(max_examples=150)
@given(cases())
def test_scatter(case: Case) -> None:
    reference, compiled = scatter_counters(case)
    assert compiled == reference


@settings(max_examples=100)
@given(switch_cases())
def test_network_alone(case: SwitchCase) -> None:
    reference, compiled = switch_figures(case)
    assert compiled == reference
