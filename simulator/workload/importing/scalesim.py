"""SCALE-Sim topology files (CSV): matrix products and convolutions as operations.

SCALE-Sim reads columns by their places, whatever the heading says; here a heading that names them in another order is followed.

Its letters are not ours: its M is rows of activations, its N filters. A product M, N, K becomes W[N,K] · X[K,M]; a
convolution becomes, by im2col, W[filters, height·width·channels] · X[that, output positions]. Outputs of a side are
⌈(side − filter + stride) / stride⌉, as its topology_utils.py (v2, commit 013c54e) counts them, where a layer with `DP` in its
name is depthwise: one product of a single channel for each of its channels.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from simulator.errors import OperandError
from simulator.workload.csr import MAX_DENSE, MAX_DIMENSION, MAX_NONZEROS
from simulator.workload.importing.sources import Source

_MAX_BYTES = 2**20
_DEPTHWISE = "DP"
_NUMBER = re.compile(r"[0-9]{1,10}")
_RATIO = re.compile(r"([0-9]{1,4}):([0-9]{1,4})")
_LETTERS = re.compile(r"[^a-z]")
_SPARSITY = "sparsity"
_PRODUCT = ("layer", "m", "n", "k", _SPARSITY)
_FILTERS = ("layer", "height", "width", "filter height", "filter width", "channels", "filters", "stride", "stride across", _SPARSITY)
_OPTIONAL = ("stride across", _SPARSITY)
_COLUMNS = {
    "layer": "layer", "layername": "layer", "name": "layer", "m": "m", "n": "n", "k": "k", "sparsity": _SPARSITY,
    "ifmapheight": "height", "h": "height", "height": "height", "ifmapwidth": "width", "w": "width", "width": "width",
    "filterheight": "filter height", "fh": "filter height", "filterwidth": "filter width", "fw": "filter width",
    "channels": "channels", "channel": "channels", "numchannels": "channels", "c": "channels",
    "numfilter": "filters", "numfilters": "filters", "filters": "filters", "f": "filters",
    "stride": "stride", "strides": "stride", "s": "stride", "strideheight": "stride", "stridewidth": "stride across",
}  # fmt: skip
"""What a word of a heading, letters alone, names."""
_GEMM, _CONVOLUTION = 3, (7, 8)
"""Numbers of a line after the layer's name; the eighth is another stride across."""


def read_topology(path: Path) -> list[Source]:
    """Return one source a layer, in the file's order; OperandError, with the line, where it cannot be read as a topology."""
    if path.stat().st_size > _MAX_BYTES:
        raise OperandError(f"{path}: more than {_MAX_BYTES} bytes; no topology")
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise OperandError(f"{path}: no CSV text: {error}") from error
    layers = [(place, cells) for place, line in enumerate(lines, 1) if any(cells := [cell.strip() for cell in line])]
    if len(layers) < 2:
        raise OperandError(f"{path}: no layer below the heading")
    place, heading = layers[0]
    if _numbers(_trimmed(heading)[1:]) is not None:
        raise OperandError(f"{path}:{place}: found a layer, {heading[0]!r}; allowed: a heading above the first layer")
    order = _order(f"{path}:{place}", heading)
    return [_layer(f"{path}:{place}", _trimmed(_arranged(cells, order))) for place, cells in layers[1:]]


def _order(where: str, heading: list[str]) -> list[int]:
    """Columns in the order in which SCALE-Sim reads them: empty where they stand so, or the heading does not say where they stand.

    Raises OperandError where the heading has some of them elsewhere, and does not name all.
    """
    words = [_LETTERS.sub("", cell.lower()) for cell in heading]
    known = {_COLUMNS[word]: at for at, word in enumerate(words) if word in _COLUMNS and words.count(word) == 1}
    wanted = next((names for names in (_PRODUCT, _FILTERS) if len(known.keys() & set(names[1:])) > 1), ())
    moved = next((name for at, name in enumerate(wanted) if known.get(name, at) != at and name != _SPARSITY), None)
    if moved is None:
        return []
    missing = next((name for name in wanted if name not in known and name not in _OPTIONAL), None)
    if missing is not None:
        raise OperandError(
            f"{where}: {heading[known[moved]]!r} stands in column {known[moved] + 1}, SCALE-Sim reads it in {wanted.index(moved) + 1}; "
            f"allowed: its order, or a heading that names all columns ({missing} is missing)"
        )
    return [known[name] for name in wanted if name in known]


