"""Small expressions over key paths and metrics: `fabric.units / 4`, `area_mm2 <= 100 and fabric.kind == 'gather'`."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.errors import ConfigError
from simulator.specs.tree import shown

Lookup = Callable[[str], Any]
"""Value of a key path or a metric; LookupError, with the reason, where there is none."""

MAX_LENGTH = 500
_MOST_DIGITS = 300
"""That `round` rounds to, either side of the point."""
_PATH = re.compile(r"""'[^']*'|"[^"]*"|(?<![\w.])[A-Za-z_]\w*(?:\.(?:\w+|\*(?=\.)))*""")
_WORDS = {"and", "or", "not", "if", "else", "in", "True", "False", "true", "false", "min", "max", "round", "abs", "log2"}
_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARED: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}
_ASSIGNED = re.compile(r"(?<![=<>!])=(?!=)")
_ALLOWED = "numbers, names, + - * / // %, comparisons, and, or, not, in, A if B else C, min, max, round, abs, log2"
_SIGNS: Mapping[type[ast.operator], str] = {ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%"}
_DIVISIONS = (ast.Div, ast.FloorDiv, ast.Mod)


def _rounded(value: Any, *digits: Any) -> Any:
    """`round`; an integer to 10**9 digits would never be done."""
    if any(abs(count) > _MOST_DIGITS for count in digits):
        raise ValueError(f"round to {digits[0]} digits; allowed: at most {_MOST_DIGITS}")
    return round(value, *digits)


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {"min": min, "max": max, "round": _rounded, "abs": abs, "log2": math.log2}


def no_names(name: str) -> Any:
    """The lookup of an expression that names nothing. Raises LookupError."""
    raise LookupError(f"{name}: no name means anything here")


@dataclass(frozen=True)
class Expression:
    """A parsed expression; `Expression.parse("fabric.units / 4").value(lookup)`."""

    text: str
    tree: ast.expr
    names: Mapping[str, str]
    """Key path or metric of each placeholder of the tree."""
    place: str = ""
    """File, line and key path, which its errors begin with."""

    @classmethod
    def parse(cls, text: str, place: str = "") -> Expression:
        """Raises ConfigError where it is none, or a part of it without names has no value: `1 / 0`."""
        before = f"{place}: " if place else ""
        names: dict[str, str] = {}

        def hide(match: re.Match[str]) -> str:
            word = match[0]
            if word[0] in "'\"" or word in _WORDS:
                return {"true": "True", "false": "False"}.get(word, word)
            names[f"_{len(names)}"] = word
            return f"_{len(names) - 1}"

        if len(text) > MAX_LENGTH:
            raise ConfigError(f"{before}an expression of {len(text)} characters; allowed: at most {MAX_LENGTH}")
        try:
            tree = ast.parse(_PATH.sub(hide, text).strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            hint = "; equal is written ==" if _ASSIGNED.search(text) else ""
            raise ConfigError(f"{before}found {text!r}, which is no expression; allowed: {_ALLOWED}{hint}") from error
        if not _allowed(tree):
            raise ConfigError(f"{before}found {text!r}; allowed: {_ALLOWED}")
        found = cls(text, tree, names, place)
        found._check_constants()
        return found

    @property
    def paths(self) -> tuple[str, ...]:
        """Key paths and metrics that it names."""
        return tuple(dict.fromkeys(self.names.values()))

    def value(self, lookup: Lookup) -> Any:
        """Its value. Raises ConfigError, with the reason, where it has none."""
        return self._value(self.tree, lookup)

    def scalar(self, lookup: Lookup) -> bool | int | float | str:
        """Its value, for a key. Raises ConfigError, with the reason, where it has none that a key can take, such as a list."""
        found = self.value(lookup)
        if not isinstance(found, bool | int | float | str):
            raise self._error(f"found {shown(found)}; allowed: a number, text, true or false")
        return found

    def holds(self, lookup: Lookup) -> bool:
        """Whether the condition is true."""
        return bool(self.value(lookup))

    def _error(self, reason: object) -> ConfigError:
        return ConfigError(f"{self.place}: {self.text}: {reason}" if self.place else f"{self.text}: {reason}")

    def _value(self, node: ast.expr, lookup: Lookup) -> Any:
        try:
            return self._of(node, lookup)
        except LookupError as error:
            raise self._error(error.args[0]) from error
        except (ArithmeticError, TypeError, ValueError) as error:
            raise self._error(f"cannot be computed: {error}") from error

    def _check_constants(self) -> None:
        """Raise ConfigError where a part without names has no value, or divides by zero."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.BinOp | ast.Call | ast.Compare | ast.UnaryOp) and self._is_constant(node):
                self._value(node, no_names)
            elif isinstance(node, ast.BinOp) and self._divides_by_zero(node):
                raise self._error("cannot be computed: division by zero")

    def _divides_by_zero(self, node: ast.BinOp) -> bool:
        return isinstance(node.op, _DIVISIONS) and self._is_constant(node.right) and self._value(node.right, no_names) == 0

    def _is_constant(self, tree: ast.expr) -> bool:
        return not any(isinstance(node, ast.Name) and node.id in self.names for node in ast.walk(tree))

    def _of(self, node: ast.expr, lookup: Lookup) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return lookup(self.names[name])
            case ast.BinOp(left=left, op=op, right=right):
                return _computed(op, self._of(left, lookup), self._of(right, lookup))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self._of(operand, lookup)
            case ast.UnaryOp(operand=operand):
                return -self._of(operand, lookup)
            case ast.BoolOp(op=ast.And(), values=values):
                return all(self._of(value, lookup) for value in values)
            case ast.BoolOp(values=values):
                return any(self._of(value, lookup) for value in values)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self._of(body if self._of(test, lookup) else other, lookup)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                sides = [self._of(side, lookup) for side in (left, *comparators)]
                return all(_COMPARED[type(op)](a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False))
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self._of(item, lookup) for item in items]
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return _FUNCTIONS[name](*(self._of(argument, lookup) for argument in arguments))
        raise TypeError(f"{ast.dump(node)} is not allowed")


def _computed(op: ast.operator, left: Any, right: Any) -> Any:
    """What an operator makes of two values; of text and lists, only a sum: `'a' * 1000000000` has no place in a memory."""
    for side in (left, right):
        if not isinstance(op, ast.Add) and not isinstance(side, bool | int | float):
            raise TypeError(f"found {shown(side)} beside {_SIGNS[type(op)]}, which is for numbers")
    return _BINARY[type(op)](left, right)


def _allowed(node: ast.AST) -> bool:
    """Whether `_of` computes it, and all in it."""
    match node:
        case ast.Constant(value=bool() | int() | float() | str()) | ast.Name():
            fits = True
        case ast.BinOp(op=op):
            fits = type(op) in _BINARY
        case ast.UnaryOp(op=ast.Not() | ast.USub()) | ast.BoolOp() | ast.IfExp() | ast.List() | ast.Tuple():
            fits = True
        case ast.Compare(ops=ops):
            fits = all(type(op) in _COMPARED for op in ops)
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            fits = name in _FUNCTIONS
        case _:
            fits = False
    children = node.args if isinstance(node, ast.Call) else list(ast.iter_child_nodes(node))
    return fits and all(_allowed(child) for child in children if isinstance(child, ast.expr))
