"""The ways in which an array can run an operation, whatever the sizes of its tiles: dataflow, packing, options, order of rows."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from functools import partial

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from simulator.kinds.systolic.array_product import ArrayProduct, packed, product_of, sampled_outputs, with_row_order
from simulator.kinds.systolic.folds import Dataflow, dimensions
from simulator.kinds.systolic.machine import SKIP_SCAN_BITS, ArrayMachine, SystolicFabric
from simulator.kinds.systolic.row_order import grouped_rows
from simulator.recall import NOTHING, Recall
from simulator.system.tensors import Residency
from simulator.system.weights import whole_bits
from simulator.workload.made import whole_product
from simulator.workload.types import Operation

TRIFLE = 0.01
"""Share of the bits of W up to which presence bits are a trifle."""


class Family(Struct, frozen=True, eq=False):
    """One way to run a product; its schedules differ in sizes and loop order."""

    product: ArrayProduct
    dataflow: Dataflow
    fabric: SystolicFabric
    """The array with the options that are in use."""
    compressed: bool = True
    """Whether weights come through the decoder, where there is one."""

    @property
    def skips(self) -> bool:
        """Whether zeros may keep it from running folds or steps."""
        return self.fabric.skip_zero_tiles or self.fabric.column_skip


def families_of(machine: ArrayMachine, operation: Operation, residency: Residency, recall: Recall = NOTHING) -> list[Family]:
    """Every way with the output features in their natural order: an array may leave each of its options unused."""
    return [
        Family(product, flow, options)
        for product in products_of(machine, operation, residency, recall)
        for flow in flows_of(machine.fabric, product)
        for options in _options(machine.fabric, product, flow)
    ]


def grouped(family: Family) -> Family | None:
    """The same with output features grouped by their zeros; None where that decides nothing."""
    fabric, product = family.fabric, family.product
    steps = fabric.column_skip and family.dataflow == "os"
    folds = fabric.skip_zero_tiles and family.dataflow != "is"
    if product.left is None or fabric.row_order == "natural" or not (steps or folds) or product.made or fabric.cols >= product.shape[0]:
        return None
    group = -(-product.shape[0] // -(-product.shape[0] // fabric.cols))
    width = 1 if steps else product.shape[1] if family.dataflow == "os" else fabric.rows
    ordered = product.fact(("grouped", group, width), lambda: with_row_order(product, grouped_rows(product, group, width)))
    return replace(family, product=dataclasses.replace(ordered, left_bits=product.left_bits, right_bits=product.right_bits))


def known_product(operation: Operation, recall: Recall) -> ArrayProduct:
    """An operation as it is written: what `recall` remembers of it, whatever machines asked."""
    key = "array product", operation.content
    product = recall.of_key(key, lambda: product_of(whole_product(operation), sampled_outputs(operation)), lambda made: made.pieces)
    return dataclasses.replace(product, name=operation.name)


def products_of(machine: ArrayMachine, operation: Operation, residency: Residency, recall: Recall = NOTHING) -> list[ArrayProduct]:
    """The ways in which an array can take an operation: as it is, and, where its stored W has the pattern of `n_m`, packed."""
    array = whole_product(operation)
    product = known_product(operation, recall)
    features, tokens = slice(0, operation.shape[1]), (0, operation.shape[2])
    right_bits = residency.forms.x.bits(features, tokens, machine.datatypes.activation_bits)
    product = dataclasses.replace(product, left_bits=_whole_bits(machine, operation, array, residency), right_bits=right_bits)
    products = [product]
    if machine.fabric.n_m != "none" and array.weight_home == "dram" and array.storage is None:
        kept_of = machine.fabric.kept_of
        selected = product.fact(("packed", kept_of), lambda: packed(product, *kept_of))
        if selected is not None:
            left_bits = selected.batch * math.prod(selected.shape[:2]) * machine.held_weight_bits
            products.append(dataclasses.replace(selected, name=product.name, left_bits=left_bits, right_bits=right_bits))
    return products


def flows_of(fabric: SystolicFabric, product: ArrayProduct) -> tuple[Dataflow, ...]:
    """The dataflows in which an array can run a product."""
    flows: tuple[Dataflow, ...] = ("ws", "os", "is") if fabric.dataflow == "best" else (fabric.dataflow,)
    return flows if product.of == 1 else tuple(flow for flow in flows if flow != "is")  # it would hold all activations of a group


def _options(fabric: SystolicFabric, product: ArrayProduct, flow: Dataflow) -> Iterator[SystolicFabric]:
    """Which of its options to skip an array uses: each costs presence bits, and the steps of a tile are bounded where steps are skipped."""
    if product.left is None and product.right is None and product.sampled is None:
        yield without_skips(fabric)
        return
    yield fabric
    if fabric.column_skip and fabric.skip_zero_tiles and flow == "os" and _steps_cost(fabric, product):
        yield fabric.model_copy(update={"column_skip": False})
    if fabric.column_skip or fabric.skip_zero_tiles:
        yield without_skips(fabric)


def _steps_cost(fabric: SystolicFabric, product: ArrayProduct) -> bool:
    """Whether to skip steps, and not whole folds alone, costs something: tiles are bounded, or presence bits are no trifle beside W."""
    height, steps, _ = product.shape
    bits = 0 if product.left is None else product.batch * -(-height // fabric.cols) * steps
    return steps > SKIP_SCAN_BITS * fabric.rows or bits > TRIFLE * product.left_bits


def without_skips(fabric: SystolicFabric) -> SystolicFabric:
    """The array with no zero skipped."""
    return fabric.model_copy(update={"column_skip": False, "skip_zero_tiles": False})


def _whole_bits(machine: ArrayMachine, operation: Operation, array: Operation, residency: Residency) -> int:
    """Of W as the array takes it, where it lies, as one tile."""
    weight_bits = machine.datatypes.weight_bits
    if operation.gradient is not None:
        return residency.forms.gradient.bits(slice(0, operation.shape[0]), (0, operation.shape[2]), weight_bits)
    height, width, _ = array.block_shape
    dense_bits = array.batch * height * width * weight_bits
    return dense_bits if array.weight_home == "activation" else whole_bits(machine.machine, array, dense_bits)


def least_cycles(fabric: SystolicFabric, product: ArrayProduct, flow: Dataflow) -> int:
    """Cycles that no schedule of a dataflow goes below, whichever rows, columns, options and order of output features it uses.

    Folds span at most the whole array, and stream every step of which they have a nonzero pair in common.
    """
    batch, rows, cols = product.batch, fabric.rows, fabric.cols
    on_rows, on_cols, streamed = dimensions(flow, product.shape)
    dense = batch * -(-on_cols // cols) * max(-(-on_rows // rows) * streamed, on_rows)
    if not (fabric.skip_zero_tiles or fabric.column_skip):
        return dense
    if product.sampled is not None:
        return 0
    if flow == "os":
        return product.fact(("least", rows, cols), lambda: _least_steps(product, rows, cols))
    if flow == "ws":
        return dense if product.left is None else -(-len(product.left.rows) // (rows * cols)) * streamed
    right = product.right
    return dense if right is None else -(-product.fact("right", lambda: int(np.count_nonzero(right))) // (rows * cols)) * streamed


def _least_steps(product: ArrayProduct, rows: int, cols: int) -> int:
    """Of output-stationary folds of so many rows and columns: nonzeros of a step in as few of them as hold them."""
    left, right = (product.fact(("lines", operand), partial(_line_counts, product, operand)) for operand in (0, 1))
    return int((-(-left // cols) * -(-right // rows)).sum())


def _line_counts(product: ArrayProduct, operand: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """[batch · K] nonzeros of each step in W (0) or in X (1)."""
    m, k, n = product.shape
    if operand == 0:
        return np.full(product.batch * k, m) if product.left is None else np.bincount(product.left.cols, minlength=product.batch * k)
    return np.full(product.batch * k, n) if product.right is None else product.right.sum(axis=1)
