"""`--set CONSTANT=VALUE` of the verbs that cost saved results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import typer

ConstantOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", "-s", metavar="CONSTANT=VALUE", help="Replace a constant of the technology, as dram.hbm2e.io_pj_per_bit=0.8; repeatable."
    ),
]


def parse_constants(texts: Sequence[str]) -> dict[str, float]:
    """Constants by name. Raises ConfigError for what is not NAME=NUMBER; whether there is such a constant, its technology says."""
    from simulator.errors import ConfigError

    found: dict[str, float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not name.strip() or not math.isfinite(number):
            raise ConfigError(f"--set {text}: allowed: CONSTANT=NUMBER, as wire_pj_per_bit_mm=0.08")
        found[name.strip().removeprefix("technology_overrides.")] = number
    return found
