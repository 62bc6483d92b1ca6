"""The HTML page: parsed, it holds every point and figure, loads nothing from elsewhere, and no text of a user ends its tags."""

import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from runs import small_runs

from simulator.report.page import Answers, Bars, Column, Drawing, Page, Part, Point, drawing_script, rendered
from simulator.report.page.bars import component_bars
from simulator.report.page.runs import page_of_runs
from simulator.report.plots.looks import looks
from simulator.study.comparison import Comparison
from simulator.study.sweep.page import points_of_rows
from simulator.study.sweep.study import Row

MADE = {"command": "sparsim compare 'a b' -w <w>", "started": "2026-01-01T00:00:00+00:00", "python": "3.11"}
EVIL = "</script><img src=x onerror=alert(1)> & \"quoted\" 'too'"
VOID = {"meta", "input", "br", "img", "link", "source"}


class Parsed(HTMLParser):
    """Tags that balance, attributes that would load something, and text by the tag and id that it stands in."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.loads: list[str] = []
        self.text: dict[str, list[str]] = {}
        self.named: list[str] = []
        self.cells: list[str] = []
        self.images = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        found = [str(known[name]) for name in ("src", "srcset", "href", "data") if name in known]
        self.loads += [each for each in found if not each.startswith("data:image/png;base64,")]
        self.images += tag == "img"
        if tag not in VOID:
            self.open.append(tag)
            self.named.append(self.named[-1] if tag == "span" else known.get("id") or tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.named.pop()

    def handle_data(self, data: str) -> None:
        if self.named:
            self.text.setdefault(self.named[-1], []).append(data)

    def data(self) -> dict[str, object]:
        return dict(json.loads("".join(self.text["data"])))


def parsed(page: Page, script: str = "let drawn;") -> Parsed:
    found = Parsed(rendered(page, script))
    assert found.open == []
    assert found.loads == []
    assert found.images == len(page.drawings)
    return found


def test_a_comparison_has_its_verdict_every_figure_its_files_and_its_command() -> None:
    report = Comparison(small_runs())
    found = parsed(page_of_runs(report, MADE, {}))
    assert report.sentences[0] in "".join(found.text["p"])
    assert "".join(found.text["command"]) == MADE["command"]
    data = found.data()
    points = {point["name"]: point for point in data["points"]}  # type: ignore[attr-defined]
    assert set(points) == {result.name for result in report.results}
    for result in report.results:
        figures = points[result.name]["figures"]
        assert set(figures) == set(result.metrics())
        assert figures["cycles"] == result.cycles
        assert figures["utilization"] == pytest.approx(100 * result.utilization)
    energy, area, causes = data["bars"]  # type: ignore[misc]
    first = min(report.results, key=lambda result: result.edap_js_mm2)
    joules = {"pJ": 1e-12, "nJ": 1e-9, "µJ": 1e-6, "mJ": 1e-3}[energy["unit"]]
    assert energy["names"][0] == first.name
    assert sum(part["values"][0] for part in energy["parts"]) * joules == pytest.approx(first.energy_pj * 1e-12)
    assert sum(part["values"][0] for part in area["parts"]) == pytest.approx(first.fabric_area_mm2)
    assert [sum(part["values"][bar] for part in causes["parts"]) for bar in range(4)] == pytest.approx([100.0] * 4)
    assert "".join(found.text["pre"]).count("fabric:") == 4
    assert "down" in "".join(found.text["pre"])


def test_one_machine_has_its_operations() -> None:
    report = Comparison((small_runs()[0],))
    *_, operations = page_of_runs(report, MADE, {}).bars
    assert set(operations.names) == {"up", "down"}


def test_a_page_has_no_more_colours_than_can_be_told_apart() -> None:
    """As pictures have: what is small stands together, and says what it is; nothing is lost."""
    parts = {f"part {place}": 100.0 / (place + 1) for place in range(14)}
    bars = component_bars("Energy", "pJ", ["a"], [parts])
    *_, other = bars.parts
    assert len(bars.parts) == 8
    assert (other.label, other.meaning) == ("other", ", ".join(f"part {place}" for place in range(7, 14)))
    assert sum(part.values[0] for part in bars.parts) == pytest.approx(sum(parts.values()))


def test_points_of_a_sweep_have_the_looks_of_their_machines() -> None:
    names = ("systolic", "crossbar")
    rows = [Row(place, "", {"machine": name, "fabric.window": 4}, {"seconds": 1.0}) for place, name in enumerate(names)]
    own = looks(names)
    assert [(point.colour, point.mark) for point in points_of_rows(rows)] == [(own[name].colour, own[name].marker) for name in names]


def test_the_table_begins_with_what_decides() -> None:
    columns = page_of_runs(Comparison(small_runs()), MADE, {}).columns
    assert columns[0].name == "edap_js_mm2"
    assert columns[0].main


def test_what_users_name_ends_no_tag() -> None:
    column = Column("cycles", EVIL, EVIL, EVIL, "low", 1.0, main=True)
    point = Point(EVIL, {EVIL: EVIL}, {"cycles": 5.0}, work=EVIL, note=EVIL)
    bars = Bars(EVIL, EVIL, [EVIL], [Part(EVIL, "#000000", EVIL, [1.0])])
    answers, drawings = Answers([(EVIL, EVIL)], [[EVIL]]), [Drawing(EVIL, b"wide", b"narrow")]
    page = Page(
        EVIL, [EVIL, EVIL], [column], [point], ("cycles", "cycles"), answers, drawings, [(EVIL, [EVIL])], [bars], [(EVIL, EVIL)],
        [(EVIL, EVIL)], EVIL,
    )  # fmt: skip
    found = parsed(page, script='"</script>"')
    assert "".join(found.text["command"]) == EVIL
    assert found.data()["points"][0]["name"] == EVIL  # type: ignore[index]


def test_a_card_of_a_narrow_screen_says_what_each_of_its_cells_is() -> None:
    columns = [Column(name, EVIL, unit, "", "low", 1.0, main=True) for name, unit in (("cycles", "\\"), ("seconds", "s"))]
    points = [Point(name, {"axis\n": name}, {"cycles": 5.0}) for name in "ab"]
    text = rendered(Page("t", [""], columns, points, ("cycles", "seconds")), "let drawn;")
    rules = re.findall(r'td:nth-child\((\d)\)::before \{ content: "(.*?)"; \}', text)
    told = {int(place): re.sub(r"\\([0-9a-f]+) ", lambda code: chr(int(code[1], 16)), content) for place, content in rules}
    assert told == {2: "axis\n", 3: columns[0].title, 4: columns[1].title, 5: "note"}


def test_only_tables_of_many_points_fold_and_names_that_tell_all_words_stand_for_them() -> None:
    def kinds(names: list[str]) -> str:
        points = [Point(name, {"axis": name[-1]}, {"cycles": 5.0}) for name in names]
        text = rendered(Page("t", [""], [Column("cycles", "c", "", "", "low", 1.0, main=True)], points, ("cycles", "cycles")), "")
        return re.findall('<table class="(.*?)">', text)[0]

    assert kinds(["axis 1", "axis 2"]) == "told"
    assert kinds([f"axis {place}" for place in range(9)]) == "told many"
    some = [Point("axis 1", {"axis": "1", "rows": "8"}, {}), Point("axis 2", {"axis": "2"}, {})]
    assert '<table class="told">' in rendered(Page("t", [""], [], some, ("cycles", "cycles")), "")
    point = Point("machine", {"workload": "a"}, {}), Point("machine", {"workload": "b"}, {})
    assert '<table class="">' in rendered(Page("t", [""], [], point, ("cycles", "cycles")), "")


def test_what_is_no_number_is_left_empty() -> None:
    page = page_of_runs(Comparison((small_runs()[0],)), MADE, {})
    odd = replace(page, points=[replace(page.points[0], figures={"cycles": math.inf, "seconds": math.nan})])
    figures = parsed(odd).data()["points"][0]["figures"]  # type: ignore[index]
    assert set(figures.values()) == {None}


def test_the_script_that_draws_is_whole() -> None:
    script = drawing_script()
    assert "plotly.js v" in script[:200]
    assert 1e6 < len(script) < 6e6
