"""What a command reads is never what `--force` lets it replace."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Type

COMMANDS = (
    ("run", "crossbar.yaml", "-w", "trace", "-o", "trace"),
    ("run", "trace/crossbar.yaml", "-w", "tiny.yaml", "-o", "trace"),
    ("compare", "crossbar.yaml", "systolic.yaml", "-w", "trace", "-o", "trace"),
    ("network", "crossbar.yaml", "-w", "trace", "--traffic", "trace", "-o", "trace"),
    ("training", "crossbar.yaml", "-w", "trace", "-o", "trace"),
    ("breakeven", "--axis", "workload.density", "--between", "crossbar.yaml,systolic.yaml", "-w", "trace", "--prune", "row", "-o", "trace"),
    ("import", "trace/w.npz", "-o", "trace"),
    ("inspect", "trace", "-o", "trace"),
    ("inspect", "trace/crossbar.yaml", "-o", "trace"),
    ("price", "trace/result.json", "-o", "trace"),
    ("price", "trace", "-o", "./trace/../trace"),
    ("sensitivity", "trace", "-o", "trace"),
    ("validate", "--figures", "trace/figures.yaml", "-o", "trace"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_folder_with_what_is_read_is_not_replaced(place: Path, sparsim: Type, command: tuple[str, ...]) -> None:
    np.save("w.npy", np.eye(8))
    assert sparsim("import", "w.npy", "-o", "trace").code == 0
    shutil.copy("crossbar.yaml", "trace/crossbar.yaml")
    Path("trace/result.json").write_text("{}", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in Path("trace").iterdir()}
    refused = sparsim(*command, "--force")
    assert (refused.code, "read by this command, and not replaced; choose another one with -o" in refused.err) == (2, True), refused.err
    assert {path.name: path.read_bytes() for path in Path("trace").iterdir()} == before


def test_a_store_is_not_kept_in_the_folder_that_is_written(place: Path, sparsim: Type) -> None:
    Path("s.yaml").write_text("name: s\nmachine: crossbar.yaml\nworkload: tiny.yaml\naxes: {fabric.window: [1]}\n", encoding="utf-8")
    refused = sparsim("sweep", "s.yaml", "-o", "out", "--store", "out/store.sqlite", "-j", "0")
    assert "out: holds out/store.sqlite, which is read by this command" in refused.err
    assert (refused.code, Path("out").exists()) == (2, False)
