"""Modules that say the same, written once."""

from __future__ import annotations

from simulator.rtl.sharing import shared

CHILD = """module {name}
  wire width 1 input 0 \\a
  wire width 1 output 1 \\port${number}$0
  cell $not $1
    connect \\A \\a
    connect \\Y \\port${number}$0
  end
end
"""


def text(first: str, second: str) -> str:
    """A module with two cells, of two modules."""
    cells = [
        f"  cell \\top.{name} \\{name}\n    connect \\a \\in\n    connect \\port${number}$0 \\out_{name}\n  end\n"
        for name, number in (("one", 12), ("two", 345))
    ]
    return "\n".join(['attribute \\generator "Amaranth"\nattribute \\top 1\nmodule \\top\n' + "".join(cells) + "end\n", first, second])


ONE, TWO = (CHILD.format(name=f"\\top.{name}", number=number) for name, number in (("one", 12), ("two", 345)))


def test_two_modules_that_differ_in_names_alone_are_one() -> None:
    """And what joins the second is called as the first calls it."""
    found = shared(text(ONE, TWO))
    assert found.count("module ") == 2
    assert "cell \\top.one \\two\n    connect \\a \\in\n    connect \\port_0$ \\out_two\n" in found
    assert found.index("module \\top.one") < found.index("attribute \\top 1\nmodule \\top\n")


def test_modules_that_say_something_else_stay() -> None:
    found = shared(text(ONE, TWO.replace("$not", "$pos")))
    assert found.count("module ") == 3
    assert "cell \\top.two \\two" in found
