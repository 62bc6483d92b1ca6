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
from dataclasses import dataclass
from pathlib import Path

from simulator.errors import OperandError
from simulator.specs import nearest_hint
from simulator.workload.csr import MAX_DENSE, MAX_DIMENSION, MAX_NONZEROS, MAX_WITHOUT_ZEROS
from simulator.workload.importing.sources import Imported, Source

_MAX_BYTES = 2**20
_DEPTHWISE = "DP"
_NUMBER = re.compile(r"[0-9]{1,10}")
_RATIO = re.compile(r"([0-9]{1,4}):([0-9]{1,4})")
_LETTERS = re.compile(r"[^a-z]")
_UNIT = re.compile(r"\(.*?\)|\[.*?\]")
_SPARSITY = "sparsity"
_DENSE = "dense"
_PRODUCT = ("layer", "m", "n", "k", _SPARSITY)
_FILTERS = ("layer", "height", "width", "filter height", "filter width", "channels", "filters", "stride", "stride across", _SPARSITY)
_OPTIONAL = ("stride across", _SPARSITY)
_HIGH, _WIDE = ("h", "height"), ("w", "width")


def _sides(stems: tuple[str, ...], sides: tuple[str, ...], name: str) -> dict[str, str]:
    return {f"{stem}{side}": name for stem in stems for side in sides}


_COLUMNS = {
    **dict.fromkeys(("layer", "layers", "layername", "name"), "layer"),
    **dict.fromkeys(("sparsity", "sparsityratio", "nm"), _SPARSITY),
    **{letter: letter for letter in ("m", "n", "k")},
    **_sides(("", "ifmap", "input", "image"), _HIGH, "height"),
    **_sides(("", "ifmap", "input", "image"), _WIDE, "width"),
    **_sides(("f", "filter", "k", "kernel"), _HIGH, "filter height"),
    **_sides(("f", "filter", "k", "kernel"), _WIDE, "filter width"),
    **dict.fromkeys(("channels", "channel", "numchannels", "numchannel", "inchannels", "inputchannels", "cin", "c"), "channels"),
    **dict.fromkeys(("filters", "numfilters", "numfilter", "outchannels", "outputchannels", "cout", "f"), "filters"),
    **dict.fromkeys(("stride", "strides", "s", "strideh", "strideheight"), "stride"),
    **dict.fromkeys(("stridew", "stridewidth"), "stride across"),
}
"""What a word of a heading, letters alone, names."""
_BESIDE = {
    **dict.fromkeys(("batch", "batches", "batchsize"), "batch"),
    **dict.fromkeys(("group", "groups"), "groups"),
    **dict.fromkeys(("pad", "pads", "padding", "paddings"), "padding"),
    **dict.fromkeys(("dilation", "dilations", "dilationrate"), "dilation"),
}
"""The same of columns that SCALE-Sim does not know, and that change what a layer is."""
_NEUTRAL = {
    "groups": (1, "a depthwise layer is one with DP in its name"),
    "padding": (0, "height and width are those of the padded input"),
    "dilation": (1, "its filters are dense"),
}
"""Of those, the value that changes nothing, and why SCALE-Sim needs no other."""
_GEMM, _CONVOLUTION = 3, (7, 8)
"""Numbers of a line after the layer's name; the eighth is another stride across."""


@dataclass(frozen=True)
class _Heading:
    """Where the columns of a file stand."""

    order: tuple[int, ...]
    """Columns in the order in which SCALE-Sim reads them; empty: as they stand."""
    beside: dict[str, int]
    """Columns that SCALE-Sim does not know, by what they are."""
    unknown: dict[int, str]
    """Columns behind those that it needs, whose names say nothing."""
    sparsity: int | None
    """The column of N:M, where there is one."""

    def arranged(self, cells: list[str]) -> list[str]:
        """The cells of a layer as SCALE-Sim reads them."""
        if self.order:
            return [cells[at] if at < len(cells) else "" for at in self.order]
        return [cell for at, cell in enumerate(cells) if at not in self.unknown and at not in self.beside.values()]


