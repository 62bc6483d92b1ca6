"""The kernels of a search say of a schedule what its program, made with NumPy and walked in Python, does."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from simulator.kinds.systolic import compiled
from simulator.kinds.systolic.array_product import product_of
from simulator.kinds.systolic.chains import ArrayChain, _Array, _Outline
from simulator.kinds.systolic.compiled import engine, layout
from simulator.kinds.systolic.compiled.engine import Outline, whole_folds
from simulator.kinds.systolic.fold_tables import cut_of, fold_tables
from simulator.kinds.systolic.folds import fold_steps
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.outlines import Cuts
from simulator.kinds.systolic.program import ArrayProgram
from simulator.kinds.systolic.row_order import in_groups
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.timing import fold_intervals
from simulator.kinds.systolic.ways import Ways
from simulator.pipeline import kernels_needed
from simulator.recall import Recall
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from tests.kinds.systolic.test_search import search, tried, ways
from tests.run.test_fusion import chain_of, fused
from tests.strategies import machine, operation, workload

SEEDS = (3001, 3004, 3010, 3013, 3017)
SLOW = SystemSpec(2.3, 70, 48, 24, 8, 40, 1)
"""Rates at which everything waits for everything else; a burst that does not go evenly into a chunk."""


def rows_of(program: ArrayProgram) -> dict[str, list[int]]:
    """What an outline keeps, as the program has it."""
    times, x, w = program.times, program.x_fills, program.w_fills
    found = {
        "cycles": times.cycles, "delays": times.delays, "x": program.xs.indices, "w": program.ws.indices, "y": program.ys,
        "x_bytes": x.bytes, "x_banks": x.bank_cycles, "w_bytes": w.bytes, "w_banks": w.bank_cycles, "y_bytes": program.y_drains.bytes,
    }  # fmt: skip
    return {name: row.tolist() for name, row in found.items()}


def rows_in(outline: Outline, lengths: dict[str, int]) -> dict[str, list[int]]:
    return {name: row[: lengths[name]].tolist() for name, row in zip(layout.OUTLINE, outline.table, strict=True)}


@pytest.mark.parametrize("seed", SEEDS)
def test_an_outline_is_that_of_its_program(seed: int) -> None:
    of = search(seed)
    for family in ways(of):
        cuts = Cuts(of.machine, of.operation, of.ways.array, of.residency)
        for each in tried(of, family)[:3]:
            outline, program = cuts.outline(family, each), cuts.program(family, each)
            rows = rows_of(program)
            assert rows_in(outline, {name: len(row) for name, row in rows.items()}) == rows
            assert outline.bytes_moved == program.bytes_moved
            for spec in (of.spec, of.spec.made_ideal("trunks"), replace(of.spec, dram_bytes_per_cycle=float("inf")), SLOW):
                assert outline.least_cycles(spec) == program.least_cycles(spec)
                assert outline.earliest_end(spec) == program.earliest_end(spec)


@pytest.mark.parametrize("seed", SEEDS)
def test_folds_of_a_whole_product_are_those_of_its_masks(seed: int) -> None:
    of = search(seed)
    for family in ways(of):
        cut = cut_of(family.product, family.dataflow, family.fabric, family.product.shape, tokens_outermost=False)
        tiles = tuple(((0, extent),) for extent in family.product.shape)
        axes = SystolicSchedule(family.fabric, family.product, family.dataflow, *tiles, "m_rounds").axes
        steps = fold_steps(family.fabric, family.product, family.dataflow, axes)
        whole = int(np.count_nonzero(steps)), int(fold_intervals(family.fabric, steps, family.dataflow).sum())
        assert whole_folds(cut, fold_tables(family.product, cut)) == whole


@pytest.mark.parametrize("density", [0.02, 0.2, 0.7])
def test_rows_are_grouped_as_in_numpy(density: float) -> None:
    random = np.random.default_rng(7)
    for _ in range(8):
        height, width, size = random.integers(1, 30, 3).tolist()
        rows, places = (np.ascontiguousarray(of) for of in np.nonzero(random.random((height, width)) < density))
        assert engine.in_groups(rows, places, height, width, size).tolist() == in_groups(rows, places, height, width, size).tolist()


@pytest.mark.parametrize("widths", [[24, 9, 30], [12, 20, 8, 17]])
@pytest.mark.parametrize("serial", [False, True])
def test_the_array_takes_as_long_for_a_chain_as_tile_by_tile(widths: list[int], serial: bool) -> None:
    random = np.random.default_rng(5)
    options = {"skip_zero_tiles": True, "column_skip": True, "weight_load": "serial" if serial else "overlapped"}
    array = machine({"kind": "systolic", "rows": 8, "cols": 4, "x_buffer_kib": 8, "w_buffer_kib": 8, "y_buffer_kib": 8, **options})
    chain = fused(*chain_of(random, widths, 2, 40, 0.1, 0.3)).operations[1:]
    homes = (Residency("dram", "chip"), *[Residency("chip", "chip")] * (len(chain) - 2), Residency("chip", "dram"))
    of, products = ArrayChain(ArrayMachine.of(array), chain, homes), [product_of(each) for each in chain]
    recall, cuts = Recall(10**4), list(of._cuts(products))[::3]
    wanted = [_Outline.of(products, cut, of.ahead).cycles for cut in cuts]
    for _ in ("found", "remembered"):
        array = _Array(products, of.ahead, True, recall, tuple(each.content for each in chain))
        assert [array.cycles(cut) for cut in cuts] == wanted


@pytest.mark.parametrize("seed", SEEDS)
def test_nonzeros_are_counted_as_in_numpy(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    of = search(seed)
    for family in ways(of):
        for each in tried(of, family)[:2]:
            counted = []
            for kernels in (True, False):
                cuts = Cuts(of.machine, of.operation, of.ways.array, of.residency)
                with monkeypatch.context() as without:
                    without.setattr(type(compiled.WEIGHTS_KERNEL), "ready", kernels)
                    tiles = cuts.program(family, each).edges.weight_tiles
                counted.append(
                    [tiles.form, *(of_tiles.tolist() for of_tiles in (tiles.stored.total, tiles.bank_cycles, tiles.decoded_elements))]
                )
            assert counted[0] == counted[1]


def test_a_small_search_does_not_wait_for_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.engine.compiled.kernel_files.read", lambda name, module: None)
    monkeypatch.setattr("simulator.engine.compiled.kernels._LOADED", {})
    of = search(SEEDS[0])
    family = of.natural[0]
    each = tried(of, family)[0]
    alone = Ways(of.machine, of.operation, of.residency)
    assert isinstance(alone.outline(family, each), ArrayProgram)
    monkeypatch.undo()
    for kernel in compiled.KERNELS:
        kernel.warm_up()
    assert isinstance(alone.outline(family, each), Outline)


def test_kernels_are_compiled_beforehand_where_operations_are_not_small() -> None:
    array, (m, k, n) = machine({"kind": "systolic"}), (256, 256, 256)
    small, large = (workload(operation(np.ones((m, k // part)), np.ones((k // part, n)))) for part in (16, 1))
    assert kernels_needed(array, small, "compiled") == ()
    assert set(compiled.KERNELS) < set(kernels_needed(array, large, "compiled"))
