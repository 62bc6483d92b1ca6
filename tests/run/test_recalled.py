"""What fabrics did is recalled for machines that differ around them, and no key of a machine file is overlooked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from simulator.engine.engines import ENGINES
from simulator.errors import SparsimError
from simulator.kinds import kind_of
from simulator.kinds.gather.compiled import engine
from simulator.kinds.gather.dataflow import GatherDataflow
from simulator.kinds.units import rounds
from simulator.machine.model import Machine
from simulator.pricing import elaborate, technology_of
from simulator.recall import NOTHING, Recall
from simulator.result import codec
from simulator.run.run import run_workload
from simulator.system.operation import OperationRun
from simulator.workload.types import Chain, Workload
from tests.strategies import machine, operation, sampled_operation, sparse, workload

_RANDOM = np.random.default_rng(0)
_SPARSE = operation(sparse(_RANDOM, 24, 16, 0.3), sparse(_RANDOM, 16, 12, 0.5), "one")
_NEXT = operation(sparse(_RANDOM, 12, 24, 0.3), sparse(_RANDOM, 24, 12, 0.5), "two", ("one",))
_PRODUCTS = workload(_SPARSE, _NEXT)
_SAMPLED = workload(
    _SPARSE, sampled_operation(sparse(_RANDOM, 8, 24, 0.3), sparse(_RANDOM, 8, 12, 0.7), sparse(_RANDOM, 24, 12, 0.5), "mask", ("one",))
)
_AROUND = {"dram": {"share": 0.0625}, "activation_buffer_kib": 1, "datatypes": {"weight": "int8", "activation": "int8"}}
_TINY = workload(operation(sparse(_RANDOM, 6, 6, 0.5), sparse(_RANDOM, 6, 3, 0.7)))
_ARRAY = {"kind": "systolic", "dataflow": "ws", "rows": 4, "cols": 4, "x_buffer_kib": 1, "w_buffer_kib": 1, "y_buffer_kib": 1}
CASES: dict[str, tuple[Machine, Workload]] = {
    "gather": (machine({"lanes": 4, "bank_kib": 0.125}, **_AROUND), _PRODUCTS),
    "sampled": (machine({"lanes": 4, "bank_kib": 0.125, "lane_tree": True}, **_AROUND), _SAMPLED),
    "fused": (machine({"lanes": 4, "bank_kib": 0.125}, **_AROUND), replace(_PRODUCTS, fuse=(Chain(("one", "two")),))),
    "scatter": (machine({"lanes": 4, "bank_kib": 0.125}, mapping={"dataflow": "scatter"}, **_AROUND), _PRODUCTS),
    "systolic": (machine(_ARRAY, **_AROUND), _TINY),
}
UNMOVED = {"fabric.kind", "mapping.placement_file", "technology_overrides"}
"""What makes another kind of a machine, or is moved in a test of its own."""
FIXED = {"scatter": {"fabric.multicast", "fabric.lane_tree", "mapping.order"}, "sampled": {"fabric.lane_tree"}}
"""What the operations of a case need as it is."""
AROUND = {
    "technology",
    "technology_overrides",
    "clock_ghz",
    "power_density_limit_w_per_mm2",
    "thermal",
    "dram",
    "activation_buffer_kib",
    "activation_format",
    "trunks",
}
"""Keys of what lies around a fabric: none of them is in the machine that its runs are found by."""


def keys_of(model: BaseModel, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Every key of a machine file, and other values that it may take."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(model, Machine) and name == "mapping" and not type(model.fabric).takes_mapping:
            continue
        if isinstance(value, BaseModel):
            yield from keys_of(value, (*path, name))
        else:
            yield (*path, name), _others(value, field.annotation)


def _others(value: Any, annotation: Any) -> list[Any]:
    if value == "hbm2e":
        return ["ddr5"]
    literals = [one for one in _literals(annotation) if one not in (value, "auto")]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float) and not literals:
        return [value * 2, value + 1, value // 2] if isinstance(value, int) else [value / 2, value * 2, value + 1]
    return literals or ({"auto": [2, 1, 64]}.get(value) or ["7nm" if value != "7nm" else "28nm"] if isinstance(value, str) else [])


def _literals(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [one for inner in get_args(annotation) for one in _literals(inner)]


def moved(of: Machine, path: tuple[str, ...], value: Any) -> Machine:
    """The machine with another value of a key. Raises ValidationError."""
    content = of.model_dump(mode="json", exclude_unset=False)
    if not type(of.fabric).takes_mapping:
        del content["mapping"]
    section = content
    for name in path[:-1]:
        section = section[name]
    section[path[-1]] = value
    return Machine.model_validate(content)


def timed(of: Machine, what: Workload, recall: Recall) -> Any:
    """All that timing says of a machine, as stores keep it."""
    timing = run_workload(
        elaborate(of, technology_of(of)),
        what,
        ENGINES["compiled"],
        ideal="none",
        reuse_tiles=True,
        threads=1,
        progress=lambda *_: None,
        recall=recall,
    )
    return codec.plain(timing.activity)


def runs_in(recall: Recall) -> int:
    """Operations and chains that were run and are remembered, whatever else of planning is."""
    return sum(isinstance(result, OperationRun) or _is_chain(result) for result, _ in recall._results.values())


def _is_chain(result: Any) -> bool:
    return isinstance(result, tuple) and bool(result) and all(isinstance(one, OperationRun) for one in result)


@pytest.mark.parametrize("name", CASES)
def test_whatever_key_is_moved_what_is_recalled_is_what_is_simulated(name: str) -> None:
    of, what = CASES[name]
    recall = Recall(10**6)
    first = timed(of, what, recall)
    assert ("chip" in str(first)) == (name == "fused")
    stuck, recalled = set(), set()
    for path, values in keys_of(of):
        for value in values:
            before = runs_in(recall)
            try:
                other = moved(of, path, value)
                found = timed(other, what, recall)
            except (ValidationError, SparsimError):
                continue
            assert found == timed(other, what, NOTHING), (path, value)
            if runs_in(recall) == before:
                recalled.add(".".join(path))
            break
        else:
            stuck.add(".".join(path))
    assert stuck <= UNMOVED | FIXED.get(name, set())
    assert {"thermal.ambient_c", "power_density_limit_w_per_mm2", "dram.useful_bytes_per_activate"} <= recalled
    # but for an array, whose schedules are played on the memory
    assert ({"dram.stacks", "dram.latency_ns", "trunks.drain_bytes_per_cycle"} <= recalled) == (name != "systolic")


def test_what_is_around_a_fabric_is_not_there_for_it() -> None:
    of = CASES["gather"][0].inside()
    assert set(Machine.model_fields) - AROUND == set(of.__dict__)
    for name in AROUND:
        with pytest.raises(AttributeError, match=name):
            getattr(of, name)


def test_where_tensors_live_and_how_long_pipelines_are_is_decided_without_what_has_no_part_in_it() -> None:
    of = CASES["gather"][0]
    assert set(of.at_rest().__dict__) == set(of.inside().__dict__) | {"activation_buffer_kib", "activation_format"}
    assert set(of.as_built().__dict__) == set(of.inside().__dict__) | {"clock_ghz", "trunks"}
    with pytest.raises(AttributeError, match="dram"):
        of.as_built().dram  # noqa: B018


def test_machines_that_differ_in_their_memory_alone_are_settled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    of, seen = CASES["gather"][0], []
    settle = type(kind_of(of)).settle
    monkeypatch.setattr(type(kind_of(of)), "settle", lambda self, draft, technology: seen.append(draft) or settle(self, draft, technology))
    technology = technology_of(of)
    found = [elaborate(moved(of, ("dram", "latency_ns"), latency), technology) for latency in (10, 20)]
    assert len(seen) == 1
    assert [each.dram_latency_cycles for each in found] == [10, 20]
    assert [each.machine.dram.latency_ns for each in found] == [10, 20]


def test_a_placement_is_known_by_what_its_file_holds(tmp_path: Any) -> None:
    of, what = CASES["gather"]
    file, recall, found = tmp_path / "placement.npy", Recall(10**6), []
    words = np.arange(128, dtype=np.int32)
    for banks in (words % 4, words // 32):
        np.save(file, banks)
        content = {"placement": "file", "placement_file": str(file)}
        other = of.model_copy(update={"mapping": of.mapping.model_copy(update=content)})
        found.append(timed(other, what, recall))
        assert found[-1] == timed(other, what, NOTHING)
    assert found[0] != found[1]


def test_operations_of_equal_work_under_other_names_keep_their_names() -> None:
    of, what = CASES["gather"]
    recall = Recall(10**6)
    timed(of, what, recall)
    renamed = timed(of, workload(_SPARSE, operation(_NEXT.weight.to_dense(), _NEXT.activations.values(), "other", ("one",))), recall)
    assert [entry["name"] for entry in renamed["operations"]] == ["one", "other"]


@pytest.mark.parametrize("clusters", range(1, 4))
def test_what_just_fills_a_lot_of_clusters_runs_again_with_another_window(clusters: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A product of three tiles, in lots of one, two and three."""
    monkeypatch.setattr(rounds, "BATCH_CLUSTERS", clusters)
    of = machine({"units": 4, "lanes": 1, "bank_kib": 0.125}, mapping={"tokens_per_tile": 1}, **_AROUND)
    recall = Recall(10**6)
    for window in (2, 4):
        other = moved(of, ("fabric", "window"), window)
        assert timed(other, _TINY, recall) == timed(other, _TINY, NOTHING)


def test_clusters_that_do_the_same_are_run_once_whatever_differs_around_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another output bank, of row numbers as wide, has no list made and no cluster run; another latency runs them all."""
    of, what = moved(CASES["gather"][0], ("fabric", "output_bank_kib"), 16), _PRODUCTS
    ran: list[int] = []
    run_batch = engine.run_batch
    monkeypatch.setattr(engine, "run_batch", lambda *of, **sizes: ran.append(len(of[2].works)) or run_batch(*of, **sizes))
    made: list[int] = []
    list_slice = GatherDataflow.list_slice
    monkeypatch.setattr(GatherDataflow, "list_slice", lambda self, m, k: made.append(m) or list_slice(self, m, k))
    recall = Recall(10**6)
    timed(of, what, recall)
    first, ran[:] = sum(ran), []
    assert first
    assert made
    made.clear()
    timed(moved(of, ("fabric", "output_bank_kib"), 12), what, recall)
    assert not ran
    assert not made
    timed(moved(of, ("fabric", "read_latency"), 7), what, recall)
    assert sum(ran) == first