def read_topology(path: Path) -> Imported:
    """Return one source a layer, in the file's order; OperandError, with the line, where it cannot be read as a topology.

    Cells are parted by commas, or, where the heading has none, by tabs or semicolons. A line of nothing but a name is a title, and a
    column of another name than SCALE-Sim's is a note, unless it changes what a layer is: both are left out, and named. A heading may
    stand again above further layers.
    """
    heading: _Heading | None = None
    sources: list[Source] = []
    left_out: dict[str, str] = {}
    for place, cells in _lines(path):
        where = f"{path}:{place}"
        if not any(cells[1:]):
            left_out[f"{cells[0][:60]} (line {place})"] = "a name without numbers is no layer"
        elif heading is None or _names_columns(cells):
            heading = _heading(where, cells)
            left_out |= dict.fromkeys(map(repr, heading.unknown.values()), "SCALE-Sim has no column of that name")
        else:
            _check_sparsity(where, cells, heading.sparsity)
            images = _images(where, cells, heading.beside)
            sources.append(_layer(where, _trimmed(heading.arranged(cells)), images))
    if not sources:
        raise OperandError(f"{path}: no layer below the heading")
    return Imported(sources, left_out)


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Lines that are not empty, by their numbers, as cells."""
    if path.stat().st_size > _MAX_BYTES:
        raise OperandError(f"{path}: more than {_MAX_BYTES} bytes; no topology")
    raw = path.read_bytes()
    try:
        lines = raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise OperandError(f"{path}:{line}: a byte that is no UTF-8 text; allowed: CSV in UTF-8") from error
    first = next((line for line in lines if line.strip()), "")
    mark = next((mark for mark in ",;\t" if mark in first), ",")
    read = [(place, [cell.strip() for cell in _cells(f"{path}:{place}", line, mark)]) for place, line in enumerate(lines, 1)]
    return [(place, cells) for place, cells in read if any(cells)]


def _cells(where: str, line: str, mark: str) -> list[str]:
    """The cells of a line, none of which goes on in the next."""
    try:
        return next(csv.reader([line], delimiter=mark, strict=True), [])
    except csv.Error as error:
        raise OperandError(f"{where}: a cell that does not end in its line, or is too long for one") from error


def _words(cells: list[str]) -> list[str]:
    """Names of columns, letters alone, without their units."""
    return [_LETTERS.sub("", _UNIT.sub("", cell.lower())) for cell in cells]


def _names_columns(cells: list[str]) -> bool:
    """Whether a line below the heading is another one."""
    return _numbers(_trimmed(cells)[1:]) is None and sum(word in _COLUMNS for word in _words(cells)) >= len(_PRODUCT) - 1


_OF_LIST = 3
"""Columns of a list of edges, at most: row, column, value."""
_LISTS = "; a list of edges is read with the ending .tsv, counted from 1"


def _heading(where: str, heading: list[str]) -> _Heading:
    """Where columns stand. Raises OperandError where it has some of them elsewhere, and does not name all."""
    if _numbers(_trimmed(heading)[1:]) is not None:
        raise OperandError(f"{where}: found a layer, {heading[0]!r}; allowed: a heading above the first layer")
    words = _words(heading)
    known = {_COLUMNS[word]: at for at, word in enumerate(words) if word in _COLUMNS and words.count(word) == 1}
    wanted = max((_PRODUCT, _FILTERS), key=lambda names: len(known.keys() & set(names[1:])))
    beside = {_BESIDE[word]: at for at, word in enumerate(words) if word in _BESIDE}
    needed = [name for name in wanted if name not in _OPTIONAL]
    strange = {at: heading[at] for at, word in enumerate(words) if heading[at] and word not in _COLUMNS and word not in _BESIDE}
    moved = next((name for at, name in enumerate(wanted) if known.get(name, at) != at and name != _SPARSITY), None)
    if moved is None:
        lost = next((at for at in range(1, len(needed)) if at in strange or at in beside.values()), None)
        if lost is not None:
            hint = _LISTS if len(heading) <= _OF_LIST else nearest_hint(words[lost], _COLUMNS)
            raise OperandError(
                f"{where}: {heading[lost]!r} is no column of SCALE-Sim, which reads {wanted[lost]} there; allowed: its names, such as "
                f"Layer, M, N, K, or IFMAP Height, Filter Width, Strides{hint}"
            )
        return _Heading((), beside, {at: name for at, name in strange.items() if at}, known.get(_SPARSITY))
    missing = next((name for name in needed if name not in known), None)
    if missing is not None:
        raise OperandError(
            f"{where}: {heading[known[moved]]!r} stands in column {known[moved] + 1}, SCALE-Sim reads it in {wanted.index(moved) + 1}; "
            f"allowed: its order, or a heading that names all columns ({missing} is missing)"
        )
    return _Heading(tuple(known[name] for name in wanted if name in known), beside, strange, known.get(_SPARSITY))


def _check_sparsity(where: str, cells: list[str], column: int | None) -> None:
    """Raise OperandError where a layer ends below the heading of N:M in what is no such: behind the last comma it would be a note."""
    if column is None or any(cells[column + 1 :]):
        return
    found = "".join(cells[column : column + 1])
    if found and not _RATIO.fullmatch(found) and found.lower() != _DENSE:
        raise OperandError(f"{where}: sparsity {found[:20]!r}; allowed: N:M, such as 2:4, or {_DENSE}, or nothing")


def _images(where: str, cells: list[str], beside: dict[str, int]) -> int:
    """Images that a layer works on; OperandError where a column of another name says what SCALE-Sim's layers are not."""
    found = {name: cells[at] for name, at in beside.items() if at < len(cells) and cells[at]}
    for name, (neutral, why) in _NEUTRAL.items():
        if not _is_number(found.get(name, ""), neutral):
            raise OperandError(f"{where}: {name} = {found[name][:20]}; allowed: {neutral} ({why})")
    images = found.get("batch", "1")
    if not _NUMBER.fullmatch(images) or not int(images):
        raise OperandError(f"{where}: batch = {images[:20]}; allowed: 1 or more")
    return int(images)


