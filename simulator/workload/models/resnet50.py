"""ResNet-50 v1.5 for one image of 224 × 224, its 53 convolutions as im2col products, and its classifier.

He et al., CVPR 2016, Table 1; v1.5 puts the stride into the 3 × 3 convolution.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.workload.models.trace import DENSE, OperationKeys, product

_STAGES = ((3, 64, 56), (4, 128, 28), (6, 256, 14), (3, 512, 7))
"""Blocks, width of their 3 × 3 convolution, side of their output, of each stage."""
_IMAGE_SIDE, _CLASSES = 112, 1000


def resnet50(weight: Mapping[str, Any]) -> list[OperationKeys]:
    """All 54 products in order: W as `weight` says (its seed is drawn for each by name), except the first and the last, which are dense.

    X is the image in im2col form, so that a 3 × 3 convolution reads each activation nine times.
    """
    operations: list[OperationKeys] = []
    for name, (m, k, n) in _layers():
        pruned = name not in ("conv1", "fc") and weight != DENSE
        after = [operations[-1]["name"]] if operations else []
        operations.append(product(name, "SpMM" if pruned else "GEMM", (m, k, n), weight if pruned else DENSE, DENSE, after))
    return operations


def _layers() -> Iterator[tuple[str, tuple[int, int, int]]]:
    yield "conv1", (64, 3 * 7 * 7, _IMAGE_SIDE**2)
    channels, side = 64, 56
    for stage, (blocks, width, out_side) in enumerate(_STAGES, start=1):
        for block in range(1, blocks + 1):
            name = f"g{stage}.b{block}"
            yield f"{name}.1x1a", (width, channels, side**2)
            yield f"{name}.3x3", (width, 9 * width, out_side**2)
            yield f"{name}.1x1b", (4 * width, width, out_side**2)
            if block == 1:
                yield f"{name}.proj", (4 * width, channels, out_side**2)
            channels, side = 4 * width, out_side
    yield "fc", (_CLASSES, channels, 1)
