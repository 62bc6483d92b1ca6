"""What a kind of machine hands out as hardware, and what comes of running it beside the engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from simulator.errors import ConfigError

if TYPE_CHECKING:
    from amaranth.hdl import Elaboratable, Signal


SimulatorName = Literal["amaranth", "verilator"]
AROUND = 3
"""Cycles shown before and after a difference."""


class Design(Struct, frozen=True, eq=False):
    """Hardware that can be written as Verilog, and synthesised."""

    name: str
    """Of its top module, and of the file."""
    top: Elaboratable
    ports: Sequence[Signal]
    about: str
    """Which part of the machine it is, in a line."""


class CosimOptions(Struct, frozen=True):
    """How hardware is run beside the engines."""

    tiles: int = 1
    """Of each operation, at most."""
    waveform: Path | None = None
    """Where a waveform goes: of the first tile that differs, else of the last one."""
    simulator: SimulatorName = "amaranth"
    """Amaranth's own, in Python; or Verilator, compiled, where it is installed."""
    lanes: int | None = None
    """Lanes of a word that the hardware carries, where not all of them are wanted: they are alike, and decide no cycle."""


class Difference(Struct, frozen=True):
    """Where hardware and engine first part."""

    cycle: int
    what: str
    """In words: the component, and what it did."""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """Of the cycles around it."""


class Agreement(Struct, frozen=True):
    """What came of one tile (of one cluster), or of one fold."""

    name: str
    cycles: int
    compared: Mapping[str, int]
    """How much of what was held against the engines: events by kind, counters, values."""
    difference: Difference | None
    seconds: float
    """Of the hardware's simulation."""


def not_elaborated(key: str, found: object, supported: str) -> ConfigError:
    """The refusal of an option that has no hardware: which key, what it says, and what there is."""
    return ConfigError(f"{key}: {found} is not elaborated into hardware; supported: {supported}")


def require_amaranth() -> None:
    """Raise ConfigError where the extra is not installed."""
    try:
        import amaranth  # noqa: F401
    except ImportError as error:
        raise ConfigError("hardware needs Amaranth: pip install 'sparsim[rtl]'") from error
