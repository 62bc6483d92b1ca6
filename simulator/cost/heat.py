"""Junction temperatures: what a package lets through, and leakage that grows with what it heats, to a fixed point.

T_c = ambient + θ_sink · P / A + θ_die · P_c / A_c, for a component c of a die with power P and area A: the heat of all
spreads in spreader and sink, that of one component goes straight down through die and interface (no spreading within the
die: the temperature of a small hot component is an upper bound). P_c holds the leakage at T_c.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

CEILING_C = 250.0
"""Nothing is worked out above: no device works there, and leakage that heats it beyond has no end (thermal runaway)."""
_ROUNDS = 10_000
_SETTLED_C = 1e-9


class Package(Struct, frozen=True):
    """How heat leaves a die."""

    ambient_c: float
    sink_c_mm2_per_w: float
    """Junction to ambient of the whole die's power density."""
    die_c_mm2_per_w: float
    """Die and interface, for a component's own power density."""


class LeakageLaw(Struct, frozen=True):
    """Leakage doubles every `doubling_c` degrees; prices hold at `reference_c`."""

    reference_c: float
    doubling_c: float


class Sources(Struct, frozen=True):
    """Power of a die's components, in one order."""

    names: tuple[str, ...]
    switched_w: tuple[float, ...]
    """Without leakage."""
    leakage_w: tuple[float, ...]
    """At the reference temperature."""
    area_mm2: tuple[float, ...]
    """On which each gives off its heat."""


class Heat(Struct, frozen=True):
    """Temperatures that a die settles at."""

    die_c: float
    """Of its mean power density."""
    component_c: Mapping[str, float]
    leakage_w: float
    """Of all components, each at its own temperature."""
    runaway: bool
    """Whether there is no temperature below the ceiling at which heat and leakage agree; all then stand at the ceiling."""


def settle(sources: Sources, die_mm2: float, package: Package, law: LeakageLaw) -> Heat:
    """The least temperatures at which each component gives off what it takes.

    From ambient upwards: leakage grows with temperature and temperature with leakage, so that every round lies below the
    least fixed point, and rounds rise to it; where there is none they pass the ceiling.
    """
    switched_w, at_reference_w = np.array(sources.switched_w), np.array(sources.leakage_w)
    area_mm2 = np.array(sources.area_mm2)
    hot_c, leakage_w = np.full(len(sources.names), package.ambient_c), np.zeros(len(sources.names))
    for _ in range(_ROUNDS):
        leakage_w = at_reference_w * 2.0 ** ((hot_c - law.reference_c) / law.doubling_c)
        power_w = switched_w + leakage_w
        spread_c = package.sink_c_mm2_per_w * power_w.sum() / die_mm2
        next_c = package.ambient_c + spread_c + package.die_c_mm2_per_w * power_w / area_mm2
        if (next_c > CEILING_C).any():
            break
        settled = float(np.abs(next_c - hot_c).max(initial=0.0)) < _SETTLED_C
        hot_c = next_c
        if settled:
            die_c = package.ambient_c + (package.sink_c_mm2_per_w + package.die_c_mm2_per_w) * float(power_w.sum()) / die_mm2
            return Heat(die_c, dict(zip(sources.names, hot_c.tolist(), strict=True)), float(leakage_w.sum()), False)
    return Heat(CEILING_C, dict.fromkeys(sources.names, CEILING_C), float(leakage_w.sum()), True)
