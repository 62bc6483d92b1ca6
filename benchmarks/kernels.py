"""How fast the compiled engine is, as ratios of things timed side by side in one process.

Every figure is the median of alternating pairs, so that it carries over to other machines and noisy ones. The
calibration loop is a Numba pass that gathers the same words from memory, in request order.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from measuring import Figures, markdown, median_seconds, seconds_of, tell

from simulator.engine.batch import WorkBatch
from simulator.engine.cluster import ClusterSpec
from simulator.engine.compiled.switch import engine as compiled_switch
from simulator.engine.work import TileWork
from simulator.kinds.gather.compiled import engine as compiled
from simulator.kinds.gather.reference import run_cluster
from simulator.kinds.units.placement import interleaved
from simulator.network import NetworkSpec
from simulator.network.traffic import draw_arrivals

PORTS = (16, 64, 256)
QUEUES = {"fifo": "one an input", "voq": "one for each output"}
BOOKSIM_FLITS_PER_S = {"fifo": 0.43e6, "voq": 0.02e6}
"""BookSim 2 at a saturated 64 × 64 crossbar on a machine of this kind; an order of magnitude."""


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


def pairs(first: Callable[[], object], second: Callable[[], object], count: int) -> tuple[float, float, float]:
    """Medians of two calls timed in turn, and of their ratio pair by pair."""
    first(), second()
    timed = [(seconds_of(first), seconds_of(second)) for _ in range(count)]
    firsts, seconds = zip(*timed, strict=True)
    return statistics.median(firsts), statistics.median(seconds), statistics.median(a / b for a, b in timed)


def over_calibration(ports: int, queues: str, repeats: int) -> tuple[float, float]:
    """Nanoseconds a request of the whole fabric, and how many times the calibration loop that is."""
    cluster, tile = spec(ports, queues), work(ports, 400_000)
    memory = np.random.default_rng(1).random((tile.words * tile.token_words, 16))
    passes = 20
    kernel, _, ratio = pairs(
        lambda: compiled.run_clusters(cluster, WorkBatch([tile]), [None]),
        lambda: [gather_words(memory, tile.word, tile.words, tile.token_words) for _ in range(passes)],
        repeats,
    )
    return kernel / tile.entries * 1e9, ratio * passes


def over_reference(ports: int, queues: str, repeats: int) -> float:
    """How many times faster than the reference engine, on the same tile."""
    cluster, tile = spec(ports, queues), work(ports, 12_000)
    return pairs(
        lambda: run_cluster(cluster, tile, None), lambda: compiled.run_clusters(cluster, WorkBatch([tile]), [None]), count=repeats
    )[2]


def flits_per_second(queues: str, repeats: int) -> float:
    """Flits a second of a saturated 64 × 64 crossbar alone."""
    switch = NetworkSpec(64, 64, queues=queues, depth=16 if queues == "fifo" else 64)  # type: ignore[arg-type]
    arrivals = draw_arrivals(switch, "uniform", 1.0, 8_000, seed=0)
    point = compiled_switch.drive(switch, arrivals, 1_000)
    return point.throughput * 64 * 8_000 / median_seconds(lambda: compiled_switch.drive(switch, arrivals, 1_000), repeats)


def measure(repeats: int) -> Figures:
    """By kind of queues."""
    found: dict[str, dict[str, Any]] = {}
    for queues in QUEUES:
        fabrics = {ports: over_calibration(ports, queues, repeats) for ports in PORTS}
        flits = flits_per_second(queues, repeats)
        found[queues] = {
            "ns_a_request": {str(ports): round(fabric[0], 1) for ports, fabric in fabrics.items()},
            "times_calibration": {str(ports): round(fabric[1], 1) for ports, fabric in fabrics.items()},
            "times_reference": round(over_reference(64, queues, repeats)),
            "flits_per_s": round(flits),
            "times_booksim": round(flits / BOOKSIM_FLITS_PER_S[queues]),
        }
        tell(queues, found[queues])
    return found


def tables(figures: Figures) -> dict[str, str]:
    """A line for each kind of queues."""
    of_ports = [f"{ports} × {ports}: ns a request (× the calibration loop)" for ports in PORTS]
    headings = ("queues", *of_ports, "64 × 64: × the SimPy engine", "a saturated switch of 64: 10⁶ flits a second", "about × BookSim 2")
    lines = [
        (
            QUEUES[queues],
            *(f"{found['ns_a_request'][str(ports)]:.0f} ({found['times_calibration'][str(ports)]:.0f})" for ports in PORTS),
            f"{found['times_reference']:,}",
            f"{found['flits_per_s'] / 1e6:.1f}",
            f"{found['times_booksim']:,}",
        )
        for queues, found in figures.items()
    ]
    return {"kernels": markdown(headings, lines)}
