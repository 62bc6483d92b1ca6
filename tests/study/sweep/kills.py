"""Kill the driver of a sweep at random instants, resume it, and compare with an undisturbed run. `python -m study.sweep.kills 20`."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from study.sweep.cases import LOG, done_keys, drive, stored, write_files

ROOT = Path(__file__).resolve().parents[3]


def soak(folder: Path, sweep: str, kills: int, seed: int) -> int:
    """Return how many of the kills hit a running sweep. Raises AssertionError where anything was lost, changed or done twice."""
    os.environ[LOG] = str(folder / "undisturbed.log")
    drive(str(folder / sweep), str(folder / "undisturbed.sqlite"), "1")
    expected = stored(folder / "undisturbed.sqlite")
    total = len(done_keys(folder / "undisturbed.sqlite"))
    store, log = folder / "killed.sqlite", folder / "killed.log"
    draw = random.Random(seed)
    hits = 0
    for kill in range(kills):
        before, noted = done_keys(store), len(lines(log))
        target = len(before) + draw.randrange(1 + 2 * (total - len(before)) // (kills - kill + 1))
        process = start(folder / sweep, store, log)
        while len(done_keys(store)) < target and process.poll() is None:
            time.sleep(0.02)
        time.sleep(draw.uniform(0.0, 0.3))
        hits += process.poll() is None
        process.kill()
        process.wait()
        time.sleep(0.3)  # its workers notice, and end
        assert not before & set(lines(log)[noted:]), "a committed point was computed again"
    before, noted = done_keys(store), len(lines(log))
    assert start(folder / sweep, store, log).wait(timeout=300) == 0
    assert not before & set(lines(log)[noted:]), "a committed point was computed again"
    assert len(done_keys(store)) == total
    assert stored(store) == expected, "the resumed sweep differs from the undisturbed one"
    return hits


def start(sweep: Path, store: Path, log: Path, workers: int = 2) -> subprocess.Popen[bytes]:
    """A driver in a process of its own, which is its only worker where there is one."""
    variables = {**os.environ, LOG: str(log), "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    return subprocess.Popen([sys.executable, "-m", "study.sweep.cases", str(sweep), str(store), str(workers)], env=variables)


def lines(log: Path) -> list[str]:
    """Keys that workers began to compute, in order."""
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        write_files(Path(place))
        count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
        print(f"{soak(Path(place), 'large.yaml', count, seed=1)} of {count} kills hit a running sweep; nothing lost, changed or done twice")
