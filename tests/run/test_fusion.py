"""Fused operations: Y is NumPy's, what one leaves the next takes, nothing of it is in buffer or DRAM, and no bound is beaten."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.activity import Counts
from simulator.engine.engines import ENGINES
from simulator.errors import MappingError
from simulator.kinds import kind_of
from simulator.machine.model import Machine
from simulator.run.run import Timing, run_workload
from simulator.workload.types import Chain, Operation, Workload
from tests.floors import check_floors
from tests.strategies import Matrix, elaborated, gather_machines, machine, operation, run, sparse, workload

EXAMPLES = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
ROOMY = {"bank_kib": 1, "weight_bank_kib": 4, "output_bank_kib": 4}
"""Banks that hold any chain of these tests."""


def diagonal(blocks: list[Matrix]) -> Matrix:
    """Blocks on the diagonal, nothing between them."""
    heights, widths = zip(*(block.shape for block in blocks), strict=True)
    whole = np.zeros((sum(heights), sum(widths)))
    for index, block in enumerate(blocks):
        row, column = sum(heights[:index]), sum(widths[:index])
        whole[row : row + heights[index], column : column + widths[index]] = block
    return whole


def chain_of(random: np.random.Generator, sizes: list[int], batch: int, n: int, density: float, x_density: float) -> tuple[Operation, ...]:
    """A product that makes the operands, and a chain of batched ones: sizes[i + 1] × sizes[i] blocks on n tokens."""
    source = operation(sparse(random, 3, 4, 0.7), sparse(random, 4, n, 1.0), "source")
    chain = []
    for place, (k, m) in enumerate(itertools.pairwise(sizes)):
        w = diagonal([sparse(random, m, k, density) for _ in range(batch)])
        before = (chain[-1].name,) if chain else ()
        made = operation(w, sparse(random, batch * k, n, x_density), f"op{place}", ("source", *before))
        chain.append(replace(made, batch=batch, weight_home=random.choice(["activation", "dram"]).item()))
    return source, *chain


def fused(*operations: Operation, if_fits: bool = False) -> Workload:
    """All but the first, which makes their operands, as a chain."""
    return dataclasses.replace(workload(*operations), fuse=(Chain(tuple(op.name for op in operations[1:]), if_fits),))


@dataclass(frozen=True, eq=False)
class Case:
    """A machine, and a workload with a chain."""

    machine: Machine
    workload: Workload

    def __repr__(self) -> str:
        shapes = [(op.name, op.shape, op.batch, op.weight.nnz, op.weight_home, op.transpose) for op in self.workload.operations]
        return f"Case({self.machine.model_dump(exclude={'dram', 'datatypes'})}, {shapes})"

    @property
    def apart(self) -> Workload:
        return dataclasses.replace(self.workload, fuse=())


@st.composite
def cases(draw: st.DrawFn, /, **fixed: Any) -> Case:
    dataflow = draw(st.sampled_from(["gather", "gather", "scatter", "both"]))
    of = draw(gather_machines(dataflow="gather" if dataflow == "gather" else "scatter", **fixed))
    mapping = of.mapping.model_copy(update={"dataflow": dataflow})
    of = of.model_copy(update={"mapping": mapping})
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = [draw(st.integers(1, 7)) for _ in range(draw(st.integers(3, 4)))]
    density, x_density = draw(st.sampled_from([0.3, 0.7, 1.0])), draw(st.sampled_from([0.2, 0.6, 1.0]))
    operations = list(chain_of(random, sizes, draw(st.integers(1, 4)), draw(st.integers(1, 13)), density, x_density))
    if dataflow == "both":
        for place in range(1, len(operations)):
            if draw(st.booleans()):
                operations[place] = replace(operations[place], transpose="scatter")
    return Case(of, fused(*operations))


def fitting(case: Case, *, unfit: str = "alone gives", **keys: Any) -> Timing:
    """The run; no example where the chain, or as `unfit` says an operation by itself, does not fit."""
    try:
        return run(case.machine, case.workload, **keys)
    except MappingError as error:
        assume("fuse: [" not in str(error) and unfit not in str(error))
        raise


@EXAMPLES
@given(case=cases())
def test_y_is_numpys_and_what_one_leaves_the_next_takes(case: Case) -> None:
    timing = fitting(case)
    activity = timing.activity
    assert sum(activity.unit_cycles.values()) == activity.units * activity.cycles
    assert activity.cycles >= activity.bounds.largest[1]
    links = case.workload.fuse[0].operations[:-1]
    for op, part in zip(case.workload.operations, activity.operations, strict=True):
        assert np.array_equal(timing.outputs[op.name], op.weight.to_dense() @ op.activations.values())
        assert part.counts.list_entries == op.weight.nnz * -(-op.shape[2] // case.machine.fabric.lanes)
        assert part.details["y_home"] == "chip" if op.name in links else part.details["y_home"] != "chip"
        if op.name in links:
            assert part.counts.dram_write_bytes == 0
            assert part.counts.buffer_write_bytes <= part.counts.w_trunk_bytes  # of a W that is kept for later rounds


@EXAMPLES
@given(case=cases(**ROOMY))
def test_where_no_sums_are_added_on_the_bus_as_many_bytes_leave_as_come(case: Case) -> None:
    assume(case.machine.mapping.dataflow == "gather" and case.machine.mapping.assignment != "split")
    parts = fitting(case, engine=ENGINES["compiled"]).activity.operations
    for giver, taker in itertools.pairwise(parts[1:]):
        assert giver.counts.drain_bytes == taker.counts.x_trunk_bytes
        x = case.workload.operations[parts.index(taker)].activations
        assert taker.counts.x_trunk_bytes <= 2 * x.shape[0] * x.shape[1]


@EXAMPLES
@given(case=cases())
def test_both_engines_agree(case: Case) -> None:
    reference = figures(fitting(case))
    assert figures(run(case.machine, case.workload, engine=ENGINES["compiled"])) == reference
    assert figures(run(case.machine, case.workload, reuse_tiles=True)) == reference


def figures(timing: Timing) -> tuple[object, ...]:
    """All but how much was simulated."""
    activity = timing.activity
    return activity.cycles, activity.counts, activity.unit_cycles, activity.bounds


def dram_bytes(counts: Counts) -> int:
    return counts.dram_read_bytes + counts.dram_write_bytes


@EXAMPLES
@given(case=cases(zero_skip=True))
def test_fused_operations_move_no_more_dram_bytes(case: Case) -> None:
    """But for the bursts that are not filled: of each block's operands and outputs the last."""
    compiled = ENGINES["compiled"]
    together = fitting(case, reuse_tiles=True, engine=compiled).activity
    apart = run(case.machine, case.apart, reuse_tiles=True, engine=compiled).activity
    fabric = case.machine.fabric
    transfers = sum(
        part.details["rounds"] * part.details["blocks"] * (2 * fabric.token_groups + 1) + fabric.units for part in together.operations[1:]
    )
    assert dram_bytes(together.counts) <= dram_bytes(apart.counts) + 64 * transfers


