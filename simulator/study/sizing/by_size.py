"""One machine's ladder of sizes: which of them agrees best with a target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.errors import MappingError, SparsimError
from simulator.kinds import design_of, kind_of
from simulator.machine.model import Machine
from simulator.study.sizing.fit import largest_within
from simulator.study.sizing.rebuilt import resized, with_sram_of
from simulator.study.sizing.types import UNITS, Quantity

LEAST_GAIN = 0.01
"""A machine twice as large that is not even this much faster will not reach a throughput by its size."""


@dataclass(frozen=True)
class Rung:
    """A size that was chosen."""

    machine: Machine
    value: float
    next_value: float | None
    """Of the next size: up where the target is a cap, down where it is to be reached."""


@dataclass(eq=False)
class BySize:
    """Sizes of one machine, each built and measured once."""

    machine: Machine
    sram: Machine | None
    """A gather machine whose on-chip SRAM a systolic array is given; without one its buffers stay as they are."""
    measure: Callable[[Machine], float]
    _values: dict[int, float | None] = field(default_factory=dict)
    _stuck: str = ""

    def within(self, target: float) -> Rung | None:
        """The largest size that does not exceed the target; None where none does."""
        found = largest_within(self.value, self._start(), target)
        if found is None:
            return None
        low, high = found
        return Rung(self._built(low), self._known(low), None if high is None else self._known(high))

    def reaching(self, target: float) -> Rung | None:
        """The smallest size that reaches the target; None where none does."""
        found = largest_within(lambda size: self._rising(size, target), self._start(), target * (1 - _SAME))
        if found is None:
            return None
        low, high = found
        if high is None:
            return None
        return Rung(self._built(high), self._known(high), self._known(low))

    def value(self, size: int) -> float | None:
        """The quantity of a size; None where there is no such machine."""
        if size not in self._values:
            machine = self._at(size)
            try:
                self._values[size] = None if machine is None else self.measure(machine)
            except MappingError as error:
                self._stuck = str(error)
                self._values[size] = None
            except SparsimError:
                self._values[size] = None
        return self._values[size]

    def refusal(self, target: float, quantity: Quantity) -> str:
        """Why no size agrees, and what sizes there are."""
        if self._stuck:
            return f"cannot be sized to {target:.4g} {UNITS[quantity]}: {self._stuck}"
        known = {size: value for size, value in self._values.items() if value is not None}
        smallest, largest = min(known), max(known)
        unit = UNITS[quantity]
        span = f"{known[smallest]:.4g} {unit} at {self._named(smallest)}, {known[largest]:.4g} {unit} at {self._named(largest)}"
        what = "is too small" if min(known.values()) > target else "is out of reach"
        return f"{target:.4g} {unit} {what} for a {design_of(self.machine)} scaled by its size alone: it has {span}"

    def _start(self) -> int:
        return kind_of(self.machine).size(self.machine)

    def _rising(self, size: int, target: float) -> float | None:
        """As `value`; the end of the ladder where doubling the size no longer helps."""
        value, half = self.value(size), self._values.get(size // 2) if size % 2 == 0 else None
        if (
            value is not None
            and half is not None
            and half < target
            and value < target
            and value < half * (1 + LEAST_GAIN)
            and size > self._start()
        ):
            return None
        return value

    def _at(self, size: int) -> Machine | None:
        machine = self.machine
        if self.sram is not None:
            machine = with_sram_of(machine, self.sram)
        return resized(machine, size)

    def _built(self, size: int) -> Machine:
        machine = self._at(size)
        assert machine is not None, "only sizes that were measured are chosen"
        return machine

    def _known(self, size: int) -> float:
        value = self._values[size]
        assert value is not None, "only sizes that were measured are chosen"
        return value

    def _named(self, size: int) -> str:
        machine = self._built(size)
        return kind_of(machine).size_in_words(machine)


_SAME = 1e-9
