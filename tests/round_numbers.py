"""Machines in round numbers, for tests that count on a shape: shipped ones have whatever sizes a search found to be best."""

from collections.abc import Sequence
from pathlib import Path

from simulator.machine import Machine, load_machine

FOLDER = Path(__file__).parent / "machines"


def round_machine(name: str, overrides: Sequence[str] = ()) -> Machine:
    """1,024 multipliers as `crossbar`, `hybrid`, `replication`, `partition` or `systolic`."""
    return load_machine(FOLDER / f"{name}.yaml", overrides)
