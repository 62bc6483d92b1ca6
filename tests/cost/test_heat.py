"""Temperatures by hand, their fixed point, and runaway."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cost.heat import CEILING_C, Heat, LeakageLaw, Package, Sources, settle

PACKAGE = Package(ambient_c=45.0, sink_c_mm2_per_w=25.0, die_c_mm2_per_w=6.5)
LAW = LeakageLaw(reference_c=85.0, doubling_c=20.0)


def _two(switched_w: tuple[float, float], leakage_w: tuple[float, float], package: Package = PACKAGE, law: LeakageLaw = LAW) -> Heat:
    return settle(Sources(("a", "b"), switched_w, leakage_w, (2.0, 6.0)), 8.0, package, law)


def test_without_leakage_by_hand() -> None:
    # 1 W on 2 mm² and 1.2 W on 6 mm² of 8: 45 + 25 · 2.2/8 = 51.875; + 6.5 · 0.5 and + 6.5 · 0.2; the mean 45 + 31.5 · 0.275
    heat = _two((1.0, 1.2), (0.0, 0.0))
    assert heat.component_c == pytest.approx({"a": 55.125, "b": 53.175})
    assert heat.die_c == pytest.approx(53.6625)
    assert (heat.leakage_w, heat.runaway) == (0.0, False)


def test_a_fixed_point_by_hand() -> None:
    # one component of 1 mm² that leaks 0.5 W at 85 °C: at T = 85, 45 + 31.5 (s + 0.5) = 85 needs s = 40/31.5 - 0.5
    one = Sources(("a",), (40 / 31.5 - 0.5,), (0.5,), (1.0,))
    heat = settle(one, 1.0, PACKAGE, LeakageLaw(85.0, 40.0))
    assert heat.component_c["a"] == pytest.approx(85.0, abs=1e-6)
    assert heat.leakage_w == pytest.approx(0.5, abs=1e-8)


def test_runaway_is_said() -> None:
    # 31.5 · L · ln 2 / 20 · 2^((T - 85)/20) > 1 at every T above ambient: hotter by more than what it took
    heat = settle(Sources(("a",), (1.0,), (5.0,), (1.0,)), 1.0, PACKAGE, LAW)
    assert heat.runaway
    assert heat.die_c == heat.component_c["a"] == CEILING_C


watts = st.floats(0, 3)
few = st.floats(0, 0.3)


@given(watts, watts, few, few, st.floats(0, 60))
def test_heat_and_leakage_agree(first: float, second: float, leaks: float, other: float, ambient_c: float) -> None:
    package = Package(ambient_c, 25.0, 6.5)
    heat = _two((first, second), (leaks, other), package)
    if heat.runaway:
        return
    power = [s + leak * 2 ** ((t - 85) / 20) for s, leak, t in zip((first, second), (leaks, other), heat.component_c.values(), strict=True)]
    for (t, own), area in zip(zip(heat.component_c.values(), power, strict=True), (2.0, 6.0), strict=True):
        assert t == pytest.approx(ambient_c + 25.0 * sum(power) / 8 + 6.5 * own / area, abs=1e-6)


@given(watts, watts, few, st.floats(1.0, 2.0))
def test_more_power_is_never_cooler(first: float, second: float, leaks: float, factor: float) -> None:
    less, more = _two((first, second), (leaks, leaks)), _two((first * factor, second), (leaks * factor, leaks))
    assert all(more.component_c[name] >= less.component_c[name] - 1e-6 for name in ("a", "b"))
    assert more.runaway >= less.runaway


@given(watts, watts, few)
def test_a_better_package_is_never_hotter(first: float, second: float, leaks: float) -> None:
    cooled = _two((first, second), (leaks, leaks), Package(45.0, 12.5, 6.5))
    assert cooled.die_c <= _two((first, second), (leaks, leaks)).die_c + 1e-6


def test_the_edge_of_runaway() -> None:
    # T = 45 + θ P, P = L 2^((T-85)/d): tangent where θ P ln 2 / d = 1, so T = 45 + d / ln 2 and L = P 2^((85 - T)/d)
    d, theta = 20.0, 31.5
    tangent_c = 45 + d / math.log(2)
    limit_w = d / (theta * math.log(2)) * 2 ** ((85 - tangent_c) / d)
    below = settle(Sources(("a",), (0.0,), (limit_w * 0.999,), (1.0,)), 1.0, PACKAGE, LAW)
    assert not below.runaway
    assert below.die_c == pytest.approx(tangent_c, abs=2.0)
    assert settle(Sources(("a",), (0.0,), (limit_w * 1.001,), (1.0,)), 1.0, PACKAGE, LAW).runaway
