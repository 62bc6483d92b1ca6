"""What is uncertain: every constant with a band, and the layout of crossbars; each moves for all components and machines at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from simulator.cost import Technology
from simulator.cost.constants import DRAM_PREFIX, Constant, DramConstants
from simulator.cost.technology import CONSTANTS
from simulator.kinds import kind_of
from simulator.machine.model import Elaborated

ONE_SLICE = "crossbar_in_one_slice"
"""The structural factor: at its high end a crossbar whose slices are `auto` is laid out whole, its wires at their widest pitch."""

_PITCH = "crossbar_wire_pitch_um"
_TIMING = ("bandwidth_gb_per_s", "burst_bytes")
"""Of a DRAM device: they change cycles, so that pricing again cannot tell what they do."""


class Factor(Struct, frozen=True):
    """Something that is known to a band only."""

    name: str
    unit: str
    value: float
    low: float
    high: float
    basis: str
    source: str

    @property
    def discrete(self) -> bool:
        """Whether there is nothing between its ends."""
        return self.name == ONE_SLICE


def factors_of(technologies: Sequence[Technology], machines: Sequence[Elaborated]) -> tuple[Factor, ...]:
    """All factors of some machines, each in the technology beside it; a constant of several has the first's band here.

    A constant that the user has set has no band and is none.
    """
    found: dict[str, Factor] = {}
    for technology, machine in zip(technologies, machines, strict=True):
        for factor in _factors(technology, machine):
            found.setdefault(factor.name, factor)
    return tuple(found.values())


def moved(elaborated: Elaborated, technology: Technology, name: str, value: float) -> tuple[Elaborated, Technology]:
    """A machine and its technology with one factor at a value, geometry as it was; both as they are where it is none of theirs."""
    if not moves(elaborated, technology, name):
        return elaborated, technology
    if name == ONE_SLICE:
        if value < 1:
            return elaborated, technology
        return replace(elaborated, slices=1), technology.moved(_PITCH, technology.constants[_PITCH].high)
    return elaborated, technology.moved(name, value)


def moves(elaborated: Elaborated, technology: Technology, name: str) -> bool:
    """Whether the factor is one of that machine: neither another machine's DRAM, nor a constant that the user has set in it."""
    if name == ONE_SLICE:
        return kind_of(elaborated.machine).slices_are_open(elaborated)
    if name.startswith(DRAM_PREFIX) and not name.startswith(f"{DRAM_PREFIX}{elaborated.machine.dram.kind}."):
        return False
    constant = technology.constant(name)
    return constant.low < constant.high


def ends(technology: Technology, name: str) -> tuple[float, float]:
    """Low and high end in a technology: of its own constant, which may differ from another node's."""
    if name == ONE_SLICE:
        return 0.0, 1.0
    constant = technology.constant(name)
    return constant.low, constant.high


def _factors(technology: Technology, machine: Elaborated) -> Iterator[Factor]:
    for name in CONSTANTS:
        yield from _banded(name, technology.constants[name])
    kind = machine.machine.dram.kind
    for field in DramConstants.model_fields:
        if field not in _TIMING:
            yield from _banded(f"{DRAM_PREFIX}{kind}.{field}", technology.constant(f"{DRAM_PREFIX}{kind}.{field}"))
    if kind_of(machine.machine).slices_are_open(machine):
        pitch = technology.constants[_PITCH]
        source = f"Satpathy et al., DAC 2012, build one block; slices are this model's. At the high end wires at {pitch.high:g} um"
        yield Factor(ONE_SLICE, "1", 0.0, 0.0, 1.0, "derived", source)


def _banded(name: str, constant: Constant) -> Iterator[Factor]:
    if constant.low < constant.high:
        yield Factor(name, constant.unit, constant.value, constant.low, constant.high, constant.basis, constant.source)
