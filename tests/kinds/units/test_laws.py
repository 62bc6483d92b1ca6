"""Laws of whole runs on random machines of vector units; `python -m tests.kinds.units.laws 300` tries as many as one likes."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulator.activity import Ideal
from tests.differential.compare import repeat_figures
from tests.kinds.units.laws import PARTS, case, slower_with


@settings(max_examples=40)
@example(seed=63, part="network").via("a tile, and the run, were slower where all requests are served as they come")
@example(seed=168, part="network").via("no tile was slower, but the run: the clock of the fabric stopped for longer")
@example(seed=27, part="dram").via("tiles that were chosen for a perfect DRAM took longer on it than those chosen for the real one")
@given(seed=st.integers(0, 2**32 - 1), part=st.sampled_from(PARTS))
def test_a_perfect_part_never_makes_a_run_longer(seed: int, part: Ideal) -> None:
    assert slower_with(part, case(seed)) == ""


@pytest.mark.parametrize(("seed", "part"), [(63, "network"), (99, "both"), (168, "network"), (226, "trunks")])
def test_both_engines_agree_on_what_a_perfect_part_saves(seed: int, part: Ideal) -> None:
    reference, compiled = repeat_figures(case(seed), part)
    assert len(reference) > 1
    assert compiled == reference
