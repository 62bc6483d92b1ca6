"""A run that is traced: the cycles and counters of one that is not, and tiles whose units, banks and links add up."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simulator.activity import CAUSE_TERMS
from simulator.errors import ConfigError
from simulator.kinds.base import TileName
from simulator.machine.model import Machine
from simulator.pipeline import simulate
from simulator.result import Result
from simulator.timeline import Timeline, tile_named, trace_run
from simulator.workload.types import Chain, Workload
from tests.strategies import machine, operation, sampled_operation, sparse, workload
from tests.timeline.trace_rules import check, total, tracks

RANDOM = np.random.default_rng(5)
WEIGHTS, DENSE, SPARSE = sparse(RANDOM, 24, 16, 0.3), np.ones((16, 8)), sparse(RANDOM, 24, 8, 0.6)
PRODUCT = workload(operation(WEIGHTS, DENSE, "one"), operation(WEIGHTS, sparse(RANDOM, 16, 8, 0.5), "two", ("one",)))
GRADIENT = workload(sampled_operation(WEIGHTS, SPARSE, DENSE, "one"))
ROOMY = machine({"banks": 4, "bank_kib": 1.0, "output_bank_kib": 1.0, "accumulators": 8})
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], Workload]] = {
    "crossbar": ({}, {}, PRODUCT),
    "a copy a unit": ({"replicas": 4, "banks": 1}, {}, PRODUCT),
    "two groups": ({"token_groups": 2}, {}, PRODUCT),
    "scatter": ({}, {"mapping": {"dataflow": "scatter"}}, PRODUCT),
    "sampled": ({"lane_tree": True}, {}, GRADIENT),
    "mesh": ({"network": {"topology": "mesh"}}, {}, PRODUCT),
}


def traced(of: Machine, what: Workload, tile: TileName | None) -> tuple[Result, Timeline]:
    return trace_run(of, what, tile=tile, engine="reference", progress=lambda name, fraction: None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_traced_run_is_the_run_and_its_tile_adds_up(kind: str) -> None:
    fabric, keys, what = KINDS[kind]
    of = machine(fabric, **keys)
    result, timeline = traced(of, what, TileName("one", 0))
    assert result.to_dict() == simulate(of, what, engine="reference").to_dict()
    file = json.loads(timeline.encoded())
    check(file["traceEvents"])
    system, cluster = (tracks(file["traceEvents"], process) for process in (1, 2))
    counts = result.activity.counts
    assert file["otherData"]["cycles"] == result.activity.cycles
    assert total(system["DRAM"], "bytes") == counts.dram_read_bytes + counts.dram_write_bytes
    assert total(system["X trunk"], "bytes") == counts.x_trunk_bytes
    (whole,) = cluster["tile"]
    seen, cycles = whole["args"], whole["args"]["fabric_cycles"]
    units = {name: slices for name, slices in cluster.items() if name.startswith("unit ")}
    assert all(total(slices, "cycles") == cycles for slices in units.values())
    ports = [each for name, slices in cluster.items() if name.startswith("bank port ") for each in slices]
    assert total(ports, "cycles") == seen.get("x_bank_reads", seen.get("bank_additions"))
    for way in ("request", "reply"):
        links = [each for name, slices in cluster.items() if name.startswith(("requests:", "replies:")[way == "reply"]) for each in slices]
        assert total(links, "cycles") == seen.get(f"{way}_hops", 0)
    tile = system["fabric: tiles and stops"]
    first = next(each for each in tile if each["name"] == "one tile 0")
    assert first["ts"] <= whole["ts"]
    assert whole["ts"] + whole["dur"] <= first["ts"] + first["dur"]


def test_unit_cycles_of_an_operation_are_those_of_its_units_in_all_tiles() -> None:
    what, of = workload(operation(WEIGHTS, DENSE, "one")), machine(mapping={"tokens_per_tile": 1})
    (part,) = traced(of, what, None)[0].activity.operations
    tiles = part.details["m_tiles"] * part.details["rounds"] * part.details["k_tiles"]
    seen: Counter[str] = Counter()
    for tile in range(tiles):
        result, timeline = traced(of, what, TileName("one", tile))
        for name, slices in tracks(list(timeline.events()), 2).items():
            for each in slices if name.startswith("unit ") else []:
                seen[each["name"]] += each["args"]["cycles"]
    (part,) = result.activity.operations
    assert tiles > 1
    assert seen == Counter({cause.label: cycles for cause in CAUSE_TERMS if (cycles := part.unit_cycles[cause.name])})


def test_an_array_has_a_system_and_no_units() -> None:
    of = machine({"kind": "systolic", "rows": 4, "cols": 4, "x_buffer_kib": 8, "w_buffer_kib": 8, "y_buffer_kib": 8})
    _, timeline = traced(of, PRODUCT, None)
    check(list(timeline.events()))
    with pytest.raises(ConfigError, match="no units to watch"):
        traced(of, PRODUCT, TileName("one", 0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one", "a tile is missing; allowed: one:TILE, counted from 0, as one:0"),
        ("what", "no operation 'what'; allowed: OP:TILE, OP of one, two"),
        ("onee:1", "nearest: one"),
        ("one:x", "the number of a tile"),
        ("one:1:2:3", "the number of a tile"),
    ],
)
def test_a_tile_that_is_none(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        tile_named(text, PRODUCT)


def test_a_tile_or_a_cluster_beyond_the_last() -> None:
    assert tile_named("two:0:1", PRODUCT) == TileName("two", 0, 1)
    with pytest.raises(ConfigError, match="none of number 99"):
        traced(machine(), PRODUCT, TileName("one", 99))
    with pytest.raises(ConfigError, match="clusters 0 to"):
        traced(machine(), PRODUCT, TileName("one", 0, 99))


def test_fused_operations_are_traced_on_the_system_and_have_no_tile_to_watch() -> None:
    pair = operation(sparse(RANDOM, 16, 16, 0.4), DENSE, "one"), operation(WEIGHTS, sparse(RANDOM, 16, 8, 0.5), "two", ("one",))
    what = replace(workload(*pair), fuse=(Chain(("one", "two")),))
    result, timeline = traced(ROOMY, what, None)
    check(list(timeline.events()))
    assert {part.details["y_home"] for part in result.activity.operations} >= {"chip"}
    with pytest.raises(ConfigError, match="is fused with others"):
        traced(ROOMY, what, TileName("one", 0))


def test_what_is_told_of_goes_up_to_its_end() -> None:
    heard: dict[str, list[float]] = {}
    trace_run(
        machine(), PRODUCT, tile=TileName("two", 0), engine="reference", progress=lambda name, done: heard.setdefault(name, []).append(done)
    )
    assert list(heard) == ["small: fabric", "small: system level", "two tile 0, cluster 0"]
    assert all(told == sorted(told) for told in heard.values())
    assert [told[-1] for told in heard.values()][1:] == [1.0, 1.0]
