"""Numbers and lists for people: one unit for all values of a row, a few significant digits, no exponent."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

_PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"))
_BASE = {"pJ": (1e-12, "J")}


def common_scale(values: Iterable[float], unit: str) -> tuple[float, str]:
    """Factor and unit in which the median of the values reads as 1 to 999.

    Examples: seconds around 2e-5 give (1e6, "µs"); energies of 3e7 given in pJ give (1e-6, "µJ"); "J·s" is prefixed too,
    areas and rates keep theirs.
    """
    factor, base = _BASE.get(unit, (1.0, unit))
    if base not in ("s", "J", "W") and not base.startswith("J·"):
        return 1.0, unit
    sizes = sorted(abs(value) * factor for value in values if value and math.isfinite(value))
    if not sizes:
        return factor, base
    middle = sizes[len(sizes) // 2]
    scale, prefix = next((entry for entry in _PREFIXES if middle >= entry[0] * 0.9995), _PREFIXES[-1])
    return factor / scale, f"{prefix}{base}"


def significant(value: float, digits: int = 3) -> str:
    """The value with that many significant digits, thousands separated; `0` for zero, `∞` for no limit."""
    if math.isinf(value):
        return "∞"
    if value == 0:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    if decimals > 8:
        return f"{value:.{digits - 1}e}"
    return f"{round(value, decimals):,.{max(decimals, 0)}f}"


def quantity(value: float, unit: str, digits: int = 3) -> str:
    """The value with its unit, prefixed: `quantity(2.3e-5, "s")` is `23.0 µs`."""
    factor, name = common_scale([value], unit)
    return f"{significant(value * factor, digits)} {name}"


def percent(share: float) -> str:
    """A share as a percentage: `12.3 %`, `0.04 %`; `0 %` only for nothing at all."""
    if share and abs(share) < 0.0005:
        return "<0.1 %"
    return f"{100 * share:.1f} %" if share else "0 %"


def listed(texts: Sequence[str]) -> str:
    """`a, b and c`."""
    return f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else "".join(texts)


def counted(count: int, noun: str) -> str:
    """`1 point`, `24 points`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def times(factor: float) -> str:
    """A ratio as readers say it: `1.83×`, `24.1×`."""
    return f"{significant(factor)}×"
