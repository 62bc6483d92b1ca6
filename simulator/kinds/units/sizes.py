"""Sizes of a fabric of units: units, copies, groups and banks, and the words for how copies and networks share them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterator
from typing import Any, ClassVar

from simulator.kinds.sizes import POWERS, Grid, Keys, OnChipSram, Sizes
from simulator.kinds.units.machine import UnitsMachine
from simulator.machine.model import Elaborated, Machine

_LEAST_BANKS, _MOST_BANKS = 8, 1024
_BANKS_A_UNIT = "banks a unit of the cluster"
_LANES = (4, 8, 16, 32, 64, 128, 256)
_SLOTS = (1, 2, 4, 8, 16, 32)
_OF_A_NETWORK = ("fabric.network.", "fabric.multicast")


class UnitsSizes(Sizes):
    """`crossbar`: one copy for all units; `replication`: a copy for every unit; `hybrid`: several, each for several units;
    `partition`: several token groups, whatever copies they have."""

    grid: ClassVar[Grid] = {
        "fabric.units": (8, 16, 32, 64, 128, 256, 512),
        "fabric.lanes": (8, 16, 32, 64, 128, 256),
        "fabric.token_groups": (1, 2, 4, 8, 16, 32, 64, 128, 256),
        "fabric.replicas": (1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
        # a copy has at least 8 banks, as `banks: auto` would give it
        _BANKS_A_UNIT: (1, 2, 4),
        "fabric.bank_kib": (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0),
        "fabric.network.slices": ("auto", 1),
        "mapping.tokens_per_tile": ("auto", 1, 2, 4),
    }
    ladders: ClassVar[Grid] = {
        "fabric.lanes": _LANES,
        "fabric.banks": tuple(2**power for power in range(11)),
        "fabric.bank_kib": POWERS,
        "fabric.weight_bank_kib": POWERS,
        "fabric.output_bank_kib": POWERS,
        "fabric.window": (1, 2, 4, 8, 16, 32, 64),
        "fabric.accumulators": _SLOTS,
        "fabric.scan_width": (1, 2, 4, 8, 16),
        "fabric.bank_ports": (1, 2),
        "fabric.bank_queue": _SLOTS,
        "fabric.multicast": (False, True),
        "fabric.network.depth": _SLOTS,
        "fabric.network.reply_depth": _SLOTS,
        "fabric.network.iterations": (1, 2, 4, 8),
        "fabric.network.slices": ("auto", 1),
        "mapping.tokens_per_tile": ("auto", 1, 2, 4, 8, 16),
    }
    members = ("fabric.bank_kib", "fabric.network.slices", "mapping.tokens_per_tile")
    freed: ClassVar[Keys] = {"mapping.tokens_per_tile": "auto"}
    fitted = ("fabric.bank_kib", "fabric.weight_bank_kib", "fabric.output_bank_kib")
    scaled = ("fabric.units",)
    settled = ("fabric.banks",)

    def design(self, machine: Machine) -> str:
        """By its token groups, copies and units."""
        fabric = UnitsMachine.of(machine).fabric
        return _design(fabric.units, fabric.token_groups, fabric.replicas)

    def size(self, machine: Machine) -> int:
        """A crossbar's units; the copies of a replication or hybrid and the groups of a partition, whose clusters stay as they are."""
        fabric, design = UnitsMachine.of(machine).fabric, self.design(machine)
        return fabric.units if design == "crossbar" else fabric.token_groups if design == "partition" else fabric.replicas

    def at_size(self, machine: Machine, size: int) -> Keys:
        """A crossbar keeps its banks a unit."""
        of, design = UnitsMachine.of(machine), self.design(machine)
        fabric = of.fabric
        if design == "crossbar":
            banks = math.ceil(size * fabric.banks_per_copy / fabric.units)
            return {
                "fabric.units": size,
                "fabric.banks": _power_of_two(banks) if of.mapping.placement == "hashed" else banks,
            }
        if design == "partition":
            return {"fabric.units": size * fabric.replicas * fabric.units_per_cluster, "fabric.token_groups": size}
        return {"fabric.units": size * fabric.units_per_cluster, "fabric.replicas": size}

    def named(self, machine: Machine) -> str:
        """Its units."""
        return f"{UnitsMachine.of(machine).fabric.units} units"

    def own(self, machine: Machine) -> tuple[Keys, Grid]:
        """Without a network there is nothing to slice."""
        fabric = UnitsMachine.of(machine).fabric
        own: dict[str, Any] = {
            "fabric.units": fabric.units,
            "fabric.lanes": fabric.lanes,
            "fabric.token_groups": fabric.token_groups,
            "fabric.replicas": fabric.replicas,
            _BANKS_A_UNIT: fabric.banks_per_copy / fabric.units_per_cluster,
            "fabric.bank_kib": fabric.bank_kib,
            "fabric.network.slices": fabric.network.slices,
            "mapping.tokens_per_tile": UnitsMachine.of(machine).mapping.tokens_per_tile,
        }
        return own, self.grid if fabric.has_network else {**self.grid, "fabric.network.slices": ()}

    def families(self, machine: Machine, grid: Grid) -> Iterator[Keys]:
        """Of the same design; the banks of a copy follow from those a unit."""
        design, least_banks = self.design(machine), 1 if UnitsMachine.of(machine).fabric.banks_per_copy < _LEAST_BANKS else _LEAST_BANKS
        seen: set[tuple[Any, ...]] = set()
        tried = ("fabric.units", "fabric.token_groups", "fabric.replicas", "fabric.lanes", _BANKS_A_UNIT)
        for units, groups, replicas, lanes, ratio in itertools.product(*(grid[key] for key in tried)):
            if units % (groups * replicas) or _design(units, groups, replicas) != design:
                continue
            banks = max(least_banks, round(ratio * (units // (groups * replicas))))
            shape = (units, groups, replicas, lanes, banks)
            if banks <= _MOST_BANKS and shape not in seen:
                seen.add(shape)
                names = ("fabric.units", "fabric.token_groups", "fabric.replicas", "fabric.lanes", "fabric.banks")
                yield dict(zip(names, shape, strict=True))

    def takes(self, machine: Machine, key: str) -> bool:
        """Where a copy serves one unit there is no network."""
        return UnitsMachine.of(machine).fabric.has_network or not key.startswith(_OF_A_NETWORK)

    def paired_steps(self, machine: Machine) -> Iterator[Keys]:
        """Units, copies and groups, with the banks that serve them or without; words with the memories that hold them; queues."""
        fabric = UnitsMachine.of(machine).fabric
        own: dict[str, Any] = {
            "fabric.units": fabric.units,
            "fabric.banks": fabric.banks_per_copy,
            "fabric.replicas": fabric.replicas,
            "fabric.token_groups": fabric.token_groups,
            "fabric.lanes": fabric.lanes,
            "fabric.bank_kib": fabric.bank_kib,
            "fabric.output_bank_kib": fabric.output_bank_kib,
        }
        for more, fewer in (_doubled, _halved), (_halved, _doubled):
            units, banks, copies, groups, lanes, bank_kib, output_kib = ({key: more(value)} for key, value in own.items())
            fewer_units, fewer_banks, fewer_copies = ({key: fewer(own[key])} for key in ("fabric.units", "fabric.banks", "fabric.replicas"))
            yield from (units, units | banks, units | copies, units | groups)
            yield from (copies, copies | fewer_banks, groups, groups | fewer_copies, groups | fewer_banks)
            yield from (lanes | bank_kib, lanes | bank_kib | output_kib, lanes | bank_kib | fewer_units)
            yield lanes | bank_kib | fewer_units | fewer_banks
            yield fewer_banks | bank_kib
            if fabric.units_per_cluster == 1:
                yield lanes | bank_kib | output_kib | fewer_units | fewer_copies
        if fabric.has_network and fabric.network.topology == "full":
            other = {"fabric.network.queues": "voq"} if fabric.network.queues == "fifo" else {"fabric.network.queues": "fifo"}
            yield other | {"fabric.network.iterations": 1}

    def member_bound(self, machine: Machine) -> Hashable:
        """The bits of an index."""
        return UnitsMachine.of(machine).fabric.bank_kib

    def member_timing(self, elaborated: Elaborated) -> Hashable | None:
        """Slices change no cycle, unless by the length of wires."""
        machine = UnitsMachine.of(elaborated.machine)
        return machine.fabric.bank_kib, machine.mapping.tokens_per_tile, elaborated.stages

    def sram(self, machine: Machine) -> OnChipSram:
        """Its X, weight and output banks."""
        fabric = UnitsMachine.of(machine).fabric
        return OnChipSram(
            fabric.clusters * fabric.banks_per_copy * fabric.bank_kib,
            fabric.units * fabric.weight_bank_kib,
            fabric.units * fabric.output_bank_kib,
        )


def _doubled(number: Any) -> Any:
    return number * 2


def _halved(number: Any) -> Any:
    """What is no whole number of units or banks is refused by the machine file."""
    return number // 2 if isinstance(number, int) else number / 2


def _design(units: int, groups: int, replicas: int) -> str:
    if groups > 1:
        return "partition"
    if replicas == units:
        return "replication"
    return "crossbar" if replicas == 1 else "hybrid"


def _power_of_two(least: int) -> int:
    return 1 << max(0, least - 1).bit_length()
