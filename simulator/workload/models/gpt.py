"""GPT traces: the forward pass of one sequence, dense or weight-sparse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.workload.models.operations import OperationKeys, attention_product, product

DENSE: Mapping[str, Any] = {"pattern": "dense"}
CAUSAL: Mapping[str, Any] = {"pattern": "causal"}


@dataclass(frozen=True)
class Gpt:
    """Sizes of a GPT and where its operands are nonzero; `None` where a kind of operand is dense."""

    layers: int
    width: int
    heads: int
    head_width: int
    mlp_width: int
    vocabulary: int
    hidden: Mapping[str, Any] | None = None
    """Pattern of the matrices whose neurons are rows (c_attn, c_fc), but for its seed."""
    projection: Mapping[str, Any] | None = None
    """Pattern of the matrices whose neurons are columns (both c_proj)."""
    unembedding: Mapping[str, Any] | None = None
    activation: Mapping[str, Any] | None = None
    """Pattern of what follows AbsTopK: the inputs of c_attn, c_fc and mlp.c_proj."""
    head: Mapping[str, Any] | None = None
    """Pattern of q, k and v in a head."""


@dataclass(frozen=True)
class Linear:
    """One linear layer of a trace: Y[M, N] = W[M, K] · X[K, N]."""

    name: str
    m: int
    k: int
    weight: Mapping[str, Any] | None
    activation: Mapping[str, Any] | None
    after: tuple[str, ...]

    def forward(self, tokens: int) -> OperationKeys:
        """The product of the forward pass."""
        return product(
            self.name,
            kind(self.weight, self.activation),
            (self.m, self.k, tokens),
            self.weight or DENSE,
            self.activation or DENSE,
            self.after,
        )


def kind(weight: Mapping[str, Any] | None, activation: Mapping[str, Any] | None) -> str:
    """GEMM, SpMM or SpMSpM, by which operands have zeros."""
    return "SpMSpM" if activation is not None else "SpMM" if weight is not None else "GEMM"


def forward(gpt: Gpt, tokens: int) -> list[OperationKeys]:
    """Every matrix product of one forward pass over a sequence of `tokens`, in order.

    qk makes all tokens × tokens scores of a head, also those that the causal mask then drops.
    """
    operations: list[OperationKeys] = []
    for layer in range(gpt.layers):
        c_attn, c_proj, c_fc, m_proj = linears(gpt, layer)
        operations += [
            c_attn.forward(tokens),
            *_attention(gpt, layer, tokens),
            c_proj.forward(tokens),
            c_fc.forward(tokens),
            m_proj.forward(tokens),
        ]
    return [*operations, unembedding(gpt).forward(tokens)]


def linears(gpt: Gpt, layer: int) -> tuple[Linear, Linear, Linear, Linear]:
    """c_attn, attn.c_proj, mlp.c_fc and mlp.c_proj of a layer."""
    name = f"h{layer}"
    before = (f"h{layer - 1}.m_proj",) if layer else ()
    return (
        Linear(f"{name}.c_attn", 3 * gpt.heads * gpt.head_width, gpt.width, gpt.hidden, gpt.activation, before),
        Linear(f"{name}.c_proj", gpt.width, gpt.heads * gpt.head_width, gpt.projection, None, (f"{name}.av",)),
        Linear(f"{name}.c_fc", gpt.mlp_width, gpt.width, gpt.hidden, gpt.activation, (f"{name}.c_proj",)),
        Linear(f"{name}.m_proj", gpt.width, gpt.mlp_width, gpt.projection, gpt.activation, (f"{name}.c_fc",)),
    )


def unembedding(gpt: Gpt) -> Linear:
    """The last product, onto the vocabulary."""
    return Linear("lm_head", gpt.vocabulary, gpt.width, gpt.unembedding, None, (f"h{gpt.layers - 1}.m_proj",))


def _attention(gpt: Gpt, layer: int, tokens: int) -> list[OperationKeys]:
    """Scores [keys, queries] = K · Qᵀ, and y [channels, queries] = Vᵀ · softmax(scores), a block a head."""
    name, c_attn = f"h{layer}", f"h{layer}.c_attn"
    head = gpt.head or DENSE
    return [
        attention_product(f"{name}.qk", gpt.heads, kind(gpt.head, gpt.head), (tokens, gpt.head_width, tokens), head, head, (c_attn,)),
        attention_product(f"{name}.av", gpt.heads, "SpMSpM", (gpt.head_width, tokens, tokens), head, CAUSAL, (c_attn, f"{name}.qk")),
    ]
