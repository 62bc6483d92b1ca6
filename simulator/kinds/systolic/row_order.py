"""The order of output features on the columns of a systolic array, chosen so that those of one fold share their zeros."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.kinds.systolic.array_product import ArrayProduct
from simulator.kinds.systolic.compiled import GROUP_KERNEL
from simulator.kinds.systolic.compiled import engine as compiled

Indices = NDArray[np.int64]


def grouped_rows(product: ArrayProduct, group: int, width: int) -> Indices:
    """[batch · M] output features in groups of `group`, found greedily, that together have nonzeros in few places.

    A place is `width` consecutive steps: one where steps are skipped, the rows of the array where whole folds are. A group begins
    with the feature that has the most places, and takes, one after another, the one that adds the fewest; of those the one that has
    most in common with it, then the first. What a compiler can do: it looks at W alone. O(M²) and a visit to each nonzero a group.
    """
    assert product.left is not None, "a W without zeros gains nothing by another order"
    height, steps, _ = product.shape
    block = product.left.rows // height
    places = (product.left.cols - block * steps) // width
    orders = []
    for index in range(product.batch):
        inside = block == index
        order = _greedy(product.left.rows[inside] - index * height, places[inside], height, -(-steps // width), group)
        orders.append(index * height + order)
    return np.concatenate(orders)


def _greedy(rows: Indices, places: Indices, height: int, width: int, group: int) -> Indices:
    first = np.diff(rows * width + places, prepend=-1) != 0  # nonzeros ascend by row and column
    rows, places = rows[first], places[first]
    return compiled.in_groups(rows, places, height, width, group) if GROUP_KERNEL.ready else in_groups(rows, places, height, width, group)


def in_groups(rows: Indices, places: Indices, height: int, width: int, group: int) -> Indices:
    """[rows] the order, given which rows have a nonzero in which places, row by row."""
    lengths = np.bincount(rows, minlength=height)
    ends = np.concatenate(([0], np.cumsum(lengths)))
    by_place = rows[np.argsort(places, kind="stable")]
    place_ends = np.concatenate(([0], np.cumsum(np.bincount(places, minlength=width))))
    taken = np.iinfo(np.int64).max // 2
    alone = lengths * (width + 1) - lengths
    """Rank of each row in an empty group: what it adds, then what it has in common."""
    remaining = np.ones(height, dtype=np.bool_)
    order = np.empty(height, dtype=np.int64)
    for start in range(0, height, group):
        rank = np.where(remaining, alone, taken)
        row = int(np.argmax(np.where(remaining, lengths, -1)))
        covered = np.zeros(width, dtype=np.bool_)
        for place in range(start, min(start + group, height)):
            if place > start:
                row = int(rank.argmin())
            order[place], remaining[row], rank[row] = row, False, taken
            its = places[ends[row] : ends[row + 1]]
            added = its[~covered[its]]
            covered[added] = True
            if added.size:
                touched = np.concatenate([by_place[place_ends[at] : place_ends[at + 1]] for at in added])
                rank -= (width + 1) * np.bincount(touched, minlength=height)
    return order