def _arranged(cells: list[str], order: list[int]) -> list[str]:
    return [cells[at] if at < len(cells) else "" for at in order] or cells


def _trimmed(cells: list[str]) -> list[str]:
    """Cells without empty ones at the end, nor a note behind the last comma, which SCALE-Sim drops."""
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells if _numbers(cells[1:-1]) is None or _NUMBER.fullmatch(cells[-1]) or _RATIO.fullmatch(cells[-1]) else cells[:-1]


def _numbers(cells: list[str]) -> tuple[list[int], re.Match[str] | None] | None:
    """Numbers and N:M of a layer; None where the cells are none."""
    ratio = _RATIO.fullmatch(cells[-1]) if cells else None
    numbers = cells[:-1] if ratio else cells
    if len(numbers) not in (_GEMM, *_CONVOLUTION) or not all(_NUMBER.fullmatch(cell) for cell in numbers):
        return None
    return [int(cell) for cell in numbers], ratio


def _layer(where: str, cells: list[str]) -> Source:
    name, *rest = cells
    layer = _numbers(rest)
    if layer is None:
        found = ", ".join(rest)[:60]
        raise OperandError(f"{where}: found {found!r}; allowed: M, N, K, or the 7 or 8 numbers of a convolution, each with or without N:M")
    values, ratio = layer
    batch = 1
    if len(values) == _GEMM:
        m, k, n = values[1], values[2], values[0]
    else:
        if _DEPTHWISE in name:
            batch, values[4] = values[4], 1
        m, k, n = _im2col(where, values)
    for letter, side in (("batch", batch), ("m", m), ("k", k), ("n", n)):
        if not 1 <= side <= MAX_DIMENSION:
            raise OperandError(f"{where}: {letter} = {side}; allowed: 1 to {MAX_DIMENSION}")
    pattern = _pattern(where, k, ratio)
    weights = batch * m * (k if ratio is None else -(-k // int(ratio[2])) * int(ratio[1]))
    for operand, nonzeros, most in (("weights", weights, MAX_NONZEROS), ("activations", batch * k * n, MAX_DENSE)):
        if nonzeros > most:
            raise OperandError(f"{where}: {nonzeros} nonzero {operand}; allowed: at most {most}")
    return Source(name, shape=(m, k, n), batch=batch, pattern=pattern)


def _im2col(where: str, values: list[int]) -> tuple[int, int, int]:
    """M filters, K weights of a filter, N output positions."""
    height, width, filter_height, filter_width, channels, filters, *strides = values
    down, across = strides[0], strides[-1]
    if min(strides) < 1 or not (1 <= filter_height <= height and 1 <= filter_width <= width):
        raise OperandError(f"{where}: a filter of {filter_height} × {filter_width} at stride {down} does not fit {height} × {width}")
    positions = -(-(height - filter_height + down) // down) * -(-(width - filter_width + across) // across)
    return filters, filter_height * filter_width * channels, positions


def _pattern(where: str, k: int, ratio: re.Match[str] | None) -> dict[str, object]:
    if ratio is None:
        return {"pattern": "dense"}
    n, m = int(ratio[1]), int(ratio[2])
    if not 1 <= n <= m:
        raise OperandError(f"{where}: sparsity {n}:{m}; allowed: N from 1 to M")
    return {"pattern": "dense"} if n == m or k <= n else {"pattern": "n_m", "n": n, "m": m}
