"""What a model's trace is made of, named products with the keys of the workload file, and its text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.errors import ConfigError
from simulator.specs import as_yaml

OperationKeys = Mapping[str, Any]
"""The keys of one operation, as in a workload file."""
DENSE: Mapping[str, Any] = {"pattern": "dense"}


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

    >>> product("fc", "GEMM", (8, 4, 2), {"pattern": "dense"}, {"pattern": "dense"}, after=["conv"])["depends_on"]
    ['conv']
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


@dataclass(frozen=True)
class Model:
    """A model that a trace can be made of."""

    description: str
    tokens: int | None
    """Unless told; None: it takes no tokens, but one image."""
    operations: Callable[[int], Sequence[OperationKeys]]
    """From tokens to products, in the order in which they run where nothing is fused."""
    fused: Callable[[int], Sequence[OperationKeys]] | None = None
    """The products of a trace that fuses some, where they are others: what is nowhere to be read again is made again."""
    chains: tuple[tuple[str, ...], ...] = ()
    """Products that such a trace fuses, where they fit."""


def trace_text(name: str, model: Model, tokens: int | None = None, seed: int = 0, *, fuse: bool = True) -> str:
    """Return the workload file of `model` over `tokens` (its own number unless told), one operation a block of lines."""
    if tokens is not None and model.tokens is None:
        raise ConfigError(f"{name}: takes one image, and no tokens; allowed: none with --tokens")
    head = {"name": name, "description": model.description, "seed": seed}
    chains = model.chains if fuse else ()
    options = (f" --tokens {tokens}" if tokens else "") + ("" if fuse else " --unfused")
    lines = [
        f"# Every matrix product of this model, in order; made by: sparsim trace {name}{options}",
        "# What lies between products (softmax, norms, top-k, optimizer) is left out.",
        _yaml(head).rstrip(),
        *(["fuse:"] if chains else []),
        *(f"  - {{operations: [{', '.join(chain)}], if_fits: true}}" for chain in chains),
        "operations:",
    ]
    products = model.fused if chains and model.fused is not None else model.operations
    for operation in products(tokens or model.tokens or 1):
        lines += _operation(operation)
    return "\n".join(lines) + "\n"


def _operation(operation: OperationKeys) -> Iterator[str]:
    for index, (key, value) in enumerate(operation.items()):
        yield ("  - " if index == 0 else "    ") + _yaml({key: value}, flow=isinstance(value, dict | list)).rstrip()


def _yaml(value: object, flow: bool = False) -> str:
    """One key and its value; mappings and lists on one line where `flow`."""
    if not flow:
        return as_yaml(value, width=10_000)
    ((key, inner),) = value.items()  # type: ignore[attr-defined]
    return f"{key}: {as_yaml(inner, flow=True, width=10_000).strip()}"
