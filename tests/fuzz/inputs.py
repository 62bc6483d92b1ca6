"""Every kind of input: whole files, the command that reads one, and how it is damaged."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.io
import scipy.sparse as sp
import yaml
from cli.conftest import MACHINE, SYSTOLIC, WORKLOAD
from cli.test_studies import STUDY
from safetensors.numpy import save_file

from fuzz.command import call
from fuzz.damage import Damage, by_bytes, of_json, of_safetensors, of_yaml


@dataclass(frozen=True)
class Input:
    """A file that is damaged, and what is typed then."""

    name: str
    file: str
    command: tuple[str, ...]
    damage: Damage = by_bytes
    slow: bool = False
    """Whether it draws plots, or runs a sweep."""


_LAYOUTS = ("csr", "csc", "coo", "bsr", "dia")
_COMPARED = ("sensitivity", "compared", "--between", "crossbar,systolic", "--json")
_IMPORT = ("--json", "-o", "out")
_RUN = ("--json",)
_STUDY = ("study", "study.yaml", "-j", "0", "-q", "--store", "s.sqlite", "-o", "out")
_MEASURED = {"reference": "h200", "kernel": "rows-csr", "shape": [4096, 1024, 256], "quantity": "pj_per_mac"}


def inputs() -> Sequence[Input]:
    """All of them; `whole` has their files."""
    matrices = (
        "m.mtx",
        "m.mtx.gz",
        "m.smtx",
        "m.npy",
        "m.tsv",
        "m.tns",
        *(f"{layout}.npz" for layout in ("csr", "csc", "coo", "bsr", "dia")),
    )
    return (
        *(Input(file, file, ("import", file, *_IMPORT)) for file in matrices),
        Input("safetensors", "m.safetensors", ("import", "m.safetensors", *_IMPORT), of_safetensors),
        Input("index", "m.safetensors.index.json", ("import", "m.safetensors.index.json", *_IMPORT), of_json),
        Input("topology", "net.csv", ("import", "net.csv", *_IMPORT)),
        Input("machine", "crossbar.yaml", ("run", "crossbar.yaml", "-w", "tiny.yaml", *_RUN), of_yaml),
        Input("array", "systolic.yaml", ("run", "systolic.yaml", "-w", "tiny.yaml", *_RUN), of_yaml),
        Input("workload", "tiny.yaml", ("run", "crossbar.yaml", "-w", "tiny.yaml", *_RUN), of_yaml),
        Input("technology", "tech.yaml", ("inspect", "crossbar.yaml", "--set", "technology=tech.yaml", "--json"), of_yaml),
        Input("figures", "figures.yaml", ("validate", "--figures", "figures.yaml", "--json"), of_yaml),
        Input("placement", "place.npy", ("run", "placed.yaml", "-w", "tiny.yaml", *_RUN)),
        Input("sweep", "sweep.yaml", ("sweep", "sweep.yaml", "-j", "0", "--json-lines", "--store", "s.sqlite", "-o", "out"), of_yaml, True),
        Input("study", "study.yaml", _STUDY, of_yaml, True),
        Input("reference", "device.yaml", _STUDY, of_yaml, True),
        Input("products", "h200.csv", _STUDY, slow=True),
        Input("store", "s.sqlite", ("results", "small", "--store", "s.sqlite", "--json")),
        Input("result", "ran/result.json", ("price", "ran", "--json"), of_json),
        Input("drawn result", "ran/result.json", ("plot", "ran", "-o", "out"), of_json, True),
        Input("drawn sweep", "swept/sweep.json", ("plot", "swept", "-o", "out"), of_json, True),
        Input("sensitivity", "compared/result-crossbar.json", _COMPARED, of_json, True),
    )


@contextlib.contextmanager
def whole(folder: Path) -> Iterator[None]:
    """Write all files, whole, into a folder, and stand in it."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        _matrices()
        _described()
        _computed()
        yield
    finally:
        os.chdir(before)


