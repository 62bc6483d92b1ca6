"""Every malformed file of tests/malformed gets one error that says where it is wrong and what is allowed."""

import json
from pathlib import Path

import pytest

from simulator.errors import ConfigError, OperandError
from simulator.machine import load_machine
from simulator.workload import load_workload

FOLDER = Path(__file__).parent.parent / "malformed"
EXPECTED: dict[str, list[str]] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_message_says_where_and_what(name: str) -> None:
    load = load_machine if name.startswith("machines/") else load_workload
    with pytest.raises((ConfigError, OperandError)) as caught:
        load(FOLDER / name)
    message = str(caught.value)
    assert message.startswith(str(FOLDER / name))
    assert [fragment for fragment in EXPECTED[name] if fragment not in message] == []
    assert "pydantic" not in message


def test_the_table_names_every_file() -> None:
    assert sorted(EXPECTED) == sorted(str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.yaml"))
    assert len(EXPECTED) >= 30
