"""A model's trace as the text of a workload file."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from simulator.workload.models import Model
from simulator.workload.models.operations import OperationKeys


def trace_text(name: str, model: Model, tokens: int | None = None, seed: int = 0) -> str:
    """Return the workload file of `model` over `tokens` (its own number unless told), one operation a block of lines."""
    head = {"name": name, "description": model.description, "seed": seed}
    lines = [
        f"# Every matrix product of this model, in order; made by: sparsim trace {name}" + (f" --tokens {tokens}" if tokens else ""),
        "# What lies between products (softmax, norms, top-k, optimizer) is left out.",
        _yaml(head).rstrip(),
        "operations:",
    ]
    for operation in model.operations(tokens or model.tokens):
        lines += _operation(operation)
    return "\n".join(lines) + "\n"


def _operation(operation: OperationKeys) -> Iterator[str]:
    for index, (key, value) in enumerate(operation.items()):
        yield ("  - " if index == 0 else "    ") + _yaml({key: value}, flow=isinstance(value, dict | list)).rstrip()


def _yaml(value: object, flow: bool = False) -> str:
    """One key and its value; mappings and lists on one line where `flow`."""
    if not flow:
        return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10_000)
    ((key, inner),) = value.items()  # type: ignore[attr-defined]
    return f"{key}: {yaml.safe_dump(inner, sort_keys=False, default_flow_style=True, width=10_000).strip()}"
