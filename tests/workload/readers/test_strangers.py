"""A file that is not what its name says is called by what it is."""

import gzip
from pathlib import Path

import pytest

from simulator.errors import OperandError
from simulator.specs.files import _OPERANDS
from simulator.workload.importing import read_sources
from simulator.workload.importing.sources import _READERS

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("m.mtx", POINTER, "it is a Git LFS pointer"),
        ("m.npz", POINTER, "it is a Git LFS pointer"),
        ("m.safetensors", POINTER, "it is a Git LFS pointer"),
        ("m.smtx", b"\xef\xbb\xbf \n<!DOCTYPE html><html>", "it is a web page"),
        ("m.mtx", gzip.compress(b"%%MatrixMarket", mtime=0), "it is compressed by gzip; unpack it first"),
        ("m.npz", b"\x93NUMPY\x01", "it is a NumPy array; its name should end in .npy"),
        ("m.npy", b"PK\x03\x04", "it is a zip archive"),
        ("m.mtx", "%%MatrixMarket matrix coordinate real general\n".encode("utf-16"), "it is text in UTF-16; save it as UTF-8"),
        ("m.mtx", b"%%MatrixMarket matrix coordinate real general\r2 2 1\r1 1 1\r", "its lines end in CR alone; save it with LF"),
        ("m.tsv", b"1,2\n2,3\n", "line 1: cells parted by commas; allowed: tabs or spaces"),
        ("m.onnx", b"\x08\x07", "an ONNX model; save its weights"),
        ("m.h5", b"\x89HDF", "an HDF5 file; save its arrays"),
        ("m.gguf", b"GGUF", "whose weights are packed; import the safetensors files"),
        ("m.pt", b"PK\x03\x04", "save its tensors with safetensors.torch.save_file"),
        ("m.mtx.bz2", b"BZh", "unpack it first"),
        ("m.edges", b"1 2\n", "an edge list is read with the ending .tsv"),
    ],
)
def test_what_it_is_is_said(tmp_path: Path, name: str, raw: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(OperandError, match=said):
        read_sources(tmp_path / name, ())


def test_a_matrix_that_is_damaged_is_called_nothing_else(tmp_path: Path) -> None:
    for name in ("m.mtx.gz", "m.npz", "m.npy"):
        (tmp_path / name).write_bytes({"m.mtx.gz": b"\x1f\x8b", "m.npz": b"PK\x03\x04", "m.npy": b"\x93NUMPY"}[name])
        with pytest.raises(OperandError) as refused:
            read_sources(tmp_path / name, ())
        assert "; it is" not in str(refused.value)


def test_endings_of_what_has_to_be_imported_are_those_that_import_reads() -> None:
    assert set(_OPERANDS) == set(_READERS)
