"""Text in Liberty's format."""

import pytest

from simulator.synthesis.liberty import evaluate, parse


@pytest.mark.parametrize(
    ("function", "truth"),
    [
        ("!(A & B)", (1, 1, 1, 0)),
        ("(A B)'", (1, 1, 1, 0)),
        ("!A + !B", (1, 1, 1, 0)),
        ("A ^ B", (0, 1, 1, 0)),
        ("A' * B | A * !B", (0, 1, 1, 0)),
        ("((A)) + 0", (0, 0, 1, 1)),
        ("!A'", (0, 0, 1, 1)),
    ],
)
def test_functions(function: str, truth: tuple[int, ...]) -> None:
    values = [evaluate(function, {"A": a, "B": b}) for a in (False, True) for b in (False, True)]
    assert values == [bool(bit) for bit in truth]


def test_attributes_are_read_with_and_without_semicolons_and_over_several_lines() -> None:
    group = parse('cell (X) { area : 2.5 pin (A) { direction : "input" ; } values ( \\\n "1, 2", \\\n "3" ) ; }')
    assert (group.name, group.args, group.value("area")) == ("cell", ("X",), "2.5")
    assert next(group.of("pin")).value("direction") == "input"
    assert group.attributes["values"] == ("1, 2", "3")
