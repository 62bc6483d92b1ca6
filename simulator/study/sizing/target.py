"""What machines are made equal to: a value with its unit, or the value of one of them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from simulator.errors import ConfigError
from simulator.machine.model import Machine
from simulator.specs import nearest_hint
from simulator.study.sizing.types import UNITS, Quantity

_SCALES: dict[Quantity, dict[str, float]] = {
    "area": {"": 1.0, "mm2": 1.0, "mm²": 1.0},
    "throughput": {"": 1.0, "tops": 1.0, "gops": 1e-3},
    "power": {"": 1.0, "w": 1.0, "mw": 1e-3},
    "bandwidth": {"": 1.0, "gb/s": 1.0, "tb/s": 1e3},
}
_NUMBER = re.compile(r"\s*([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*(\S*)\s*")


def read_target(text: str | None, quantity: Quantity, machines: Sequence[Machine]) -> float | Machine:
    """Return a value in the quantity's unit, or one of the machines: the first where `text` is None.

    Raises ConfigError for anything else.
    """
    if text is None:
        return machines[0]
    named = next((machine for machine in machines if machine.name == text), None)
    if named is not None:
        return named
    number = _NUMBER.fullmatch(text)
    scales = _SCALES[quantity]
    if number and number[2].lower() in scales:
        value = float(number[1]) * scales[number[2].lower()]
        if 0 < value < math.inf:
            return value
    names = [machine.name for machine in machines]
    raise ConfigError(
        f"--to {text}: allowed: {quantity} above 0 in {', '.join(unit for unit in scales if unit)} (as 5{UNITS[quantity]}), "
        f"or one of the machines {', '.join(names)}{nearest_hint(text, names)}"
    )
