"""The weight decoder by hand, and paid only by machines that have it."""

from typing import Any

import pytest

from simulator.activity import Activity, Bounds, Counts
from simulator.cost import Technology
from simulator.cost.decoder import WeightDecoder
from simulator.pricing import elaborate, price


def test_by_hand(forty_five: Technology) -> None:
    decoder = WeightDecoder(forty_five, elements=4, entry_bits=20, line_bits=64)
    # 8 adders of 112.32 GE, 8 · 20 two-to-one multiplexers of 2.7 GE, 160 flops of 5.9 GE; 0.798 um2 each
    assert decoder.area().cell_mm2 == pytest.approx((8 * 112.32 + 160 * 2.7 + 160 * 5.9) * 0.798e-6)
    # 8 · 49.6 fJ + 160 · 2 fJ + 160 · 2.5 fJ over a line of 64 bits
    assert decoder.energy_pj("decode_bit") == pytest.approx((8 * 0.0496 + 160 * 0.002 + 160 * 0.0025) / 64)


@pytest.mark.parametrize("kind", ["gather", "systolic"])
def test_only_a_machine_that_has_it_pays(seven: Technology, machines: Any, kind: str) -> None:
    ran = Activity(0, 64, Counts(weight_bits_decoded=1000), {}, Bounds(), ())
    with_it = getattr(machines, kind)()
    without = with_it.model_copy(update={"weight_decoder": False})
    costs = [price(ran, elaborate(machine, seven), seven) for machine in (without, with_it)]
    energies = [next(part for part in cost.components if part.name == "dma_staging").energy_pj_by_action for cost in costs]
    assert "decode" not in energies[0]
    assert energies[1]["decode"] > 0
    assert costs[1].area_mm2 > costs[0].area_mm2
