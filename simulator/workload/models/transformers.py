"""Transformers: the forward pass of a GPT, dense or weight-sparse, its training step, and a mixture-of-experts block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simulator.errors import ConfigError
from simulator.workload.models.trace import DENSE, OperationKeys, attention_product, product

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
    layers = [operation for layer in range(gpt.layers) for operation in _layer(gpt, layer, tokens, 1)]
    return [*layers, unembedding(gpt).forward(tokens)]


def forward_layer(gpt: Gpt, tokens: int, *, sequence: int) -> list[OperationKeys]:
    """The products of the first layer, over `tokens` in sequences of so many: tokens of one do not attend to those of another."""
    if tokens % sequence:
        raise ConfigError(f"{tokens} tokens are no whole number of sequences of {sequence}")
    return _layer(gpt, 0, sequence, tokens // sequence)


def _layer(gpt: Gpt, layer: int, sequence: int, sequences: int) -> list[OperationKeys]:
    c_attn, c_proj, c_fc, m_proj = linears(gpt, layer)
    tokens = sequence * sequences
    attention = _attention(gpt, layer, sequence, sequences)
    return [c_attn.forward(tokens), *attention, c_proj.forward(tokens), c_fc.forward(tokens), m_proj.forward(tokens)]


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


def _attention(gpt: Gpt, layer: int, tokens: int, sequences: int) -> list[OperationKeys]:
    """Scores [keys, queries] = K · Qᵀ, and y [channels, queries] = Vᵀ · softmax(scores), a block a head and sequence."""
    name, c_attn = f"h{layer}", f"h{layer}.c_attn"
    head, blocks = gpt.head or DENSE, gpt.heads * sequences
    return [
        attention_product(f"{name}.qk", blocks, kind(gpt.head, gpt.head), (tokens, gpt.head_width, tokens), head, head, (c_attn,)),
        attention_product(f"{name}.av", blocks, "SpMSpM", (gpt.head_width, tokens, tokens), head, CAUSAL, (c_attn, f"{name}.qk")),
    ]


def attention_chains(gpt: Gpt) -> tuple[tuple[str, ...], ...]:
    """What is fused in a forward pass: scores, and what they weigh."""
    return tuple((f"h{layer}.qk", f"h{layer}.av") for layer in range(gpt.layers))


WeightGradient = Literal["sampled", "dense"]
AttentionBackward = Callable[[Gpt, int, int, str], "list[OperationKeys]"]
"""From a GPT, a layer, tokens and what dO is made from to the products of the backward pass of attention."""


def training_step(
    gpt: Gpt, tokens: int, weight_gradient: WeightGradient, attention: AttentionBackward | None = None
) -> list[OperationKeys]:
    """Every matrix product of one step over a sequence of `tokens`. Optimizer and top-k are not matrix products.

    `attention`: its backward pass; unless told, that of scores which are kept from the forward pass.
    """
    head = unembedding(gpt)
    operations = [*forward(gpt, tokens), *_backward(head, tokens, weight_gradient, gradient=None, after=head.name)]
    upstream = "lm_head.dx"
    for layer in reversed(range(gpt.layers)):
        c_attn, c_proj, c_fc, m_proj = linears(gpt, layer)
        # what follows c_fc is cut to m_proj's X, so that its gradient is nonzero there and nowhere else
        for linear, gradient in ((m_proj, gpt.activation), (c_fc, gpt.activation and {"same_as": m_proj.name}), (c_proj, gpt.activation)):
            operations += _backward(linear, tokens, weight_gradient, gradient=gradient, after=upstream)
            upstream = f"{linear.name}.dx"
        operations += (attention or attention_backward)(gpt, layer, tokens, upstream)
        operations += _backward(c_attn, tokens, weight_gradient, gradient=gpt.activation, after=f"h{layer}.dk")
        upstream = f"{c_attn.name}.dx"
    return operations


def _backward(
    linear: Linear, tokens: int, weight_gradient: WeightGradient, gradient: Mapping[str, Any] | None, after: str
) -> list[OperationKeys]:
    """dX and dW of a linear layer; dY is as sparse as the AbsTopK behind the layer left its output."""
    name, shape = f"{linear.name}.dx", (linear.k, linear.m, tokens)
    dx = product(name, kind(linear.weight, gradient), shape, None, gradient or DENSE, (after,), weight_of=linear.name, transpose="stored")
    return [dx, _weight_gradient(linear, tokens, weight_gradient, gradient and {"same_as": name}, after)]


def _weight_gradient(linear: Linear, tokens: int, how: WeightGradient, gradient: Mapping[str, Any] | None, after: str) -> OperationKeys:
    """dW of the X of the forward pass and the dY of dX, which waits for both."""
    name, made_from = f"{linear.name}.dw", (after, *linear.after)
    x: Mapping[str, Any] = {"same_as": linear.name} if linear.activation else DENSE
    if how == "sampled":
        shape = (linear.m, linear.k, tokens)
        return product(name, "SDDMM", shape, None, x, made_from, weight_of=linear.name, gradient=dict(gradient or DENSE))
    turned = {**x, "transposed": True} if linear.activation else DENSE
    shape, which = (linear.m, tokens, linear.k), kind(gradient, linear.activation)
    return product(name, which, shape, gradient or DENSE, turned, made_from, weight_home="activation")


def attention_backward(gpt: Gpt, layer: int, tokens: int, after: str) -> list[OperationKeys]:
    """dP = V · dO, dV = dO · Pᵀ, dQ = Kᵀ · dS, dK = Qᵀ · dSᵀ, a block a head.

    Each waits for dO or dS and for what of the forward pass it takes: P from the scores, q, k and v from c_attn.
    Pᵀ and dSᵀ are causal from the end: with keys and queries counted backwards, their masks are the causal one.
    """
    name, heads, width = f"h{layer}", gpt.heads, gpt.head_width
    c_attn, scores, dp = f"{name}.c_attn", f"{name}.qk", f"{name}.dp"
    qkv = gpt.head or DENSE
    narrow = (width, tokens, tokens)
    return [
        attention_product(dp, heads, kind(gpt.head, None), (tokens, width, tokens), qkv, DENSE, (after, c_attn)),
        attention_product(f"{name}.dv", heads, "SpMSpM", narrow, DENSE, CAUSAL, (after, scores)),
        attention_product(f"{name}.dq", heads, "SpMSpM", narrow, qkv, CAUSAL, (dp, c_attn)),
        attention_product(f"{name}.dk", heads, "SpMSpM", narrow, qkv, CAUSAL, (dp, c_attn)),
    ]


def fused_attention_backward(gpt: Gpt, layer: int, tokens: int, after: str) -> list[OperationKeys]:
    """The same in three chains: scores are nowhere to be read, so they are made again; and dP twice, since dQ takes it by queries
    and dK by keys.

    kq = Q · Kᵀ, dV = dO · Pᵀ; dP = V · dO, dQ = Kᵀ · dS; pd = dO · Vᵀ, dK = Qᵀ · dSᵀ.
    """
    name, heads, width = f"h{layer}", gpt.heads, gpt.head_width
    c_attn, qkv = f"{name}.c_attn", gpt.head or DENSE
    square, narrow = (tokens, width, tokens), (width, tokens, tokens)
    return [
        attention_product(f"{name}.kq", heads, kind(gpt.head, gpt.head), square, qkv, qkv, (c_attn,)),
        attention_product(f"{name}.dv", heads, "SpMSpM", narrow, DENSE, CAUSAL, (after, f"{name}.kq")),
        attention_product(f"{name}.dp", heads, kind(gpt.head, None), square, qkv, DENSE, (after, c_attn)),
        attention_product(f"{name}.dq", heads, "SpMSpM", narrow, qkv, CAUSAL, (f"{name}.dp", c_attn)),
        attention_product(f"{name}.pd", heads, kind(None, gpt.head), square, DENSE, qkv, (after, c_attn)),
        attention_product(f"{name}.dk", heads, "SpMSpM", narrow, qkv, CAUSAL, (f"{name}.pd", c_attn)),
    ]


def training_chains(gpt: Gpt) -> tuple[tuple[str, ...], ...]:
    """What is fused in a training step."""
    backward = (("kq", "dv"), ("dp", "dq"), ("pd", "dk"))
    chains = ((f"h{layer}.{first}", f"h{layer}.{second}") for layer in reversed(range(gpt.layers)) for first, second in backward)
    return (*attention_chains(gpt), *chains)


def mixture_of_experts(tokens: int, *, experts: int, width: int, mlp_width: int, top_k: int, skew: float) -> list[OperationKeys]:
    """Up and down projection of one block; the experts of a token and how unevenly they are liked as in the key `experts`."""
    routing: dict[str, Any] = {"count": experts, "top_k": top_k, "skew": skew}
    return [
        product("up", "GEMM", (mlp_width, width, tokens), DENSE, DENSE, experts=routing),
        product("down", "GEMM", (width, mlp_width, tokens), DENSE, DENSE, ("up",), experts=routing),
    ]
