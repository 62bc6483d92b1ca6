"""How a chain too large to be tried is cut: about as quick as the quickest cut there is, whatever the buffer has room for."""

from __future__ import annotations

import itertools
from typing import cast

import numpy as np
import pytest
from msgspec.structs import replace

from simulator.engine.engines import ENGINES, EngineName, RunOptions, play
from simulator.kinds import kind_of
from simulator.kinds.units.chain_cuts import BlockCut, ChainCuts, SettledCuts
from simulator.kinds.units.chained import ChainedKind
from simulator.kinds.units.decision import ChainDecision
from simulator.kinds.units.excerpt import Excerpt
from simulator.kinds.units.fusion import FusedPlan, kept_in
from simulator.kinds.units.tries import Alone
from simulator.machine.model import Machine
from tests.run.test_fusion import causal, fused
from tests.strategies import elaborated

TRUNKS = {"x_bytes_per_cycle": 32, "w_bytes_per_cycle": 8, "drain_bytes_per_cycle": 32}
FABRIC = {"units": 16, "lanes": 4, "banks": 16, "bank_kib": 1, "weight_bank_kib": 0.0625, "output_bank_kib": 1}


def _decision(flow: str, fabric: dict[str, object], buffer_kib: float) -> ChainDecision:
    """Of the attention of 16 heads, whose cut no run decides."""
    of = Machine.model_validate(
        {
            "name": flow,
            "dram": {"share": 0.0625},
            "activation_buffer_kib": buffer_kib,
            "trunks": TRUNKS,
            "fabric": {"kind": "gather", **FABRIC, **fabric},
            "mapping": {"dataflow": flow},
        }
    )
    source, *chain = causal(np.random.default_rng(0), 32, 16, 8)
    what = fused(source, *(replace(operation, weight_home="dram") for operation in chain))
    kind, machine = cast("ChainedKind", kind_of(of)), elaborated(of)
    options = RunOptions(ENGINES["compiled"], "none")
    cuts = ChainCuts.of(kind, of.inside(), what.operations[1:], kind.residency(of, what)[1:])
    settings = tuple(each.setting(machine, options) for each in cuts.kinds)
    return ChainDecision(SettledCuts(cuts, settings), 0, machine.dram_burst_bytes, options, most=1)


def _cycles(decision: ChainDecision, cut: BlockCut) -> float:
    return Alone.of(decision.run(cut)).rank("compiled", decision.settled.settings[0].pace.system)[0]


@pytest.mark.parametrize("fabric", [{}, {"replicas": 4, "accumulators": 2}], ids=str)
@pytest.mark.parametrize("flow", ["gather", "scatter"])
def test_the_cut_that_is_chosen_by_its_first_blocks_is_near_the_quickest(flow: str, fabric: dict[str, object]) -> None:
    decision = _decision(flow, fabric, 64)
    cuts = decision.settled.cuts.all()
    assert len(cuts) > 4
    assert _cycles(decision, decision.best()) <= 1.15 * min(_cycles(decision, cut) for cut in cuts)


@pytest.mark.parametrize("flow", ["gather", "scatter"])
def test_room_in_the_buffer_makes_no_chain_slower(flow: str) -> None:
    """Of W that is fetched in every round, room opens cuts of many blocks and few tokens, in which units take least and trunks most."""
    decisions = [_decision(flow, {}, kib) for kib in (4, 8, 16, 64)]
    cycles = [_cycles(decision, decision.best()) for decision in decisions]
    assert all(more <= 1.02 * less for less, more in itertools.pairwise(cycles))
    assert len(decisions[-1].settled.cuts.all()) > len(decisions[0].settled.cuts.all())


@pytest.mark.parametrize("flow", ["gather", "scatter"])
def test_first_blocks_take_equally_long_on_both_engines(flow: str) -> None:
    """Where no kernel is compiled yet, the reference plays them."""
    decision = _decision(flow, {}, 64)
    for cut in decision.settled.cuts.all()[::3]:
        plan = FusedPlan.of(decision.settled, cut, 0, decision.burst_bytes, reuse_tiles=True, tiles=1)
        excerpt = Excerpt.of(decision.settled, cut, plan, kept_in(plan.least_rooms(), decision.residency))
        engines: tuple[EngineName, ...] = ("reference", "compiled")
        by_reference, compiled = (
            [play(engine, decision.settled.settings[0].pace.system, program) for program in (excerpt.once, excerpt.twice)]
            for engine in engines
        )
        assert [each.cycles for each in by_reference] == [each.cycles for each in compiled]
