"""What the names and shapes of a checkpoint's tensors tell: weights that are stored [in, out], and weights that are packed.

Both are told from the header alone, before anything is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

Shapes = Mapping[str, tuple[int, ...]]
"""Shape of every tensor, by name."""

_WIDENING = ("c_attn", "c_fc")
"""Modules, of GPT-2 and its like, that have more outputs than inputs: queries, keys and values; the hidden layer."""
_FAMILY = (*_WIDENING, "c_proj", "q_attn")
"""Modules that one model stores all alike: GPT-2's are Conv1D [in, out], others of the same names are linear layers [out, in]."""


def stored_in_out(shapes: Shapes) -> set[str]:
    """Names of the weights that are stored [in, out].

    A bias has an element an output: a weight whose bias is as long as its rows, and not as its columns, is turned. What a bias
    does not tell (none, or a square weight) is told by others of the same family of names: all are turned, or none.
    """
    weights = {name: shape for name, shape in shapes.items() if len(shape) == 2}
    turned = {name for name, shape in weights.items() if _by_bias(name, shape, shapes)}
    family = {name: shape for name, shape in weights.items() if _module(name) in _FAMILY}
    wider = [shape[1] > shape[0] for name, shape in family.items() if _module(name) in _WIDENING and shape[0] != shape[1]]
    told = [name in turned for name, shape in family.items() if _bias(name, shapes) is not None and shape[0] != shape[1]]
    if any(told or wider) and all(told or wider):
        turned |= family.keys()
    return turned


def _by_bias(name: str, shape: tuple[int, ...], shapes: Shapes) -> bool:
    outputs = _bias(name, shapes)
    return outputs is not None and outputs == shape[1] != shape[0]


def _bias(name: str, shapes: Shapes) -> int | None:
    """Elements of a weight's bias."""
    module, _, last = name.rpartition(".")
    bias = shapes.get(f"{module}.bias" if module else "bias", ()) if last == "weight" else ()
    return bias[0] if len(bias) == 1 else None


def _module(name: str) -> str:
    parts = name.split(".")
    return parts[-2] if len(parts) > 1 and parts[-1] == "weight" else ""


_INTEGERS = ("I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64")
_PACKED = {
    "*qweight": "integers of a few bits in words of 32 (GPTQ, AWQ)",
    "*qzeros": "zero points of a few bits in words of 32 (GPTQ, AWQ)",
    "*weight_packed": "numbers of a few bits in larger words (compressed-tensors)",
    "*weight_zero_point": "zero points (compressed-tensors)",
    "*bitmask": "a bit an element (compressed-tensors)",
    "*row_offsets": "row pointers of a bitmask (compressed-tensors)",
    "*compressed": "the nonzeros of a bitmask (compressed-tensors)",
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
_BESIDE = {"weight": (".absmax", ".quant_map"), "blocks": ("scales",)}
"""Ends of the names of integers that are packed where a tensor of the same name and a further end stands beside them."""


def packed(dtypes: Mapping[str, str]) -> dict[str, str]:
    """Of tensors that are parts of packed or compressed weights, what they are, by name.

    Nothing of them may be read as numbers. `dtypes` has the type of every tensor, by name.
    """
    return {name: found for name, dtype in dtypes.items() if (found := _packing(name, dtype, dtypes.keys()))}


def _packing(name: str, dtype: str, names: Iterable[str]) -> str:
    by_name = next((words for glob, words in _PACKED.items() if fnmatchcase(name, glob)), "")
    if by_name and (dtype in _INTEGERS or "nonzeros" in by_name or "scales" in by_name or "values" in by_name):
        return by_name
    if dtype not in _INTEGERS:
        return ""
    for last, ends in _BESIDE.items():
        stem = name if last == "weight" else name.removesuffix(last)
        if name.endswith(last) and any(f"{stem}{end}" in names for end in ends):
            return "numbers of a few bits in larger words (bitsandbytes, MXFP4)"
    return ""
