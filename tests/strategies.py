"""Small machines, work and workloads for tests: by hand (`machine`, `work`, `operation`) and for hypothesis (strategies)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.activity import Ideal
from simulator.engine.cluster import ClusterSpec
from simulator.engine.engines import ENGINES, Engine
from simulator.engine.work import WHOLE_LISTS, ListStream, TileValues, TileWork
from simulator.kinds.units.loops import Pace
from simulator.kinds.units.placement import PLACEMENTS
from simulator.machine.model import Elaborated, Machine
from simulator.network import TOPOLOGIES
from simulator.run.run import Progress, Timing, run_workload
from simulator.system.spec import SystemSpec
from simulator.workload.types import Activations, Kind, Operation, Weight, Workload
from tests.clusters import cluster

Matrix = NDArray[np.float64]
WEIGHTS = np.array([-3, -2, -1, 1, 2, 3], dtype=np.float64)

BARE = cluster(
    units=2,
    banks=2,
    bank_ports=1,
    bank_queue=2,
    read_latency=1,
    multicast=False,
    window=16,
    issue_width=1,
    scan_width=1,
    accumulators=8,
    accumulate_latency=1,
    network="routed",
    queues="voq",
    depth=4,
    reply_depth=2,
    allocator="islip",
    iterations=1,
    latency=1,
)
"""A cluster whose every latency is 1 and that nothing but ports holds back."""


PACE = Pace(SystemSpec(16.0, 10, 64, 256, 256, 256, 2), unloaded_cycles=10)
"""A system and a fabric of usual rates."""


def machine(fabric: dict[str, Any] | None = None, **keys: Any) -> Machine:
    """A gather machine of 4 units × 2 lanes with 4 banks of 16 words, overridden key by key."""
    base: dict[str, Any] = {"kind": "gather", "units": 4, "lanes": 2, "banks": 4, "bank_kib": 16 * 4 / 1024, "accumulate_latency": 2}
    chosen = dict(fabric or {})
    if chosen.get("kind", "gather") == "gather":
        chosen = base | chosen
    return Machine.model_validate({"name": "small", "fabric": chosen, **keys})


def elaborated(
    of: Machine, *, latency: int = 1, slices: int = 1, dram_bytes_per_cycle: float = 16.0, dram_latency: int = 10, burst: int = 64
) -> Elaborated:
    """A machine with the numbers that a technology would settle."""
    stated = {name: value for name in _LATENCIES if isinstance(value := getattr(of.fabric, name, None), int)}
    return Elaborated(of, latency, slices, dram_bytes_per_cycle, dram_latency, burst, **stated)


_LATENCIES = ("feed_latency", "read_latency", "multiply_latency", "accumulate_latency")
"""Keys of a fabric whose number a technology would not settle."""


def work(
    lists: Sequence[Sequence[tuple[int, int]]],
    *,
    banks: int = 2,
    k_words: int | None = None,
    token_words: int = 1,
    zero_words: Sequence[int] = (),
    placement: str = "interleaved",
) -> TileWork:
    """Work lists of (row, word) for each unit; words named in `zero_words` are all zero."""
    flat = [entry for unit in lists for entry in unit]
    k = k_words if k_words is not None else max((word for _, word in flat), default=0) + 1
    present = np.ones((token_words, k), dtype=np.bool_)
    present.ravel()[list(zero_words)] = False
    return TileWork(
        unit_ptr=np.concatenate(([0], np.cumsum([len(unit) for unit in lists]))).astype(np.int64),
        word=np.array([word for _, word in flat], dtype=np.int32),
        own=np.array([row for row, _ in flat], dtype=np.int32),
        weight_index=np.arange(len(flat), dtype=np.int64),
        words=k,
        token_words=token_words,
        bank=PLACEMENTS[placement](token_words * k, banks),
        present=present,
    )


def integer_values(of: TileWork, lanes: int = 2, seed: int = 0) -> TileValues:
    """Small integers for a tile; zero words where the work says so."""
    random = np.random.default_rng(seed)
    words = random.choice(WEIGHTS, size=(of.token_words * of.words, lanes)) * of.present.reshape(-1, 1)
    return TileValues(weights=random.choice(WEIGHTS, size=len(of.word)), words=words)


def weight(values: Matrix) -> Weight:
    """W in CSR from a dense array of integers."""
    rows, columns = np.nonzero(values)
    indptr = np.concatenate(([0], np.cumsum((values != 0).sum(axis=1)))).astype(np.int64)
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes() + str(values.shape).encode()).hexdigest()
    return Weight((values.shape[0], values.shape[1]), indptr, columns.astype(np.int32), values[rows, columns], digest)


def activations(values: Matrix) -> Activations:
    """X with its mask of nonzeros."""
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes() + str(values.shape).encode()).hexdigest()
    mask = None if values.all() else values != 0
    return Activations((values.shape[0], values.shape[1]), mask, values, digest)


def operation(w: Matrix, x: Matrix, name: str = "op", depends_on: tuple[str, ...] = ()) -> Operation:
    """Y = W · X."""
    kind: Kind = "GEMM" if w.all() and x.all() else "SpMM" if x.all() else "SpMSpM"
    return Operation(name, kind, weight(w), activations(x), depends_on)


def sampled_operation(mask: Matrix, gradient: Matrix, x: Matrix, name: str = "op", depends_on: tuple[str, ...] = ()) -> Operation:
    """G = mask ∘ (gradient · Xᵀ)."""
    return Operation(name, "SDDMM", weight(mask), activations(x), depends_on, gradient=activations(gradient))


def workload(*operations: Operation) -> Workload:
    """Operations in program order."""
    return Workload("small", operations)


def sparse(random: np.random.Generator, rows: int, columns: int, density: float) -> Matrix:
    """Integers, nonzero with the given probability."""
    return random.choice(WEIGHTS, size=(rows, columns)) * (random.random((rows, columns)) < density)


def run(
    of: Machine,
    what: Workload,
    *,
    latency: int = 1,
    ideal: Ideal = "none",
    reuse_tiles: bool = False,
    engine: Engine = ENGINES["reference"],
    progress: Progress = lambda name, fraction: None,
) -> Timing:
    """Time a workload, on the reference engine unless told."""
    return run_workload(elaborated(of, latency=latency), what, engine, ideal=ideal, reuse_tiles=reuse_tiles, threads=1, progress=progress)


@dataclass(frozen=True, eq=False)
class Case:
    """A machine, its crossing latency, and a workload that it can hold."""

    machine: Machine
    latency: int
    workload: Workload

    def __repr__(self) -> str:
        shapes = [(op.name, op.shape, op.weight.nnz, op.depends_on) for op in self.workload.operations]
        return f"Case(latency={self.latency}, {self.machine.model_dump(exclude={'dram', 'datatypes'})}, {shapes})"


def cluster_specs(
    network: Sequence[str] = ("routed", "ideal", "none"), topologies: Sequence[str] = tuple(TOPOLOGIES)
) -> st.SearchStrategy[ClusterSpec]:
    """Clusters over all options of the fabric."""

    def build(network: str, units: int, **keys: Any) -> ClusterSpec:
        keys["iterations"] = keys["iterations"] if keys["queues"] == "voq" and keys["allocator"] == "islip" else 1
        keys["window"] = max(keys["window"], keys["issue_width"])
        if network == "routed" and keys["multicast"]:
            keys |= {"topology": "full", "request_flits": 1, "reply_flits": 1}
        return cluster(network=network, units=1 if network == "none" else units, **keys)

    return st.builds(
        build,
        network=st.sampled_from(network),
        units=st.integers(2, 5),
        banks=st.sampled_from([1, 2, 3, 4, 8]),
        bank_ports=st.integers(1, 2),
        bank_queue=st.integers(1, 3),
        read_latency=st.integers(1, 3),
        multicast=st.booleans(),
        window=st.integers(1, 8),
        issue_width=st.integers(1, 3),
        scan_width=st.integers(1, 4),
        accumulators=st.integers(1, 4),
        multiply_latency=st.integers(0, 2),
        accumulate_latency=st.integers(1, 5),
        feed=st.integers(1, 3),
        allocation=st.integers(1, 3),
        queues=st.sampled_from(["fifo", "voq"]),
        depth=st.integers(1, 4),
        reply_depth=st.integers(1, 3),
        allocator=st.sampled_from(["islip", "round_robin"]),
        iterations=st.integers(1, 3),
        latency=st.integers(1, 3),
        topology=st.one_of(st.just("full"), st.sampled_from(topologies)) if "full" in topologies else st.sampled_from(topologies),
        radix=st.integers(2, 4),
        request_flits=st.sampled_from([1, 1, 2]),
        reply_flits=st.sampled_from([1, 1, 2, 3]),
    )


@st.composite
def cluster_works(draw: st.DrawFn, spec: ClusterSpec, *, zeros: bool = True) -> TileWork:
    """Random lists for the units of a cluster: rows ascend, columns ascend within a row, some words all zero."""
    units, banks = spec.units, spec.banks
    k_words, token_words = draw(st.integers(1, 8)), draw(st.integers(1, min(2, spec.accumulators)))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density, zero_share = draw(st.sampled_from([0.2, 0.5, 1.0])), draw(st.sampled_from([0.0, 0.3, 0.9])) if zeros else 0.0
    lists = []
    for _ in range(units):
        filled = random.random((int(random.integers(0, 4)), k_words)) < density
        lists.append([(int(row), int(word)) for row, word in zip(*np.nonzero(filled), strict=True)])
    zero_words = np.flatnonzero(random.random(token_words * k_words) < zero_share).tolist()
    hashed = banks & (banks - 1) == 0 and draw(st.booleans())
    placement = "hashed" if hashed else "interleaved"
    resident = work(lists, banks=banks, k_words=k_words, token_words=token_words, zero_words=zero_words, placement=placement)
    return replace(resident, stream=draw(st.builds(ListStream, st.integers(1, 4), st.integers(1, 3)) | st.just(WHOLE_LISTS)))


@st.composite
def gather_machines(draw: st.DrawFn, /, *, dataflow: str = "gather", **fixed: Any) -> Machine:
    """Small machines of vector units over all options of the file format; `fixed` pins fabric keys."""
    units = draw(st.sampled_from([1, 2, 4, 6]))
    clusters = draw(st.sampled_from([d for d in (1, 2, 3, 4, 6) if units % d == 0]))
    token_groups = draw(st.sampled_from([d for d in (1, 2, 3, 4, 6) if clusters % d == 0]))
    lanes = draw(st.sampled_from([1, 2, 3]))
    banks = draw(st.sampled_from([1, 2, 3, 4, 8]))
    issue_width = draw(st.integers(1, 2))
    queues, allocator = draw(st.sampled_from(["fifo", "voq"])), draw(st.sampled_from(["islip", "round_robin"]))
    fabric: dict[str, Any] = {
        "kind": "gather",
        "units": units,
        "lanes": lanes,
        "token_groups": token_groups,
        "replicas": clusters // token_groups,
        "banks": banks,
        "bank_kib": draw(st.integers(1, 12)) * lanes * (2 if dataflow == "gather" else 4) / 1024,
        "bank_ports": draw(st.integers(1, 2)),
        "bank_queue": draw(st.integers(1, 3)),
        "read_latency": draw(st.integers(1, 2)),
        "multicast": dataflow == "gather" and draw(st.booleans()),
        "weight_bank_kib": draw(st.sampled_from([8, 12, 40, 400])) * 4 / 1024,
        "output_bank_kib": draw(st.integers(1, 12)) * lanes * 4 / 1024,
        "window": draw(st.integers(2, 8)),
        "issue_width": issue_width,
        "scan_width": draw(st.integers(1, 4)),
        "zero_skip": draw(st.booleans()),
        "accumulators": draw(st.integers(1, 4)),
        "feed_latency": draw(st.integers(1, 2)),
        "multiply_latency": draw(st.integers(0, 2)),
        "accumulate_latency": draw(st.integers(1, 4)),
        "network": {
            "topology": draw(st.one_of(st.just("full"), st.sampled_from(sorted(TOPOLOGIES)))),
            "radix": draw(st.integers(2, 4)),
            "link_bits": draw(st.sampled_from(["auto", 16])),
            "queues": queues,
            "depth": draw(st.integers(1, 4)),
            "reply_depth": draw(st.integers(1, 3)),
            "allocator": allocator,
            "iterations": draw(st.integers(1, 2)) if queues == "voq" and allocator == "islip" else 1,
        },
    } | fixed
    if fabric["multicast"] and units > clusters:
        fabric["network"] = fabric["network"] | {"topology": "full", "link_bits": "auto"}
    mapping = {
        "placement": draw(st.sampled_from(["hashed", "interleaved"])) if banks & (banks - 1) == 0 else "interleaved",
        "assignment": draw(st.sampled_from(["balanced", "round_robin", "dynamic", "split"])),
        "order": draw(st.sampled_from(["natural", "bank_aware"])) if dataflow == "gather" else "natural",
        "dataflow": dataflow,
        "loop_order": draw(st.sampled_from(["auto", "m_rounds", "rounds_m"])),
        "partial_sums": draw(st.sampled_from(["auto", "auto", "stay"])),
    }
    trunks = {name: draw(st.sampled_from([4, 16, 256])) for name in ("x_bytes_per_cycle", "w_bytes_per_cycle", "drain_bytes_per_cycle")}
    buffer_kib = draw(st.sampled_from([0.01, 0.1, 64.0]))
    forms = {"weight_decoder": draw(st.booleans()), "activation_format": draw(st.sampled_from(["auto", "dense", "bitmap"]))}
    return machine(fabric, mapping=mapping, trunks=trunks, activation_buffer_kib=buffer_kib, **forms)


@st.composite
def workloads(draw: st.DrawFn, most: int = 2, *, dense_x: bool = False) -> Workload:
    """One or more small operations on integer operands, the second made from the first or from outside."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    operations: list[Operation] = []
    for index in range(draw(st.integers(1, most))):
        m, k, n = draw(st.integers(1, 12)), draw(st.integers(1, 12)), draw(st.integers(1, 9))
        w = sparse(random, m, k, draw(st.sampled_from([0.1, 0.4, 1.0])))
        x = sparse(random, k, n, 1.0 if dense_x else draw(st.sampled_from([0.1, 0.5, 1.0])))
        chained: bool = draw(st.booleans())
        depends = (operations[-1].name,) if operations and chained else ()
        operations.append(operation(w, x, f"op{index}", depends))
    return workload(*operations)


