"""A mixture-of-experts block: two dense products an expert, on the tokens that the router sends it."""

from __future__ import annotations

from typing import Any

from simulator.workload.models.operations import OperationKeys, product

_DENSE = {"pattern": "dense"}


def mixture_of_experts(tokens: int, *, experts: int, width: int, mlp_width: int, top_k: int, skew: float) -> list[OperationKeys]:
    """Up and down projection of one block; the experts of a token and how unevenly they are liked as in the key `experts`."""
    routing: dict[str, Any] = {"count": experts, "top_k": top_k, "skew": skew}
    return [
        product("up", "GEMM", (mlp_width, width, tokens), _DENSE, _DENSE, experts=routing),
        product("down", "GEMM", (width, mlp_width, tokens), _DENSE, _DENSE, ("up",), experts=routing),
    ]
