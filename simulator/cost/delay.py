"""The one delay model: how long a path of gates and wire takes, and how many cycles it is at a clock.

Gates are counted in FO4, the delay of an inverter that drives four of its like, so that one depth holds at every node; wires
are repeated, and in mm. Each depth is a law with constants of `configs/technologies/common.yaml`.
"""

from __future__ import annotations

import math

from msgspec import Struct

from simulator.cost.technology import Technology
from simulator.errors import ConfigError
from simulator.machine.model import BITS, SIGNIFICAND_BITS

_FITTED_PORTS = 4
"""Up to so many ports what an allocation begins with, pointers and their fan-out, is within its iterations."""
_ACCESS_KIB = 16.0
"""Capacity for which the access of a macro is stated."""


class Delay(Struct, frozen=True):
    """A path between two registers.

    >>> Delay(30.0) + Delay(10.0, 2.0)
    Delay(fo4=40.0, wire_mm=2.0)
    """

    fo4: float
    """Depth of its gates."""
    wire_mm: float = 0.0
    """Repeated wire."""

    def __add__(self, other: Delay) -> Delay:
        """One path after another within a cycle."""
        return Delay(self.fo4 + other.fo4, self.wire_mm + other.wire_mm)

    def times(self, often: int) -> Delay:
        """The path so often in a row."""
        return Delay(self.fo4 * often, self.wire_mm * often)

    def ns(self, technology: Technology) -> float:
        """Time of the path."""
        return self.fo4 * technology.fo4_delay_ps * 1e-3 + self.wire_mm * technology.wire_delay_ns_per_mm

    def stages(self, technology: Technology, clock_ghz: float) -> int:
        """Cycles that it takes, cut into stages: ⌈f t / fill⌉, at least 1; registers and skew take what `fill` leaves of a period."""
        # a delay that fills its stages exactly needs no further one for the last bit of rounding
        return max(1, math.ceil(clock_ghz * self.ns(technology) / technology.crossbar_stage_fill - 1e-9))


def wire(length_mm: float) -> Delay:
    """A repeated wire."""
    return Delay(0.0, length_mm)


def multiplexer(technology: Technology, inputs: int) -> Delay:
    """One of `inputs`: so many FO4 a level of a binary tree."""
    return Delay(technology.crossbar_delay_fo4_per_level * math.log2(max(1, inputs)))


def integer_adder(technology: Technology, bits: int) -> Delay:
    """A parallel-prefix adder: sum and carries a level each, log2 `bits` levels between."""
    return Delay(technology.adder_fo4_per_level * (math.log2(bits) + 1))


def integer_multiplier(technology: Technology, bits: int) -> Delay:
    """A tree that reduces the partial products, so many FO4 a doubling of `bits`, and an adder of 2 `bits`."""
    return Delay(technology.multiplier_fo4_per_level * math.log2(bits)) + integer_adder(technology, 2 * bits)


def float_adder(technology: Technology, significand_bits: int) -> Delay:
    """Alignment, addition, normalisation, rounding: each a tree over the significand, stated for the 24 bits of fp32."""
    return Delay(technology.float_adder_fo4 * math.log2(significand_bits) / math.log2(24))


def float_multiplier(technology: Technology, significand_bits: int) -> Delay:
    """The multiplier of the significands, and another addition of one to round."""
    return integer_multiplier(technology, significand_bits) + integer_adder(technology, significand_bits)


def multiplication(technology: Technology, first: str, second: str) -> Delay:
    """A multiplier of two formats, as wide as the wider."""
    if first in SIGNIFICAND_BITS or second in SIGNIFICAND_BITS:
        return float_multiplier(technology, max(SIGNIFICAND_BITS.get(kind, BITS[kind]) for kind in (first, second)))
    return integer_multiplier(technology, max(BITS[first], BITS[second]))


def addition(technology: Technology, kind: str) -> Delay:
    """An adder of one format."""
    return float_adder(technology, SIGNIFICAND_BITS[kind]) if kind in SIGNIFICAND_BITS else integer_adder(technology, BITS[kind])


def sram_access(technology: Technology, kib: float) -> Delay:
    """From address to word of a macro, or of macros side by side, of `kib` KiB in all: a power law of the capacity."""
    return Delay(technology.sram_access_fo4 * (kib / _ACCESS_KIB) ** technology.sram_access_exponent)


def allocation(technology: Technology, ports: int, iterations: int = 1) -> Delay:
    """A matching of at most `ports` inputs with as many outputs, in so many iterations of grant and accept.

    Fitted to a synthesised iSLIP of 8 to 32 ports and 1 to 4 iterations, and to a published layout of 128 ports: so many FO4
    an iteration, and so many for each doubling of the ports beyond 4, once. Within 24 % of all of them.
    """
    pointers = technology.allocation_fo4_per_level * max(0.0, math.log2(ports / _FITTED_PORTS))
    return Delay(technology.allocation_iteration_fo4 * iterations + pointers)


def arbiter(technology: Technology, ports: int) -> Delay:
    """One round-robin arbiter: half of an allocation of one iteration, which is one that grants and one that accepts."""
    return Delay(allocation(technology, ports).fo4 / 2)


def comparator(technology: Technology, bits: int) -> Delay:
    """Whether two addresses are alike: a gate and a tree of `bits`, a level of which is taken as deep as an adder's."""
    return integer_adder(technology, bits)


def combination(technology: Technology, inputs: int, address_bits: int) -> Delay:
    """The winner's address set on an output's column, and held against those of all heads: in the path of each iteration of a matching."""
    return multiplexer(technology, inputs) + comparator(technology, max(2, address_bits))


class TimingPath(Struct, frozen=True):
    """A path of a machine that bounds its clock, and what is done where it does not fit into a cycle."""

    name: str
    """What it is, with the sizes that its delay follows from."""
    delay: Delay
    stage: str
    """The field of `Stages` that its cycles go to; empty where it must fit into one."""
    key: str = ""
    """Of the machine file, which may set these cycles."""
    given: int | None = None
    """What the file says there."""
    shares: Delay | None = None
    """A path of which it may use the cycle, if both fit: it then takes none of its own."""

    def least(self, technology: Technology, clock_ghz: float) -> int:
        """Cycles that the model asks for."""
        if self.shares is not None and (self.delay + self.shares).stages(technology, clock_ghz) == 1:
            return 0
        return self.delay.stages(technology, clock_ghz)

    def cycles(self, technology: Technology, clock_ghz: float) -> int:
        """Cycles that it has: what the file says, or what the model asks for."""
        return self.least(technology, clock_ghz) if self.given is None else self.given

    def check(self, machine: str, technology: Technology, clock_ghz: float) -> None:
        """Raise ConfigError where it must fit into a cycle and does not."""
        if self.stage or self.delay.stages(technology, clock_ghz) == 1:
            return
        ns, room = self.delay.ns(technology), technology.crossbar_stage_fill / clock_ghz
        raise ConfigError(
            f"{machine} does not reach its clock of {clock_ghz:g} GHz: {self.name} takes {ns:.3g} ns in {technology.name}, "
            f"{room:.3g} ns of a cycle are there, and it cannot be pipelined; allowed: clock_ghz up to "
            f"{technology.crossbar_stage_fill / ns:.3g}"
        )
