"""A cluster of vector units as hardware: what its size takes from the machine file, whatever travels in it."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.engine.cluster import ClusterSpec
from simulator.kinds.units.machine import UnitsMachine
from simulator.rtl.design import Design, not_elaborated
from simulator.rtl.outputs import Gateable, GatedCluster, OutputBank
from simulator.rtl.shape import ClusterShape


def check_placement(machine: UnitsMachine) -> None:
    """Raise ConfigError for a placement that is no logic."""
    if machine.mapping.placement == "file":
        raise not_elaborated("mapping.placement", "file", "interleaved, hashed")


def shape_of_file(machine: UnitsMachine, spec: ClusterSpec, words: int, rows: int, tokens: int) -> ClusterShape:
    """With lists as long as a weight bank of the file. `words`: of a copy; `rows`: of a unit's own bank, for each of the token words."""
    fabric, types = machine.fabric, machine.datatypes
    return ClusterShape(
        spec,
        words=words,
        features=words,
        entries=max(1, int(fabric.weight_bank_kib * 8192) // machine.weight_entry_bits(dense=False)),
        rows=rows,
        tokens=tokens,
        streams=True,
        placement="hashed" if machine.mapping.placement == "hashed" else "interleaved",
        lanes=fabric.lanes,
        weight_bits=types.weight_bits,
        activation_bits=types.activation_bits,
        sum_bits=types.accumulate_bits,
    )


def shape_with_own_words(machine: UnitsMachine, spec: ClusterSpec, words: int) -> ClusterShape:
    """Where a unit's own bank holds words of activations: for as many token words as the file says, or for one."""
    asked = machine.mapping.tokens_per_tile
    tokens = 1 if asked == "auto" else asked
    return shape_of_file(machine, spec, words, rows=max(1, machine.own_words // tokens), tokens=tokens)


def design_of(machine: UnitsMachine, name: str, cluster: Gateable, outputs: Sequence[OutputBank], parts: str) -> Design:
    """A cluster as hardware. `name`: of its top module, behind the machine's; `parts`: what it is made of, in words."""
    gated = GatedCluster(cluster, outputs)
    about = f"a cluster of {machine.machine.name}: {parts}, integer arithmetic"
    return Design(f"{machine.machine.name}_{name}", gated, gated.ports_of_top(), about)
