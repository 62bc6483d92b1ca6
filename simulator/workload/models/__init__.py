"""Traces of whole models, each named in MODELS: a function of its tokens that lists every matrix product.

Start here; `transformers` and `resnet50` hold the products, `trace` how one is said and written as a workload file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from simulator.workload.models.resnet50 import resnet50
from simulator.workload.models.trace import DENSE, Model
from simulator.workload.models.transformers import (
    Gpt,
    WeightGradient,
    attention_chains,
    forward,
    forward_layer,
    fused_attention_backward,
    mixture_of_experts,
    training_chains,
    training_step,
)


def weight_sparse_gpt(scale: int, layers: int = 8, fraction: float = 1 / 4) -> Gpt:
    """The weight-sparse transformer of circuit_sparsity (arXiv 2511.13653; train.py) at a width of 256 × `scale`.

    Hidden matrices have density `fraction` / scale², the unembedding `fraction` / scale, so that the nonzeros are alike at
    every scale; activations after AbsTopK are a quarter dense. Masks are skewed as those of a model that was trained so
    (workloads/tinygpt): lognormal rows, or columns where these are the neurons; at the fewest nonzeros that the script
    allows, 4 a neuron, they are exactly regular.
    """
    width, density = 256 * scale, fraction / scale**2
    hidden: dict[str, Any] = {"pattern": "chung_lu", "row_cv": 0.85, "col_cv": 0.25}
    projection: dict[str, Any] = {"pattern": "chung_lu", "row_cv": 0.55, "col_cv": 0.3}
    if density * width <= _FLOOR:
        hidden = {"pattern": "floor", "floor": _FLOOR, "of": "row"}
        projection = {"pattern": "floor", "floor": _FLOOR, "of": "column"}
    return Gpt(
        layers=layers,
        width=width,
        heads=width // 16,
        head_width=16,
        mlp_width=4 * width,
        vocabulary=2048,
        hidden={**hidden, "density": density},
        projection={**projection, "density": density},
        unembedding={"pattern": "chung_lu", "density": fraction / scale, "row_cv": 0.2, "col_cv": 1.5},
        activation={"pattern": "abs_topk", "density": 0.25, "channel_cv": 1.0, "jaccard": 0.33},
        head={"pattern": "uniform", "density": 0.25},
    )


_FLOOR = 4
"""Nonzeros of a neuron that circuit_sparsity's train.py never goes below."""
GPT2_SMALL = Gpt(layers=12, width=768, heads=12, head_width=64, mlp_width=3072, vocabulary=50257)
"""Radford et al., 2019: 124 M weights, all dense."""
_RESNET_CV = {"row_cv": 0.3, "col_cv": 0.35}
"""Skew of ResNet-50 pruned by magnitude to 90 % (DLMC: Gale, Elsen and Hooker, 2019)."""


def _sparse_gpt(scale: int) -> dict[str, Model]:
    gpt, text = weight_sparse_gpt(scale), f"weight-sparse GPT, width {256 * scale}, hidden density 1/{4 * scale**2}"
    return {
        f"ws-{scale}x": _forward(f"{text}: forward pass", 256, gpt),
        f"ws-{scale}x-train": _training(f"{text}: training step, gradients of weights at their nonzeros", gpt, "sampled"),
        f"ws-{scale}x-train-dense-dw": _training(f"{text}: training step, gradients of weights dense", gpt, "dense"),
    }


def _forward(description: str, tokens: int, gpt: Gpt) -> Model:
    return Model(description, tokens, partial(forward, gpt), chains=attention_chains(gpt))


def _training(description: str, gpt: Gpt, weight_gradient: WeightGradient) -> Model:
    step = partial(training_step, gpt, weight_gradient=weight_gradient)
    return Model(description, 256, step, partial(step, attention=fused_attention_backward), training_chains(gpt))


def _pruned_resnet50(sparsity: int) -> Model:
    weight = {"pattern": "chung_lu", "density": (100 - sparsity) / 100, **_RESNET_CV}
    return Model(f"ResNet-50 v1.5, one image, {sparsity} % of the weights pruned", None, lambda _: resnet50(weight))


def _one_layer(scale: int) -> Model:
    gpt = replace(weight_sparse_gpt(scale), layers=1)
    return _forward(f"the first layer of ws-{scale}x and its unembedding: one of eight layers of one law", 256, gpt)


def _flagship() -> Model:
    gpt = weight_sparse_gpt(4)
    text = "one layer of ws-4x (width 1,024, hidden density 1/64) over four sequences of 256 tokens, its attention fused"
    return Model(text, 1024, partial(forward_layer, gpt, sequence=256), chains=attention_chains(replace(gpt, layers=1)))


MODELS: Mapping[str, Model] = {
    "flagship": _flagship(),
    **_sparse_gpt(1),
    **_sparse_gpt(4),
    "ws-4x-layer": _one_layer(4),
    **_sparse_gpt(8),
    **_sparse_gpt(16),
    "gpt2-small": _forward("GPT-2 small, dense: forward pass", 128, GPT2_SMALL),
    "resnet50": Model("ResNet-50 v1.5, dense, one image", None, lambda _: resnet50(DENSE)),
    "moe": Model(
        "mixture-of-experts block: 16 experts of 512 → 2,048 → 512, the best two of a token, unevenly liked",
        1024,
        partial(mixture_of_experts, experts=16, width=512, mlp_width=2048, top_k=2, skew=1.0),
    ),
    **{f"resnet50-{sparsity}": _pruned_resnet50(sparsity) for sparsity in (80, 90, 98)},
}
"""Models by name."""