@EXAMPLES
@given(case=cases())
def test_no_fused_run_is_below_its_floor(case: Case) -> None:
    timing = fitting(case)
    check_floors(case.machine, case.workload, timing)


@pytest.mark.parametrize("ideal", ["dram", "network"])
def test_what_is_made_perfect_is_no_slower(ideal: Any) -> None:
    random = np.random.default_rng(1)
    what = fused(*chain_of(random, [4, 9, 4], 6, 12, 0.5, 0.5))
    assert run(machine(ROOMY), what, ideal=ideal).activity.cycles <= run(machine(ROOMY), what).activity.cycles


def causal(random: np.random.Generator, tokens: int, heads: int, width: int) -> tuple[Operation, ...]:
    """Scores and what they weigh, a head a block."""
    source = operation(sparse(random, 3, 4, 0.7), sparse(random, 4, tokens, 1.0), "source")
    k = diagonal([sparse(random, tokens, width, 0.5) for _ in range(heads)])
    v = diagonal([sparse(random, width, tokens, 0.5) for _ in range(heads)])
    scores = np.vstack([np.triu(sparse(random, tokens, tokens, 1.0)) for _ in range(heads)])
    made: dict[str, Any] = {"batch": heads, "weight_home": "activation"}
    return (
        source,
        replace(operation(k, sparse(random, heads * width, tokens, 1.0), "qk", ("source",)), **made),
        replace(operation(v, scores, "av", ("source", "qk")), **made),
    )


