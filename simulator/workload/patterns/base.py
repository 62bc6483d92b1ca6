"""What every pattern shares: its key in the file, its seed, its exact number of nonzeros, blocks one below another."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Annotated, Any, Literal, Union

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Tag,
    ValidationInfo,
    create_model,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from simulator.errors import OperandError
from simulator.specs import FileModel
from simulator.specs.models import Choice
from simulator.workload.csr import MAX_NONZEROS, Csr, check_size, flat_csr

Places = NDArray[np.int64]
"""[nnz] ascending flat places (row × columns + column) of the nonzeros."""
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Matrix = tuple[int, int]


class Pattern(FileModel):
    """A rule that places nonzeros; its fields are its keys in the workload file.

    A subclass says how many and where; sizes, seeds and batches are settled here.

    >>> class Corner(Pattern):
    ...     pattern: Literal["corner"]
    ...     def nonzeros(self, shape): return 1
    ...     def places(self, shape, generator): return np.array([0])
    >>> Corner(pattern="corner").stack(batch=2, shape=(3, 3), seed=0).rows().tolist()
    [0, 3]
    """

    pattern: str

    @abstractmethod
    def nonzeros(self, shape: Matrix) -> int:
        """Return how many nonzeros one block of `shape` has; OperandError where the pattern does not fit it."""

    @abstractmethod
    def places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return the places of one block's nonzeros."""

    def stack(self, batch: int, shape: Matrix, seed: int) -> Csr:
        """Return `batch` blocks of `shape`, one below another; sizes are checked before memory is spent."""
        whole = (batch * shape[0], shape[1])
        check_size(whole, batch * self.nonzeros(shape))
        size = shape[0] * shape[1]
        blocks = [self.places(shape, np.random.default_rng([seed, block])) + block * size for block in range(batch)]
        return flat_csr(whole, np.concatenate(blocks), None)


class Seeded(Pattern):
    """A pattern that is drawn."""

    seed: Seed | None = Field(None, description="seed of the draw; default: one of its own, derived from the workload's seed")

    def stack(self, batch: int, shape: Matrix, seed: int) -> Csr:
        """Draw by the operand's own seed, where it has one."""
        return super().stack(batch, shape, self.seed if self.seed is not None else seed)


class Counted(Seeded):
    """A drawn pattern whose number of nonzeros the file tells."""

    density: float | None = Field(None, ge=0, le=1, description="exactly round(density × size) nonzeros in each block")
    nnz: Annotated[int, Field(ge=0, le=MAX_NONZEROS)] | None = Field(None, description="nonzeros of each block, instead of density")

    @model_validator(mode="after")
    def _one_number(self) -> Counted:
        if (self.density is None) == (self.nnz is None):
            found = "both given" if self.nnz is not None else "both missing"
            raise ValueError(f"pattern: {self.pattern} needs either density or nnz; they are {found}")
        return self

    def nonzeros(self, shape: Matrix) -> int:
        """Return the number asked for."""
        return counted(shape[0] * shape[1], self.density, self.nnz)


class Oriented(Seeded):
    """A drawn pattern of lines, each of which keeps a promise: rows, or columns."""

    of: Literal["row", "column"] = Field("row", description="the lines that keep the promise: the operand's rows or columns")

    @abstractmethod
    def line_places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return places where the rows of `shape` keep the promise, in any order."""

    def lines(self, shape: Matrix) -> Matrix:
        """Return the number of lines, and the length of a line."""
        return shape if self.of == "row" else (shape[1], shape[0])

    def places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return the places by line, turned where lines are columns."""
        flat = self.line_places(self.lines(shape), generator)
        if self.of == "column":
            column, row = np.divmod(flat, shape[0])
            flat = row * shape[1] + column
        return np.sort(flat)


def counted(size: int, density: float | None, nnz: int | None) -> int:
    """Return `nnz`, or exactly round(density × size)."""
    return nnz if nnz is not None else round((density or 0.0) * size)


def fit(what: str, part: int, side: int) -> int:
    """Return side / part; OperandError where that is not whole."""
    if side % part:
        raise OperandError(f"{what} = {part} does not divide {side}; allowed: the divisors of {side}")
    return side // part


def pattern_at(place: str) -> type[Pattern]:
    """The pattern of a family's module and a class, as `plain.Dense`."""
    module, name = place.split(".")
    pattern: type[Pattern] = getattr(import_module(f"simulator.workload.patterns.{module}"), name)
    return pattern


def file_or(operand: type[BaseModel], patterns: Mapping[str, str], pruned: type[BaseModel] | None = None) -> Any:
    """Return the type of an operand: `operand` itself where no pattern is named, else `operand` with the keys of that one of `patterns`.

    With the key `prune` it is `pruned`, where there is such a model.
    """
    drawn: Any = Annotated[Any, Drawn(operand, patterns)]
    return Annotated[
        Union.__getitem__((Annotated[drawn, Tag("drawn")], Annotated[operand, Tag("read")], Annotated[pruned or operand, Tag("pruned")])),
        Discriminator(_source),
    ]


class Drawn(Choice):
    """An operand that a pattern draws: of one model a pattern, each made when a file first names it, since a file names few."""

    def __init__(self, operand: type[BaseModel], patterns: Mapping[str, str]) -> None:
        """Every model has the keys of the operand and of a pattern; these are by name where `pattern_at` finds them."""
        self._operand = operand
        self._patterns = patterns
        self._made: dict[str, type[BaseModel]] = {}

    def models(self) -> tuple[type[BaseModel], ...]:
        """All of them."""
        return tuple(map(self._model, self._patterns))

    def _model(self, tag: str) -> type[BaseModel]:
        if tag not in self._made:
            pattern = pattern_at(self._patterns[tag])
            self._made[tag] = create_model(pattern.__name__, __base__=(pattern, self._operand), __doc__=pattern.__doc__)
        return self._made[tag]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The model that `pattern` names."""
        validate = core_schema.with_info_plain_validator_function
        return core_schema.tagged_union_schema({tag: validate(partial(self._validated, tag)) for tag in self._patterns}, "pattern")

    def _validated(self, tag: str, given: Any, info: ValidationInfo) -> BaseModel:
        model = self._model(tag)
        # of a list in JSON, strict validation makes a tuple; of one in Python, it does not
        return model.model_validate_json(json.dumps(given), strict=True) if info.mode == "json" else model.model_validate(given)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Of any of them."""
        schemas: dict[str, CoreSchema] = {tag: self._model(tag).__pydantic_core_schema__ for tag in self._patterns}
        return handler(core_schema.tagged_union_schema(schemas, "pattern"))


def _source(value: Any) -> str:
    pattern, prune = (value.get(key) if isinstance(value, dict) else getattr(value, key, None) for key in ("pattern", "prune"))
    return "drawn" if pattern is not None else "read" if prune is None else "pruned"


def derived_seed(base: int, operation: str, operand: str) -> int:
    """Return the seed of an operand that names none: its own for every operation and operand."""
    return int.from_bytes(hashlib.sha256(f"{base}/{operation}/{operand}".encode()).digest()[:8], "big")
