"""What the names and shapes of a checkpoint's tensors tell: weights that are stored [in, out], and weights that are packed.

Both are told from the header alone, before anything is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

Shapes = Mapping[str, tuple[int, ...]]
"""Shape of every tensor, by name."""

_WIDENING = ("c_attn", "c_fc")
"""Modules, of GPT-2 and its like, that have more outputs than inputs: queries, keys and values; the hidden layer."""
_FAMILY = (*_WIDENING, "c_proj", "q_attn")
"""Modules that one model stores all alike: GPT-2's are Conv1D [in, out], others of the same names are linear layers [out, in]."""


_BIASES = {"weight": "bias", "kernel": "bias", "kernel:0": "bias:0", "w": "b"}
"""Last part of a weight's name, and that of its bias."""
_KERNELS = ("kernel", "kernel:0")
"""Names by which Flax and Keras call weights, whose last axis is always the outputs."""


def stored_in_out(shapes: Shapes) -> dict[str, int]:
    """Weights that are stored [in, …, out, …], and how many of their leading axes are inputs.

    A bias has an element an output: a weight whose last axes are those of its bias, and not the first ones, is turned; so are filters
    [in, out, …] of a transposed convolution. What a bias does not tell (none, or a square weight) is told by others of the same family
    of names (all are turned, or none), or by the name itself (`kernel`).
    """
    weights = {name: shape for name, shape in shapes.items() if len(shape) > 1}
    inputs = {name: found for name, shape in weights.items() if (found := _inputs(name, shape, _bias(name, shapes)))}
    family = {name: shape for name, shape in weights.items() if _module(name) in _FAMILY and len(shape) == 2}
    wider = [shape[1] > shape[0] for name, shape in family.items() if _module(name) in _WIDENING and shape[0] != shape[1]]
    told = [name in inputs for name, shape in family.items() if len(_bias(name, shapes)) == 1 and shape[0] != shape[1]]
    if any(told or wider) and all(told or wider):
        inputs |= dict.fromkeys(family, 1)
    return inputs


def _inputs(name: str, shape: tuple[int, ...], bias: tuple[int, ...]) -> int:
    """Leading axes that are inputs; 0 where outputs come first, or nothing tells."""
    axes, kernel = len(bias), _last(name) in _KERNELS
    first, last = (0 < axes < len(shape) and side == bias for side in (shape[:axes], shape[-axes:]))
    if not kernel and len(shape) > 2 and shape[1:2] == bias and not (first and last):
        return 1
    if first is not last:
        return len(shape) - axes if last else 0
    return len(shape) - 1 if kernel else 0


def _last(name: str) -> str:
    """The last part of a name, parted by . / or _."""
    return next((last for last in _BIASES if name == last or name.endswith((f".{last}", f"/{last}", f"_{last}"))), "")


def _bias(name: str, shapes: Shapes) -> tuple[int, ...]:
    """The shape of a weight's bias; that of a number where it has none, or its name does not tell."""
    last = _last(name)
    return shapes.get(f"{name.removesuffix(last)}{_BIASES[last]}", ()) if last else ()


def _module(name: str) -> str:
    parts = name.split(".")
    return parts[-2] if len(parts) > 1 and parts[-1] == "weight" else ""


_MASK = re.compile(r"(.*[./])?_*(\w+?)(?:_mma)?_mask")
_UNPRUNED = "_orig"
"""End of the name of values that a mask beside them is meant for (torch.nn.utils.prune)."""


def masks(shapes: Shapes) -> dict[str, str]:
    """Masks of pruning by the weights that they are put on: `weight_mask` beside `weight` or `weight_orig` of the same shape."""
    found: dict[str, str] = {}
    for name, shape in shapes.items():
        parts = _MASK.fullmatch(name)
        if parts is None:
            continue
        weight = f"{parts[1] or ''}{parts[2]}"
        for values in (f"{weight}{_UNPRUNED}", weight):
            if shapes.get(values) == shape:
                found.setdefault(values, name)
    return found


def pruned_name(name: str) -> str:
    """What a weight is called once its mask is put on it."""
    return name.removesuffix(_UNPRUNED)


