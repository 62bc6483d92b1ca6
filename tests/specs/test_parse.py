"""YAML text: what it means, what is refused in words of ours, and that what is written is read as it was."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import ConfigError
from simulator.specs import as_yaml
from simulator.specs.parse import parse
from simulator.specs.tree import plain

FOREIGN = ("expected", "while ", "did not find", "could not", "scalar", "token", "mapping values", "stream")


def complaint(text: str) -> str:
    try:
        parse(text, "f")
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2", 'f:1: not valid YAML: a list or mapping in brackets lacks a comma, or its "]"'),
        ("a: [,]", 'f:1: not valid YAML: a list or mapping in brackets lacks its end, or an item before ","'),
        ("a: ]", 'f:1: not valid YAML: a stray "]"'),
        ("a: 'x", "f:1: not valid YAML: a text in quotes is not closed"),
        ('a: "\\q"', 'f:1: not valid YAML: a backslash before "q" means nothing in double quotes; single quotes take it as it is'),
        ("a: b: c", "f:1: not valid YAML: a second colon in a line, or one behind a text that goes on; put text with a colon in quotes"),
        ("a: *x", 'f:1: not valid YAML: the alias "x" has no anchor above it'),
        ("a: &x 1\nb: &x 2", 'f:2: not valid YAML: the anchor "x" stands twice'),
        ("a: 1\n---\nb: 2", "f:2: not valid YAML: a second document begins; allowed: one"),
        ("a: @x", 'f:1: not valid YAML: a text cannot begin with "@"; put it in quotes'),
        ("a: - b", "f:1: not valid YAML: a list that begins within a line; it begins on a line of its own, or in brackets"),
        ("a:\n  b: 1\n c: 2", "f:3: not valid YAML: an indentation that fits no line above it"),
        ("a: 'x' y", "f:1: not valid YAML: a text behind what the line says already, or an indentation that fits no line above it"),
        ("a:\n\tb: 1", "f:2: a tab where YAML wants spaces; indent with spaces"),
        ("a: 1e400", 'f:1: found "1e400"; allowed: a finite number'),
        ("a: 1\nb: 017", "f:2: the number 017 would be read in base 8; write it without leading 0 or colon"),
    ],
)
def test_what_is_refused_is_said_in_words_of_ours(text: str, message: str) -> None:
    assert complaint(text) == message


@given(st.text(alphabet="a:[]{}'\"&*!%@`|>-?,# \n1", max_size=12))
def test_no_words_of_the_library_reach_the_reader(text: str) -> None:
    said = complaint(text)
    assert not [word for word in FOREIGN if word in said]


@given(
    st.recursive(
        st.text(max_size=8) | st.sampled_from(["1e3", "1.5E2", "no", "017", "1:2", "~", ""]), lambda inner: st.lists(inner, max_size=3)
    )
)
def test_what_is_written_is_read_as_it_was(value: Any) -> None:
    text = as_yaml({"a": value}, flow=None)
    assert complaint(text) == "" or "surrogate" in complaint(text)
    if not complaint(text):
        assert plain(parse(text, "f")) == {"a": value}
