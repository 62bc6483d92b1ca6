"""A new kind is one registration, and nobody outside `simulator/kinds` knows which kinds there are."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import simulator
import simulator.kinds
from simulator.cli.app import application
from simulator.errors import ConfigError
from simulator.kinds import KINDS, Kind, kind_of, registered
from simulator.report.plots.style import component_colours
from simulator.study.design import design_of
from tests.kinds.scalar import SCALAR
from tests.source import PACKAGE, imports, outside_of_kinds, trees

_OF_IDEAL = {"cli/options.py", "run/levels.py", "run/perfect.py", "activity.py", "engine/engines.py", "system/spec.py"}
OTHER_MEANINGS = {
    "both": _OF_IDEAL,
    "scatter": {"system/weights.py", "workload/spec.py", "workload/types.py"},
    "sampled": {"workload/models/__init__.py", "workload/models/transformers.py"},
}
"""Where a kind's name is a word of something else: what `ideal` makes perfect; how a trace reads a transpose; a gradient's form."""


def test_no_module_outside_imports_from_within_a_kind() -> None:
    kinds = {f"simulator.kinds.{path.name}" for path in (PACKAGE / "kinds").iterdir() if path.is_dir()}
    found = [
        (name, node.module) for name in outside_of_kinds() for node in imports()[name] if ".".join(str(node.module).split(".")[:3]) in kinds
    ]
    assert found == []


def test_what_is_taken_from_the_registry_is_no_kind() -> None:
    taken = {
        alias.name for name in outside_of_kinds() for node in imports()[name] if node.module == "simulator.kinds" for alias in node.names
    }
    assert taken <= set(simulator.kinds.__all__)
    assert not any(isinstance(getattr(simulator.kinds, name), Kind) for name in taken)


def test_no_module_outside_has_a_class_or_a_function_of_a_kind() -> None:
    """`GatherSchedule`, `run_scatter`: a definition that carries a kind's name belongs into its folder."""
    names = {kind.name for kind in KINDS} - {"both"}
    pairs = ("workload/types.py", "sampled_pairs")  # an operation's own count, whatever does it
    found = [
        (module, node.name)
        for module in outside_of_kinds()
        for node in ast.walk(trees()[module])
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and names & {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", node.name)}
    ]
    assert found == [pairs]


def test_no_module_outside_names_a_kind() -> None:
    names = {kind.name for kind in KINDS}
    found = [
        (name, node.value)
        for name in outside_of_kinds()
        for node in ast.walk(trees()[name])
        if isinstance(node, ast.Constant) and node.value in names and name not in OTHER_MEANINGS.get(str(node.value), set())
    ]
    assert found == []


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Path]:
    """A machine file of the example, while it is known."""
    file = tmp_path / "tiny.yaml"
    file.write_text("name: tiny\nfabric: {kind: scalar, alus: 16}\n", encoding="utf-8")
    with registered(SCALAR):
        yield file


def test_a_new_kind_is_read_run_and_priced(machine: Path) -> None:
    tiny = simulator.load_machine(machine)
    assert (kind_of(tiny), design_of(tiny)) == (SCALAR, "scalar")
    load = simulator.load_workload("spmm-1024")
    result = simulator.simulate(tiny, load)
    dense = sum(op.macs_dense for op in load.operations)
    assert result.cycles >= dense / 16
    assert result.energy_pj == pytest.approx(sum(result.cost.energy_pj_by_component().values()))
    assert result.cost.area_mm2_by_component()["alus"] > 0


def test_mistakes_in_its_section_are_told(machine: Path) -> None:
    machine.write_text("name: tiny\nfabric: {kind: scalar, alu: 16}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"fabric.alu: unknown key; allowed: kind, alus; nearest: alus"):
        simulator.load_machine(machine)
    machine.write_text("name: tiny\nfabric: {kind: scalr}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r'fabric.kind: found "scalr"; allowed: gather, systolic, scalar; nearest: scalar'):
        simulator.load_machine(machine)


def test_every_command_takes_it(machine: Path, tmp_path: Path) -> None:
    """Run, compared, swept, inspected, explained: with nothing else changed."""

    def typed(*arguments: str) -> str:
        ended = CliRunner().invoke(application(arguments), list(arguments))
        assert ended.exit_code == 0, ended.output
        return ended.output

    out = tmp_path / "out"
    record = json.loads(typed("run", str(machine), "-w", "spmm-1024", "--json"))
    assert record["cycles"] > 0
    typed("compare", str(machine), "systolic", "-w", "spmm-1024", "-j", "1", "-o", str(out))
    assert "ALUs" in (out / "table.txt").read_text(encoding="utf-8")
    assert component_colours()["alus"] == "#7a9e2f"
    sweep = tmp_path / "sizes.yaml"
    sweep.write_text(
        f"name: sizes\nmachine: {machine}\nworkload: spmm-1024\naxes: {{fabric.alus: [8, 16, 32]}}\nobjectives: {{seconds: min}}\n",
        encoding="utf-8",
    )
    swept = tmp_path / "swept"
    typed("sweep", str(sweep), "-j", "0", "-q", "--store", str(tmp_path / "store.sqlite"), "-o", str(swept))
    assert len((swept / "points.csv").read_text(encoding="utf-8").splitlines()) == 4
    assert list(swept.glob("*.png"))
    shown = typed("inspect", str(machine))
    assert "tiny" in shown
    assert "arithmetic of its own" in shown
    assert "multiplier" in typed("explain", "mac_slots")
    assert "multipliers side by side" in typed("explain", "alus")


def test_it_is_gone_again(tmp_path: Path) -> None:
    file = tmp_path / "tiny.yaml"
    file.write_text("name: tiny\nfabric: {kind: scalar}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="allowed: gather, systolic"):
        simulator.load_machine(file)