def _matrices() -> None:
    values = np.array([[0, 2, 0, 1.5], [1, 0, 0, 0], [-3, 0, 4, 0], [0, 0, 0, 1]])
    scipy.io.mmwrite("m.mtx", sp.coo_array(values))
    Path("m.mtx.gz").write_bytes(gzip.compress(Path("m.mtx").read_bytes()))
    Path("m.smtx").write_text("2, 4, 3\n0 1 3\n2 0 3\n", encoding="ascii")
    Path("m.tsv").write_text("1\t2\t1\n2\t3\t1\n3\t1\t1\n", encoding="ascii")
    Path("m.tns").write_text("1 1 1.0\n2 3 2.0\n", encoding="ascii")
    np.save("m.npy", values)
    for layout in _LAYOUTS:
        sp.save_npz(f"{layout}.npz", getattr(sp, f"{layout}_array")(values))
    save_file({"h.c_fc.weight": values, "h.c_fc.bias": np.ones(4), "q.qweight": np.ones((2, 2), "i4")}, "m.safetensors")
    index = {"weight_map": {"h.c_fc.weight": "m.safetensors", "h.c_fc.bias": "m.safetensors"}}
    Path("m.safetensors.index.json").write_text(json.dumps(index), encoding="ascii")
    Path("net.csv").write_text("Layer, M, N, K,\ng, 4, 5, 8, 2:4,\nc, 5, 5, 3, 3, 1, 1, 1,\n", encoding="ascii")
    stream = io.BytesIO()
    np.save(stream, np.arange(256, dtype=np.int64) % 8)
    Path("place.npy").write_bytes(stream.getvalue())


def _described() -> None:
    from simulator.specs.files import data_folder

    Path("crossbar.yaml").write_text(MACHINE.format(name="crossbar", replicas=1), encoding="utf-8")
    Path("systolic.yaml").write_text(SYSTOLIC, encoding="utf-8")
    Path("tiny.yaml").write_text(WORKLOAD, encoding="utf-8")
    placed = yaml.safe_load(MACHINE.format(name="placed", replicas=1)) | {"mapping": {"placement": "file", "placement_file": "place.npy"}}
    Path("placed.yaml").write_text(yaml.safe_dump(placed), encoding="utf-8")
    Path("tech.yaml").write_bytes((data_folder("configs") / "technologies" / "7nm.yaml").read_bytes())
    figures = yaml.safe_load((data_folder("configs") / "validation" / "networks.yaml").read_bytes())
    Path("figures.yaml").write_text(yaml.safe_dump(figures, sort_keys=False), encoding="utf-8")
    axes = {"fabric.window": [2, 8], "fabric.lanes": {"linspace": [1, 4], "count": 2, "integer": True}}
    sweep = {"name": "small", "machine": "crossbar.yaml", "workload": "tiny.yaml", "axes": axes, "objectives": {"seconds": "min"}}
    Path("sweep.yaml").write_text(yaml.safe_dump(sweep), encoding="utf-8")
    study = yaml.safe_load(STUDY)
    study["references"] = ["device.yaml"]
    study["figures"]["measured"] = {"kind": "measured", "density": 0.1, **_MEASURED}
    study["picture"]["measured"] = [{"panel": "pj", **_MEASURED}]
    Path("study.yaml").write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
    references = data_folder("configs") / "references"
    Path("device.yaml").write_bytes((references / "h200.yaml").read_bytes())
    Path("h200.csv").write_bytes((references / "h200.csv").read_bytes())


def _computed() -> None:
    for command in (
        ("run", "crossbar.yaml", "-w", "tiny.yaml", "-o", "ran"),
        ("compare", "crossbar.yaml", "systolic.yaml", "-w", "tiny.yaml", "-o", "compared"),
        ("sweep", "sweep.yaml", "-j", "0", "-q", "--store", "s.sqlite", "-o", "swept"),
    ):
        outcome = call(command)
        if outcome.code != 0 or outcome.error is not None:
            raise RuntimeError(f"{command} ended in {outcome.code}: {outcome.err}{outcome.error!r}")
    with contextlib.closing(sqlite3.connect("s.sqlite")) as base:
        base.execute("PRAGMA journal_mode = DELETE")