def _is_number(cell: str, number: int) -> bool:
    """Whether a cell says that number, or nothing."""
    return not cell or (_NUMBER.fullmatch(cell) is not None and int(cell) == number)


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


def _layer(where: str, cells: list[str], images: int) -> Source:
    name, *rest = cells
    layer = _numbers(rest)
    if layer is None:
        found = ", ".join(rest)[:60]
        raise OperandError(f"{where}: found {found!r}; allowed: M, N, K, or the 7 or 8 numbers of a convolution, each with or without N:M")
    values, ratio = layer
    batch = 1
    if len(values) == _GEMM:
        for letter, value in zip("MNK", values, strict=True):
            _check_side(where, letter, value)
        m, k, n = values[1], values[2], values[0]
    else:
        if _DEPTHWISE in name:
            batch, values[4] = values[4], 1
        m, k, n = _im2col(where, values)
    n *= images
    sides = {"batch": batch, "m": m, "k": k, "n": n} | ({"batch × m": batch * m, "batch × k": batch * k} if batch > 1 else {})
    for letter, side in sides.items():
        _check_side(where, letter, side)
    pattern = _pattern(where, k, ratio)
    weights = batch * m * (k if ratio is None else -(-k // int(ratio[2])) * int(ratio[1]))
    held = MAX_WITHOUT_ZEROS if batch == 1 and pattern["pattern"] == _DENSE else MAX_NONZEROS
    for operand, nonzeros, most in (("weights", weights, held), ("activations", batch * k * n, MAX_DENSE)):
        if nonzeros > most:
            raise OperandError(f"{where}: {nonzeros} nonzero {operand}; allowed: at most {most}")
    return Source(name, shape=(m, k, n), batch=batch, pattern=pattern)


def _check_side(where: str, name: str, side: int) -> None:
    if not 1 <= side <= MAX_DIMENSION:
        raise OperandError(f"{where}: {name} = {side}; allowed: 1 to {MAX_DIMENSION}")


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
        return {"pattern": _DENSE}
    n, m = int(ratio[1]), int(ratio[2])
    if not 1 <= n <= m:
        raise OperandError(f"{where}: sparsity {n}:{m}; allowed: N from 1 to M")
    return {"pattern": _DENSE} if n == m or k <= n else {"pattern": "n_m", "n": n, "m": m}
