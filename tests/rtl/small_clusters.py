"""Random small clusters and a tile for each: every topology, queue and allocator, with most sizes as small as can be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from simulator.engine.batch import WorkBatch
from simulator.engine.cluster import ClusterSpec
from simulator.engine.work import WHOLE_LISTS, ListStream, TileWork
from simulator.kinds.gather.rtl import GATHERED, rows_of
from simulator.kinds.sampled.rtl.agreement import SAMPLED
from simulator.kinds.scatter.compiled.engine import run_scatters
from simulator.kinds.scatter.rtl.agreement import SCATTERED, most_columns
from simulator.kinds.scatter.rtl.elaboration import one_a_cycle
from simulator.network import TOPOLOGIES
from simulator.rtl.cosim.events import Cycle
from simulator.rtl.cosim.loads import Load
from simulator.rtl.cosim.pair import Pair
from simulator.rtl.design import Agreement
from simulator.rtl.shape import ClusterShape
from tests.clusters import changed, cluster, run_compiled
from tests.differential.cases import Case

LEAST: dict[str, Any] = {
    "units": 2,
    "banks": 2,
    "bank_queue": 1,
    "window": 2,
    "issue_width": 1,
    "scan_width": 1,
    "accumulators": 1,
    "accumulate_latency": 1,
    "queues": "fifo",
    "depth": 1,
    "reply_depth": 1,
    "radix": 2,
}
"""What takes least to make."""
OTHERWISE: list[dict[str, Any]] = [
    {"units": 3},
    {"banks": 3},
    {"banks": 4},
    {"banks": 1, "bank_ports": 2},
    {"bank_queue": 3},
    {"read_latency": 2},
    {"read_latency": 4},
    {"window": 1},
    {"window": 5},
    {"issue_width": 2, "window": 3},
    {"scan_width": 2},
    {"scan_width": 4},
    {"accumulators": 2},
    {"accumulators": 3},
    {"accumulate_latency": 2},
    {"accumulate_latency": 3, "accumulators": 2},
    {"multiply_latency": 2},
    {"feed": 3},
    {"allocation": 3},
    {"queues": "voq"},
    {"queues": "voq", "iterations": 2},
    {"depth": 3},
    {"reply_depth": 3},
    {"latency": 2},
    {"latency": 4},
    {"request_flits": 2},
    {"reply_flits": 3},
    {"radix": 3},
    {"multicast": True, "topology": "full"},
    {"multicast": True, "topology": "full", "queues": "voq", "iterations": 2},
]
"""Departures from it, of which each cluster has a few."""
MANY: list[dict[str, Any]] = [{"units": 8, "queues": "voq", "iterations": 2}, {"units": 16}, {"units": 8, "topology": "butterfly"}]


LEAST_ENTRIES = 5


def small_case(number: int, departures: int = 2) -> Case:
    """The `number`-th of a series: each topology and allocator by turns, and one in 33 has many units."""
    random = np.random.default_rng(number)
    keys = LEAST | {"topology": list(TOPOLOGIES)[number % len(TOPOLOGIES)], "allocator": ("islip", "round_robin")[number // 7 % 2]}
    large = number % 33 == 32
    lone = number % 9 == 8
    if large:
        keys |= {"topology": "full"} | MANY[number // 33 % 3]
    else:
        for place in random.choice(len(OTHERWISE), departures, replace=False):
            keys |= OTHERWISE[place]
    if keys["allocator"] == "round_robin":
        keys |= {"iterations": 1}
    if keys.get("multicast"):
        keys |= {"request_flits": 1, "reply_flits": 1}
    if lone and not large:
        keys |= {"network": "none", "units": 1, "multicast": False, "request_flits": 1, "reply_flits": 1}
    spec = cluster(**keys)
    hashable = spec.banks & (spec.banks - 1) == 0
    case = Case(
        spec=spec,
        seed=int(random.integers(1 << 32)),
        k_words=4 if large else int(random.choice([3, 5, 8])),
        token_words=int(random.integers(1, spec.accumulators + 1)),
        stream=WHOLE_LISTS if random.random() < 0.7 else ListStream(int(random.integers(1, 4)), int(random.integers(1, 3))),
        rows=1 if large else int(random.integers(1, 4)),
        density=float(random.choice([0.4, 0.8, 1.0])),
        zeros=float(random.choice([0.0, 0.3, 0.8])),
        banks="hashed" if hashable and random.random() < 0.5 else "interleaved",
    )
    while min(case.gather().entries, case.scatter().entries) < LEAST_ENTRIES:
        case = replace(case, seed=case.seed + 1)
    return case


def scattering_case(number: int) -> Case:
    """The same of clusters that scatter: adders of one to four stages, and every third with several ports at its banks."""
    case = small_case(number)
    keys: dict[str, Any] = {"accumulate_latency": 1 + number % 4}
    if number % 3 == 0 and case.spec.network == "routed":
        keys |= {"banks": 1, "bank_ports": 2 + number % 2, "window": 5}
    return replace(case, spec=changed(case.spec, **keys))


def shape_of(spec: ClusterSpec, work: TileWork, placement: str, rows: int, lanes: int = 1) -> ClusterShape:
    """As large as a tile asks for; `rows`: of a unit's own memory, for a token word."""
    return ClusterShape(
        spec,
        words=work.words * work.token_words,
        features=work.words,
        entries=max(1, int(np.diff(work.unit_ptr).max())),
        rows=rows,
        tokens=work.token_words,
        streams=work.stream != WHOLE_LISTS,
        placement="hashed" if placement == "hashed" else "interleaved",
        lanes=lanes,
        weight_bits=4,
        activation_bits=4,
        sum_bits=16,
    )


