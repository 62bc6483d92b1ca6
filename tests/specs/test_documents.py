"""YAML files to models: values, overrides, places of errors, and the text of messages."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, model_validator

from simulator.errors import ConfigError
from simulator.machine import load_machine
from simulator.specs import FileModel, load_yaml_document, load_yaml_model
from simulator.specs.files import MAX_BYTES

NO_UNIT = "write the number alone, in the unit that the key is described with"


class Round(FileModel):
    """One member of a union."""

    kind: Literal["round"]
    radius: float = Field(1.0, gt=0)


class Square(FileModel):
    """The other member."""

    kind: Literal["square"]
    side: Annotated[int, Field(ge=2, le=9)] | Literal["auto"] = "auto"
    corners: tuple[int, ...] = ()


class Drawing(FileModel):
    """A file."""

    title: str
    shape: Annotated[Round | Square, Field(discriminator="kind")]
    scales: dict[str, float] = Field(default_factory=dict)
    limit: int = 10

    @model_validator(mode="after")
    def _fits(self) -> "Drawing":
        if isinstance(self.shape, Square) and isinstance(self.shape.side, int) and self.shape.side > self.limit:
            raise ValueError(f"shape.side = {self.shape.side} exceeds limit = {self.limit}")
        return self


def write(folder: Path, text: str) -> Path:
    path = folder / "drawing.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def message(path: Path, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_yaml_model(path, Drawing, overrides)
    return str(caught.value).replace(f"{path.parent}/", "")


SQUARE = "title: t\nshape:\n  kind: square\n  side: 3\n"


def test_values_defaults_and_exponents(tmp_path: Path) -> None:
    drawing = load_yaml_model(write(tmp_path, "title: t\nshape: {kind: round, radius: 1e-3}\nscales: {x: 2}\n"), Drawing)
    assert drawing == Drawing(title="t", shape=Round(kind="round", radius=0.001), scales={"x": 2.0}, limit=10)


def test_lists_become_tuples_and_merge_keys_are_followed(tmp_path: Path) -> None:
    text = "title: t\nshape: &s\n  kind: square\n  corners: [1, 2]\n"
    assert load_yaml_model(write(tmp_path, text), Drawing).shape == Square(kind="square", corners=(1, 2))
    merged = "title: t\nscales: &base {x: 1, y: 2}\nshape:\n  <<: {kind: square, side: 4}\n  side: 5\n"
    assert load_yaml_model(write(tmp_path, merged), Drawing).shape == Square(kind="square", side=5)


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SQUARE.encode())
    assert load_yaml_model(path, Drawing).title == "t"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SQUARE.replace("side: 3", "side: 1"), "drawing.yaml:4: shape.side: found 1; allowed: an integer from 2 to 9, or auto"),
        (
            SQUARE.replace("side: 3", "side: aut"),
            'drawing.yaml:4: shape.side: found "aut"; allowed: an integer from 2 to 9, or auto; nearest: auto',
        ),
        (SQUARE.replace("side", "sid"), "drawing.yaml:4: shape.sid: unknown key; allowed: kind, side, corners; nearest: side"),
        (SQUARE.replace("square", "sqare"), 'drawing.yaml:3: shape.kind: found "sqare"; allowed: round, square; nearest: square'),
        (SQUARE + "side: 3\n", "drawing.yaml:5: side: unknown key; allowed: title, shape, scales, limit; nearest: shape.side"),
        (SQUARE + "limit: 2\n", "drawing.yaml:4: shape.side = 3 exceeds limit = 2"),
        (
            SQUARE + "scales: {x: 4 KiB}\n",
            f'drawing.yaml:5: scales.x: found "4 KiB"; allowed: a number; {NO_UNIT}',
        ),
        (
            SQUARE + "scales: {x: 5%}\n",
            f'drawing.yaml:5: scales.x: found "5%"; allowed: a number; {NO_UNIT}',
        ),
        (SQUARE + 'scales: {x: "1,5"}\n', 'drawing.yaml:5: scales.x: found "1,5"; allowed: a number; write a decimal point'),
        (SQUARE + "scales: {x: big}\n", 'drawing.yaml:5: scales.x: found "big"; allowed: a number'),
        (SQUARE + "  corners: [1, two]\n", 'drawing.yaml:5: shape.corners.1: found "two"; allowed: an integer'),
        (SQUARE + "scales:\n", "drawing.yaml:5: scales: found nothing (null); allowed: a mapping of names to a number"),
        (
            "title: t\nshape: 3\n",
            "drawing.yaml:2: shape: found 3; allowed: a mapping with the keys kind, radius, or a mapping with the keys kind, side, corners",
        ),
        ("shape: {kind: round}\n", "drawing.yaml:1: title: missing key; allowed: text"),
        ("title: 2024-01-01\nshape: {kind: round}\n", "drawing.yaml:1: 2024-01-01 is read as a date; put it in quotes"),
        ("title: t\n? [1]\n: 2\n", "drawing.yaml:2: a key is a list or a mapping; only a name is allowed (put text with braces in quotes)"),
    ],
)
def test_one_mistake_one_line(tmp_path: Path, text: str, expected: str) -> None:
    assert message(write(tmp_path, text)) == expected


def test_all_mistakes_are_listed_in_file_order(tmp_path: Path) -> None:
    lines = message(write(tmp_path, "titel: t\nshape:\n  kind: round\n  radius: -1\nlimit: x\n")).splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["drawing.yaml:1", "title"],
        ["drawing.yaml:1", "titel"],
        ["drawing.yaml:4", "shape.radius"],
        ["drawing.yaml:5", "limit"],
    ]


def test_many_mistakes_are_cut(tmp_path: Path) -> None:
    text = SQUARE + "scales:\n" + "".join(f"  x{index}: bad\n" for index in range(50))
    assert message(write(tmp_path, text)).splitlines()[20:] == ["… and 30 more errors"]


def test_control_characters_of_a_value_are_escaped(tmp_path: Path) -> None:
    assert "\x1b" not in message(write(tmp_path, 'title: t\nshape: {kind: "\\e[31mred"}\n"\\e[0m": 1\n'))


def test_overrides_replace_and_add(tmp_path: Path) -> None:
    path = write(tmp_path, SQUARE)
    drawing = load_yaml_model(path, Drawing, ["shape.side=auto", "scales.x=1.5", "limit = 4", "shape.corners=[1, 2]", "shape.corners.1=7"])
    assert drawing.shape == Square(kind="square", corners=(1, 7))
    assert (drawing.scales, drawing.limit) == ({"x": 1.5}, 4)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("shape.side=1", "--set shape.side=1: shape.side: found 1; allowed: an integer from 2 to 9, or auto"),
        ("shape.sid=4", "--set shape.sid=4: shape.sid: unknown key; allowed: kind, side, corners; nearest: side"),
        ("shpe.side=4", "--set shpe.side=4: shpe: unknown key; allowed: title, shape, scales, limit; nearest: shape"),
        ("limit=2", "--set limit=2: limit: shape.side = 3 exceeds limit = 2"),
        ("title.x=1", '--set title.x=1: title.x: title is "t", which has no keys'),
        ("limit", '--set limit: found "limit"; allowed: KEY.PATH=VALUE, such as fabric.units=128'),
        ("shape..side=1", '--set shape..side=1: found "shape..side=1"; allowed: KEY.PATH=VALUE, such as fabric.units=128'),
        ("limit={", "--set limit={: not valid YAML: a list or mapping in brackets lacks its end, or an item before the end"),
    ],
)
def test_a_bad_override_names_itself(tmp_path: Path, override: str, expected: str) -> None:
    assert message(write(tmp_path, SQUARE), override) == expected


def test_an_override_of_a_missing_item(tmp_path: Path) -> None:
    assert message(write(tmp_path, SQUARE + "  corners: [1]\n"), "shape.corners.1=2") == (
        "--set shape.corners.1=2: shape.corners.1: no such item; allowed: 0 to 0 of the list shape.corners"
    )


def test_missing_files_folders_and_large_files(tmp_path: Path) -> None:
    write(tmp_path, SQUARE)
    assert message(tmp_path / "drawin.yaml") == "drawin.yaml: no such file; nearest: drawing.yaml"
    assert "does not exist" in message(tmp_path / "none" / "x.yaml")
    folder = tmp_path / "folder.yaml"
    folder.mkdir()
    assert message(folder) == "folder.yaml: is a folder, not a file"
    assert "at most 1,048,576 bytes" in message(write(tmp_path, "#" * (MAX_BYTES + 1)))
    assert "cannot be read" in message(tmp_path / ("x" * 300 + ".yaml"))


def test_a_document_knows_the_places_of_its_keys(tmp_path: Path) -> None:
    document = load_yaml_document(write(tmp_path, SQUARE), Drawing, ["limit=5"])
    assert document.where(["shape", "side"]) == f"{tmp_path}/drawing.yaml:4: shape.side"
    assert document.where(["limit"]) == "--set limit=5: limit"


def test_a_size_that_follows_from_keys_is_told_as_these() -> None:
    for key, told in (("clusters", "token_groups × replicas"), ("multiplers", "units × lanes")):
        with pytest.raises(ConfigError, match=rf"fabric\.{key}: unknown key; .*; \w+ is {told}, which can be set$"):
            load_machine("crossbar", [f"fabric.{key}=4"])
    with pytest.raises(ConfigError, match=r"multipliers is rows × cols, which can be set$"):
        load_machine("systolic", ["fabric.multipliers=4"])
