"""Which pictures of a report are drawn, and in which formats: drawing takes longer than most runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from msgspec import Struct

from simulator.errors import ConfigError

PictureFormat = Literal["png", "svg", "pdf"]
PictureStyle = Literal["screen", "column", "slide"]
"""Sizes of paper and letters: for a screen, a column of 3.5 inches, a slide of 10 × 5.6 inches."""
_current: ContextVar[PictureStyle] = ContextVar("style", default="screen")


@contextmanager
def in_style(style: PictureStyle) -> Iterator[None]:
    """Within it, figures have the sizes of a style."""
    token = _current.set(style)
    try:
        yield
    finally:
        _current.reset(token)


def current_style() -> PictureStyle:
    """The style that figures have here."""
    return _current.get()


PICTURES = ("area", "energy", "unit_cycles", "tradeoff", "bandwidth")
"""Names of all that can be drawn from results; `plots.FIGURES` draws them."""


class Pictures(Struct, frozen=True):
    """What to draw."""

    names: tuple[str, ...]
    formats: tuple[PictureFormat, ...] = ("png",)
    style: PictureStyle = "screen"


OF_ONE = Pictures(("energy", "unit_cycles"))
"""Of one machine, where nothing else was asked for: where its energy goes and its time."""
OF_SEVERAL = Pictures(("tradeoff", "energy"))
"""Of machines that are compared: which is better in what, and why."""


def picture_names(text: str) -> tuple[str, ...]:
    """Names as typed, `area,energy` or `all`. Raises ConfigError for one that is none."""
    names = tuple(name.strip() for name in text.split(","))
    unknown = [name for name in names if name not in (*PICTURES, "all")]
    if unknown:
        raise ConfigError(f"--plots {text}: {unknown[0]!r} is no plot; allowed: {', '.join(PICTURES)}, all")
    return PICTURES if "all" in names else tuple(dict.fromkeys(names))


def asked_for(
    default: Pictures, names: str | None, formats: Sequence[PictureFormat], style: PictureStyle = "screen", *, nothing: bool
) -> Pictures:
    """What was typed of `--plots`, `--no-plots`, `--format` and `--style`, over a default. Raises ConfigError."""
    if nothing and names is not None:
        raise ConfigError("--plots and --no-plots cannot be given together")
    return Pictures(() if nothing else default.names if names is None else picture_names(names), tuple(formats), style)
