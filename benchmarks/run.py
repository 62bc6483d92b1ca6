"""`make bench`: how fast the compiled engine is, as ratios of things timed side by side in one process.

Every figure is the median of alternating pairs, so that it carries over to other machines and noisy ones. The
calibration loop is a Numba pass that gathers the same words from memory, in request order.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np

from simulator.engine.batch import WorkBatch
from simulator.engine.cluster import ClusterSpec
from simulator.engine.compiled.switch import engine as compiled_switch
from simulator.engine.work import TileWork
from simulator.kinds.gather.compiled import engine as compiled
from simulator.kinds.gather.reference import run_cluster
from simulator.kinds.units.placement import interleaved
from simulator.network import NetworkSpec
from simulator.network.traffic import draw_arrivals

RESULTS = Path(__file__).parent / "results.json"
PAIRS = 7
BOOKSIM_FLITS_PER_S = {"fifo": 0.43e6, "voq": 0.02e6}
"""BookSim 2 at a saturated 64 × 64 crossbar on a machine of this kind; an order of magnitude."""
STONNE_MACS_PER_S = 1e5
"""STONNE (SIGMA, 256³ at 90 % sparsity) on a machine of this kind; an order of magnitude."""
COMMANDS = {
    "1024³ at 90 % sparsity": {"m": 1024, "k": 1024, "n": 1024, "density": 0.1},
    "4096 × 16384 at 1/1024, 256 tokens": {"m": 4096, "k": 16384, "n": 256, "density": 1 / 1024},
}
"""Products that are timed as whole commands, from a shell to the printed result."""


def spec(ports: int, queues: str) -> ClusterSpec:
    """A square cluster of one copy, as in configs/machines/crossbar.yaml, with iSLIP(1)."""
    return ClusterSpec(
        requests=NetworkSpec(ports, ports, queues=queues, depth=4),  # type: ignore[arg-type]
        replies=NetworkSpec(ports, ports, depth=2, feed_stages=1),
        bank_ports=1,
        bank_queue=2,
        multicast=False,
        window=16,
        issue_width=1,
        scan_width=4,
        accumulators=4,
        accumulate_latency=4,
        network="routed",
    )


def work(ports: int, requests: int, seed: int = 0) -> TileWork:
    """Uniform lists: rows of four entries, so many requests in all."""
    random = np.random.default_rng(seed)
    words, tokens, row_length = ports * 4, 4, 4
    rows = max(1, requests // (ports * tokens * row_length))
    entries = rows * row_length
    word = random.integers(0, words, size=(ports, entries)).astype(np.int32)
    return TileWork(
        unit_ptr=np.arange(ports + 1, dtype=np.int64) * entries,
        word=word.ravel(),
        own=np.tile(np.repeat(np.arange(rows, dtype=np.int32), row_length), ports),
        weight_index=np.arange(ports * entries, dtype=np.int64),
        words=words,
        token_words=tokens,
        bank=interleaved(words * tokens, ports),
        present=np.ones((tokens, words), dtype=np.bool_),
    )


@numba.njit(nogil=True)  # type: ignore[untyped-decorator]
def gather_words(memory: np.ndarray, word: np.ndarray, k_words: int, tokens: int) -> float:
    """The calibration loop: add up the first lane of every word asked for."""
    total = 0.0
    for token in range(tokens):
        for entry in range(len(word)):
            total += memory[token * k_words + word[entry], 0]
    return total


def seconds(run: Callable[[], object]) -> float:
    """Processor time of one call, which a busy machine disturbs less than wall time."""
    started = time.process_time()
    run()
    return time.process_time() - started


def pairs(first: Callable[[], object], second: Callable[[], object], count: int = PAIRS) -> tuple[float, float, float]:
    """Medians of two calls timed in turn, and of their ratio pair by pair."""
    first(), second()
    timed = [(seconds(first), seconds(second)) for _ in range(count)]
    firsts, seconds_ = zip(*timed, strict=True)
    return statistics.median(firsts), statistics.median(seconds_), statistics.median(a / b for a, b in timed)


def kernel_figures(ports: int, queues: str) -> dict[str, float]:
    """Nanoseconds a request of the whole fabric, and as a multiple of the calibration loop."""
    cluster, tile = spec(ports, queues), work(ports, 400_000)
    memory = np.random.default_rng(1).random((tile.words * tile.token_words, 16))
    repeats = 20
    kernel, gather, ratio = pairs(
        lambda: compiled.run_clusters(cluster, WorkBatch([tile]), [None]),
        lambda: [gather_words(memory, tile.word, tile.words, tile.token_words) for _ in range(repeats)],
    )
    return {
        "ns_per_request": kernel / tile.entries * 1e9,
        "calibration_ns_per_word": gather / tile.entries / repeats * 1e9,
        "multiple_of_calibration": ratio * repeats,
    }


def over_reference(ports: int, queues: str) -> float:
    """How many times faster than the reference engine, on the same tile."""
    cluster, tile = spec(ports, queues), work(ports, 12_000)
    return pairs(lambda: run_cluster(cluster, tile, None), lambda: compiled.run_clusters(cluster, WorkBatch([tile]), [None]), count=3)[2]


def switch_flits_per_second(queues: str) -> float:
    """Flits a second of a saturated 64 × 64 crossbar alone."""
    switch = NetworkSpec(64, 64, queues=queues, depth=16 if queues == "fifo" else 64)  # type: ignore[arg-type]
    arrivals = draw_arrivals(switch, "uniform", 1.0, 8_000, seed=0)
    point = compiled_switch.drive(switch, arrivals, 1_000)
    taken = statistics.median(seconds(lambda: compiled_switch.drive(switch, arrivals, 1_000)) for _ in range(PAIRS))
    return point.throughput * 64 * 8_000 / taken


def command_figures(m: int, k: int, n: int, density: float) -> dict[str, float]:
    """Wall seconds of `sparsim run crossbar --json` on one product, kernels compiled, and useful MACs a second."""
    operation = {"name": "product", "kind": "SpMM", "shape": {"m": m, "k": k, "n": n}}
    operation |= {"weight": {"pattern": "uniform", "density": density}, "activation": {"pattern": "dense"}}
    with tempfile.TemporaryDirectory() as folder:
        workload = Path(folder) / "product.yaml"
        workload.write_text(json.dumps({"name": "product", "operations": [operation]}), encoding="utf-8")
        program = "from simulator.cli import main; main()"
        command = [sys.executable, "-c", program, "run", "configs/machines/crossbar.yaml", "-w", str(workload), "--json"]
        taken = []
        for _ in range(4):
            started = time.perf_counter()
            output = subprocess.run(command, cwd=Path(__file__).parent.parent, check=True, capture_output=True).stdout
            taken.append(time.perf_counter() - started)
    wall_s = statistics.median(taken[1:])  # the first may have compiled
    return {"wall_s": wall_s, "useful_macs_per_s": json.loads(output)["useful_macs"] / wall_s}


def main() -> None:
    """Print and save everything."""
    record: dict[str, object] = {"kernels": {}, "over_reference": {}, "switch": {}, "commands": {}}
    for queues in ("fifo", "voq"):
        for ports in (16, 64, 256):
            figures = kernel_figures(ports, queues)
            record["kernels"][f"{queues}-{ports}"] = figures  # type: ignore[index]
            sys.stdout.write(
                f"{queues:4s} {ports:3d} × {ports:3d}: {figures['multiple_of_calibration']:6.1f} × the calibration loop "
                f"({figures['ns_per_request']:.0f} ns a request, {figures['calibration_ns_per_word']:.2f} ns a word)\n"
            )
        for ports in (16, 64):
            times = over_reference(ports, queues)
            record["over_reference"][f"{queues}-{ports}"] = times  # type: ignore[index]
            sys.stdout.write(f"{queues:4s} {ports:3d} × {ports:3d}: {times:,.0f} × the reference engine\n")
        flits = switch_flits_per_second(queues)
        times = flits / BOOKSIM_FLITS_PER_S[queues]
        record["switch"][queues] = {"flits_per_s": flits, "times_booksim": times}  # type: ignore[index]
        sys.stdout.write(f"{queues:4s} network alone, 64 ports, saturated: {flits / 1e6:.1f} M flit/s, about {times:,.0f} × BookSim 2\n")
    for name, product in COMMANDS.items():
        command = command_figures(**product)  # type: ignore[arg-type]
        record["commands"][name] = command  # type: ignore[index]
        times = command["useful_macs_per_s"] / STONNE_MACS_PER_S
        sys.stdout.write(f"{name}: {command['wall_s']:.2f} s, whole command; useful MACs a second about {times:,.0f} × STONNE\n")
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"written to {RESULTS.relative_to(Path.cwd()) if RESULTS.is_relative_to(Path.cwd()) else RESULTS}\n")


if __name__ == "__main__":
    main()
