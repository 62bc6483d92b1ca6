"""The table of a training step."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simulator.report.numbers import percent, significant, times
from simulator.study.training.step import Phase, StepStudy


def step_table(study: StepStudy, every: int) -> RenderableType:
    """Phases of both steps, what is gained and what caps it, and a change of the masks every so many steps."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    for heading in (f"{study.machine}: training step", "useful MACs", "of dense", "cycles", "share", "energy µJ", "share"):
        table.add_column(heading, justify="left" if not table.columns else "right", no_wrap=True)
    dense = {phase.name: phase for phase in study.dense_phases}
    for phase in study.sampled_phases:
        label = f"{phase.name} at the nonzeros (SDDMM)" if phase.name == "dW" else phase.name
        table.add_row(label, *_figures(phase, study.sampled.cycles, study.sampled.energy_pj))
    table.add_row("step with sampled dW", *_total(study.sampled_phases, study.sampled.cycles, study.sampled.energy_pj), style="bold")
    table.add_row("dW whole", *_figures(dense["dW"], study.dense.cycles, study.dense.energy_pj))
    table.add_row("step with whole dW", *_total(study.dense_phases, study.dense.cycles, study.dense.energy_pj), style="bold")
    return Group(table, Text(), *_gains(study), Text(), *_rebuild(study, every))


def _figures(phase: Phase, cycles: int, energy_pj: float) -> list[str]:
    return [
        f"{phase.macs_useful:,}",
        percent(phase.macs_useful / phase.macs_dense),
        f"{phase.cycles:,}",
        percent(phase.cycles / cycles),
        significant(phase.energy_pj * 1e-6),
        percent(phase.energy_pj / energy_pj),
    ]


def _total(phases: tuple[Phase, ...], cycles: int, energy_pj: float) -> list[str]:
    useful, dense = sum(phase.macs_useful for phase in phases), sum(phase.macs_dense for phase in phases)
    return [f"{useful:,}", percent(useful / dense), f"{cycles:,}", "", significant(energy_pj * 1e-6), ""]


def _gains(study: StepStudy) -> list[Text]:
    ideal = study.ideal_dense_cycles
    return [
        Text(
            f"cap while dW stays whole: {significant(study.cap, 4)}× over a dense step, by arithmetic of the sparse linear products: "
            f"3 ÷ (1 + 2 d), d = {significant(study.weight_density)}"
        ),
        Text(
            f"against a dense array with as many multipliers, always busy ({ideal:,} cycles): "
            f"whole dW {times(ideal / study.dense.cycles)}, sampled dW {times(ideal / study.sampled.cycles)}"
        ),
        Text(
            f"sampled against whole dW: {times(study.gain)} in time ({times(study.linear_gain)} of the linear products alone), "
            f"{times(study.energy_gain)} in energy",
            style="bold",
        ),
    ]


def _rebuild(study: StepStudy, every: int) -> list[Text]:
    rebuild = study.rebuild
    return [
        Text(f"a new mask of {rebuild.matrices} matrices: {rebuild.nonzeros:,} of {rebuild.weights:,} weights", style="bold"),
        Text(
            f"  select {rebuild.read_bytes:,} bytes read; lists {rebuild.written_bytes:,} bytes written: "
            f"{rebuild.dram_cycles:,} cycles of DRAM, {significant(rebuild.dram_energy_pj * 1e-6)} µJ; "
            f"{rebuild.compare_cycles:,} of comparisons"
        ),
        Text(f"  rebalance rows over units: {rebuild.balance_cycles:,} cycles; together {rebuild.cycles:,}"),
        Text(
            f"  every {every} step{'s' if every > 1 else ''}: {percent(study.rebuild_time_share(every))} of the time of a step with "
            f"sampled dW, {percent(study.rebuild_energy_share(every))} of its energy "
            "(streaming model, not simulated; comparisons not charged)"
        ),
    ]
