"""A training step: the forward pass, then the gradients of activations and weights, of every product in reverse.

Of a linear layer Y = W · X: dX = Wᵀ · dY on the same W, and dW = dY · Xᵀ, either at the nonzeros of W only (SDDMM), or
whole, as the published training script of weight-sparse transformers has it (circuit_sparsity, train.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from simulator.workload.models.gpt import CAUSAL, DENSE, Gpt, Linear, forward, kind, linears, unembedding
from simulator.workload.models.operations import OperationKeys, attention_product, product

WeightGradient = Literal["sampled", "dense"]


def training_step(gpt: Gpt, tokens: int, weight_gradient: WeightGradient) -> list[OperationKeys]:
    """Every matrix product of one step over a sequence of `tokens`. Optimizer and top-k are not matrix products."""
    head = unembedding(gpt)
    operations = [*forward(gpt, tokens), *_backward(head, tokens, weight_gradient, gradient=None, after=head.name)]
    upstream = "lm_head.dx"
    for layer in reversed(range(gpt.layers)):
        c_attn, c_proj, c_fc, m_proj = linears(gpt, layer)
        # what follows c_fc is cut to m_proj's X, so that its gradient is nonzero there and nowhere else
        for linear, gradient in ((m_proj, gpt.activation), (c_fc, gpt.activation and {"same_as": m_proj.name}), (c_proj, gpt.activation)):
            operations += _backward(linear, tokens, weight_gradient, gradient=gradient, after=upstream)
            upstream = f"{linear.name}.dx"
        operations += _attention_backward(gpt, layer, tokens, upstream)
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
    if how == "sampled":
        x = {"same_as": linear.name} if linear.activation else DENSE
        shape = (linear.m, linear.k, tokens)
        return product(name, "SDDMM", shape, None, x, made_from, weight_of=linear.name, gradient=dict(gradient or DENSE))
    return product(name, "GEMM", (linear.m, tokens, linear.k), DENSE, DENSE, made_from, weight_home="activation")


def _attention_backward(gpt: Gpt, layer: int, tokens: int, after: str) -> list[OperationKeys]:
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
