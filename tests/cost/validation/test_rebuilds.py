"""Published accelerators, rebuilt: sums of what the components answer, and nothing from memory in a median."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from simulator.cost import load_technology
from simulator.cost.validation import Rebuild, Rebuilt, load_rebuild, rebuild, shipped_rebuilds, summarise_rebuilds
from simulator.cost.validation.memory import Sram
from simulator.cost.validation.rebuild_files import Part, Piece, TotalPublished
from simulator.cost.validation.rebuilds import Beside
from simulator.specs import Document
from simulator.specs.tree import Entry, Location

REBUILT = {each.name: each for each in map(rebuild, shipped_rebuilds())}
DOCS = Path(__file__).parents[3] / "docs" / "validation.md"
MACRO: dict[str, Any] = {"component": "sram", "parameters": {"kib": 16, "width_bits": 32}}


def priced(*parts: dict[str, Any], **keys: Any) -> Rebuilt:
    model = Rebuild.model_validate({"name": "mine", "technology": "45nm", "clock_ghz": 0.5, "parts": parts, **keys})
    return rebuild(Document(model, Entry({}, Location("test"))))


def part(name: str = "a", **keys: Any) -> dict[str, Any]:
    return {"name": name, "hardware": [], **keys}


def test_a_part_is_the_sum_of_what_its_hardware_answers() -> None:
    macro = Sram(kib=16, width_bits=32).modelled(load_technology("45nm"))
    piece = {**MACRO, "times": 2, "area": "placed_area", "events": {"read_energy": 0.25, "write_energy": 1}}
    rebuilt = priced(part(hardware=[piece, {**MACRO, "area": "cell_area"}], control=0.3, published_um2=1000.0, published_mw=2.0))
    (only,) = rebuilt.parts
    assert only.um2.model == pytest.approx(1.3 * (2 * macro["placed_area"] + macro["cell_area"]))
    assert only.um2.ratio == pytest.approx(only.um2.model / 1000.0)
    # pJ a cycle × GHz = mW
    assert only.mw.model == pytest.approx(0.5 * 2 * (0.25 * macro["read_energy"] + macro["write_energy"]))


def test_flops_are_clocked_and_written_every_cycle() -> None:
    technology = load_technology("45nm")
    (only,) = priced(part(hardware=[{**MACRO, "area": "cell_area"}], flops_clocked=100)).parts
    assert only.mw.model == pytest.approx(0.5 * technology.logic_pj(100 * technology.flop_fj_per_bit * 1e-3))


def test_what_is_not_rebuilt_is_in_the_published_total_alone() -> None:
    area = {"hardware": [{**MACRO, "area": "cell_area"}]}
    rebuilt = priced(part("a", **area, published_um2=5e4), part("b", published_um2=9e4), total_published={"um2": 1.4e5})
    assert rebuilt.parts[1].um2 == Beside(9e4, None, "read")
    assert rebuilt.total.um2.published == 1.4e5
    assert rebuilt.total.um2.model == rebuilt.parts[0].um2.model
    assert rebuilt.total.mw == Beside(None, None, "read")


@given(st.integers(1, 1000), st.floats(0, 8), st.floats(0.01, 4))
def test_so_many_pieces_are_one_piece_so_many_times(times: int, rate: float, clock_ghz: float) -> None:
    once = {**MACRO, "area": "cell_area", "events": {"read_energy": rate}}
    single = priced(part(hardware=[once]), clock_ghz=clock_ghz).total
    several = priced(part(hardware=[{**once, "times": times}]), clock_ghz=clock_ghz).total
    for one, many in ((single.um2, several.um2), (single.mw, several.mw)):
        assert one.model is not None
        assert many.model == pytest.approx(times * one.model)


def test_a_figure_from_memory_moves_no_median() -> None:
    shown = [*REBUILT.values()]
    before = summarise_rebuilds(shown)
    moved = []
    for each in shown:
        parts = tuple(replace(entry, um2=doubled(entry.um2), mw=doubled(entry.mw)) for entry in each.parts)
        moved.append(replace(each, parts=parts, total=replace(each.total, um2=doubled(each.total.um2))))
    assert moved != shown
    assert summarise_rebuilds(moved) == before


def doubled(beside: Beside) -> Beside:
    """Where it is from memory."""
    return replace(beside, published=2 * beside.published) if beside.confidence == "memory" and beside.published else beside


def test_medians_of_parts_and_wholes_by_hand() -> None:
    def of(*ratios: float) -> Rebuilt:
        parts = tuple(
            replace(REBUILT["EIE PE"].parts[0], um2=Beside(1.0, ratio, "read"), mw=Beside(None, None, "read")) for ratio in ratios
        )
        return replace(REBUILT["EIE PE"], parts=parts, total=replace(parts[0], um2=Beside(2.0, 1.0, "read")))

    parts, whole = summarise_rebuilds([of(0.5, 1.1, 1.4)])
    assert (parts.of, parts.measure, parts.figures) == ("parts", "um2", 3)
    assert parts.median_error == pytest.approx(0.4)
    assert (parts.median_ratio, parts.worst_ratio) == (1.1, 0.5)
    assert (whole.of, whole.figures, whole.median_ratio) == ("whole", 1, 0.5)


def test_the_shipped_ones_are_there_and_say_who_published_them() -> None:
    nvdla = {f"NVDLA {macs}" for macs in (64, 256, 1024, 2048)}
    assert set(REBUILT) == {"EIE PE", "SCNN PE", "SIGMA", "Gamma", "Gemmini", "ACES", *nvdla}
    for each in REBUILT.values():
        assert each.source
        assert each.total.um2.ratio is not None


def test_published_parts_add_up_to_the_published_whole() -> None:
    """Within rounding, where every part was published: no line was left out, none stands twice."""
    for each in REBUILT.values():
        published = [entry.um2.published for entry in each.parts]
        if all(published) and each.total.um2.published:
            assert sum(filter(None, published)) == pytest.approx(each.total.um2.published, rel=0.01), each.name
    assert {each.name for each in REBUILT.values() if all(entry.um2.published for entry in each.parts)} >= {"EIE PE", "ACES", "Gemmini"}


def test_gamma_is_all_from_memory_and_counts_nowhere() -> None:
    assert {entry.um2.confidence for entry in (*REBUILT["Gamma"].parts, REBUILT["Gamma"].total)} == {"memory"}
    assert summarise_rebuilds([REBUILT["Gamma"]]) == []


def test_a_total_is_from_memory_where_every_part_is_and_nothing_else_is_said() -> None:
    hardware = [{**MACRO, "area": "cell_area"}]
    remembered = part("a", hardware=hardware, published_um2=1.0, confidence="memory")
    total = {"total_published": {"um2": 2.0}}
    assert priced(remembered, **total).total.um2.confidence == "memory"
    assert priced(remembered, part("b", published_um2=1.0), **total).total.um2.confidence == "read"
    assert priced(part("a", hardware=hardware), **total).total.um2.confidence == "read"


def test_the_docs_have_the_totals_of_the_shipped_ones() -> None:
    rows = re.findall(r"^\| (\S[^|]*?) \| \d+ nm \| ([\d.]+)\*? \| ([\d.]+|-) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    expected = [(each.name, shown(each.total.um2.ratio), shown(each.total.mw.ratio)) for each in REBUILT.values()]
    assert sorted(rows) == sorted(expected)


def shown(ratio: float | None) -> str:
    return f"{ratio:.2f}" if ratio is not None else "-"


def test_a_shipped_one_is_found_by_its_name_or_its_path() -> None:
    path = Path(__file__).parents[3] / "configs" / "validation" / "rebuilds" / "eie.yaml"
    assert load_rebuild("eie").model == load_rebuild(path).model
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["name"] == "EIE PE"


def test_the_docs_name_every_key_and_their_example_loads(tmp_path: Path) -> None:
    text = DOCS.read_text(encoding="utf-8")
    keys = {name for model in (Rebuild, Part, Piece, TotalPublished) for name in model.model_fields}
    assert [name for name in sorted(keys) if f"`{name}`" not in text] == []
    (example,) = (block for block in re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL) if "total_published" in block)
    file = tmp_path / "mine.yaml"
    file.write_text(example, encoding="utf-8")
    assert rebuild(load_rebuild(file)).total.um2.ratio is not None
