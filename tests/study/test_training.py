"""A training step: phases add up, the cap is arithmetic, a new mask's cost by hand; typed as a user types it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from simulator import load_machine, load_workload
from simulator.cost import load_technology
from simulator.errors import ConfigError
from simulator.kinds.units.machine import UnitsMachine
from simulator.pricing import elaborate
from simulator.report.folder import as_text
from simulator.study.training import PHASES, StepStudy, rebuild_cost, step_summary, step_table, study_step
from simulator.workload.made import whole_step

MACHINE = """
name: small
dram: {share: 0.03125}
activation_buffer_kib: 64
fabric: {kind: gather, units: 4, lanes: 4, banks: 8, bank_kib: 4, weight_bank_kib: 4, output_bank_kib: 4, lane_tree: true}
"""
STEP = """
name: step
operations:
  - {name: fc, kind: SpMM, shape: {m: 32, k: 16, n: 8}, weight: {pattern: uniform, density: 0.25}, activation: {pattern: dense}}
  - {name: fc.dx, kind: SpMM, shape: {m: 16, k: 32, n: 8}, weight_of: fc, transpose: stored, activation: {pattern: dense}, depends_on: [fc]}
  - name: fc.dw
    depends_on: [fc.dx]
"""
SAMPLED = """    kind: SDDMM
    shape: {m: 32, k: 16, n: 8}
    weight_of: fc
    activation: {pattern: dense}
    gradient: {pattern: dense}
