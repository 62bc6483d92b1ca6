"""A cut of `make fuzz`: whatever a file of any kind holds, a command ends well or says in words why not."""

from pathlib import Path

import pytest

from fuzz.command import Outcome, wrong
from fuzz.inputs import inputs, whole
from fuzz.run import fuzzed


@pytest.mark.usefixtures("handlers")
def test_hostile_files_end_in_words(tmp_path: Path) -> None:
    kinds = [entry for entry in inputs() if not entry.slow]
    with whole(tmp_path):
        assert fuzzed(kinds, 3 * len(kinds), seed=1) == []


def test_what_a_command_may_not_do_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert wrong(Outcome(2, "Error: no such file\n", None, 0.1)) is None
    assert wrong(Outcome(2, "", None, 0.1)) == "exit 2 without a word: "
    assert wrong(Outcome(1, "", KeyError("seconds"), 0.1)) == "KeyError: 'seconds'"
    assert wrong(Outcome(1, "a bug", None, 0.1)) == "exit 1: a bug"
    (tmp_path / ".out.x.part").mkdir()
    assert wrong(Outcome(0, "", None, 0.1)) == "left ['.out.x.part']"
