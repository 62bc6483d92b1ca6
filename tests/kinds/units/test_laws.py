"""Laws of whole runs on random machines of vector units; `python -m tests.kinds.units.laws 300` tries as many as one likes."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulator.activity import Ideal
from tests.differential.compare import repeat_figures
from tests.kinds.units.laws import HARMLESS, PARTS, case, chain_case, slower_when_larger, slower_with


@settings(max_examples=25)
@example(seed=63, part="network").via("a tile, and the run, were slower where all requests are served as they come")
@example(seed=168, part="network").via("no tile was slower, but the run: the clock of the fabric stopped for longer")
@example(seed=27, part="dram").via("tiles that were chosen for a perfect DRAM took longer on it than those chosen for the real one")
@given(seed=st.integers(0, 2**32 - 1), part=st.sampled_from(PARTS))
def test_a_perfect_part_never_makes_a_run_longer(seed: int, part: Ideal) -> None:
    assert slower_with(part, case(seed)) == ""


@pytest.mark.parametrize(("seed", "part"), [(63, "network"), (99, "both"), (168, "network"), (226, "trunks"), (1973, "network")])
def test_both_engines_agree_on_what_a_perfect_part_saves(seed: int, part: Ideal) -> None:
    reference, compiled = repeat_figures(case(seed), part)
    assert len(reference) > 1
    assert compiled == reference


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_wider_trunks_and_more_ports_or_places_of_banks_slow_no_crossbar_down(seed: int) -> None:
    """By more than 2 %, or 64 cycles: arbitration, and who is first at a trunk."""
    assert slower_when_larger(seed, HARMLESS) == ""


FORMERLY_SLOWER = (16, 282, 313, 316, 437, 582, 679, 846, 901, 953, 960, 1177, 1222, 1364, 1456)
"""Steps up that made a run slower while schedules were compared by estimate alone."""


@pytest.mark.parametrize("seed", [*range(25), *FORMERLY_SLOWER])
def test_more_of_anything_slows_no_crossbar_down(seed: int) -> None:
    """Units, banks, capacity, accumulators. Of many steps a few still do (model.md), by arbitration and by wider index bits."""
    assert slower_when_larger(seed) == ""


@pytest.mark.parametrize("seed", [*range(8), 25, 247])
def test_wider_trunks_more_places_and_a_larger_buffer_slow_no_chain_down(seed: int) -> None:
    """By more than 2 %, or 64 cycles, whether its cuts are tried or (25, 247) chosen by their first blocks."""
    assert slower_when_larger(seed, (*HARMLESS, "activation_buffer_kib"), chain_case) == ""
