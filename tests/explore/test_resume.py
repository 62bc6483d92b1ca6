"""A sweep whose driver is killed loses nothing and does nothing twice; sweeps can share a store at the same time."""

from __future__ import annotations

from pathlib import Path

from explore.cases import done_keys, stored
from explore.conftest import Run
from explore.kills import soak, start


def test_killed_drivers_resume_to_the_bytes_of_an_undisturbed_run(place: Path) -> None:
    assert soak(place, "middle.yaml", kills=2, seed=5) >= 1


def test_two_drivers_share_a_store_at_once(sweep: Run, place: Path) -> None:
    both = [start(place / "middle.yaml", place / "shared.sqlite", place / f"log{index}") for index in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    sweep("middle.yaml", store="alone.sqlite")
    assert len(done_keys(place / "shared.sqlite")) == 60
    assert stored(place / "shared.sqlite") == stored(place / "alone.sqlite")
