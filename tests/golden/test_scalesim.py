"""The serial systolic array against what SCALE-Sim 3.0.0 printed."""

import csv
from pathlib import Path

import numpy as np
import pytest

from simulator.engine.engines import ENGINES
from simulator.machine.model import Machine
from simulator.workload.types import Activations, Operation, Weight
from tests.strategies import machine, run, workload

FORMULA_ONLY = ENGINES["compiled"]
MIB = 1024.0


def rows() -> list[dict[str, str]]:
    lines = (Path(__file__).parent / "scalesim.csv").read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def array(row: dict[str, str]) -> Machine:
    buffers = {"x_buffer_kib": 512 * MIB, "w_buffer_kib": 512 * MIB, "y_buffer_kib": 512 * MIB}
    shape = {"rows": int(row["rows"]), "cols": int(row["cols"])}
    return machine({"kind": "systolic", "dataflow": row["dataflow"], "weight_load": "serial", **shape, **buffers})


def dense(m: int, k: int, n: int) -> Operation:
    indptr, indices = np.arange(m + 1, dtype=np.int64) * k, np.tile(np.arange(k, dtype=np.int32), m)
    return Operation("gemm", "GEMM", Weight((m, k), indptr, indices, None, "0" * 64), Activations((k, n), None, None, "0" * 64))


def name(row: dict[str, str]) -> str:
    return "{dataflow}-{M}x{N}x{K}-on-{rows}x{cols}".format(**row)


@pytest.mark.parametrize("row", rows(), ids=name)
def test_cycles_and_operand_accesses_are_scalesims(row: dict[str, str]) -> None:
    of = array(row)
    # Its M are our tokens, its N our output features.
    op = dense(m=int(row["N"]), k=int(row["K"]), n=int(row["M"]))
    only = run(of, workload(op), ideal="both", engine=FORMULA_ONLY).activity.operations[0]
    assert only.compute_cycles == int(row["compute_cycles"]) + 1
    assert only.counts.x_buffer_reads == int(row["sram_ifmap_reads"])
    assert only.counts.w_buffer_reads == int(row["sram_filter_reads"])
    if row["dataflow"] == "os":
        assert only.counts.y_buffer_writes == op.shape[0] * op.shape[2]
    else:
        assert only.counts.y_buffer_writes == int(row["sram_ofmap_writes"])


def test_the_golden_file_holds_all_dataflows() -> None:
    assert {row["dataflow"] for row in rows()} == {"ws", "os", "is"}
    assert len(rows()) == 41
