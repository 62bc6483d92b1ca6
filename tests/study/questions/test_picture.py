"""What the picture of a study says beside its axes, and how its bands look."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from simulator.study.questions.estimate import Estimate
from simulator.study.questions.picture import picture
from simulator.study.questions.spec import PictureSpec


class FakeEvidence:
    """Bars of one column, twice as high at the next place."""

    columns = {"cost": SimpleNamespace(label="energy × time × area of a useful MAC", unit="pJ ns mm²")}  # noqa: RUF012

    def points(self, sweep: str | None, at: Any) -> list[Any]:
        return [SimpleNamespace(row=SimpleNamespace(assignments={"tokens": tokens})) for tokens in (512, 1024)]

    def best(self, own: list[Any], column: str, which: str) -> Any:
        return own[0]

    def estimate(self, point: Any, column: str) -> Estimate:
        tokens = point.row.assignments["tokens"]
        return Estimate(np.array([tokens, tokens / 2, tokens * 2]))


def drawn() -> Figure:
    spec = PictureSpec(form="bars", x="tokens", panels=("cost",), title="Cost")  # type: ignore[call-arg]
    figure = picture(spec, FakeEvidence())  # type: ignore[arg-type]
    assert figure is not None
    return figure


def test_a_unit_is_never_broken_over_two_lines() -> None:
    assert drawn().axes[0].get_ylabel() == "energy × time × area of a useful MAC\n(pJ ns mm²)"


def test_numbers_under_bars_are_written_as_those_of_axes() -> None:
    assert [label.get_text() for label in drawn().axes[0].get_xticklabels()] == ["512", "1,024"]


def test_a_band_is_seen_on_a_bar_of_its_own_colour() -> None:
    (axes,) = drawn().axes
    assert len(axes.lines) == 2
    assert all(line.get_path_effects() for line in axes.lines)
