"""Names that are safe as those of files, wherever results are taken."""

from __future__ import annotations

import pytest

from simulator.errors import ConfigError
from simulator.machine import load_machine
from simulator.specs.files import config_path
from simulator.specs.naming import fault_of
from simulator.workload.importing.trace import _clean


@pytest.mark.parametrize("name", ["..", ".hidden", "-q", "CON", "lpt1.txt", "a/b", "", "a b", "n" * 65])
def test_names_that_are_no_names_of_files_are_refused_by_line(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("machines") / "mine.yaml"
    file.write_text(config_path("machines", "crossbar").read_text(encoding="utf-8").replace("name: crossbar", f'name: "{name}"'), "utf-8")
    with pytest.raises(ConfigError, match=r"mine.yaml:7: name: found .*; allowed: "):
        load_machine(file)
    assert fault_of(name) is not None


@pytest.mark.parametrize("name", ["mine", "crossbar.2", "機械", "+x", "console", "_", "n" * 64])
def test_other_names_are_allowed(name: str) -> None:
    assert fault_of(name) is None


@pytest.mark.parametrize("name", ["con", "../x", "NUL.weight", "-.-", "a b", "ünï", "x" * 99])
def test_what_is_imported_gets_names_of_files(name: str) -> None:
    assert fault_of(_clean(name)) is None
