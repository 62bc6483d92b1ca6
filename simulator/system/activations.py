"""How tensors of activations lie in DRAM and in the activation buffer: dense, or as a bitmap and the values that are not zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.workload.types import Activations, Operation, Workload

FormatChoice = Literal["auto", "dense", "bitmap"]
Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
_KEPT_COUNTS = 2**24
"""Counts of kept elements that a form remembers, over all ranges of tokens that were asked for."""


@dataclass(frozen=True)
class ActivationForm:
    """The form of one tensor [features, tokens]; dense unless told.

    >>> ActivationForm().bits(slice(0, 3), (0, 10), 16)
    480
    >>> kept = np.zeros((4, 10), dtype=np.bool_); kept[1, :5] = True
    >>> ActivationForm("five of ten", kept).bits(slice(0, 3), (0, 10), 16)
    110
    """

    key: str = ""
    """Of equal forms the same; empty for the dense one."""
    kept: Mask | None = field(default=None, compare=False, repr=False)
    """[features, tokens] elements whose values are stored; None of a packed tensor: all."""
    _counts: dict[tuple[int, int], Ints] = field(default_factory=dict, compare=False, repr=False)

    @property
    def packed(self) -> bool:
        """Whether it is a bitmap and values."""
        return bool(self.key)

    def bits(self, features: slice | Ints, tokens: tuple[int, int], element_bits: int) -> int:
        """Of some features, [first, last) or by index, of a range of tokens: a bit an element and the values, or all values."""
        count = features.stop - features.start if isinstance(features, slice) else len(features)
        elements = count * (tokens[1] - tokens[0])
        if not (self.packed and elements):
            return elements * element_bits
        kept = elements if self.kept is None else int(self._kept(self.kept, tokens)[features].sum())
        return kept * element_bits + elements

    def blocks(self, features: Ints, tokens: Ints, element_bits: int, order: Ints | None = None) -> Ints:
        """[spans of features, ranges of tokens] bits, of [first, last) in [spans, 2] and [ranges, 2]; features in another order, if any.

        >>> ActivationForm().blocks(np.array([[0, 3], [3, 4]]), np.array([[0, 10]]), 16).tolist()
        [[480], [160]]
        """
        elements: Ints = np.diff(features) * np.diff(tokens)[:, 0]
        if not self.packed:
            return elements * element_bits
        if self.kept is None:
            return elements * (element_bits + 1)
        kept = np.empty_like(elements)
        for place, span in enumerate(tokens.tolist()):
            of_features = self._kept(self.kept, (span[0], span[1]))
            before = np.concatenate(([0], np.cumsum(of_features if order is None else of_features[order])))
            kept[:, place] = before[features[:, 1]] - before[features[:, 0]]
        return kept * element_bits + elements

    def of_features(self, first: int, last: int) -> ActivationForm:
        """Of some of the features, as a tensor of their own."""
        if self.kept is None:
            return self
        return ActivationForm(f"{self.key}[{first}:{last}]", self.kept[first:last])

    def _kept(self, kept: Mask, tokens: tuple[int, int]) -> Ints:
        """[features] elements kept in a range of tokens."""
        if tokens not in self._counts:
            if len(self._counts) * len(kept) >= _KEPT_COUNTS:
                self._counts.clear()
            # narrow numbers are added up sooner
            self._counts[tokens] = kept[:, slice(*tokens)].sum(axis=1, dtype=np.uint32).astype(np.int64)
        return self._counts[tokens]


DENSE = ActivationForm()


class Forms(Struct, frozen=True):
    """Of one operation's operands and output."""

    x: ActivationForm = DENSE
    gradient: ActivationForm = DENSE
    y: ActivationForm = DENSE


ALL_DENSE = Forms()


def activation_forms(workload: Workload, choice: FormatChoice, element_bits: int) -> tuple[Forms, ...]:
    """The form of every operation's X, dY and Y, in program order: what is written of a tensor is what is read of it.

    An operand without `depends_on` comes from outside and is packed where that is less. Any other is the Y of the one
    operation that it is made of: the only one that it depends on, if the shapes agree; where W is made as well, the only one
    whose shape agrees, W being made of the others. That Y is kept where any of its readers has a nonzero, and each reads so
    much. What is made of several outputs, or of one of another shape, has no such mask: those outputs, and it, are kept whole.
    An operand that an earlier operation read already, as the training step of a layer does, is the same tensor again.
    """
    return workload.recall.of_key(("forms", choice, element_bits), lambda: _forms(workload, choice, element_bits), len)


