"""YAML text to a tree of entries: plain data only, every key once, bounded in size and depth."""

from __future__ import annotations

import math
import re

import yaml
from yaml.constructor import SafeConstructor
from yaml.reader import ReaderError

from simulator.errors import ConfigError
from simulator.specs.tree import Entry, Location, Scalar, shown

MAX_DEPTH = 32
MAX_ENTRIES = 100_000
"""Entries of one file once its aliases are expanded: stops files that grow by aliases of aliases."""

MAX_DIGITS = 400
"""Characters of a number; the largest float takes 309 written out, and Python prints no integer of thousands."""

MAX_STACK = 400
"""Nesting up to which the C parser is used."""
_BRACKET = re.compile(r"[\[\]{}]")
_TAG = "tag:yaml.org,2002:"
NUMBER_OF_TEXT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")
"""Bare text that is read as a number."""
_OCTAL = re.compile(r"[-+]?0[0-9_]+")
_WRONG = tuple((re.compile(pattern), words) for pattern, words in (
    (r"directive|document start", "a line that begins with %, or a document that does not begin"),
    (r"expected ',' or '(\]|\})'", "a list or mapping in brackets lacks a comma, or its {}"),
    (r"flow node.*found '(.*)'", "a list or mapping in brackets lacks its end, or an item before {}"),
    (r"quoted scalar.*(end of stream|document separator)", "a text in quotes is not closed"),
    (r"unknown escape character '(.*)'", "a backslash before {} means nothing in double quotes; single quotes take it as it is"),
    (r"(escape sequence of|hexadecimal)", "an escape in double quotes lacks its hexadecimal digits"),
    (r"mapping values are not allowed", "a second colon in a line, or one behind a text that goes on; put text with a colon in quotes"),
    (r"could not find expected ':'", "a line without a colon, where a key is wanted"),
    (r"undefined alias '(.*)'", "the alias {} has no anchor above it"),
    (r"duplicate anchor '(.*)'", "the anchor {} stands twice"),
    (r"(single document|another document)", "a second document begins; allowed: one"),
    (r"character '(.*)' that cannot start", "a text cannot begin with {}; put it in quotes"),
    (r"while scanning an? (alias|anchor)", "an {} without a name; put text with & or * in quotes"),
    (r"while (scanning|parsing) a tag|tag handle", "a tag that cannot be read; put text with ! in quotes"),
    (r"<block end>, but found '(<block (?:mapping|sequence) start>|[-?])'", "an indentation that fits no line above it"),
    (r"<block end>, but found '(.*)'", "{} behind what the line says already, or an indentation that fits no line above it"),
    (r"sequence entries are not allowed", "a list that begins within a line; it begins on a line of its own, or in brackets"),
    (r"block (scalar|mapping|collection|sequence)", "an indentation that fits no line above it"),
    (r"found '(.*)'", "a stray {}"),
))  # fmt: skip
"""What PyYAML's complaints mean to whom wrote the file; groups are what it found."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(text: str, source: str, *, lines: bool = True) -> Entry:
    """Return the tree of the one document in `text`.

    `source` names it in messages; `lines` says whether line numbers mean anything to the reader of a message.
    Raises ConfigError on anything that is not one plain, finite YAML document.
    """
    return _Parser(source, lines).document(text)


def _compose(text: str) -> yaml.Node | None:
    """The document's node tree: by libyaml where it is there and the text is shallow, else by PyYAML's own, slower parser.

    libyaml recurses on the C stack, so deep nesting must not reach it; PyYAML's messages say more, so it has the last word.
    """
    if hasattr(yaml, "CSafeLoader") and _shallow(text):
        try:
            return yaml.compose(text, Loader=yaml.CSafeLoader)
        except (yaml.YAMLError, ValueError):
            pass
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _shallow(text: str) -> bool:
    """Whether brackets, indentation and inline list dashes together nest less than a C stack would mind."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    indents = max((len(line) - len(line.lstrip(" ")) + line.count("- ") + line.count("? ") for line in text.split("\n")), default=0)
    return deepest + indents < MAX_STACK


