"""A cluster of vector units as hardware: what its size takes from the machine file, whatever travels in it."""

from __future__ import annotations

from simulator.engine.cluster import ClusterSpec
from simulator.kinds.units.machine import UnitsMachine
from simulator.rtl.design import not_elaborated
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
