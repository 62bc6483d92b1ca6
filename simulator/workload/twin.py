"""The uniform twin of a workload: same products and numbers of nonzeros, all of them at random places. The control."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from simulator.workload.blocks import Stack
from simulator.workload.operands import activations, weight
from simulator.workload.patterns.base import derived_seed
from simulator.workload.patterns.plain import uniform
from simulator.workload.spec import ActivationSpec
from simulator.workload.types import Activations, Operation, Workload

TWIN_SEED = 1


def uniform_twin(operation: Operation) -> Operation:
    """Return the operation with all patterns redrawn: the masks that `twin_spec` gives when it is loaded.

    An operand that is another operation's own is drawn for this one here, and is that operation's in `twin_spec`.
    """
    (m, k, _), batch = operation.block_shape, operation.batch
    twin = operation
    if operation.weight.nnz < batch * m * k:
        drawn = uniform((batch * m, k), operation.weight.nnz, derived_seed(TWIN_SEED, operation.name, "weight"))
        twin = replace(twin, weight=weight(Stack(batch, drawn)))
    gradient = operation.gradient and _redrawn(operation.name, "gradient", operation.gradient)
    return replace(twin, activations=_redrawn(operation.name, "activation", operation.activations), gradient=gradient)


def _redrawn(name: str, role: str, x: Activations) -> Activations:
    """X or dY with as many nonzeros at random places; a dense one as it is."""
    if x.mask is None:
        return x
    return activations(uniform(x.shape, x.nnz, derived_seed(TWIN_SEED, name, role)), ActivationSpec(file="drawn"))


def twin_spec(workload: Workload) -> dict[str, Any]:
    """Return the twin as a workload file's mapping; what it says of an operation beside shape and operands is kept."""
    described = {entry["name"]: entry for entry in workload.spec.get("operations", ())}
    return {
        "name": f"{workload.name}-uniform"[:64],
        "description": f"shapes and nonzeros of {workload.name}, nonzeros at uniformly random places",
        "seed": TWIN_SEED,
        **_fuse(workload),
        "operations": [_entry(operation, described.get(operation.name, {})) for operation in workload.operations],
    }


def _fuse(workload: Workload) -> dict[str, Any]:
    """The same chains, where there are any."""
    chains = [{"operations": list(chain.operations), "if_fits": chain.if_fits} for chain in workload.fuse]
    return {"fuse": chains} if chains else {}


def _entry(operation: Operation, described: dict[str, Any]) -> dict[str, Any]:
    """One operation of the twin: operands of its own redrawn, what it takes from another taken from that one's twin."""
    m, k, n = operation.block_shape
    batch = {"batch": operation.batch} if operation.batch > 1 else {}
    rest = {key: value for key, value in described.items() if key not in ("name", "kind", "shape", *_OPERANDS) and value is not None}
    entry = {"name": operation.name, "kind": operation.kind, "shape": {**batch, "m": m, "k": k, "n": n}}
    if "weight_of" not in rest:
        entry["weight"] = _same(described, "weight") or _pattern(operation.weight.nnz, operation.batch * m * k)
    entry["activation"] = _same(described, "activation") or _pattern_of(operation.activations)
    if operation.gradient is not None:
        entry["gradient"] = _same(described, "gradient") or _pattern_of(operation.gradient)
    return entry | {key: list(value) if isinstance(value, tuple) else value for key, value in rest.items()}


_OPERANDS = ("weight", "activation", "gradient")


def _same(described: dict[str, Any], role: str) -> dict[str, Any] | None:
    """The operation whose X it is, and whether it is the transpose, where the file names one."""
    said = described.get(role) or {}
    return {key: said[key] for key in ("same_as", "transposed") if said[key]} if said.get("same_as") else None


def _pattern_of(x: Activations) -> dict[str, Any]:
    return _pattern(x.nnz, x.shape[0] * x.shape[1])


def _pattern(nnz: int, size: int) -> dict[str, Any]:
    return {"pattern": "dense"} if nnz == size else {"pattern": "uniform", "nnz": nnz}
