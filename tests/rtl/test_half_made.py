"""A test that fails, or is halted by its time limit, leaves hardware that nobody used: no warning of it reaches the next test."""

import gc
import warnings

from amaranth.hdl import Elaboratable, Fragment, Module

from tests.rtl.conftest import silence_what_is_half_made


class Half(Elaboratable):
    def elaborate(self, platform: object) -> Module:
        return Module()


def test_hardware_that_a_failed_test_has_left_is_not_warned_of() -> None:
    Fragment.get(Half(), None)  # from then on Amaranth warns
    counts = []
    for silenced in (False, True):
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            left = [Half()]
            if silenced:
                silence_what_is_half_made()
            left.clear()
            gc.collect()
        counts.append(len(heard))
    assert counts == [1, 0]
