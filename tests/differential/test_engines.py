"""Engine against engine: equal in cycles and in every counter, on random clusters and work over every option."""

from dataclasses import fields

from hypothesis import given, settings

from simulator.engine.cluster import ClusterOutcome, ScatterOutcome
from simulator.engine.compiled import layout
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


def test_no_counter_exists_in_one_engine_only() -> None:
    derived = {"cycles", "unit_cycles", "outputs"}
    for outcome in (ClusterOutcome, ScatterOutcome):
        assert {entry.name for entry in fields(outcome)} - derived <= set(layout.COUNTED)


def test_list_ends_lie_where_the_links_of_a_flit_do() -> None:
    """The records of queues and units stand for the flit before the first and after the last."""
    assert (layout.HEAD, layout.TAIL) == (layout.NEXT, layout.PREVIOUS)
    assert (layout.OLDEST, layout.NEWEST) == (layout.NEWER, layout.OLDER)
    assert layout.OLDEST == layout.LANDED + layout.QUEUE_SIZE
