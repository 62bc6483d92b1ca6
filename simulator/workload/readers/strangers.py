"""What a file is that is not what its name says: told by how it begins, or by an ending that is not read."""

from __future__ import annotations

from pathlib import Path

_GGUF = "a GGUF checkpoint, whose weights are packed; import the safetensors files that it was made of"
_WIDE = "text in UTF-16; save it as UTF-8"
_BEGINNINGS = (
    (b"version https://git-lfs.github.com/", "a Git LFS pointer, not the file itself; git lfs pull brings that"),
    (b"<!doctype html", "a web page, perhaps a server's message in place of the file"),
    (b"<html", "a web page, perhaps a server's message in place of the file"),
    (b"\x1f\x8b", "compressed by gzip; unpack it first"),
    (b"BZh", "compressed by bzip2; unpack it first"),
    (b"\xfd7zXZ\0", "compressed by xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed by Zstandard; unpack it first"),
    (b"PK\x03\x04", "a zip archive (or a PyTorch checkpoint, which is one)"),
    (b"\x93NUMPY", "a NumPy array; its name should end in .npy"),
    (b"\x89HDF", "an HDF5 file"),
    (b"%PDF", "a PDF file"),
    (b"GGUF", _GGUF),
    (b"PAR1", "a Parquet table"),
    (b"\xff\xfe", _WIDE),
    (b"\xfe\xff", _WIDE),
)
_RIGHTLY = {".gz": b"\x1f\x8b", ".npz": b"PK\x03\x04", ".npy": b"\x93NUMPY"}
"""How files of these endings begin."""
_TEXTS = (".mtx", ".smtx", ".tsv", ".tns")
_LONGEST = 256
_TORCH = "a PyTorch checkpoint, which holds Python objects; save its tensors with safetensors.torch.save_file"
_ONNX = "an ONNX model; save its weights (onnx.numpy_helper.to_array of each graph.initializer) with numpy.save, or as safetensors"
_HDF5 = "an HDF5 file; save its arrays with numpy.save, or as safetensors"
_EDGES = "an edge list is read with the ending .tsv: row, column and, if any, value, counted from 1"
_ENDINGS = {
    **dict.fromkeys((".pt", ".pth", ".bin", ".ckpt", ".bin.index.json"), _TORCH),
    **dict.fromkeys((".gz", ".bz2", ".xz", ".zip", ".tar", ".zst", ".tgz"), "unpack it first"),
    **dict.fromkeys((".txt", ".el", ".edges", ".edgelist"), _EDGES),
    ".onnx": _ONNX,
    **dict.fromkeys((".h5", ".hdf5", ".keras"), _HDF5),
    **dict.fromkeys((".pkl", ".pickle"), "a pickle is never loaded; save its arrays with numpy.save, or as safetensors"),
    ".gguf": _GGUF,
    ".mat": "save its matrix with scipy.io.mmwrite",
}


def found_instead(path: Path) -> str:
    """`; it is …`, where the file begins as one of another kind; nothing where it does not, or cannot be read."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LONGEST)
    except OSError:
        return ""
    begins = raw.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    rightly = _RIGHTLY.get(path.suffix.lower(), b"")
    instead = (what for beginning, what in _BEGINNINGS if begins.startswith(beginning.lower()) and beginning != rightly)
    alone = "; its lines end in CR alone; save it with LF" if path.suffix.lower() in _TEXTS and b"\r" in raw and b"\n" not in raw else ""
    return next((f"; it is {what}" for what in instead), alone)


def about_ending(path: Path) -> str:
    """`; …`, where what to do about an ending that is not read is known."""
    name = path.name.lower()
    return next((f"; {what}" for ending, what in _ENDINGS.items() if name.endswith(ending)), "")
