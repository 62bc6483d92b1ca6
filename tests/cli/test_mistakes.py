"""A user's mistake is one message and exit code 2: no traceback, no folder. An interrupt leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.cli.options import MOST_COLUMNS
from simulator.workload.csr import MAX_DIMENSION

MALFORMED = Path(__file__).parent.parent / "malformed"
EXPECTED: dict[str, list[str]] = json.loads((MALFORMED / "expected.json").read_text(encoding="utf-8"))
Type = Callable[..., Any]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_malformed_file_ends_with_a_message_and_nothing_else(place: Path, sparsim: Type, name: str) -> None:
    before = sorted(path.name for path in place.iterdir())
    file = str(MALFORMED / name)
    pair = (file, "-w", "tiny.yaml") if name.startswith("machines/") else ("crossbar.yaml", "-w", file)
    outcome = sparsim("run", *pair)
    assert outcome.code == 2
    assert outcome.out == ""
    assert [fragment for fragment in EXPECTED[name] if fragment not in outcome.err] == []
    assert "Traceback" not in outcome.err
    assert sorted(path.name for path in place.iterdir()) == before


@pytest.mark.parametrize("name", [name for name in sorted(EXPECTED) if "operations" in (MALFORMED / name).read_text(errors="replace")][:3])
def test_inspect_says_it_too(sparsim: Type, name: str) -> None:
    assert sparsim("inspect", str(MALFORMED / name)).code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "crossbar.yaml", "-w", "tiny.yaml", "--set", "fabric.unit=8"), "nearest: units"),
        (("run", "crossbar.yaml", "-w", "tiny.yaml", "--set", "fabric.units"), "fabric.units"),
        (("run", "crossbar.yaml", "-w", "tiny.yaml", "--set", "workload.operations=[]"), "--set workload.operations=[]: operations: found"),
        (("run", "crossbar.yaml", "-w", "tiny.yaml", "--set", "workload.seed"), 'found "workload.seed"; allowed: KEY.PATH=VALUE'),
        (("run", "hybrid.yaml", "-w", "tiny.yaml"), "hybrid.yaml: no such file; the shipped one goes by its name: hybrid"),
        (("trace", "ws-1x", "--seed", str(2**63)), f"found {2**63}; allowed: at most {2**63 - 1}"),
        (("run", "crosbar.yaml", "-w", "tiny.yaml"), "crossbar.yaml"),
        (("run", "crossbar.yaml", "-w", "tyni.yaml"), "tiny.yaml"),
        (("run", "crossbar.yaml"), "--workload"),
        (
            ("run", "crossbar.yaml", "-w", "tiny.yaml", "--ideal", "netwrok"),
            "found netwrok; allowed: none, network, dram, trunks, both; nearest: network",
        ),
        (("run", "crossbar.yaml", "-w", "tiny.yaml", "-o", "tiny.yaml"), "no folder"),
        (("run", "crossbar.yaml", "-w", "tiny.yaml", "-o", "full", "--force"), "no sparsim report"),
        (("inspect", "tiny.yaml", "-o", "spy.gif"), ".png, .svg or .pdf"),
        (("inspect", "crossbar.yaml", "-o", "spy.pdf"), "into a folder"),
        (("import", "m.npy", "-o", "o", "--density", "2"), "found 2; allowed: at most 1"),
        (("import", "m.npy", "-o", "o", "--density", "nan"), "found nan; allowed: a finite number"),
        (("import", "m.npy", "-o", "o", "--density", "half"), "found half; allowed: a number"),
        (("import", "m.npy", "-o", "o", "--block", "1.5"), "found 1.5; allowed: a whole number"),
        (("import", "m.npy", "-o", "o", "-n", "0"), "found 0; allowed: at least 1"),
        (("import", "m.npy", "-o", "o", "--prune", "n_m", "--n-m", f"{'9' * 5000}:4"), "allowed: N:M with N from 1 to M"),
        (
            ("breakeven", "--axis", "workload.density", "--range", "1:2", "--between", "crossbar,systolic", "-w", "tiny.yaml"),
            "--range 1:2: found 2; allowed: densities from 0 to 1",
        ),
        (
            ("breakeven", "--axis", "workload.density", "--range", "-1:1", "--linear", "--between", "crossbar,systolic"),
            "--range -1:1: found -1; allowed: densities from 0 to 1",
        ),
        (("inspect", "systolic.yaml", "-o", "networks"), "no network to draw"),
        (
            ("network", "crossbar.yaml", "-w", "tiny.yaml"),
            "-w tiny.yaml: uniform traffic replays no workload; allowed: with --traffic trace",
        ),
        (("explane",), "explain"),
        (("run", "crossbar.yaml", "-w", ""), "an empty name; allowed: a file, or a name in workloads"),
        (("run", "tiny.yaml", "-w", "tiny.yaml"), "tiny.yaml: is a workload, since it has the key operations; allowed: a machine"),
        (("sweep", "crossbar.yaml"), "crossbar.yaml: is a machine, since it has the key fabric; allowed: a sweep, with the key axes"),
        (("run", "crossbar.yaml", "-w", "m.npy"), "make one: sparsim import m.npy -o traces/m, then -w traces/m"),
        (("inspect", "m.npy"), "m.npy: weights, and no workload file"),
        (("trace", "resnet50", "--tokens", "64"), "resnet50: takes one image, and no tokens"),
        (
            ("breakeven", "--axis", "fabric.network.queues", "--range", "1:2", "--between", "crossbar,hybrid", "-w", "tiny.yaml"),
            "--axis fabric.network.queues: takes no numbers, but fifo, voq",
        ),
        (
            ("breakeven", "--axis", "window", "--range", "1:2", "--between", "crossbar,hybrid", "-w", "tiny.yaml"),
            "window: unknown key",
        ),
    ],
)
def test_a_mistyped_command(place: Path, sparsim: Type, arguments: tuple[str, ...], message: str) -> None:
    (place / "m.npy").write_bytes(b"not looked at")
    (place / "full").mkdir()
    (place / "full" / "letter.txt").write_text("keep me", encoding="utf-8")
    outcome = sparsim(*arguments)
    assert outcome.code == 2
    assert message in outcome.err
    assert outcome.out == ""
    assert not (place / "reports").exists()
    assert (place / "full" / "letter.txt").exists()


def test_options_allow_as_many_columns_as_a_matrix_may_have() -> None:
    assert MOST_COLUMNS == MAX_DIMENSION


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interrupt_leaves_nothing_half_written(
    place: Path, tmp_path_factory: pytest.TempPathFactory, number: signal.Signals, code: int
) -> None:
    temporary = tmp_path_factory.mktemp("temporary")
    (place / "long.yaml").write_text(
        "name: long\noperations:\n"
        "  - {name: a, kind: SpMSpM, shape: {m: 2048, k: 1024, n: 1024}, weight: {pattern: uniform, density: 0.3},"
        " activation: {pattern: uniform, density: 0.5}}\n",
        encoding="utf-8",
    )
    before = sorted(path.name for path in place.iterdir())
    command = [sys.executable, "-c", "from simulator.cli import main; main()"]
    arguments = ["compare", "crossbar.yaml", "replication.yaml", "-w", "long.yaml", "--jobs", "2"]
    process = subprocess.Popen(
        [*command, *arguments],
        cwd=place,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # a suite that was started in the background has SIGINT ignored
    )
    # work is on its way once inputs lie in the workers' folder, however long a busy machine takes to come to that
    while not any(temporary.glob("sparsim-*/*")):
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(1)
    assert process.poll() is None
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == code
    assert out == ""
    assert "Traceback" not in err
    assert sorted(path.name for path in place.iterdir()) == before
    assert not any(temporary.glob("sparsim-*"))
