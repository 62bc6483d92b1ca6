"""`sparsim run --trace`."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Type
from tests.timeline.trace_rules import check

RUN = ("run", "crossbar.yaml", "-w", "tiny.yaml", "--engine", "reference", "--no-plots")


def test_a_timeline_beside_the_results_of_a_run_without(place: Path, sparsim: Type) -> None:
    traced = sparsim(*RUN, "--trace", "out/t.json", "--trace-tile", "second:0", "-o", "traced")
    assert traced.code == 0, traced.err
    assert sparsim(*RUN, "-o", "plain").code == 0
    assert Path("traced/result.json").read_bytes() == Path("plain/result.json").read_bytes()
    file = json.loads(Path("out/t.json").read_text(encoding="utf-8"))
    check(file["traceEvents"])
    assert file["otherData"]["cycles"] == json.loads(Path("plain/result.json").read_text(encoding="utf-8"))["cycles"]
    again = sparsim(*RUN, "--trace", "out/t.json", "-o", "another")
    assert again.code == 2
    assert "exists already" in again.err
    assert not Path("another").exists()


def test_a_packed_timeline_is_the_same_file(place: Path, sparsim: Type) -> None:
    for name in ("t.json", "t.json.gz"):
        assert sparsim(*RUN, "--trace", name, "-o", f"with-{name}").code == 0
    assert gzip.decompress(Path("t.json.gz").read_bytes()) == Path("t.json").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--trace-tile", "first:0"), "name its file with --trace"),
        (("--trace", "t.json", "--ideal", "dram"), "cannot be given together with --ideal"),
        (("--trace", "t.json", "--trace-tile", "frist:0"), "nearest: first"),
        (("--trace", "./tiny.yaml", "--force"), "tiny.yaml: is read by this command, and not replaced; choose another one with --trace"),
        (("--trace", ".", "--force"), ".: is a folder, and no file can stand there; choose another one with --trace"),
    ],
)
def test_what_cannot_be_traced(place: Path, refusal: Callable[..., str], options: tuple[str, ...], message: str) -> None:
    assert message in refusal(*RUN, *options)
    assert not Path("t.json").exists()