class _Parser:
    """State of one parse: the source's name, and how many entries it has grown to."""

    def __init__(self, source: str, lines: bool) -> None:
        self._source = source
        self._lines = lines
        self._entries = 0
        self._constructor = SafeConstructor()

    def document(self, text: str) -> Entry:
        """Return the tree of the one document in `text`; ConfigError where there is no such."""
        try:
            node = _compose(text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise self._error(mark.line if mark else 0, _syntax(error)) from error
        except ReaderError as error:
            line = text.count("\n", 0, error.position)
            raise self._error(line, f"the character U+{int(error.character):04X} is not allowed in YAML") from error
        except RecursionError as error:
            raise self._error(0, f"nested more than {MAX_DEPTH} levels deep") from error
        if node is None:
            return Entry(None, self._place(0))
        return self._entry(node, self._place(node.start_mark.line), 0)

    def _place(self, line: int) -> Location:
        return Location(self._source, line + 1 if self._lines else None)

    def _error(self, line: int, message: str) -> ConfigError:
        return ConfigError(f"{self._place(line)}: {message}")

    def _entry(self, node: yaml.Node, place: Location, depth: int) -> Entry:
        line = node.start_mark.line
        self._entries += 1
        if self._entries > MAX_ENTRIES:
            raise self._error(line, f"more than {MAX_ENTRIES:,} entries once aliases are expanded")
        if depth > MAX_DEPTH:
            raise self._error(line, f"nested more than {MAX_DEPTH} levels deep")
        if isinstance(node, yaml.MappingNode):
            self._require_tag(node, "map")
            return Entry(self._mapping(node, depth), place)
        if isinstance(node, yaml.SequenceNode):
            self._require_tag(node, "seq")
            return Entry([self._entry(item, self._place(item.start_mark.line), depth + 1) for item in node.value], place)
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(line, "only text, numbers, lists and mappings are allowed")
        return Entry(self._scalar(node), place)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Entry]:
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line
            if key_node.tag == _TAG + "merge":
                for key, entry in self._merge(value_node, depth).items():
                    merged.setdefault(key, entry)
                continue
            key = self._key(key_node)
            if key in own:
                raise self._error(line, f"the key {shown(key)} stands twice, first on line {own[key].place.line}; each key is allowed once")
            own[key] = self._entry(value_node, self._place(line), depth + 1)
        return {**merged, **own}

    def _merge(self, node: yaml.Node, depth: int) -> dict[str, Entry]:
        """Entries that `<<: *anchor`, or a list of anchors, brings in; the first of them wins."""
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[str, Entry] = {}
        for part in parts:
            entry = self._entry(part, self._place(part.start_mark.line), depth + 1)
            if not isinstance(entry.value, dict):
                raise self._error(part.start_mark.line, "<<: only a mapping, or a list of mappings, can be merged")
            merged = {**entry.value, **merged}
        return merged

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node.start_mark.line, "a key is a list or a mapping; only a name is allowed (put text with braces in quotes)")
        return str(node.value)

    def _scalar(self, node: yaml.ScalarNode) -> Scalar:
        text, line = str(node.value), node.start_mark.line
        kind = node.tag.removeprefix(_TAG)
        if kind == "str":
            return self._text(node)
        if kind == "null":
            return None
        if kind == "bool":
            return bool(self._constructor.construct_yaml_bool(node))
        if kind == "int":
            if _OCTAL.fullmatch(text) or ":" in text:
                base = 60 if ":" in text else 8
                raise self._error(line, f"the number {text} would be read in base {base}; write it without leading 0 or colon")
            return int(self._number(node))
        if kind == "float":
            return self._number(node)
        if kind == "timestamp":
            raise self._error(line, f"{text} is read as a date; put it in quotes")
        raise self._error(line, f"the YAML tag {shown(node.tag)} is not allowed; only text, numbers, true, false and null are")

    def _text(self, node: yaml.ScalarNode) -> Scalar:
        """Text; but a bare 1e-3 is the number that its writer meant, though YAML 1.1 calls it text."""
        text = str(node.value)
        if _SURROGATE.search(text):
            raise self._error(node.start_mark.line, "the text holds half a character (a lone surrogate)")
        if node.style or not NUMBER_OF_TEXT.fullmatch(text):
            return text
        return self._finite(float(text), node)

    def _number(self, node: yaml.ScalarNode) -> float:
        line, text = node.start_mark.line, shown(node.value)
        if len(node.value) > MAX_DIGITS:
            raise self._error(line, f"a number of {len(node.value)} characters; allowed: at most {MAX_DIGITS}")
        try:
            integral = node.tag == _TAG + "int"
            value: float = self._constructor.construct_yaml_int(node) if integral else self._constructor.construct_yaml_float(node)
        except (ValueError, OverflowError, IndexError) as error:
            raise self._error(line, f"{text} is not a number that can be read") from error
        return self._finite(value, node)

    def _finite(self, value: float, node: yaml.ScalarNode) -> float:
        if isinstance(value, float) and not math.isfinite(value):
            raise self._error(node.start_mark.line, f"found {shown(node.value)}; allowed: a finite number")
        return value

    def _require_tag(self, node: yaml.Node, kind: str) -> None:
        if node.tag != _TAG + kind:
            raise self._error(node.start_mark.line, f"the YAML tag {shown(node.tag)} is not allowed; only plain lists and mappings are")


def _syntax(error: yaml.MarkedYAMLError) -> str:
    """What is wrong, in words of ours; PyYAML's say what its parser expected."""
    said = f"{error.context or ''} {error.problem or ''}"
    if "'\\t'" in said:
        return "a tab where YAML wants spaces; indent with spaces"
    found = next(((pattern.search(said), words) for pattern, words in _WRONG if pattern.search(said)), None)
    if found is None or found[0] is None:
        return "not valid YAML"
    return f"not valid YAML: {found[1].format(*(_named(group) for group in found[0].groups()))}"


def _named(token: str) -> str:
    """What PyYAML found, as a reader calls it."""
    if token.startswith("<"):
        return "the end" if "end" in token else "a text"
    return shown(token)
