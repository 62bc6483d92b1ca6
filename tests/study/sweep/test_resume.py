"""A sweep whose driver is killed loses nothing and does nothing twice; sweeps can share a store at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest
from study.sweep.cases import done_keys, hungry, stored
from study.sweep.conftest import Run
from study.sweep.kills import soak, start

from simulator.study.sweep.catalogue import find_sweep, sweep_rows
from simulator.study.sweep.reading import load_sweep
from simulator.study.sweep.run import Options, SweepRun, run_sweep
from simulator.study.sweep.store import Store


def listed(place: Path, run: SweepRun) -> bool:
    """Whether the store lists the rows of this run, all of them and no other."""
    with Store(place / "store.sqlite") as store:
        return tuple(sweep_rows(store, find_sweep(store, run.spec.name), [])) == run.rows


def test_killed_drivers_resume_to_the_bytes_of_an_undisturbed_run(place: Path) -> None:
    assert soak(place, "middle.yaml", kills=2, seed=5) >= 1


def test_two_drivers_share_a_store_at_once(sweep: Run, place: Path) -> None:
    both = [start(place / "middle.yaml", place / "shared.sqlite", place / f"log{index}", workers=1) for index in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    sweep("middle.yaml", store="alone.sqlite")
    assert len(done_keys(place / "shared.sqlite")) == 60
    assert stored(place / "shared.sqlite") == stored(place / "alone.sqlite")


def test_a_sweep_lists_its_last_run_after_a_file_was_edited(sweep: Run, place: Path) -> None:
    before = sweep()
    machine = place / "small.yaml"
    machine.write_text(machine.read_text(encoding="utf-8").replace("lanes: 4", "lanes: 8"), encoding="utf-8")
    after = sweep()
    assert (before.id, after.computed) == (after.id, 9)
    assert not {row.key for row in before.rows} & {row.key for row in after.rows}
    assert listed(place, after)
    machine.write_text(machine.read_text(encoding="utf-8").replace("lanes: 8", "lanes: 4"), encoding="utf-8")
    assert sweep().computed == 0, "the points of the first run are still there"


@pytest.mark.parametrize("method", ["nsga2", "tpe"])
def test_a_search_that_walks_another_way_after_failures_lists_that_way_alone(sweep: Run, place: Path, method: str) -> None:
    setting = f"search={{method: {method}, points: 16, population: 4, seed: 1}}"
    axes = "axes={fabric.window: [1, 2, 3, 4, 5, 6, 7, 8], fabric.accumulators: [1, 2, 3, 4]}"
    failed = sweep("sweep.yaml", setting, axes, function=hungry)
    run = sweep("sweep.yaml", setting, axes, retry=True)
    assert {row.key for row in failed.rows} != {row.key for row in run.rows}
    assert listed(place, run)


def test_a_sweep_that_is_pruned_while_it_runs_is_listed_at_its_end(place: Path) -> None:
    with Store(place / "store.sqlite") as store:
        run = run_sweep(
            load_sweep("sweep.yaml"),
            store,
            Options(),
            lambda event: store.remove([find_sweep(store, "tiny-sweep").id]) if store.sweeps() else None,
        )
        assert [place for place, _, _ in store.members(run.id)] == list(range(9))
    assert len(run.rows) == 9
