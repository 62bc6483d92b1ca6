"""The uniform twin of a workload: same products and numbers of nonzeros, all of them at random places. The control."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.workload.blocks import Stack
from simulator.workload.generate import derived_seed, uniform
from simulator.workload.operands import activations, weight
from simulator.workload.spec import ActivationSpec
from simulator.workload.types import Operation, Workload

TWIN_SEED = 1


def uniform_twin(operation: Operation) -> Operation:
    """Return the operation with both patterns redrawn: the masks that `twin_spec` gives when it is loaded."""
    (m, k, n), batch = operation.block_shape, operation.batch
    twin = operation
    if operation.weight.nnz < batch * m * k:
        drawn = uniform((batch * m, k), operation.weight.nnz, derived_seed(TWIN_SEED, operation.name, "weight"))
        twin = replace(twin, weight=weight(Stack(batch, drawn)))
    if operation.activations.mask is not None:
        drawn = uniform((batch * k, n), operation.activations.nnz, derived_seed(TWIN_SEED, operation.name, "activation"))
        twin = replace(twin, activations=activations(drawn, ActivationSpec(file="drawn")))
    return twin


def twin_spec(workload: Workload) -> dict[str, Any]:
    """Return the twin as a workload file's mapping; what it says of an operation beside shape and operands is kept."""
    described = {entry["name"]: entry for entry in workload.spec.get("operations", ())}
    return {
        "name": f"{workload.name}-uniform"[:64],
        "description": f"shapes and nonzeros of {workload.name}, nonzeros at uniformly random places",
        "seed": TWIN_SEED,
        "operations": [_entry(operation, described.get(operation.name, {})) for operation in workload.operations],
    }


def _entry(operation: Operation, described: dict[str, Any]) -> dict[str, Any]:
    m, k, n = operation.block_shape
    batch = {"batch": operation.batch} if operation.batch > 1 else {}
    dense_w = operation.weight.nnz == operation.batch * m * k
    dense_x = operation.activations.mask is None
    rest = {key: value for key, value in described.items() if key not in ("name", "kind", "shape", "weight", "activation")}
    return {
        "name": operation.name,
        "kind": operation.kind,
        "shape": {**batch, "m": m, "k": k, "n": n},
        "weight": {"pattern": "dense"} if dense_w else {"pattern": "uniform", "nnz": operation.weight.nnz},
        "activation": {"pattern": "dense"} if dense_x else {"pattern": "uniform", "nnz": operation.activations.nnz},
        **{key: list(value) if isinstance(value, tuple) else value for key, value in rest.items()},
    }
