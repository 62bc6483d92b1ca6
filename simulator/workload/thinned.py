"""A workload of fewer tokens and blocks that is otherwise like another: what runs quicker, and tells machines apart as that does."""

from __future__ import annotations

import dataclasses

import numpy as np
from msgspec.structs import replace

from simulator.workload.slices import first_blocks
from simulator.workload.types import Operation, Workload

LEAST_TOKENS, LEAST_BLOCKS = 64, 16
"""What would be left with fewer stays whole: tiles would be of another size."""


def thinned(workload: Workload, part: int) -> Workload:
    """The first 1/`part` of the blocks of what is batched, and of the tokens of all else; what is too small for that stays whole.

    Every operation has the features that it had, so that tiles and lists are as they were, and there are fewer of them.
    """
    return dataclasses.replace(workload, operations=tuple(_thinned(operation, part) for operation in workload.operations))


def _thinned(operation: Operation, part: int) -> Operation:
    if operation.batch > 1:
        blocks = operation.batch // part
        return operation if blocks < LEAST_BLOCKS or operation.gradient is not None else first_blocks(operation, blocks)
    tokens = operation.shape[2] // part
    if tokens < LEAST_TOKENS:
        return operation
    first = np.arange(tokens)
    gradient = None if operation.gradient is None else operation.gradient.of_tokens(first)
    return replace(operation, activations=operation.activations.of_tokens(first), gradient=gradient)
