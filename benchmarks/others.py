"""Small work as a whole command, from the shell to the printed JSON, beside other simulators on the same work.

Processor seconds, kernels and byte code compiled. Where the environment names how one of the
others is started (`STONNE`, `SCALE_SIM`, `BOOKSIM`: words of a shell), it is measured in turn with ours, and the figures are medians of
the pairs. Where not, what was recorded of it stands in, measured so on one busy machine (AMD EPYC, 2 cores), and its ratios carry over
to other machines only roughly; the figures say which.
"""

from __future__ import annotations

import json
import os
import shlex
import statistics
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measuring import Figures, command_use, markdown, shown, sparsim_command, tell


@dataclass(frozen=True)
class Other:
    """Another simulator on a piece of work."""

    name: str
    variable: str
    """Of the environment, which says how it is started."""
    calls: tuple[str, ...]
    """What it is given, as words of a shell, once for each of its processes."""
    recorded_s: float
    """Processor seconds of all its processes, when last measured."""
    files: Mapping[str, str] = field(default_factory=dict)
    """What it reads, in the folder in which it is started."""
    status: int = 0
    """With which a run that went well ends."""

    def seconds(self, start: str) -> float:
        """Processor seconds of all its processes."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in self.files.items():
                (Path(folder) / name).write_text(text, encoding="utf-8")
            commands = [[*shlex.split(start), *shlex.split(call)] for call in self.calls]
            return sum(command_use(command, Path(folder), self.status)[0] for command in commands)


@dataclass(frozen=True)
class Row:
    """One piece of work."""

    command: tuple[str, ...]
    operation: dict[str, Any] | None
    """Of its workload, where it has one."""
    other: Other
    at_first: str = "–"
    """The ratio when the work on speed began."""
    asked: str = "–"

    def figures(self, pairs: int) -> Figures:
        """Median processor seconds of ours and of the other, and of their ratio pair by pair."""
        start = os.environ.get(self.other.variable)
        with tempfile.TemporaryDirectory() as folder:
            workload = Path(folder) / "work.yaml"
            workload.write_text(json.dumps({"name": "work", "operations": [self.operation]}), encoding="utf-8")
            arguments = [*self.command, *(["-w", str(workload)] if self.operation else []), "--json"]
            command = sparsim_command(arguments)
            command_use(command)
            timed = [(command_use(command)[0], self.other.seconds(start) if start else self.other.recorded_s) for _ in range(pairs)]
        return {
            "seconds": round(statistics.median(ours for ours, _ in timed), 3),
            "other": round(statistics.median(theirs for _, theirs in timed), 3),
            "ratio": round(statistics.median(theirs / ours for ours, theirs in timed), 2),
            "in_pairs": start is not None,
        }


def product(m: int, k: int, n: int, weight: dict[str, Any], kind: str) -> dict[str, Any]:
    """An operation on a dense X."""
    shape = {"m": m, "k": k, "n": n}
    return {"name": "product", "kind": kind, "shape": shape, "weight": weight, "activation": {"pattern": "dense"}}


SWITCH = (
    "fabric.units=64",
    "fabric.multicast=false",
    "fabric.banks=64",
    "fabric.network.queues=fifo",
    "fabric.network.iterations=1",
    "fabric.network.depth=16",
)
ARRAY = ("fabric.rows=128", "fabric.cols=128")
ARRAY_FILES = {
    "product.csv": "Layer,M,N,K,\nproduct,3072,512,768,\n",
    "array.cfg": """\
[general]
run_name = product
[architecture_presets]
ArrayHeight: 128
ArrayWidth: 128
IfmapSramSzkB: 1024
FilterSramSzkB: 1024
OfmapSramSzkB: 1024
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Bandwidth: 10
Dataflow: ws
MemoryBanks: 1
ReadRequestBuffer: 32
WriteRequestBuffer: 32
[layout]
IfmapCustomLayout: False
IfmapSRAMBankBandwidth: 10
IfmapSRAMBankNum: 10
IfmapSRAMBankPort: 2
FilterCustomLayout: False
FilterSRAMBankBandwidth: 10
FilterSRAMBankNum: 10
FilterSRAMBankPort: 2
[sparsity]
SparsitySupport: false
SparseRep: ellpack_block
OptimizedMapping: false
BlockSize: 8
RandomNumberGeneratorSeed: 40
[run_presets]
InterfaceBandwidth: CALC
UseRamulatorTrace: False
""",
}
SWITCH_FILES = {
    "switch.cfg": """\