@st.composite
def cases(draw: st.DrawFn, /, *, dense_x: bool = False, **fixed: Any) -> Case:
    """A machine and a workload for it."""
    return Case(draw(gather_machines(**fixed)), draw(st.integers(1, 3)), draw(workloads(dense_x=dense_x)))


DATAFLOWS: dict[str, tuple[str, ...]] = {"gather": ("gather", "sampled"), "scatter": ("scatter",), "both": ("gather", "sampled", "scatter")}
"""By what a machine file says, what its operations do."""


@st.composite
def mixtures(draw: st.DrawFn, dataflow: str) -> tuple[Machine, Workload]:
    """A machine and up to three operations, of all that it can do."""
    of = draw(gather_machines(dataflow=dataflow, **({} if dataflow == "scatter" else {"lane_tree": True})))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    operations: list[Operation] = []
    for index in range(draw(st.integers(1, 3))):
        flow = draw(st.sampled_from(DATAFLOWS[dataflow]))
        m, k, n = draw(st.integers(1, 12)), draw(st.integers(1, 12)), draw(st.integers(1, 9))
        w, x = sparse(random, m, k, draw(st.sampled_from([0.1, 0.4, 1.0]))), sparse(random, k, n, draw(st.sampled_from([0.5, 1.0])))
        after = (operations[-1].name,) if operations and draw(st.booleans()) else ()
        if flow == "sampled":
            operations.append(sampled_operation(w, sparse(random, m, n, 0.6), x, f"op{index}", after))
        else:
            made = operation(w, x, f"op{index}", after)
            operations.append(replace(made, transpose="scatter") if dataflow == "both" and flow == "scatter" else made)
    return of, workload(*operations)
