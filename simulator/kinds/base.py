"""What a kind of hardware is: everything about a machine that differs from kind to kind, as one class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.activity import Counts
from simulator.cost.delay import TimingPath
from simulator.cost.hardware import Parts
from simulator.cost.technology import Technology
from simulator.engine.cluster import Outcome
from simulator.engine.compiled.kernels import Kernel
from simulator.engine.engines import RunOptions
from simulator.errors import ConfigError, MappingError
from simulator.kinds.sizes import Sizes
from simulator.machine.model import Elaborated, Machine
from simulator.network import Graph, NetworkSpec
from simulator.recall import by_identity, fingerprint
from simulator.rtl.design import Agreement, CosimOptions, Design
from simulator.specs.models import Section
from simulator.system.operation import OperationRun
from simulator.system.program import OperationProgram
from simulator.system.quick_bound import QuickBound
from simulator.system.tensors import Residency, tensor_residency
from simulator.terms import ComponentWords
from simulator.workload.types import Chain, Operation, Workload

if TYPE_CHECKING:
    from simulator.engine.reference.watching import ClusterWatch

Memo = dict[Hashable, Any]
"""What a kind has counted of a workload's patterns, by keys of its own, so that it is counted once for all machines."""


class Scheduled(Struct, frozen=True, eq=False):
    """One operation, cut into tiles but not run."""

    program: OperationProgram
    """What the system level must do for it; no tile has more cycles than in a run."""
    count: Callable[[], Counts]
    """Events of the fabric that every run has, without the bytes of fills and drains."""

    @classmethod
    def as_run(cls, run: OperationRun) -> Scheduled:
        """Exactly as it was run."""
        return cls(run.program, lambda: run.counts)


class TileName(Struct, frozen=True):
    """A cluster of a tile of an operation."""

    operation: str
    tile: int
    cluster: int = 0


class Least(Struct, frozen=True):
    """What no run of an operation goes below, however it is cut into tiles."""

    compute_cycles: int
    counts: Counts
    """Of the fabric, and the bytes of both trunks."""


_FIELDS = {
    "feed": "feed_latency",
    "allocation": "allocation_latency",
    "crossing": "network_latency",
    "read": "read_latency",
    "multiply": "multiply_latency",
    "accumulate": "accumulate_latency",
}
"""Of `Elaborated`, by the stages of paths."""


def _members(operations: Mapping[str, Operation], chain: Chain) -> list[Operation]:
    """The operations of a chain. Raises MappingError where a workload was put together without one of them."""
    missing = [name for name in chain.operations if name not in operations]
    if missing:
        raise MappingError(f"fuse: [{', '.join(chain.operations)}]: the workload has no operation {missing[0]}")
    return [operations[name] for name in chain.operations]


@by_identity(16)
def _at_rest(machine: Machine) -> tuple[Machine, bytes]:
    """As far as it decides where tensors live, and its content."""
    at_rest = machine.at_rest()
    return at_rest, fingerprint(at_rest)


def unlinked() -> MappingError:
    """Why a kind that does no chains refuses one."""
    return MappingError("this kind of machine has no way from its outputs to its inputs; leave fuse out, or set if_fits: true")


