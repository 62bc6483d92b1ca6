"""Any terminal will do: poor encodings, narrow windows, no colour, closed pipes, full disks."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import OutputError
from simulator.report.folder import new_folder

Type = Callable[..., Any]
COMMAND = [sys.executable, "-c", "from simulator.cli import main; main()"]


def _typed(*arguments: str, place: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], cwd=place, capture_output=True, check=False, env=os.environ | environment, timeout=60)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_text_is_shown_as_the_encoding_allows(sparsim: Type, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding=encoding))
    assert sparsim("explain", "edap_js_mm2").code == 0
    sys.stdout.flush()
    text = shown.getvalue().decode(encoding)
    assert "?" not in text
    assert ("mm2]" if encoding == "ascii" else "mm²]") in text
    assert ("energy x time" if encoding == "ascii" else "energy × time") in text


def test_json_is_whole_in_every_encoding(place: Path) -> None:
    shown = _typed("run", "crossbar.yaml", "-w", "tiny.yaml", "--set", "name=größe", "--json", place=place, PYTHONIOENCODING="ascii")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["name"] == "größe"
    assert shown.stderr == b""


def test_a_full_disk_is_said_and_not_traced(place: Path) -> None:
    with open("/dev/full", "wb") as full:
        ended = subprocess.run([*COMMAND, "explain"], cwd=place, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert ended.returncode == 2
    assert b"No space left" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_a_terminal_of_no_columns_shows_what_one_without_a_width_does(place: Path, sparsim: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    shown = sparsim("list").out
    monkeypatch.setenv("COLUMNS", "0")
    assert sparsim("list").out == shown != ""


def test_what_matplotlib_logs_is_not_said(place: Path, sparsim: Type) -> None:
    """It may have no folder for fonts, and says so at length."""
    logging.getLogger("matplotlib").setLevel(logging.NOTSET)
    assert sparsim("list").code == 0
    assert not logging.getLogger("matplotlib.font_manager").isEnabledFor(logging.WARNING)


@pytest.mark.usefixtures("no_plots")
@pytest.mark.parametrize("columns", ["40", "300"])
def test_no_number_is_cut_off(place: Path, sparsim: Type, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    machines = ["crossbar", "replication", "systolic"]
    command = ["compare", *(f"{name}.yaml" for name in machines), "-w", "tiny.yaml", "--jobs", "1", "--full"]
    outcome = sparsim(*command, "-o", "out")
    headings = [line.split()[1:] for line in outcome.out.splitlines() if line.startswith("tiny ")]
    assert [name for heading in headings for name in heading] == machines
    assert len(headings) == (3 if columns == "40" else 1), "as many machines beside each other as have room"
    assert "…" not in "".join(line for line in outcome.out.splitlines() if "cycles" in line)


@pytest.mark.usefixtures("no_plots")
def test_the_verdict_comes_first_on_eighty_columns(place: Path, sparsim: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    names = ("crossbar", "replication", "systolic", "partition", "hybrid")
    for name in set(names) - {"crossbar", "replication", "systolic"}:
        text = (Path(__file__).parents[2] / "configs" / "machines" / f"{name}.yaml").read_text(encoding="utf-8")
        Path(f"{name}.yaml").write_text(text, encoding="utf-8")
    command = ["compare", *(f"{name}.yaml" for name in names), "-w", "tiny.yaml", "--jobs", "1", "--bands"]
    outcome = sparsim(*command, "-o", "out")
    lines = outcome.out.rstrip().splitlines()
    assert lines[0].startswith("On tiny, ")
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 22
    full = sparsim(*command, "-o", "out", "--force", "--full").out
    assert full.startswith("\n".join(lines[:-3])), "the same, then all the rest"
    assert "utilization" in full
    assert "utilization:" not in full, "footnotes are in table.txt and in explain"
    assert max(map(len, full.splitlines())) <= 80


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (".", "working directory"),
        ("..", "working directory"),
        ("tiny.yaml/out", "is no folder"),
        ("a" * 300, "too long"),
    ],
)
def test_a_folder_that_cannot_be_is_refused_before_anything_runs(
    place: Path, sparsim: Type, monkeypatch: pytest.MonkeyPatch, output: str, message: str
) -> None:
    monkeypatch.setattr("simulator.cli.study.compare", lambda *arguments, **options: pytest.fail("it ran"))
    outcome = sparsim("run", "crossbar.yaml", "-w", "tiny.yaml", "-o", output)
    assert outcome.code == 2
    assert message in outcome.err


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("technology: 6nm", "other.yaml:3: technology: 6nm"),
        ("technology_overrides: {sram_cel_um2: 1}", "other.yaml:3: technology_overrides.sram_cel_um2"),
        ("mapping: {placement: file, placement_file: none.npy}", "other.yaml:3: mapping.placement_file: none.npy"),
    ],
)
def test_what_only_the_cost_models_know_is_said_with_its_line_before_anything_runs(
    place: Path, sparsim: Type, monkeypatch: pytest.MonkeyPatch, key: str, line: str
) -> None:
    monkeypatch.setattr("simulator.cli.study.compare", lambda *arguments, **options: pytest.fail("it ran"))
    machine = (place / "crossbar.yaml").read_text(encoding="utf-8").replace("name: crossbar", f"name: other\n{key}")
    (place / "other.yaml").write_text(machine, encoding="utf-8")
    outcome = sparsim("compare", "crossbar.yaml", "other.yaml", "-w", "tiny.yaml")
    assert outcome.code == 2
    assert line in outcome.err


def test_a_name_that_is_nothing_gets_the_nearest_of_both_folders(place: Path, sparsim: Type) -> None:
    outcome = sparsim("inspect", "tinygtp")
    assert outcome.code == 2
    assert "crossbar" in outcome.err
    assert outcome.err.rstrip().endswith("nearest: tinygpt")


SWEEP = "name: s\nmachine: crossbar.yaml\nworkload: tiny.yaml\naxes: {fabric.window: [1, 2]}\n"


def test_a_reader_that_has_seen_enough_is_no_failure(place: Path) -> None:
    (place / "s.yaml").write_text(SWEEP, encoding="utf-8")
    typed = f"{sys.executable} -c 'from simulator.cli import main; main()' sweep s.yaml --json-lines -j 0 | head -n 1"
    ended = subprocess.run(["bash", "-o", "pipefail", "-c", typed], cwd=place, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["event"] == "planned"


@pytest.mark.parametrize("arguments", [["explain", "--full"], ["inspect", "crossbar.yaml"]])
def test_whoever_prints_a_reader_that_has_gone_is_no_failure(place: Path, arguments: list[str]) -> None:
    """Typer and rich end with 1 then, which is the code of a bug."""
    with _nobody_reads() as closed:
        ended = subprocess.run([*COMMAND, *arguments], cwd=place, stdout=closed, stderr=subprocess.PIPE, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("arguments", "code", "full"), [(["inspect", "tiny.yaml", "-o", "tiny.svg"], 0, False), (["inspect", "nothing.yaml"], 2, True)]
)
def test_news_that_nobody_can_hear_end_no_command(place: Path, arguments: list[str], code: int, full: bool) -> None:
    """Where stderr is a full disk or a closed pipe: what was asked for is done, and a refusal keeps its code."""
    with open("/dev/full", "wb") if full else _nobody_reads() as deaf:
        ended = subprocess.run([*COMMAND, *arguments], cwd=place, stdout=subprocess.PIPE, stderr=deaf, check=False, timeout=60)
    assert ended.returncode == code
    assert (place / "tiny.svg").exists() == (code == 0)


@pytest.mark.parametrize("command", [["run", "crossbar.yaml", "-w", "tiny.yaml", "-o"], ["import", "m.npy", "-o"], ["trace", "moe", "-o"]])
def test_a_name_of_bytes_that_are_no_text_is_refused_in_words(place: Path, sparsim: Type, command: list[str]) -> None:
    outcome = sparsim(*command, "l\udce9")
    assert outcome.code == 2
    assert "'l\\xe9': is no text in utf-8; rename the file" in outcome.err


def test_a_working_directory_that_is_gone_is_said(place: Path, sparsim: Type) -> None:
    gone = place / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    for command in (["run", str(place / "crossbar.yaml"), "-w", str(place / "tiny.yaml")], ["new", "machine", "m", "--from", "crossbar"]):
        assert "the working directory is no longer there" in sparsim(*command).err


def test_a_full_disk_is_said_of_the_folder_that_was_asked_for(tmp_path: Path) -> None:
    """Not of a file in its draft, which is gone by then."""

    def full() -> None:
        with new_folder(tmp_path / "out", force=False) as draft:
            raise OutputError(f"{draft}/energy.png: cannot be written: No space left on device")

    with pytest.raises(OutputError, match=re.escape(f"{tmp_path}/out/energy.png: cannot be written")):
        full()
    assert list(tmp_path.iterdir()) == []


@contextmanager
def _nobody_reads() -> Iterator[int]:
    """The writing end of a pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        yield writer
    finally:
        os.close(writer)