"""
WHOLE = """    kind: GEMM
    shape: {m: 32, k: 8, n: 16}
    weight: {pattern: dense}
    activation: {pattern: dense}
    weight_home: activation
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "small.yaml").write_text(MACHINE, encoding="utf-8")
    (tmp_path / "step.yaml").write_text(STEP + SAMPLED, encoding="utf-8")
    (tmp_path / "step-dense-dw.yaml").write_text(STEP + WHOLE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def study(place: Path) -> StepStudy:
    return study_step(load_machine("small.yaml"), load_workload("step.yaml"), load_workload("step-dense-dw.yaml"))


def test_phases_partition_a_run(study: StepStudy) -> None:
    for result, phases in ((study.sampled, study.sampled_phases), (study.dense, study.dense_phases)):
        assert [phase.name for phase in phases] == ["forward", "dX", "dW"]
        assert sum(phase.cycles for phase in phases) == max(operation.end_cycle for operation in result.activity.operations)
        assert sum(phase.macs_useful for phase in phases) == result.useful_macs
        assert sum(phase.energy_pj for phase in phases) == pytest.approx(sum(operation.energy_pj for operation in result.operations))
    sampled, whole = (next(phase for phase in phases if phase.name == "dW") for phases in (study.sampled_phases, study.dense_phases))
    assert (sampled.macs_useful, whole.macs_useful) == (128 * 8, 32 * 16 * 8)


def test_the_cap_is_arithmetic(study: StepStudy) -> None:
    assert study.weight_density == 0.25
    assert study.cap == 2.0
    assert study.gain == study.dense.cycles / study.sampled.cycles
    assert study.linear_gain == pytest.approx(study.gain, rel=0.02), "a step without attention, but for what it takes to end"
    assert study.ideal_dense_cycles == 3 * 32 * 16 * 8 // 16
    # at one weight in 64, as the model of width 1,024 has it
    assert replace(study, weight_density=1 / 64).cap == pytest.approx(2.909, abs=5e-4)


def test_a_new_mask_by_hand(place: Path) -> None:
    technology = load_technology("7nm")
    elaborated = elaborate(load_machine("small.yaml"), technology)
    rebuild = rebuild_cost(elaborated, technology, load_workload("step.yaml").operations)
    entry_bits = UnitsMachine.of(elaborated.machine).weight_entry_bits(dense=False)
    assert (rebuild.matrices, rebuild.weights, rebuild.nonzeros) == (1, 512, 128)
    assert rebuild.read_bytes == 2 * 512 * 2
    # the lists of W, and those of its stored transpose
    assert rebuild.written_bytes == 2 * (128 * entry_bits // 8)
    assert rebuild.compare_cycles == 2 * 512 // 16
    assert rebuild.dram_cycles == math.ceil((rebuild.read_bytes + rebuild.written_bytes) / elaborated.dram_bytes_per_cycle)
    # 32 rows of W and 16 of its transpose, each over four units: two comparisons
    assert rebuild.balance_cycles == (32 + 16) * 2
    assert rebuild.cycles == max(rebuild.dram_cycles, rebuild.compare_cycles) + rebuild.balance_cycles
    assert rebuild.dram_energy_pj > 0


def test_a_new_mask_is_spread_over_steps(study: StepStudy) -> None:
    assert study.rebuild_time_share(1) == study.rebuild.cycles / study.sampled.cycles
    once, seldom = study.to_dict(1)["rebuild"], study.to_dict(10)["rebuild"]
    assert (once["every_steps"], seldom["every_steps"]) == (1, 10)
    assert seldom["share_of_time"] == pytest.approx(once["share_of_time"] / 10)
    assert seldom["share_of_energy"] == pytest.approx(once["share_of_energy"] / 10)


def test_steps_that_are_not_the_same_are_refused(place: Path) -> None:
    machine, step, whole = load_machine("small.yaml"), load_workload("step.yaml"), load_workload("step-dense-dw.yaml")
    with pytest.raises(ConfigError, match="no sampled product"):
        study_step(machine, whole, step)
    with pytest.raises(ConfigError, match="not the step of step with whole dW"):
        study_step(machine, step, step)


def test_whole_dw_is_made_of_what_the_sampled_one_is_made_of(place: Path) -> None:
    """Of a quarter of dY and half of X: pairs of nonzeros, token by token, and fewer events than of dense operands."""
    sparse = SAMPLED.replace("gradient: {pattern: dense}", "gradient: {pattern: uniform, density: 0.25}").replace(
        "activation: {pattern: dense}", "activation: {pattern: uniform, density: 0.5}"
    )
    (place / "sparse.yaml").write_text(STEP + sparse, encoding="utf-8")
    machine, step = load_machine("small.yaml"), load_workload("sparse.yaml")
    study = study_step(machine, step, whole_step(step))
    dw = step.operations[-1]
    assert dw.gradient is not None and dw.gradient.mask is not None and dw.activations.mask is not None  # noqa: PT018
    pairs = int(dw.gradient.mask.sum(axis=0) @ dw.activations.mask.sum(axis=0))
    whole = next(phase for phase in study.dense_phases if phase.name == "dW")
    assert whole.macs_useful == pairs < 32 * 16 * 8 // 4
    assert whole.macs_dense == 32 * 16 * 8
    dense = load_workload("step-dense-dw.yaml")
    assert study.dense.energy_pj < study_step(machine, load_workload("step.yaml"), dense).dense.energy_pj
    with pytest.raises(ConfigError, match=r"fc.dw is made of a dY of 256 nonzeros and an X of 128, the sampled one of 64 and 64"):
        study_step(machine, step, dense)


def test_every_suffix_is_of_one_phase() -> None:
    suffixes = [suffix for those in PHASES.values() for suffix in those]
    assert len(suffixes) == len(set(suffixes))


def test_a_terminal_shows_a_screen_and_the_table_every_figure(study: StepStudy) -> None:
    first, table = as_text(step_summary(study, 10), 80), as_text(step_table(study, 10), 80)
    for text in (first, table):
        assert "dW sampled (SDDMM)" in text
        assert "2.00×" in text
        assert "every 10 steps" in text
        assert max(map(len, text.splitlines())) <= 80
    assert len(first.splitlines()) <= 17
    assert f"{study.rebuild.cycles:,}" in table