class Kind(ABC):
    """One kind of hardware.

    A machine is of the kind that `describes` it; each of its operations is done by the kind that `of_operation` names,
    which is mostly the same one.
    """

    name: ClassVar[str]
    dense: ClassVar[bool] = False
    """Whether it multiplies the zeros: a baseline that sparse machines are held against."""
    sections: ClassVar[Mapping[type[Section], type[Section]]]
    """Its share of the machine file: of each section that comes in kinds, the model that it brings."""
    kernels: ClassVar[tuple[Kernel, ...]] = ()
    """Compiled kernels that its runs call."""
    planning_kernels: ClassVar[tuple[Kernel, ...]] = ()
    """Compiled kernels that its search for schedules calls, where operations are not small."""
    components: ClassVar[tuple[ComponentWords, ...]] = ()
    """Words and colours of the components of its fabric, in the order of reports."""
    work: ClassVar[tuple[str, ...]] = ()
    """Kinds of work whose events are paid apart, since operations differ in the hardware that does them; none where they do not."""
    sizes: ClassVar[Sizes] = Sizes()
    """Along which keys of the machine file it can be resized."""

    @abstractmethod
    def describes(self, machine: Machine) -> bool:
        """Whether a machine is of this kind."""

    def of_operation(self, machine: Machine, operation: Operation) -> Kind:
        """The kind that does an operation of a machine of this kind. Raises MappingError where its hardware cannot."""
        return self

    @abstractmethod
    def run(self, elaborated: Elaborated, operation: Operation, residency: Residency, index: int, options: RunOptions) -> OperationRun:
        """Schedule an operation, the `index`-th of its workload, and run it on the fabric.

        Raises MappingError where the machine cannot hold it.
        """

    @abstractmethod
    def schedule(self, elaborated: Elaborated, operation: Operation, residency: Residency, index: int) -> Scheduled:
        """Schedule an operation without running it. Raises MappingError where the machine cannot hold it."""

    def floors(
        self, elaborated: Elaborated, operation: Operation, residency: Residency, index: int, options: RunOptions
    ) -> Sequence[QuickBound]:
        """Bounds of which one holds for the run of an operation; none where nothing is known before.

        Raises MappingError where the machine cannot hold it.
        """
        return ()

    def schedules_by_running(self, machine: Machine, operations: Sequence[Operation]) -> bool:
        """Whether the schedule of an operation, or of a chain, is its run, but for the values that an engine may carry."""
        return False

    @abstractmethod
    def least(self, machine: Machine, operation: Operation, residency: Residency, memo: Memo) -> Least:
        """What no run of an operation goes below; in a millisecond or so, without a schedule."""

    @abstractmethod
    def output_bits(self, machine: Machine, operation: Operation) -> int:
        """Bits of an operation's Y in plain elements where it lives between operations."""

    def residency(self, machine: Machine, workload: Workload) -> tuple[Residency, ...]:
        """Where each operation's operands and Y live, in program order: on chip between those of all chains that fit.

        Raises MappingError for a chain that it cannot fuse, and that is not to be fused only if it fits.
        """
        at_rest, content = _at_rest(machine)
        return workload.recall.of_key(("residency", self.name, content), lambda: self._residency(at_rest, workload), len)

    def _residency(self, machine: Machine, workload: Workload) -> tuple[Residency, ...]:
        operations = {operation.name: operation for operation in workload.operations}
        places = {name: place for place, name in enumerate(operations)}
        members = {chain: _members(operations, chain) for chain in workload.fuse}
        fused = list(workload.fuse)
        while True:
            homes = tensor_residency(machine, workload, self.output_bits, fused)
            fitting = []
            for chain in fused:
                try:
                    self.check_fusion(machine, members[chain], [homes[places[name]] for name in chain.operations])
                except MappingError as error:
                    if not chain.if_fits:
                        raise MappingError(f"{machine.name}: fuse: [{', '.join(chain.operations)}]: {error}") from error
                else:
                    fitting.append(chain)
            if len(fitting) == len(fused):
                return homes
            fused = fitting

    def check_fusion(self, machine: Machine, chain: Sequence[Operation], residency: Sequence[Residency]) -> None:
        """Raise MappingError, with the reason, where the machine cannot keep on chip what lies between the operations of a chain."""
        raise unlinked()

    def run_fused(
        self, elaborated: Elaborated, chain: Sequence[Operation], residency: Sequence[Residency], first: int, options: RunOptions
    ) -> tuple[OperationRun, ...]:
        """Run the operations of a chain, a block of tokens after another; their tiles go to the system by turns.

        `first` is the first one's place in the workload.
        """
        raise unlinked()

    def schedule_fused(
        self, elaborated: Elaborated, chain: Sequence[Operation], residency: Sequence[Residency], first: int
    ) -> tuple[Scheduled, ...]:
        """Cut the operations of a chain into tiles."""
        raise unlinked()

    def watch_tile(
        self, elaborated: Elaborated, operation: Operation, residency: Residency, options: RunOptions, tile: TileName, watch: ClusterWatch
    ) -> Outcome:
        """Run a cluster of an operation's tile in the reference engine, before the eyes of `watch`. ConfigError where there is none."""
        raise ConfigError(f"{operation.name}: this kind of machine is timed by formulas and has no units to watch cycle by cycle")

    def design(self, elaborated: Elaborated) -> Design:
        """Its fabric, or the part of it that repeats, as hardware. ConfigError, by name, for an option that is not elaborated."""
        raise self.no_hardware()

    def designs(self, elaborated: Elaborated) -> Sequence[Design]:
        """That part, and what else there is of it, as it does other operations. ConfigError as `design`."""
        return (self.design(elaborated),)

    def cosimulate(
        self, elaborated: Elaborated, operation: Operation, residency: Residency, options: RunOptions, how: CosimOptions
    ) -> Iterator[Agreement]:
        """Run tiles of an operation, by itself, through that hardware and both engines. ConfigError as `design`."""
        raise self.no_hardware()

    def no_hardware(self) -> ConfigError:
        """Why it refuses both."""
        return ConfigError(f"a machine that works as {self.name} is not elaborated into hardware")

    def list_entries(self, machine: Machine, nonzeros: int, tokens: int) -> int:
        """Most list entries that units examine for a W of so many nonzeros and an X of so many tokens, tries included; 0 without lists."""
        return 0

    def made_bytes(self, machine: Machine, operation: Operation) -> int:
        """Bytes of a W that other operations have made: dense, block by block, in the type in which this hardware takes it."""
        m, k, _ = operation.block_shape
        return operation.batch * (m * k * self.made_weight_bits(machine) // 8)

    @abstractmethod
    def parts(self, elaborated: Elaborated, technology: Technology) -> Parts:
        """What the fabric is made of, and which counter pays for what."""

    def settle(self, draft: Elaborated, technology: Technology) -> Elaborated:
        """The machine with its pipelines as long as the clock asks for; the draft, as short as can be, where it has none.

        More stages may need deeper queues, and these longer wires: they are widened until both agree. Raises ConfigError, with the
        path, where it cannot reach its clock; for more slices than lanes, and for a topology that cannot join units and banks.
        """
        elaborated, clock_ghz = draft, draft.machine.clock_ghz
        while True:
            paths = self.paths(elaborated, technology)
            for path in paths:
                path.check(elaborated.machine.name, technology, clock_ghz)
            cycles = {field: getattr(elaborated, field) for field in _FIELDS.values()}
            for path in paths:
                if path.stage:
                    field = _FIELDS[path.stage]
                    cycles[field] = max(cycles[field], path.cycles(technology, clock_ghz))
            wider = replace(elaborated, **cycles)
            if wider == elaborated:
                return elaborated
            elaborated = wider

    def paths(self, elaborated: Elaborated, technology: Technology) -> tuple[TimingPath, ...]:
        """What bounds its clock."""
        return ()

    def work_of(self, details: Mapping[str, Any]) -> str:
        """Which kind of `work` an operation is, by what its run says of how it was mapped."""
        return str(details["dataflow"])

    def work_for(self, operation: Operation) -> str:
        """The same before it has run."""
        return ""

    @abstractmethod
    def made_weight_bits(self, machine: Machine) -> int:
        """Bits of an element of a W that other operations have made."""

    def held(self, elaborated: Elaborated) -> Machine:
        """The machine with what was settled and changes cycles in place of `auto`, so that another technology keeps its cycles."""
        return elaborated.machine

    def slices_are_open(self, elaborated: Elaborated) -> bool:
        """Whether a network was cut into slices by the model and not by the file: a freedom of the layout."""
        return False

    def levels(self, machine: Machine, counts: Counts) -> Mapping[str, tuple[float, float]]:
        """Bytes that a run moved, and bytes a cycle that can be moved, at `banks` and, where there is one, at `network`."""
        return {}

    def list_entry_bits(self, machine: Machine) -> int:
        """Bits of a nonzero of W in the form in which this hardware stores a sparse one."""
        return machine.datatypes.weight_bits + 16

    def list_owners(self, machine: Machine) -> int:
        """Units that rows of W are given to."""
        return 1

    def files(self, machine: Machine) -> tuple[Path, ...]:
        """Files that the machine file names."""
        return ()

    def check_files(self, machine: Machine) -> None:
        """Raise MappingError where one of them does not hold what it should."""
        return

    def derived(self, elaborated: Elaborated) -> Mapping[str, float]:
        """Sizes that follow from the machine file, by names that end in their unit."""
        return {}

    def graphs(self, machine: Machine) -> Mapping[str, Graph]:
        """The networks of one cluster by name; none where there is none."""
        return {}

    def switch(self, elaborated: Elaborated) -> NetworkSpec | None:
        """The network that carries requests, by itself; None without one."""
        return None

    def replayed(self, machine: Machine, operation: Operation, residency: Residency) -> list[NDArray[np.int32]]:
        """[sources] sinks that each source of that network sends to in an operation, in order."""
        return []
