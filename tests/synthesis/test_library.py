"""Libraries of cells: what is read, and what follows from it."""

import gzip
from pathlib import Path

import pytest

from simulator.errors import ConfigError
from simulator.synthesis.library import Library, Table

TINY = Path(__file__).with_name("tiny.lib")


@pytest.fixture(scope="module")
def tiny() -> Library:
    return Library.load([TINY])


def test_a_gate_and_an_fo4_are_those_of_the_smallest_cells(tiny: Library) -> None:
    """An INV with a load of 4: its slew is 5 + 2 · 4 = 13, its delay 10 + 2 · 4, and a tenth of the slew."""
    assert (tiny.nand2.name, tiny.nand2.area, tiny.inverter.name) == ("NAND2", 2.0, "INV")
    assert (tiny.fo4.slew, tiny.fo4.delay) == pytest.approx((13.0, 10 + 8 + 1.3))
    assert tiny.time_ps == 1.0


def test_a_library_may_say_how_many_an_output_drives_and_lack_a_buffer(tiny: Library, tmp_path: Path) -> None:
    assert (tiny.most_driven, tiny.buffer_area) == (8, tiny.cell("BUF").area)
    file, text = tmp_path / "small.lib", TINY.read_text()
    head, _, rest = text.partition("  cell (BUF)")
    file.write_text(
        head.replace("  time_unit", "  default_max_fanout : 20.0;\n  time_unit") + "  cell (DFF)" + rest.partition("  cell (DFF)")[2]
    )
    small = Library.load([file])
    assert (small.most_driven, small.buffer_area) == (20, 2 * small.inverter.area)


def test_a_compressed_library_is_the_same(tiny: Library, tmp_path: Path) -> None:
    packed = tmp_path / "tiny.lib.gz"
    packed.write_bytes(gzip.compress(TINY.read_bytes()))
    assert Library.load([packed]).fo4 == tiny.fo4
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(ConfigError, match=r"tiny.lib.gz: .* allowed: a library in Liberty's format, or one compressed by gzip"):
        Library.load([packed])


def test_several_files_are_one_library(tiny: Library, tmp_path: Path) -> None:
    head, _, rest = TINY.read_text().partition("  cell (NAND2)")
    first, second = tmp_path / "a.lib", tmp_path / "b.lib"
    first.write_text(head + "}\n")
    second.write_text(head.partition("  cell (INV)")[0] + "  cell (NAND2)" + rest)
    both = Library.load([first, second])
    assert both.places.keys() == tiny.places.keys()
    assert both.name == "a.lib and 1 more"


def test_what_is_no_library_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty.lib"
    file.write_text("library (x) { }")
    with pytest.raises(ConfigError, match=r"empty.lib: found no cell"):
        Library.load([file])
    with pytest.raises(ConfigError, match=r"nowhere.lib: No such file"):
        Library.load([tmp_path / "nowhere.lib"])
    file.write_text('library (x) { cell (A) { area : 1; pin (Y) { direction : output; function : "A"; } pin (A) { direction : input; } } }')
    with pytest.raises(ConfigError, match="found no NAND of two inputs"):
        _ = Library.load([file]).nand2


def test_tables_are_read_between_and_beyond_their_entries() -> None:
    table = Table((0.0, 100.0), (0.0, 10.0), ((10.0, 30.0), (20.0, 40.0)))
    assert [table.at(0, 0), table.at(50, 5), table.at(0, 20), table.at(200, 0)] == [10, 25, 50, 30]
    assert Table((0.0,), (0.0, 10.0), ((1.0, 2.0),)).at(70, 5) == 1.5
