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

Lookup = Callable[[str], Any]
"""Value of a key path or a metric; LookupError, with the reason, where there is none."""

MAX_LENGTH = 500
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
_ALLOWED = "numbers, names, + - * / // %, comparisons, and, or, not, in, A if B else C, min, max, round, abs, log2"


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {"min": min, "max": max, "round": round, "abs": abs, "log2": math.log2}


@dataclass(frozen=True)
class Expression:
    """A parsed expression; `Expression.parse("fabric.units / 4").value(lookup)`."""

    text: str
    tree: ast.expr
    names: Mapping[str, str]
    """Key path or metric of each placeholder of the tree."""

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Raises ConfigError where it is none."""
        names: dict[str, str] = {}

        def hide(match: re.Match[str]) -> str:
            word = match[0]
            if word[0] in "'\"" or word in _WORDS:
                return {"true": "True", "false": "False"}.get(word, word)
            names[f"_{len(names)}"] = word
            return f"_{len(names) - 1}"

        if len(text) > MAX_LENGTH:
            raise ConfigError(f"an expression of {len(text)} characters; allowed: at most {MAX_LENGTH}")
        try:
            tree = ast.parse(_PATH.sub(hide, text).strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise ConfigError(f"found {text!r}, which is no expression; allowed: {_ALLOWED}") from error
        _check(tree, text)
        return cls(text, tree, names)

    @property
    def paths(self) -> tuple[str, ...]:
        """Key paths and metrics that it names."""
        return tuple(dict.fromkeys(self.names.values()))

    def value(self, lookup: Lookup) -> Any:
        """Its value. Raises ConfigError, with the reason, where it has none."""
        try:
            return self._of(self.tree, lookup)
        except LookupError as error:
            raise ConfigError(f"{self.text}: {error.args[0]}") from error
        except (ArithmeticError, TypeError, ValueError) as error:
            raise ConfigError(f"{self.text}: cannot be computed: {error}") from error

    def holds(self, lookup: Lookup) -> bool:
        """Whether the condition is true."""
        return bool(self.value(lookup))

    def _of(self, node: ast.expr, lookup: Lookup) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return lookup(self.names[name])
            case ast.BinOp(left=left, op=op, right=right):
                return _BINARY[type(op)](self._of(left, lookup), self._of(right, lookup))
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


def _check(node: ast.AST, text: str) -> None:
    """Raise ConfigError for anything that `_of` does not compute."""
    match node:
        case ast.Constant(value=bool() | int() | float() | str()) | ast.Name():
            pass
        case ast.BinOp(op=op) if type(op) in _BINARY:
            pass
        case ast.UnaryOp(op=ast.Not() | ast.USub()) | ast.BoolOp() | ast.IfExp() | ast.List() | ast.Tuple():
            pass
        case ast.Compare(ops=ops) if all(type(op) in _COMPARED for op in ops):
            pass
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS:
            pass
        case _:
            raise ConfigError(f"found {text!r}; allowed: {_ALLOWED}")
    children = node.args if isinstance(node, ast.Call) else list(ast.iter_child_nodes(node))
    for child in children:
        if isinstance(child, ast.expr):
            _check(child, text)