topology = fly;
k = 64;
n = 1;
routing_function = dest_tag;
num_vcs = 1;
vc_buf_size = 16;
vc_allocator = islip;
sw_allocator = islip;
alloc_iters = 1;
speculative = 1;
traffic = uniform;
packet_size = 1;
sim_type = throughput;
warmup_periods = 1;
sample_period = 1000;
max_samples = 4;
""",
}


def overridden(*keys: str) -> tuple[str, ...]:
    """As options."""
    return tuple(word for key in keys for word in ("--set", key))


def stonne(multipliers: int, recorded_s: float) -> Other:
    """A SIGMA of so many multipliers, and as many words a cycle in and out."""
    size = f"-num_ms={multipliers} -dn_bw={multipliers} -rn_bw={multipliers}"
    call = f"-SparseGEMM -M=256 -N=256 -K=256 -MK_sparsity=90 -KN_sparsity=0 -dataflow=MK_STA_KN_STR {size}"
    return Other(f"STONNE (SIGMA, {multipliers} multipliers)", "STONNE", (call,), recorded_s)


def booksim(loads: tuple[float, ...], recorded_s: float) -> Other:
    """A process for each load."""
    calls = tuple(f"switch.cfg injection_rate={load}" for load in loads)
    return Other("BookSim 2, a process a load", "BOOKSIM", calls, recorded_s, SWITCH_FILES, status=255)


LOADS = tuple(round(step / 20, 2) for step in range(1, 21))
SPMM = product(256, 256, 256, {"pattern": "uniform", "density": 0.1}, "SpMM")
SCALE_SIM = Other(
    "SCALE-Sim (weight stationary, with its traces)",
    "SCALE_SIM",
    ("-i gemm -s N -c array.cfg -t product.csv -l product.csv -p traces",),
    62.6,
    ARRAY_FILES,
)
SWITCHED = ("network", "crossbar", *overridden(*SWITCH))
ONE_LOAD = booksim((0.5,), 0.197)
ROWS = {
    "SpMM 256³ at 90 %": Row(("run", "crossbar"), SPMM, stonne(128, 4.54), "3.3", "10"),
    "the same, beside half the multipliers": Row(("run", "crossbar"), SPMM, stonne(64, 4.58)),
    "3072 × 768 × 512, dense, on 128 × 128": Row(
        ("run", "systolic", *overridden(*ARRAY)), product(3072, 768, 512, {"pattern": "dense"}, "GEMM"), SCALE_SIM, "61", "150"
    ),
    "64-port FIFO switch, 20 loads of 4,000 cycles": Row(SWITCHED, None, booksim(LOADS, 3.09), "–", "1"),
    "the same, without the search for saturation": Row((*SWITCHED, "--no-saturation"), None, booksim(LOADS, 3.09)),
    "the same switch, one load": Row((*SWITCHED, "--load", "0.5"), None, ONE_LOAD, "0.34", "1"),
    "one load, without the search for saturation": Row((*SWITCHED, "--load", "0.5", "--no-saturation"), None, ONE_LOAD, "–", "1"),
}


def measure(repeats: int) -> Figures:
    """By piece of work."""
    found = {}
    for name, row in ROWS.items():
        found[name] = row.figures(repeats)
        tell(name, found[name])
    return found


def tables(figures: Figures) -> dict[str, str]:
    """A line for each piece of work."""
    headings = ("work", "ours", "other", "ratio", "at first", "asked")
    lines = [
        (
            name,
            shown(figures[name]["seconds"]),
            f"{row.other.name}: {shown(figures[name]['other'])}{'' if figures[name]['in_pairs'] else ', as recorded'}",
            f"{figures[name]['ratio']:.3g}",
            row.at_first,
            row.asked,
        )
        for name, row in ROWS.items()
    ]
    return {"others": markdown(headings, lines)}