def test_a_mask_on_the_link_keeps_what_is_masked_from_moving() -> None:
    """Words of 2 of 8 queries: keys 0 … 1, 0 … 3, 0 … 5, 0 … 7 have an unmasked one, 20 words of 2 × 2 bytes a head."""
    parts = run(machine(ROOMY), fused(*causal(np.random.default_rng(0), 8, 3, 2))).activity.operations
    assert parts[1].counts.drain_bytes == parts[2].counts.x_trunk_bytes == 3 * 20 * 4
    assert parts[2].counts.x_words_filled == 3 * 20
    unskipped = run(machine({**ROOMY, "zero_skip": False}), fused(*causal(np.random.default_rng(0), 8, 3, 2))).activity.operations
    assert unskipped[1].counts.drain_bytes == unskipped[2].counts.x_trunk_bytes == 3 * 8 * 8 * 2


def test_what_lies_between_takes_no_room() -> None:
    """A buffer that would hold the scores alone holds Y, and W comes from it."""
    what = fused(*causal(np.random.default_rng(0), 8, 3, 2))
    of = machine(ROOMY, activation_buffer_kib=0.3, activation_format="dense")
    homes = kind_of(of).residency(of, what)
    assert [(home.x, home.w, home.y) for home in homes[1:]] == [("buffer", "buffer", "chip"), ("chip", "buffer", "buffer")]
    apart = kind_of(of).residency(of, dataclasses.replace(what, fuse=()))
    assert [(home.x, home.w, home.y) for home in apart[1:]] == [("buffer", "buffer", "dram"), ("dram", "dram", "buffer")]


@pytest.mark.parametrize(
    ("dataflow", "fabric", "named"),
    [
        ("gather", {"bank_kib": 4 / 1024}, "op1 takes 9 input features of a block, but one half of a copy holds 4 words"),
        (
            "scatter",
            {"bank_kib": 8 / 1024},
            "op0 leaves 9 output features of a block, but one half of a copy holds 4 words of partial sums",
        ),
        ("scatter", {"output_bank_kib": 8 / 1024}, "op1 gives a unit 3 columns of a block, but a half of its own bank holds 2 words"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason_or_not_fused(dataflow: str, fabric: dict[str, Any], named: str) -> None:
    of = machine({**ROOMY, **fabric}, mapping={"dataflow": dataflow})
    operations = chain_of(np.random.default_rng(3), [3, 9, 3], 2, 5, 1.0, 1.0)
    with pytest.raises(MappingError, match=rf"^small: fuse: \[op0, op1\]: {named}.*; raise fabric\."):
        run(of, fused(*operations))
    assert run(of, fused(*operations, if_fits=True)).activity == run(of, workload(*operations)).activity


def test_w_that_would_be_fetched_every_round_is_refused() -> None:
    of = machine({**ROOMY, "weight_bank_kib": 8 / 1024}, activation_buffer_kib=0.01, mapping={"tokens_per_tile": 1})
    with pytest.raises(MappingError, match=r"W of a block, 108 bytes, is walked in 3 rounds of tokens"):
        run(of, fused(*(replace(op, weight_home="activation") for op in chain_of(np.random.default_rng(3), [3, 9, 3], 2, 5, 1.0, 1.0))))


def test_forced_tokens_are_kept_to() -> None:
    operations = chain_of(np.random.default_rng(3), [3, 9, 3], 2, 12, 1.0, 1.0)
    parts = run(machine(ROOMY, mapping={"tokens_per_tile": 2}), fused(*operations)).activity.operations
    assert [part.details["token_words_per_tile"] for part in parts[1:]] == [2, 2]
    with pytest.raises(MappingError, match=r"mapping\.tokens_per_tile = 8, but a tile of a block of the chain has room for"):
        run(machine({**ROOMY, "accumulators": 8, "bank_kib": 32 / 1024}, mapping={"tokens_per_tile": 8}), fused(*operations))


def test_a_chain_of_operations_that_are_not_there_is_refused() -> None:
    source, *rest = chain_of(np.random.default_rng(3), [3, 9, 3], 2, 5, 1.0, 1.0)
    with pytest.raises(MappingError, match=r"^fuse: \[op0, op1\]: the workload has no operation op1$"):
        run(machine(ROOMY), dataclasses.replace(fused(source, *rest), operations=(source, rest[0])))


@pytest.mark.parametrize("threads", [2])
def test_threads_change_nothing(threads: int) -> None:
    what = fused(*chain_of(np.random.default_rng(3), [8, 30, 8], 4, 16, 0.7, 0.7))
    of, compiled = machine({**ROOMY, "bank_kib": 4}), ENGINES["compiled"]
    timings = [
        run_workload(elaborated(of), what, compiled, ideal="none", reuse_tiles=True, threads=count, progress=lambda *_: None)
        for count in (1, threads)
    ]
    assert figures(timings[0]) == figures(timings[1])
