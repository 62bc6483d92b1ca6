"""A machine at other sizes: every combination of a search's grid, or by one number, up to the size that agrees with a target."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from simulator.errors import ConfigError, MappingError, SparsimError
from simulator.kinds import KINDS, kind_of
from simulator.kinds.sizes import Grid, Keys, combinations
from simulator.machine.model import Machine
from simulator.pricing import technology_of
from simulator.study.design import design_of
from simulator.study.sizing.quantities import UNITS, Quantity, area_mm2
from simulator.study.sizing.sized import Sized

SEARCHED = tuple(
    dict.fromkeys(
        key
        for kind in KINDS
        for tried in (kind.sizes.grid, kind.sizes.ladders, kind.sizes.around)
        for key in tried
        if key in kind.sizes.around or "." in key
    )
)
"""Keys of the machine file that a search tries values of, unless it is told to keep them."""
SETTLED = tuple(dict.fromkeys(key for kind in KINDS for key in kind.sizes.settled))
"""Keys that a search always sets beside them."""
SCALED = tuple(dict.fromkeys(key for kind in KINDS for key in kind.sizes.scaled))
"""Keys that scaling a machine by its size alone always sets."""
LEAST_GAIN = 0.01
"""A machine twice as large that is not even this much faster will not reach a throughput by its size."""
_SAME = 1e-9


def rebuilt(machine: Machine, keys: Mapping[str, Any]) -> Machine | None:
    """Return the machine with `{"fabric.units": 128, …}`; None where the machine file would be refused."""
    record = machine.model_dump(exclude_unset=True)
    for path, value in keys.items():
        *above, last = path.split(".")
        place = record
        for key in above:
            place = place.setdefault(key, {})
        place[last] = value
    try:
        return Machine.model_validate(record)
    except ValidationError:
        return None


@dataclass(frozen=True)
class Family:
    """Designs that differ in memories, slices and token words only: the first legal one has the least area and the lowest bound."""

    keys: Keys
    members: tuple[Keys, ...]


def grid_of(machine: Machine, kept: Collection[str] = ()) -> dict[str, tuple[Any, ...]]:
    """The values that a search tries of each key. What the machine itself has is among them; all else, and `kept`, stays as it is."""
    own, tried = kind_of(machine).sizes.own(machine)
    return {key: (own[key],) if key in kept else _with(values, own[key]) for key, values in tried.items()}


def families(machine: Machine, grid: Grid) -> Iterator[Family]:
    """Every family of the grid that is of the machine's design."""
    sizes = kind_of(machine).sizes
    members = tuple(combinations({key: values for key, values in grid.items() if key in sizes.members}))
    return (Family(keys, members) for keys in sizes.families(machine, grid))


def _with(values: tuple[Any, ...], own: Any) -> tuple[Any, ...]:
    """The values and the machine's own, words first, numbers ascending."""
    every = {*values, own}
    words = sorted(value for value in every if isinstance(value, str))
    return (*words, *sorted(value for value in every if not isinstance(value, str)))


def size_of(machine: Machine) -> int:
    """The one number that scaling changes."""
    return kind_of(machine).sizes.size(machine)


def resized(machine: Machine, size: int) -> Machine | None:
    """The machine at another size; None where no machine of its design is that small or that large."""
    sizes = kind_of(machine).sizes
    if size == size_of(machine):
        return machine
    other = rebuilt(machine, sizes.at_size(machine, size))
    return other if other is not None and sizes.design(other) == sizes.design(machine) else None


def with_sram_of(machine: Machine, reference: Machine) -> Machine:
    """The machine with the on-chip SRAM of another as its buffers, where its kind takes any and the other's gives it."""
    sram = kind_of(reference).sizes.sram(reference)
    other = None if sram is None else rebuilt(machine, kind_of(machine).sizes.with_sram(sram))
    return machine if other is None else other


@dataclass(frozen=True)
class ChosenSize:
    """A size that agrees with a target."""

    machine: Machine
    value: float
    next_value: float | None
    """Of the next size: up where the target is a cap, down where it is to be reached."""


