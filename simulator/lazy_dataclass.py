"""`dataclass` as the standard library has it, but that methods of frozen classes are written when they are first called.

Writing them takes a third of a millisecond a class. A command defines hundreds of classes, makes objects of half of these, and compares
or prints next to none: that was a fifth of every short command.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(
        cls: type | None = None, /, *, frozen: bool = False, eq: bool = True, repr: bool = True, kw_only: bool = False
    ) -> Callable[[type], type] | type:
        """The decorator of the standard library, lazy where `frozen`.

        A class and its bases are all of this decorator or all of the other one. Parameters of a frozen class have no annotations.
        """
        if not frozen:
            return dataclasses.dataclass(cls, eq=eq, repr=repr, kw_only=kw_only)
        wanted = ["__init__", *(["__repr__"] if repr else []), *(["__eq__", "__hash__"] if eq else [])]

        def decorated(cls: type) -> type:
            return _frozen(cls, wanted, kw_only=kw_only)

        return decorated if cls is None else decorated(cls)


def _frozen(cls: type, wanted: list[str], *, kw_only: bool) -> type:
    # a class that defines how it compares, and no hash, has None there
    postponed = [name for name in wanted if cls.__dict__.get(name) is None]
    dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
    for name in postponed:
        setattr(cls, name, _postponed(cls, name))
    cls.__setattr__ = _refuse_assignment  # type: ignore[assignment]
    cls.__delattr__ = _refuse_deletion  # type: ignore[assignment]
    return cls


def _postponed(cls: type, name: str) -> Callable[..., Any]:
    """Stands for a method until it is called: puts the method in its place, and calls it."""
    write = _init if name == "__init__" else _compared_or_shown

    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        written = write(cls, name)
        written.__module__, written.__qualname__ = cls.__module__, f"{cls.__qualname__}.{name}"
        setattr(cls, name, written)
        return written(self, *arguments, **named)

    return method


def _init(cls: type, name: str) -> Callable[..., Any]:
    """What the standard decorator writes: a parameter a field, in its order."""
    names: dict[str, Any] = {"set_": object.__setattr__, "missing_": dataclasses.MISSING}
    positional, keywords, lines = ["self"], [], []
    for field in dataclasses.fields(cls):
        made = field.default_factory is not dataclasses.MISSING
        default = dataclasses.MISSING if made else field.default
        names |= {f"{field.name}_factory_": field.default_factory, f"{field.name}_default_": default}
        given = field.name if not made else f"{field.name}_factory_()"
        if field.init:
            given = field.name if not made else f"{given} if {field.name} is missing_ else {field.name}"
            optional = made or default is not dataclasses.MISSING
            (keywords if field.kw_only else positional).append(f"{field.name}={field.name}_default_" if optional else field.name)
        if field.init or made:
            lines.append(f" set_(self, {field.name!r}, {given})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    parameters = ", ".join([*positional, *(["*", *keywords] if keywords else [])])
    exec("\n".join([f"def {name}({parameters}):", *(lines or [" pass"])]), names)
    written: Callable[..., Any] = names[name]
    return written


def _compared_or_shown(cls: type, name: str) -> Callable[..., Any]:
    """The method as the standard decorator writes it for a class of the same fields."""
    fields = [
        (
            field.name,
            field.type,
            dataclasses.field(default=None, repr=field.repr, hash=field.hash, compare=field.compare),
        )
        for field in dataclasses.fields(cls)
    ]
    shown = name == "__repr__"
    twin = dataclasses.make_dataclass(
        cls.__name__, fields, namespace={"__doc__": cls.__doc__}, init=False, repr=shown, eq=not shown, frozen=True
    )
    written: Callable[..., Any] = vars(twin)[name]
    return written


def _refuse_assignment(self: Any, name: str, value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