WIDE_INTEGERS = ("I16", "U16", "I32", "U32", "I64", "U64")
"""Types of indices, and of numbers of a few bits in larger words; weights of integers have 8 bits."""
_INTEGERS = ("I8", "U8", *WIDE_INTEGERS)
_PACKED = {
    "*qweight": "integers of a few bits in words of 32 (GPTQ, AWQ)",
    "*qzeros": "zero points of a few bits in words of 32 (GPTQ, AWQ)",
    "*weight_packed": "numbers of a few bits in larger words (compressed-tensors)",
    "*weight_zero_point": "zero points (compressed-tensors)",
    "*bitmask": "a bit an element (compressed-tensors)",
    "*row_offsets": "row pointers of a bitmask (compressed-tensors)",
    "*compressed": "the nonzeros of a bitmask (compressed-tensors)",
    "*.W_q": "numbers of a few bits (HQQ)",
    "*._data": "numbers of a few bits (quanto)",
    "*.codes": "numbers of an additive code (AQLM)",
    "*.codebooks": "values of an additive code (AQLM)",
    "*.indices": "numbers of a vector code (VPTQ)",
    "*.centroids.weight": "values of a vector code (VPTQ)",
    "*.res_centroids.weight": "values of a vector code (VPTQ)",
    "*B_24": "2:4 weights (Marlin)",
    "*B_meta": "places of 2:4 weights (Marlin)",
    "*_meta": "places of N:M weights",
    "*.meta": "places of N:M weights",
    "*weight_scale*": "scales of weights",
    "*.scales": "scales of weights",
    "*_scales": "scales of weights",
    "*.g_idx": "groups of columns (GPTQ)",
    "*weight_g_idx": "groups of columns (compressed-tensors)",
    "*.absmax": "scales of packed weights (bitsandbytes)",
    "*.nested_absmax": "scales of packed weights (bitsandbytes)",
    "*.quant_map": "values of packed weights (bitsandbytes)",
    "*.nested_quant_map": "values of packed weights (bitsandbytes)",
    "*.quant_state.*": "how weights are packed (bitsandbytes)",
}
"""Names, as globs, of parts of packed weights, and what each is."""
_POWERS = "F8_E8M0"
"""An exponent and nothing else: the type of the scales of MX formats."""
_BESIDE = (
    ("weight", (".absmax", ".quant_map", "_scale_2"), _INTEGERS),
    ("weight", ("_scale",), ("U8",)),  # two numbers of 4 bits a byte; I8 are whole ones
    ("blocks", ("scales",), _INTEGERS),
)
"""End of the name of integers that are packed, where a tensor of the same name and a further end stands beside them; their types."""
_APART = ("scales", "zero points")
"""Words of what may stand beside weights that are whole numbers."""


def packed(dtypes: Mapping[str, str]) -> dict[str, str]:
    """Of tensors that are parts of packed or compressed weights, what they are, by name.

    Nothing of them may be read as numbers, nor what stands beside them in their module. `dtypes` has the type of every tensor, by name.
    """
    found = {name: words for name, dtype in dtypes.items() if (words := _packing(name, dtype, dtypes.keys()))}
    modules = {name.rpartition(".")[0]: words for name, words in found.items() if not words.startswith(_APART)}
    beside = {name: modules.get(name.rpartition(".")[0], "") for name in dtypes if "." in name and not name.endswith("bias")}
    return {name: f"beside {words}" for name, words in beside.items() if words} | found


def _packing(name: str, dtype: str, names: Iterable[str]) -> str:
    if dtype == _POWERS:
        return "scales of blocks, which are powers of two and never zero"
    words = next((words for glob, words in _PACKED.items() if fnmatchcase(name, glob)), "")
    if words and (dtype in _INTEGERS or any(part in words for part in ("nonzeros", "scales", "values"))):
        return words
    for last, ends, types in _BESIDE:
        stem = name if last == "weight" else name.removesuffix(last)
        if dtype in types and name.endswith(last) and any(f"{stem}{end}" in names for end in ends):
            return "numbers of a few bits in larger words (bitsandbytes, MXFP4, NVFP4)"
    return ""
