"""Machines of a sweep at their own best sizes within one area."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from study.sweep.cases import write_files
from study.sweep.conftest import Run

from simulator import load_machine, load_workload
from simulator.errors import ConfigError, WorkerError
from simulator.kinds.systolic.sizes import ArraySizes
from simulator.kinds.units.sizes import UnitsSizes
from simulator.study.executors import EXECUTORS, Report, Work
from simulator.study.executors.executor import Batch, InProcess
from simulator.study.sizing import equalise
from simulator.study.sizing.scale import own_area_mm2
from simulator.study.sweep.inputs import Scaled, SizeSearch
from simulator.study.sweep.keys import labelled
from simulator.study.sweep.reading import load_sweep
from simulator.study.sweep.run import Event, Options, Searching, SweepRun, run_sweep
from simulator.study.sweep.store import Store
from simulator.study.sweep.study import rows_csv
from simulator.study.sweep.tables import study_table

AXES = "axes={machine: [small.yaml, array.yaml]}"
BARE = (AXES, "machine=null")


@pytest.fixture(scope="module", autouse=True)
def small_grid() -> Iterator[None]:
    """Fewer values, so that a search is over in a moment; what it finds is held against another search of the same grid."""
    few: dict[str, tuple[Any, ...]] = {
        "fabric.units": (2, 4, 8),
        "fabric.lanes": (4, 8, 16),
        "fabric.replicas": (1, 2),
        "fabric.token_groups": (1,),
        "banks a unit of the cluster": (1, 2),
        "fabric.bank_kib": (1.0, 4.0),
        "fabric.network.slices": ("auto",),
        "mapping.tokens_per_tile": (1, 2),
    }
    edges: dict[str, tuple[Any, ...]] = {"fabric.rows": (4, 8), "fabric.cols": (4, 8), "fabric.dataflow": ("best", "os")}
    buffers: dict[str, tuple[Any, ...]] = {f"fabric.{name}_buffer_kib": (8.0, 16.0) for name in "w"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(UnitsSizes, "grid", few)
        patch.setattr(ArraySizes, "grid", edges | buffers)
        yield


@pytest.fixture(scope="module")
def searched(small_grid: None, tmp_path_factory: pytest.TempPathFactory) -> SweepRun:
    """Both machines at their best sizes by time, once for all that ask; nothing else looks into its store."""
    place = tmp_path_factory.mktemp("searched")
    write_files(place)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        with Store(place / "searched.sqlite") as store:
            return run_sweep(load_sweep("sweep.yaml", [*BARE, f"equal={{area: {_cap()!r}, best: time, search: grid}}"]), store, Options())


def _cap() -> float:
    return 1.2 * max(own_area_mm2(load_machine(name)) for name in ("small.yaml", "array.yaml"))


@pytest.mark.usefixtures("place")
def test_each_machine_is_the_best_that_a_search_finds_on_its_workload(searched: SweepRun) -> None:
    cap = _cap()
    workload = load_workload("tiny.yaml")
    for row in searched.rows:
        machine = load_machine(str(row.assignments["machine"]))
        (wanted,) = equalise([machine], "area", workload, to=f"{cap!r}mm2", best=True, objective="time", search="grid")
        assert dict(row.sizes) == {change.key: change.after for change in wanted.changes} != {}
        assert wanted.search is not None
        assert row.metric("seconds") == wanted.search.best
        assert row.metric("fabric_area_mm2") <= cap
        assert row.unexamined == 0


def test_the_table_tells_the_sizes_of_each_point(searched: SweepRun) -> None:
    console = Console(width=500, file=io.StringIO())
    console.print(study_table(searched))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    first = next(index for index, line in enumerate(lines) if line.startswith("Best sizes by time"))
    told = {line.split("  ")[0]: line.rstrip().split("  ")[-1] for line in lines[first + 3 : first + 5]}
    assert told == {row.label: labelled(row.sizes) for row in searched.rows}


def test_every_workload_has_machines_of_its_own(sweep: Run) -> None:
    axes = "axes={workload.operations.0.shape.n: [4, 64], machine: [small.yaml]}"
    few, many = sweep("sweep.yaml", axes, "machine=null", f"equal={{area: {_cap()!r}, best: time, search: grid}}").rows
    assert few.sizes != many.sizes


def test_keys_that_the_sweep_gives_are_kept_at_each_point(sweep: Run) -> None:
    keep = ["fabric.replicas", "fabric.lanes"]
    rows = sweep(
        "sweep.yaml", "axes={fabric.replicas: [1, 2]}", "set={fabric.lanes: 4}", f"equal={{area: {2 * _cap()!r}, best: time, search: grid}}"
    ).rows
    for row, replicas in zip(rows, (1, 2), strict=True):
        machine = load_machine("small.yaml", [f"fabric.replicas={replicas}", "fabric.lanes=4"])
        (wanted,) = equalise(
            [machine], "area", load_workload("tiny.yaml"), to=f"{2 * _cap()!r}mm2", best=True, objective="time", search="grid", keep=keep
        )
        assert dict(row.sizes) == {change.key: change.after for change in wanted.changes}
    sized = {key for row in rows for key in row.sizes}
    assert sized
    assert not sized & set(keep)


def test_sizes_may_be_searched_for_on_another_workload(sweep: Run, searched: SweepRun, place: Path) -> None:
    (place / "wide.yaml").write_text((place / "tiny.yaml").read_text().replace("n: 8", "n: 64").replace("name: tiny", "name: wide"))
    equal = f"area: {_cap()!r}, best: time, search: grid"
    own, other = (sweep("sweep.yaml", *BARE, "workload=wide.yaml", f"equal={{{equal}{on}}}").rows for on in ("", ", on: tiny.yaml"))
    assert [row.sizes for row in other] == [row.sizes for row in searched.rows] != [row.sizes for row in own]
    assert [row.metric("useful_macs") for row in other] == [row.metric("useful_macs") for row in own]


def test_what_was_found_is_not_searched_for_again(place: Path) -> None:
    space = load_sweep("sweep.yaml", [*BARE, f"equal={{area: {_cap()!r}, best: energy, budget: 6}}"])
    told: list[list[Event]] = [[], []]
    with Store(place / "store.sqlite") as store:
        first, again = (run_sweep(space, store, Options(), events.append) for events in told)
    assert {event.name for event in told[0] if isinstance(event, Searching)} == {"best small for tiny", "best array for tiny"}
    assert not any(isinstance(event, Searching) for event in told[1])
    assert (first.rows, 0) == (again.rows, again.computed)


def test_a_search_that_its_budget_ends_says_what_it_left(sweep: Run) -> None:
    equal = f"equal={{area: {_cap()!r}, best: energy, budget: 1}}"
    study = sweep("sweep.yaml", *BARE, equal)
    assert max(row.unexamined for row in study.rows) > 0
    assert "scaled.unexamined" in rows_csv(study.rows).splitlines()[0]


def test_a_search_that_finds_nothing_is_remembered(place: Path) -> None:
    # the least that scaling reaches is 0.2084 mm², and no other sizes are that small
    overrides = ["axes={machine: [small.yaml]}", "machine=null", "equal={area: 0.2085, best: time, search: grid}"]
    told: list[list[Event]] = [[], [], []]
    with Store(place / "store.sqlite") as store:
        first, again, retried = (
            run_sweep(load_sweep("sweep.yaml", overrides), store, Options(retry=retry), events.append)
            for events, retry in zip(told, (False, False, True), strict=True)
        )
    assert [row.failure for row in first.rows] == ["invalid"]
    assert first.rows == again.rows == retried.rows
    assert [any(isinstance(event, Searching) for event in events) for events in told] == [True, False, True]


class Mortal(InProcess):
    """Its worker dies over every batch, once."""

    def __init__(self) -> None:
        self.died: set[str] = set()

    def submit(self, worker: int, work: Work, tasks: Sequence[Any], inputs: Mapping[str, Any], listen: Report) -> Future[Batch]:
        if repr(tasks) in self.died:
            return super().submit(worker, work, tasks, inputs, listen)
        self.died.add(repr(tasks))
        future: Future[Batch] = Future()
        future.set_exception(BrokenExecutor("died"))
        return future


def test_a_worker_that_dies_during_a_search_is_replaced(sweep: Run, searched: SweepRun, monkeypatch: pytest.MonkeyPatch) -> None:
    executor = Mortal()
    monkeypatch.setitem(EXECUTORS, "in_process", lambda workers, address: nullcontext(executor))
    assert sweep("sweep.yaml", *BARE, f"equal={{area: {_cap()!r}, best: time, search: grid}}").rows == searched.rows
    assert executor.died


def test_a_search_whose_workers_keep_dying_is_no_mistake_of_the_file(sweep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(search: SizeSearch, *arguments: Any) -> Scaled:
        raise WorkerError("a worker process died")

    asked = ("axes={machine: [small.yaml]}", "machine=null", f"equal={{area: {_cap()!r}, best: time, search: grid}}")
    with monkeypatch.context() as context:
        context.setattr(SizeSearch, "found", dying)
        assert [row.failure for row in sweep("sweep.yaml", *asked).rows] == ["killed"]
    assert sweep("sweep.yaml", *asked).failures == []


def test_unless_told_it_goes_by_steps_and_says_how_far_it_is(place: Path) -> None:
    heard: list[Event] = []
    equal = f"equal={{area: {_cap()!r}, best: edap, budget: 4}}"
    space = load_sweep("sweep.yaml", ["axes={machine: [small.yaml]}", "machine=null", equal])
    with Store(place / "steps.sqlite") as store:
        (row,) = run_sweep(space, store, Options(), heard.append).rows
    machine, cap = load_machine("small.yaml"), f"{_cap()!r}mm2"
    (wanted,) = equalise([machine], "area", load_workload("tiny.yaml"), to=cap, best=True, budget=4)
    assert wanted.walk is not None
    assert dict(row.sizes) == {change.key: change.after for change in wanted.changes}
    assert row.metric("edap_js_mm2") == wanted.walk.best
    assert row.unexamined == len(wanted.walk.certificate.better)
    standings = [event.standing for event in heard if isinstance(event, Searching) and event.standing is not None]
    assert standings[-1].simulated == wanted.walk.simulated


def test_another_placement_is_another_search(place: Path) -> None:
    machine = load_machine("small.yaml", ["mapping={placement: file, placement_file: banks.npy}"])
    recipe = load_sweep("sweep.yaml").resolve((0, 0)).recipe  # type: ignore[union-attr]
    keys = set()
    for bank in (0, 1):
        np.save(place / "banks.npy", np.full(machine.fabric.banks_per_copy * 128, bank, dtype=np.int32))
        keys.add(SizeSearch(machine, recipe, 0.4, "time", "grid", None).key)
    assert len(keys) == 2


def test_two_processes_find_the_same(sweep: Run, searched: SweepRun) -> None:
    spread = sweep("sweep.yaml", *BARE, f"equal={{area: {_cap()!r}, best: time, search: grid}}", executor="processes", workers=2)
    assert searched.rows == spread.rows


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["equal={area: 1, budget: 3}"], "budget: belongs beside best"),
        (["equal={area: 1, on: tiny.yaml}"], "on: belongs beside best"),
        (["equal={area: small.yaml, best: time, search: grid, on: tinny.yaml}"], r"equal: tinny\.yaml: .*"),
        (["equal={area: 1, best: speed}"], "time"),
        (["axes={fabric.banks: [4, 8]}", "equal={area: small.yaml, best: time, search: grid}"], r"fabric\.banks: settled by equal"),
    ],
)
def test_mistakes_are_named(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_sweep("sweep.yaml", overrides)


def test_a_workload_that_cannot_be_read_fails_its_own_points_alone(place: Path) -> None:
    (place / "broken.npz").write_bytes(b"no archive")
    product = "{name: a, kind: SpMM, shape: {m: 8, k: 8, n: 8}, weight: {file: broken.npz}, activation: {pattern: dense}}"
    (place / "bad.yaml").write_text(f"name: bad\noperations:\n  - {product}\n")
    overrides = [
        "axes={workload: [bad.yaml, tiny.yaml]}",
        "workload=null",
        "machine=small.yaml",
        f"equal={{area: {_cap()!r}, best: time, budget: 2}}",
    ]
    with Store(place / "store.sqlite") as store:
        rows = run_sweep(load_sweep("sweep.yaml", overrides), store, Options()).rows
    assert ["broken.npz" in row.reason for row in rows] == [True, False]
