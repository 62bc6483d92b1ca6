"""The base of models that are read from a file, and of sections that come in several models, which others register.

A machine's fabric has one for each kind of hardware.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class FileModel(BaseModel):
    """A frozen model in which a misspelt key is an error and defaults are checked like given values, built when it is first used.

    A key is a field; its `description` is the line that the docs have of it.

    >>> class Point(FileModel):
    ...     x: int
    >>> from simulator.specs.documents import apply_overrides, validated
    >>> from simulator.specs.parse import parse
    >>> validated(apply_overrides(parse("x: 1", "point.yaml"), ["x=2"]), Point).model
    Point(x=2)
    >>> validated(parse("x: one", "point.yaml"), Point)
    Traceback (most recent call last):
    simulator.errors.ConfigError: point.yaml:1: x: found "one"; allowed: an integer
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, defer_build=True)


class Choice(ABC):
    """Beside a type, as an annotation of it: models of which a file means one, made when they are asked for."""

    @abstractmethod
    def models(self) -> Sequence[type[BaseModel]]:
        """All that a file may mean."""


class Section(FileModel):
    """A section of a file whose models are registered elsewhere; of several, its key `kind` tells which one a file means.

    A direct subclass is such a section, and names in `home` the module that registers its models; they are subclasses of it.
    A model with a field of a section is built when it is first used, so that they are all there.

        class Fabric(Section):
            home = "simulator.kinds"

        Fabric.admit(Mesh)
    """

    home: ClassVar[str]
    follows: ClassVar[dict[str, str]] = {}
    """Sizes that reports speak of and no file sets: what each is, in keys that a file does set."""
    _admitted: ClassVar[list[type[Section]]]

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """A section of its own starts without models."""
        super().__pydantic_init_subclass__(**options)
        if "home" in cls.__dict__:
            cls._admitted = []

    @classmethod
    def admit(cls, model: type[Section]) -> None:
        """Register a model; one that is there already stays where it is."""
        if model not in cls._admitted:
            cls._admitted.append(model)

    @classmethod
    def dismiss(cls, model: type[Section]) -> None:
        """Take a model back."""
        cls._admitted.remove(model)

    @classmethod
    def models(cls) -> Sequence[type[Section]]:
        """The models that a file may use, in the order in which they were registered."""
        if "home" not in cls.__dict__:
            return (cls,)
        importlib.import_module(cls.home)
        return tuple(cls._admitted)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Of a section: any of its models."""
        if "home" not in cls.__dict__:
            return handler(source)
        models = cls.models()
        if len(models) == 1 and "kind" not in models[0].model_fields:
            return handler.generate_schema(models[0])
        tags = {tag: model for model in models for tag in model.model_fields["kind"].annotation.__args__}  # type: ignore[union-attr]
        return core_schema.tagged_union_schema({tag: handler.generate_schema(model) for tag, model in tags.items()}, "kind")
