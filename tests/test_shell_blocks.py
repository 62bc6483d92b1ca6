"""The commands that README and the docs print: each is one that there is; the quick ones run, all of them with `make blocks`."""

from __future__ import annotations

import gzip
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from safetensors.numpy import save_file

from simulator.cli.app import VERBS, application

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"^ *(sparsim .*?) *(?:  #.*)?$", re.MULTILINE)
COMMANDS = {page.stem: found for page in PAGES if (found := COMMAND.findall(page.read_text(encoding="utf-8")))}
QUICK = ("import", "trace", "explain", "inspect configs")
ELSEWHERE = ("scheduler:8786", "--reference", "--liberty", "synth/figures.yaml", "mine-load.yaml")
"""What needs more than this computer, or a file of the reader's own."""
BEFORE = {"compare-tinygpt": COMMANDS["README"][0], "replicas": "sparsim sweep replicas -q"}
"""Commands of README that leave what other pages name."""


def words(command: str) -> list[str]:
    """The arguments of a command, braces taken apart as a shell does."""
    found = []
    for word in shlex.split(command)[1:]:
        brace = re.fullmatch(r"(.*)\{(.*)\}(.*)", word)
        found += [f"{brace[1]}{part}{brace[3]}" for part in brace[2].split(",")] if brace and "," in brace[2] else [word]
    return found


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that has what a checkout has, and the files that a reader brings."""
    for name in ("configs", "workloads"):
        (tmp_path / name).symlink_to(ROOT / name)
    rng = np.random.default_rng(0)
    save_file({f"h.{layer}.mlp.c_fc.weight": rng.normal(size=(96, 64)) for layer in range(2)}, tmp_path / "model.safetensors")
    (tmp_path / "layer.mtx.gz").write_bytes(gzip.compress(b"%%MatrixMarket matrix coordinate pattern general\n8 8 2\n1 3\n5 8\n"))
    (tmp_path / "topology.csv").write_text("Layer name, M, N, K,\nfc, 64, 32, 128,\n", encoding="ascii")
    shutil.copy(ROOT / "configs/studies/locality.yaml", tmp_path / "mine.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", COMMANDS)
def test_a_command_of_a_page_is_one_that_there_is(page: str) -> None:
    """Its verb and its options exist, and have values that they may have; nothing runs."""
    for command in COMMANDS[page]:
        verb, *arguments = words(command)
        known: Any = typer.main.get_command(application([verb]))
        assert verb in VERBS
        known.commands[verb].make_context(verb, arguments)


@pytest.mark.usefixtures("checkout", "handlers")
@pytest.mark.parametrize("command", [command for command in COMMANDS["README"] if command.removeprefix("sparsim ").startswith(QUICK)])
def test_a_quick_command_of_readme_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str) -> None:
    from simulator.cli import main

    monkeypatch.setattr(sys, "argv", ["sparsim", *words(command)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    assert capsys.readouterr().out


@pytest.mark.heavy
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("page", COMMANDS)
def test_the_commands_of_a_page_run_in_order_as_printed(checkout: Path, page: str) -> None:
    """In a shell, one after another, with what the page before them has made in `reports`."""
    (checkout / "sparsim").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sparsim "$@"\n', encoding="utf-8")
    (checkout / "sparsim").chmod(0o755)
    surroundings = os.environ | {"PATH": f"{checkout}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    for verb, *arguments in map(words, COMMANDS[page]):
        if verb == "new":
            # the page begins this file itself, and no reader has brought it
            (checkout / f"{arguments[1]}.yaml").unlink(missing_ok=True)
    before = [] if page == "README" else [made for name, made in BEFORE.items() if any(name in command for command in COMMANDS[page])]
    for command in [*before, *COMMANDS[page]]:
        if not any(part in command for part in ELSEWHERE):
            done = subprocess.run(["bash", "-c", command], cwd=checkout, env=surroundings, capture_output=True, text=True, check=False)
            assert done.returncode in (0, 3), f"{command}\n{done.stderr}"
