"""Drafts of processes that were killed: cleared by the next, and nobody else's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.owned import owner_mark
from simulator.report.folder import new_folder, write_whole


def gone() -> str:
    """The mark of a process that has ended."""
    print_mark = "from simulator.owned import owner_mark; print(owner_mark())"
    return subprocess.run([sys.executable, "-c", print_mark], capture_output=True, text=True, check=True).stdout.strip()


def test_what_killed_processes_left_goes_with_the_next_and_what_others_write_stays(tmp_path: Path) -> None:
    dead, live = gone(), owner_mark()
    for mark in (dead, live, "abcdef12", dead.replace(dead[:6], "ffffff")):
        (tmp_path / f".out.{mark}.part").mkdir()
        (tmp_path / f".text.{mark}.part").write_text("half")
    (tmp_path / f".another.{dead}.part").mkdir()
    with new_folder(tmp_path / "out", force=False) as draft:
        (draft / "file").write_text("whole")
    write_whole(tmp_path / "text", b"whole")
    left = {path.name for path in tmp_path.iterdir() if path.name.startswith(".")}
    assert len(left) == 7
    assert not {f".out.{dead}.part", f".text.{dead}.part"} & left
    assert (tmp_path / "out" / "file").read_text() == (tmp_path / "text").read_text() == "whole"


def test_a_folder_that_a_killed_process_had_moved_aside_comes_back(tmp_path: Path) -> None:
    old = tmp_path / f".out.{gone()}.old"
    old.mkdir()
    (old / "run.json").write_text("{}")
    with pytest.raises(ValueError, match="refused"), new_folder(tmp_path / "out", force=True):
        raise ValueError("refused")
    assert os.listdir(tmp_path) == ["out"]
    assert (tmp_path / "out" / "run.json").is_file()
