"""The file or any pattern, as one type of the workload file: the key `pattern` tells which keys are allowed beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Union

from pydantic import BaseModel, Discriminator, Field, Tag, create_model

from simulator.workload.patterns.base import Pattern


def file_or(operand: type[BaseModel], patterns: Sequence[type[Pattern]]) -> Any:
    """Return the type of an operand: `operand` itself where no pattern is named, else `operand` with that pattern's keys."""
    named = tuple(create_model(pattern.__name__, __base__=(pattern, operand), __doc__=pattern.__doc__) for pattern in patterns)
    drawn: Any = Annotated[Union.__getitem__(named), Field(discriminator="pattern")]
    return Annotated[Union.__getitem__((Annotated[drawn, Tag("drawn")], Annotated[operand, Tag("read")])), Discriminator(_source)]


def _source(value: Any) -> str:
    pattern = value.get("pattern") if isinstance(value, dict) else getattr(value, "pattern", None)
    return "read" if pattern is None else "drawn"
