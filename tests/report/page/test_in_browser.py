"""The HTML page in headless Chromium: what a pointer does there. Skipped where there is no Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from report.page.browser import CHROMIUM, Tab, tab
from runs import small_runs

from simulator.report.page import drawing_script, rendered
from simulator.report.page.runs import page_of_runs
from simulator.study.comparison import Comparison

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium"),
]
DESK, PHONE = 1280, 390
UNDRAWN = "var drawn; var Plotly = { react(_, traces) { drawn = traces; }, newPlot() {} };"
A4 = 718
"""Pixels between the margins of a page."""
HEADINGS = "[...document.querySelectorAll('thead th')].filter((each) => each.offsetWidth)"
NAMES = "[...document.querySelectorAll('tbody th')].filter((each) => each.offsetWidth).map((each) => each.textContent)"
COMMAND = "sparsim compare 'a b' -w <w>"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(rendered(page_of_runs(Comparison(small_runs()), {"command": COMMAND}, {}), drawing_script()), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with tab(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def _by(metric: str, *, down: bool = False) -> list[str]:
    return [result.name for result in sorted(small_runs(), key=lambda each: float(getattr(each, metric)), reverse=down)]


def _draw(name: str) -> str:
    return f"document.getElementById({json.dumps(name)})"


def test_at_a_desk(browser: Tab, page: Path) -> None:
    browser.open(page, DESK)
    assert browser.value(NAMES) == _by("edap_js_mm2")
    titles = browser.value(f"{HEADINGS}.map((each) => each.textContent)")
    energy = next(place for place, title in enumerate(titles) if title.startswith("energy (") and "·" not in title)
    browser.click(f"{HEADINGS}[{energy}].querySelector('button')")
    assert browser.value(NAMES) == _by("energy_pj")
    browser.click(f"{HEADINGS}[{energy}].querySelector('button')")
    assert browser.value(NAMES) == _by("energy_pj", down=True)
    browser.click(f"{HEADINGS}[0].querySelector('button')")
    assert browser.value(NAMES) == sorted(_by("cycles"))

    browser.click(_draw("all"))
    assert browser.value(f"{HEADINGS}.length") > 2 * len(titles)
    browser.click(_draw("all"))

    browser.choose(_draw("x"), "fabric_area_mm2")
    browser.choose(_draw("y"), "cycles")
    assert browser.value(f"{_draw('scatter')}.querySelector('.xtitle').textContent").startswith("fabric area")
    ahead = browser.value(f"{_draw('front')}.textContent").removesuffix(".").split(": ")[1].split("; ")
    best: list[str] = []
    for result in sorted(small_runs(), key=lambda each: (each.fabric_area_mm2, each.cycles)):
        if all(result.cycles < other.cycles for other in small_runs() if other.name in best):
            best.append(result.name)
    assert ahead == best
    browser.click(_draw("y-log"))
    assert browser.value(f"{_draw('scatter')}.layout.yaxis.type") == "log"

    browser.point_at(f"{_draw('scatter')}.querySelector('.point')")
    shown = f"{_draw('scatter')}.querySelector('.hovertext')?.textContent ?? ''"
    assert browser.becomes(f"({shown}).includes('cycles: ')", wanted=True)
    assert browser.value(shown).startswith(tuple(_by("cycles")))

    dimmed = "document.querySelectorAll('.legend button')[0]"
    drawn = f"{_draw('bars-0')}.data[0].visible !== false"
    assert browser.value(drawn)
    browser.click(dimmed)
    assert browser.becomes(drawn, wanted=False)

    browser.click(_draw("copy"))
    assert browser.becomes(f"{_draw('copy')}.textContent", "copied")
    assert browser.value("navigator.clipboard.readText()") == COMMAND


def test_on_a_phone(browser: Tab, page: Path) -> None:
    browser.open(page, PHONE)
    assert browser.value("document.documentElement.scrollWidth") == PHONE
    assert browser.value(NAMES) == _by("edap_js_mm2")
    place = browser.value(f"[...{_draw('sort')}.options].find((each) => each.text.startsWith('fabric area')).value")
    browser.choose(_draw("sort"), place)
    assert browser.value(NAMES) == _by("fabric_area_mm2")
    browser.click(_draw("turn"))
    assert browser.value(NAMES) == _by("fabric_area_mm2", down=True)
    browser.click(_draw("copy"))
    assert browser.becomes(f"{_draw('copy')}.textContent", "copied")


def test_on_paper(browser: Tab, tmp_path: Path) -> None:
    """The widest table that a page shows at first is not cut, colours of legends are printed, and what nobody opened has no heading."""
    runs = page_of_runs(Comparison(small_runs()), {"command": COMMAND}, {})
    words = {"fabric.network.topology": "butterfly", "fabric.network.slices": "auto", "workload.density": "0.0009765625"}
    points = [replace(point, labels={name: f"{word}{place}" for name, word in words.items()}) for place, point in enumerate(runs.points)]
    file = tmp_path / "report.html"
    file.write_text(rendered(replace(runs, points=points), UNDRAWN), encoding="utf-8")
    browser.call("Emulation.setEmulatedMedia", media="print")
    try:
        browser.open(file, A4)
        assert browser.value("document.querySelector('table').getBoundingClientRect().right") <= A4
        assert browser.value("document.documentElement.scrollWidth") <= A4
        assert browser.value("getComputedStyle(document.querySelector('.legend i')).printColorAdjust") == "exact"
        assert browser.value(f"{_draw('files')}.offsetHeight") == 0
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")


def test_one_run_has_nothing_to_be_drawn_against(browser: Tab, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(rendered(page_of_runs(Comparison((small_runs()[0],)), {}, {}), UNDRAWN), encoding="utf-8")
    browser.open(file, DESK)
    assert browser.value(f"{_draw('metrics')}.offsetHeight") == 0
    assert browser.value("document.querySelectorAll('.legend button').length") > 0


def test_a_machine_has_its_own_colour_among_the_points_of_a_sweep(browser: Tab, tmp_path: Path) -> None:
    runs = page_of_runs(Comparison(small_runs()), {}, {})
    points = [replace(point, labels={"window": window, "machine": point.name}) for point in runs.points for window in "12"]
    file = tmp_path / "report.html"
    file.write_text(rendered(replace(runs, points=points), UNDRAWN), encoding="utf-8")
    browser.open(file, DESK)
    browser.choose(_draw("by"), "machine")
    drawn = browser.value("drawn.filter((each) => each.mode === 'markers').map((each) => [each.name, each.marker.color])")
    assert dict(drawn) == {point.name: point.colour for point in runs.points}