def test_brackets_in_names_are_names(place: Path, sparsim: Type) -> None:
    (place / "s.yaml").write_text(SWEEP.replace("crossbar.yaml", "'b[red].yaml'"), encoding="utf-8")
    (place / "b[red].yaml").write_text((place / "crossbar.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    outcome = sparsim("sweep", "s.yaml", "-j", "0", "-q", "-o", "out[/x]")
    assert outcome.code == 0, outcome.err
    assert "results in out[/x]/" in outcome.out
    (place / "s.yaml").write_text(SWEEP.replace("axes: {", "axes: {technology: ['7nm', '[/b]'], "), encoding="utf-8")
    assert sparsim("sweep", "s.yaml", "-j", "0", "-q", "-o", "other").code == 3
    assert "[/b]" in sparsim("results", "s").out


def test_an_address_that_is_none_is_refused_at_once(place: Path, sparsim: Type) -> None:
    (place / "s.yaml").write_text(SWEEP, encoding="utf-8")
    outcome = sparsim("sweep", "s.yaml", "-q", "--dask", "foo")
    assert outcome.code == 2
    assert "--dask foo: allowed: tcp://HOST:PORT" in outcome.err


def test_without_stdout_and_stderr_a_command_writes_to_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    from simulator.cli.entry import open_closed_streams

    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    open_closed_streams()
    print("to nowhere", file=sys.stderr)
    assert [stream.name for stream in (sys.stdout, sys.stderr)] == [os.devnull, os.devnull]
    sys.stdout.close()
    sys.stderr.close()


def test_a_command_without_stderr_says_on_stdout_what_it_was_asked_for(place: Path) -> None:
    closed = ["sh", "-c", 'exec "$@" 2>&-', "sh", *COMMAND, "where", "crossbar"]
    ended = subprocess.run(closed, cwd=place, stdout=subprocess.PIPE, check=False, timeout=60)
    assert (ended.returncode, ended.stdout.endswith(b"crossbar.yaml\n")) == (0, True)


def test_news_that_a_full_pipe_cannot_take_are_not_waited_for() -> None:
    """Nobody reads, and the pipe is not to be waited for: what is said is lost, in a moment."""
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    said = "import sys; from simulator.cli.entry import speak_to_anyone; speak_to_anyone(); sys.stderr.write('x' * 500_000)"
    try:
        assert subprocess.run([sys.executable, "-c", said], stderr=writes, timeout=20, check=False).returncode == 0
    finally:
        os.close(reads)
        os.close(writes)