def _forms(workload: Workload, choice: FormatChoice, element_bits: int) -> tuple[Forms, ...]:
    sources = _Sources.of(workload)
    made = {name: _form(readers, choice, element_bits) for name, readers in sources.readers.items()}
    seen: dict[str, ActivationForm] = {}

    def form(operand: Activations, source: str | None, outside: bool) -> ActivationForm:
        if source is not None:
            return made[source]
        if operand.sha256 not in seen:
            seen[operand.sha256] = _form([operand] if outside else None, choice, element_bits)
        return seen[operand.sha256]

    found: list[Forms] = []
    for op, (x, gradient) in zip(workload.operations, sources.of_operands, strict=True):
        outside = not op.depends_on
        x_form = form(op.activations, x, outside)
        seen.setdefault(op.activations.sha256, x_form)
        gradient_form = DENSE if op.gradient is None else form(op.gradient, gradient, outside)
        found.append(Forms(x_form, gradient_form, made[op.name] if op.gradient is None else DENSE))
    return tuple(found)


Kept = Sequence[Activations] | None
"""Tensors that together say which elements are kept; None: all are."""


class _Sources(Struct, frozen=True):
    """Which operand is whose output."""

    of_operands: Sequence[tuple[str | None, str | None]]
    """[operations] whose Y its X is, and its dY; None: of no one operation."""
    readers: Mapping[str, Kept]
    """Of each operation, the operands that its Y becomes; None where something reads all of it, or nothing does."""

    @classmethod
    def of(cls, workload: Workload) -> _Sources:
        """By shapes, and by what each operation waits for."""
        shapes = {op.name: (op.shape[0], op.shape[2]) for op in workload.operations if op.gradient is None}
        readers: dict[str, list[Activations]] = {op.name: [] for op in workload.operations}
        whole: set[str] = set()
        seen: set[str] = set()
        of_operands = []
        for op in workload.operations:
            sources: list[str | None] = []
            for operand in (op.activations, op.gradient):
                again = operand is not None and op.gradient is not None and operand.sha256 in seen
                source = None if operand is None or again else _maker(op, operand, shapes)
                sources.append(source)
                if operand is None:
                    continue
                if source is not None:
                    readers[source].append(operand)
                elif not again and (operand.mask is None or operand.sha256 not in seen):
                    whole.update(op.depends_on)
            if op.weight_home == "activation":
                whole.update(name for name in op.depends_on if name not in sources)
            seen.add(op.activations.sha256)
            of_operands.append((sources[0], sources[1]))
        return cls(of_operands, {name: None if name in whole or not found else found for name, found in readers.items()})


def _maker(op: Operation, operand: Activations, shapes: Mapping[str, tuple[int, int]]) -> str | None:
    """The operation whose Y an operand is."""
    awaited = set(op.depends_on)
    agreeing = [name for name in awaited if shapes.get(name) == operand.shape]
    alone = len(awaited) == 1 if op.weight_home == "dram" else len(awaited) > 1
    return agreeing[0] if alone and len(agreeing) == 1 else None


def _form(kept: Kept, choice: FormatChoice, element_bits: int) -> ActivationForm:
    """Of a tensor whose elements are kept where any of some others has a nonzero."""
    masks = {operand.sha256: operand.mask for operand in kept or () if operand.mask is not None}
    whole = kept is None or len(masks) < len({operand.sha256 for operand in kept})
    if choice == "dense" or (choice == "auto" and whole):
        return DENSE
    if whole:
        return ActivationForm("whole")
    union: Mask = reduce(np.logical_or, masks.values())
    if choice == "auto" and np.count_nonzero(union) * element_bits + union.size >= union.size * element_bits:
        return DENSE
    return ActivationForm("|".join(sorted(masks)), union)
