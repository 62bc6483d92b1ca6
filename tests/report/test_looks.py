"""Pictures for a paper: a machine's look is its own everywhere, few colours, sizes of a column, text that stays text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from sample_results import FABRICS, sample_result

from simulator.report.numbers import quantity
from simulator.report.pictures import Pictures, PictureStyle, in_style
from simulator.report.plots import FIGURES, energy_figure, save_plots
from simulator.report.plots.looks import LOOKS, looks
from simulator.report.plots.stacked import OTHER, Stack, gathered
from simulator.report.plots.style import component_colours, render
from simulator.report.plots.tradeoff import tradeoff_figure
from simulator.specs import config_names


def test_each_shipped_machine_has_a_look_of_its_own_whatever_it_is_drawn_with() -> None:
    names = config_names("machines")
    together = looks(names)
    assert len(set(together.values())) == len(names)
    assert all(looks([name])[name] == together[name] for name in names)


@given(st.sets(st.text("abcdefgh-0123456789", min_size=1, max_size=12), min_size=1, max_size=8))
def test_no_two_of_eight_machines_look_alike(names: set[str]) -> None:
    found = looks(names)
    assert len({look.colour for look in found.values()}) == len(names)
    assert found == looks(sorted(names, reverse=True)), "in whatever order they are named"


def test_looks_differ_without_colour_too() -> None:
    for own in (lambda look: look.marker, lambda look: look.hatch, lambda look: look.colour):
        assert len({own(look) for look in LOOKS}) == len(LOOKS)


@given(st.lists(st.lists(st.floats(0, 1e6), min_size=14, max_size=14), min_size=1, max_size=4))
def test_small_parts_are_gathered_and_none_is_lost(bars: list[list[float]]) -> None:
    names = tuple("abcdefghijklmn")
    stack = Stack(tuple(map(str, range(len(bars)))), names, tuple(dict(zip(names, bar, strict=True)) for bar in bars))
    found = gathered(stack, stack.totals)
    assert len(found.parts) <= 8
    assert [part for part in found.parts if part != OTHER] == [name for name in names if name in found.parts], "in their order"
    assert found.totals == pytest.approx(stack.totals)


def test_what_is_gathered_counts_to_the_bar_that_it_belongs_to() -> None:
    results = [sample_result(name) for name in FABRICS]
    energy, shares = energy_figure(results).axes
    for axes, bars in ((energy, [r.energy_pj for r in results]), (shares, [1.0] * len(results))):
        ends = _ends(axes.collections)
        assert ends == pytest.approx([length * ends[0] / bars[0] for length in bars])
    assert any(text.get_text().startswith(quantity(results[0].energy_pj, "pJ").split()[0]) for text in energy.texts)
    *fabric, dram = energy.collections
    assert to_hex(dram.get_facecolor()[0]) == component_colours()["dram"]  # type: ignore[index]
    assert _ends(fabric) == pytest.approx([r.fabric_energy_pj * _ends([dram])[0] / results[0].energy_pj for r in results])


def _ends(parts: Sequence[Collection]) -> list[float]:
    """Where bars end, by their rows, with so many of their parts."""
    ends: dict[int, float] = {}
    for path in (path for part in parts for path in part.get_paths()):
        (_, low), (right, high) = path.get_extents().get_points()
        row = round((low + high) / 2)
        ends[row] = max(ends.get(row, 0.0), float(right))
    return [end for _, end in sorted(ends.items())]


@pytest.mark.parametrize(("style", "width"), [("column", 3.5), ("slide", 10.0)])
def test_a_picture_has_the_size_of_its_style(style: PictureStyle, width: float) -> None:
    results = [sample_result(name) for name in FABRICS]
    with in_style(style):
        for draw in FIGURES.values():
            assert draw(results).get_figwidth() == width
    assert tradeoff_figure(results).get_figwidth() == 10.0, "and a screen's outside of it"


def test_text_of_a_vector_picture_is_text_and_the_same_figure_gives_the_same_bytes() -> None:
    results = [sample_result(name) for name in FABRICS]
    once, again = ([render(tradeoff_figure(results), kind) for kind in ("svg", "pdf")] for _ in range(2))
    assert once == again
    text = once[0].decode()
    assert all(f">{name}</text>" in text for name in FABRICS)


def test_area_is_an_axis_and_no_size_of_a_dot() -> None:
    results = [sample_result(name) for name in FABRICS]
    figure = tradeoff_figure(results)
    time, area = figure.axes
    assert [axes.get_xlabel() for axes in (time, area)] == ["time (µs)", "fabric area (mm²)"]
    for axes, values in ((time, [result.seconds * 1e6 for result in results]), (area, [result.fabric_area_mm2 for result in results])):
        drawn = [float(collection.get_offsets()[0][0]) for collection in axes.collections]  # type: ignore[index]
        assert drawn == pytest.approx(values)
        assert len({float(collection.get_sizes()[0]) for collection in axes.collections}) == 1
        colours = [to_hex(collection.get_facecolor()[0]) for collection in axes.collections]
        assert colours == [looks(FABRICS)[result.name].colour for result in results]


def test_a_folder_has_pictures_in_the_style_that_was_asked_for(tmp_path: Path) -> None:
    save_plots([sample_result("crossbar")], tmp_path, Pictures(("energy",), ("pdf",), "column"))
    page = (tmp_path / "energy.pdf").read_bytes()
    assert b"/MediaBox [ 0 0 252 " in page, "3.5 inches of 72 points"
