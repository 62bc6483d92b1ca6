"""Engine against engine: equal in cycles and in every counter, on random clusters and work over every option."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.engine.compiled.system.plan import SystemPlan
from simulator.engine.engines import SYSTEM_ENGINES
from simulator.system.spec import SystemSpec
from tests.differential.cases import Case, SwitchCase, cases, switch_cases
from tests.differential.compare import gather_counters, sampled_counters, scatter_counters, switch_figures, system_figures
from tests.system.random_programs import SystemCase


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


SYSTEM_CASES = st.builds(SystemCase, st.integers(0, 2**32 - 1))


@settings(max_examples=400)
@given(SYSTEM_CASES)
def test_system_level(case: SystemCase) -> None:
    reference, compiled = system_figures(case)
    assert compiled == reference


@settings(max_examples=100)
@given(SYSTEM_CASES, st.floats(1e-9, 1e30))
def test_system_level_with_dram_of_any_rate(case: SystemCase, rate: float) -> None:
    spec, program = case.drawn()
    spec = replace(spec, dram_bytes_per_cycle=rate)
    assert SystemPlan(spec.dram_burst_bytes, program).fits(spec)
    assert SYSTEM_ENGINES["compiled"](spec, program) == SYSTEM_ENGINES["reference"](spec, program)


@settings(max_examples=50)
@given(SYSTEM_CASES, st.lists(SYSTEM_CASES, max_size=3))
def test_a_program_that_is_kept_is_played_at_any_rates(case: SystemCase, others: list[SystemCase]) -> None:
    spec, program = case.drawn()
    kept = program.kept()
    for rates in (spec, *(other.drawn()[0] for other in others), spec):
        assert SYSTEM_ENGINES["compiled"](rates, kept) == SYSTEM_ENGINES["compiled"](rates, program)


def test_what_is_too_large_for_the_kernel_is_played_by_the_reference() -> None:
    """A DRAM that takes longer for a byte than the kernel can count."""
    spec, program = SystemCase(1).drawn()
    slow: SystemSpec = replace(spec, dram_bytes_per_cycle=1e-300)
    assert not SystemPlan(slow.dram_burst_bytes, program).fits(slow)
    outcome = SYSTEM_ENGINES["compiled"](slow, program)
    assert outcome == SYSTEM_ENGINES["reference"](slow, program)
    assert math.log10(outcome.cycles) > 300
