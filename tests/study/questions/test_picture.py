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

    def __init__(self, masks: int = 1) -> None:
        self.masks = masks

    def points(self, sweep: str | None, at: Any) -> list[Any]:
        values = [{"tokens": tokens, "mask": f"mask-{mask}"} for tokens in (512, 1024) for mask in range(self.masks)]
        return [SimpleNamespace(row=SimpleNamespace(assignments=each)) for each in values]

    def best(self, own: list[Any], column: str, which: str) -> Any:
        return own[0]

    def estimate(self, point: Any, column: str) -> Estimate:
        tokens = point.row.assignments["tokens"]
        return Estimate(np.array([tokens, tokens / 2, tokens * 2]))


def drawn(masks: int = 1, **more: Any) -> Figure:
    spec = PictureSpec(form="bars", x="tokens", lines=("mask",), panels=("cost",), title="Cost", **more)  # type: ignore[call-arg]
    figure = picture(spec, FakeEvidence(masks))  # type: ignore[arg-type]
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


def test_many_bars_at_a_place_are_points() -> None:
    """Bars as thin as their bands show neither."""
    assert len(drawn(masks=5).axes[0].patches) == 10
    crowded = drawn(masks=6).axes[0]
    assert len(crowded.patches) == 0
    assert crowded.get_yscale() == "log"


def test_a_bar_that_lies_is_named_in_whole_by_what_it_is_of_and_by_its_place() -> None:
    names = {"mask-0": "gradients at nonzeros, W twice", "512": "a short layer of few tokens"}
    axes = drawn(masks=1, names=names, stacked=True, label="time (µs)").axes[0]
    assert axes.get_yticklabels()[0].get_text() == "\n".join(names.values())
    assert axes.get_xlabel() == "time (µs)"