def pair_of(case: Case, work: TileWork) -> Pair:
    """Hardware for a tile, beside the reference engine."""
    return Pair(shape_of(case.spec, work, case.banks, rows_of(work), lanes=1 + (case.seed % 4 == 0)), GATHERED)


def referred(case: Case) -> tuple[ClusterShape, Load, list[Cycle]]:
    """Sizes of a cluster for a tile, what its memories hold, and what the reference engine does."""
    work = case.gather()
    shape = shape_of(case.spec, work, case.banks, rows_of(work))
    load, _, engine = GATHERED.in_reference(shape, work)
    return shape, load, engine


def agreement_of(case: Case) -> Agreement:
    """Hardware, the reference engine and the compiled one, where units ask for words."""
    work = case.gather()
    return pair_of(case, work).run(repr(case), work, (run_compiled(case.spec, work),))


def scattered_agreement_of(case: Case) -> Agreement:
    """The same where units send products."""
    work, spec = case.scatter(), changed(case.spec, multicast=False)
    shape = shape_of(one_a_cycle(spec), work, case.banks, most_columns(work), lanes=1 + (case.seed % 4 == 0))
    outcome = run_scatters(spec, WorkBatch([work]), [None]).outcome(0)
    return Pair(shape, SCATTERED).run(repr(case), work, (outcome,))


def sampled_agreement_of(case: Case) -> Agreement:
    """The same where units sum at the places of a mask, over up to three token words and two to five lanes."""
    spec, work = replace(case, token_words=1 + case.seed % 3).sampled()
    lying = SAMPLED.as_it_lies(work)
    shape = shape_of(spec, lying, case.banks, rows_of(lying), lanes=spec.summed_lanes)
    return Pair(shape, SAMPLED).run(repr(case), work, (run_compiled(spec, work),))


MOST_PORTS = 9
"""Of units, and of banks, of a cluster that is made in about a second."""


def has_hardware(case: Case) -> bool:
    """Whether a case of the engines' own soak is elaborated, and small."""
    spec = case.spec
    lone = spec.network == "none" and not spec.multicast
    return (spec.network == "routed" or lone) and case.banks != "random" and max(spec.units, spec.ports) <= MOST_PORTS