@dataclass(eq=False)
class BySize:
    """Sizes of one machine, each built and measured once."""

    machine: Machine
    sram: Machine | None
    """Whose on-chip SRAM an array is given; without one its buffers stay as they are."""
    measure: Callable[[Machine], float]
    _values: dict[int, float | None] = field(default_factory=dict)
    _stuck: str = ""

    def within(self, target: float) -> ChosenSize | None:
        """The largest size that does not exceed the target; None where none does."""
        found = largest_within(self.value, self._start(), target)
        if found is None:
            return None
        low, high = found
        return ChosenSize(self._built(low), self._known(low), None if high is None else self._known(high))

    def reaching(self, target: float) -> ChosenSize | None:
        """The smallest size that reaches the target; None where none does."""
        found = largest_within(lambda size: self._rising(size, target), self._start(), target * (1 - _SAME))
        if found is None:
            return None
        low, high = found
        if high is None:
            return None
        return ChosenSize(self._built(high), self._known(high), self._known(low))

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
        span = f"{known[smallest]:.4g} {unit} at {self._named(smallest)}"
        if largest > smallest:
            span += f", {known[largest]:.4g} {unit} at {self._named(largest)}"
        what = "is too small" if min(known.values()) > target else "is out of reach"
        return f"{target:.4g} {unit} {what} for a {design_of(self.machine)} scaled by its size alone: it has {span}"

    def _start(self) -> int:
        return size_of(self.machine)

    def _rising(self, size: int, target: float) -> float | None:
        """As `value`; the end of the sizes where doubling the size no longer helps."""
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
        return resized(self.machine if self.sram is None else with_sram_of(self.machine, self.sram), size)

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
        return kind_of(machine).sizes.named(machine)


def own_area_mm2(machine: Machine) -> float:
    """Die area of a machine's fabric in its own technology, without the DRAM PHY. Raises ConfigError."""
    return area_mm2(machine, technology_of(machine))


def within_area(machine: Machine, target_mm2: float, sram: Machine | None = None) -> Sized:
    """The largest size of a machine whose fabric is at most that large, everything else as it is.

    Args:
        machine: what is scaled.
        target_mm2: die area of the fabric, without the DRAM PHY.
        sram: whose on-chip SRAM an array is given; without one its buffers stay.

    Raises:
        ConfigError: no size of it is that small, with the sizes that there are.
    """
    sizes = BySize(machine, sram, own_area_mm2)
    found = sizes.within(target_mm2)
    if found is None:
        raise ConfigError(f"{machine.name}: {sizes.refusal(target_mm2, 'area')}")
    return Sized(machine, found.machine, "area", target_mm2, found.value, found.next_value)


Measure = Callable[[int], float | None]
"""Size → its value; None where there is no machine of that size."""


def largest_within(measure: Measure, start: int, target: float) -> tuple[int, int | None] | None:
    """Return the largest size whose value is at most `target`, and the next size up (None where it is the last there is).

    The values must not fall as sizes grow; where they do somewhere, the pair returned still lies on either side of the
    target. None where the smallest size is beyond it already.
    """
    return _boundary(lambda size: _at_most(measure(size), target), start)


def _at_most(value: float | None, target: float) -> bool | None:
    return None if value is None else value <= target


def _boundary(within: Callable[[int], bool | None], start: int) -> tuple[int, int | None] | None:
    """Between a size that is within and the next, which is not, or is no size at all."""
    low, high = start, start
    if within(start):
        while within(high := low * 2):
            low = high
    else:
        while low > 1 and not within(low):
            high, low = low, low // 2
        if not within(low):
            return _first_legal(within, low, start)
    low, high = _halved(within, low, high)
    return low, (high if within(high) is False else None)


def _halved(within: Callable[[int], bool | None], low: int, high: int) -> tuple[int, int]:
    while high - low > 1:
        middle = (low + high) // 2
        if within(middle):
            low = middle
        else:
            high = middle
    return low, high


def _first_legal(within: Callable[[int], bool | None], low: int, start: int) -> tuple[int, int | None] | None:
    """Where the halves were too small to be machines: the smallest size that is one, if it is within."""
    while low < start and within(low) is None:
        low += 1
    if not within(low):
        return None
    _, high = low, start
    low, high = _halved(within, low, high)
    return low, (high if within(high) is False else None)
