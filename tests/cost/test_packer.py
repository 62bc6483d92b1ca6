"""The packer of activations by hand, and paid only by machines that pack."""

from typing import Any

import pytest

from simulator.activity import Activity, Bounds, Counts
from simulator.cost import Technology
from simulator.cost.packer import ActivationPacker
from simulator.pricing import elaborate, price


def test_by_hand(forty_five: Technology) -> None:
    packer = ActivationPacker(forty_five, elements=4, element_bits=16)
    # 4 · 2 adders of 3 bits of 1.3 · 5.4 GE, 4 · 2 · 16 multiplexers of 2.7 GE, 64 gates, 2 · 4 · 17 flops of 5.9 GE; 0.798 um2 each
    assert packer.area().cell_mm2 == pytest.approx((8 * 3 * 7.02 + 128 * 2.7 + 64 + 136 * 5.9) * 0.798e-6)
    # of an element: 2 · 3 · 3.1 fJ, 16 · 2 multiplexer levels of 2 fJ, 34 flops of 2.5 fJ
    assert packer.energy_pj("element") == pytest.approx(2 * 3 * 0.0031 + 16 * 2 * 0.002 + 34 * 0.0025)


@pytest.mark.parametrize("kind", ["gather", "systolic"])
def test_only_a_machine_that_packs_pays(seven: Technology, machines: Any, kind: str) -> None:
    ran = Activity(0, 64, Counts(activations_unpacked=1000, activations_packed=500), {}, Bounds(), ())
    packs = getattr(machines, kind)()
    costs = [price(ran, elaborate(of, seven), seven) for of in (packs, packs.model_copy(update={"activation_format": "dense"}))]
    energies = [next(part for part in cost.components if part.name == "dma_staging").energy_pj_by_action for cost in costs]
    assert energies[0]["unpack"] == pytest.approx(2 * energies[0]["pack"])
    assert energies[0]["pack"] > 0
    assert not {"pack", "unpack"} & set(energies[1])
    assert costs[0].area_mm2 > costs[1].area_mm2


def test_what_is_unpacked_into_an_array_is_written_by_the_element(seven: Technology, machines: Any) -> None:
    counted = [
        Counts(x_trunk_bytes=640, x_bytes_unpacked=size, x_elements_unpacked=elements)
        for size, elements in ((0, 0), (640, 320), (640, 640))
    ]
    written = []
    for counts in counted:
        cost = price(Activity(0, 64, counts, {}, Bounds(), ()), elaborate(machines.systolic(), seven), seven)
        actions = next(part for part in cost.components if part.name == "x_buffer").energy_pj_by_action
        written.append(actions["fill"] + actions["fill_unpacked"])
    assert written[0] == pytest.approx(written[1])
    assert written[2] == pytest.approx(2 * written[1])
