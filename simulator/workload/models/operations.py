"""What a model's trace is made of: named products, each a mapping of the keys of the workload file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

OperationKeys = Mapping[str, Any]
"""The keys of one operation, as in a workload file."""


def product(
    name: str,
    kind: str,
    shape: tuple[int, int, int],
    weight: Mapping[str, Any] | None,
    activation: Mapping[str, Any],
    after: Sequence[str] = (),
    **more: object,
) -> OperationKeys:
    """Y[M, N] = W[M, K] · X[K, N] of `shape` (M, K, N), made from the outputs of `after`.

    `more` are further keys: `weight_of` where W is another product's.
    """
    m, k, n = shape
    keys: dict[str, Any] = {"name": name, "kind": kind, "shape": {"m": m, "k": k, "n": n}}
    if weight is not None:
        keys["weight"] = dict(weight)
    return keys | {"activation": dict(activation), "depends_on": list(after)} | more


def attention_product(
    name: str,
    heads: int,
    kind: str,
    shape: tuple[int, int, int],
    weight: Mapping[str, Any],
    activation: Mapping[str, Any],
    after: Sequence[str],
) -> OperationKeys:
    """A product of activations with activations, a block a head."""
    keys = dict(product(name, kind, shape, weight, activation, after, weight_home="activation"))
    return keys | {"shape": {"batch": heads, **keys["shape"]}}
