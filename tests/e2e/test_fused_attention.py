"""Attention of a shipped trace on a shipped machine: scores are in no memory."""

import pytest

from simulator import load_machine, load_workload, simulate
from simulator.result import Result


def attention_mb(result: Result) -> float:
    """DRAM traffic of one layer's scores and of what they weigh, in MB."""
    parts = [operation.counts for operation in result.activity.operations if operation.name in ("h0.qk", "h0.av")]
    return sum(counts.dram_read_bytes + counts.dram_write_bytes for counts in parts) / 1e6


@pytest.mark.parametrize("buffer_kib", [1024, 64])
def test_only_q_k_v_and_what_attention_makes_pass_dram(buffer_kib: int) -> None:
    """64 heads of 16 channels on 256 tokens: Q, K, V and Y are 0.524 MB each, scores of all heads 8.4 MB."""
    machine = load_machine("crossbar", [f"activation_buffer_kib={buffer_kib}"])
    fused, apart = (simulate(machine, load_workload("ws-4x-layer", keys)) for keys in ([], ["fuse=[]"]))
    read = 3 * 64 * 16 * 256 * 2 / 1e6
    assert attention_mb(fused) == pytest.approx(read + (0.524288 if buffer_kib == 64 else 0))
    assert attention_mb(fused) <= 2.2 < 8.4 < attention_mb(apart)
    assert fused.cycles < apart.cycles
