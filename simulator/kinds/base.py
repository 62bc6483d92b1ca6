"""What a kind of hardware is: everything about a machine that differs from kind to kind, as one class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Counts
from simulator.engine.compiled.kernels import Kernel
from simulator.engine.engines import Engine
from simulator.kinds.sizes import Sizes
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine
from simulator.network import NetworkSpec
from simulator.system.operation import OperationRun
from simulator.system.program import Strand
from simulator.system.residency import Homes, tensor_homes
from simulator.workload.types import Operation, Workload

Memo = dict[Hashable, Any]
"""What a kind has counted of a workload's patterns, by keys of its own, so that it is counted once for all machines."""


@dataclass(frozen=True, eq=False)
class Scheduled:
    """One operation, cut into tiles but not run."""

    strand: Strand
    """What the system level must do for it; no tile has more cycles than in a run."""
    count: Callable[[], Counts]
    """Events of the fabric that every run has, without the bytes of fills and drains."""


@dataclass(frozen=True)
class Least:
    """What no run of an operation goes below, however it is cut into tiles."""

    compute_cycles: int
    counts: Counts
    """Of the fabric, and the bytes of both trunks."""


class Kind(ABC):
    """One kind of hardware.

    A machine is of the kind that `describes` it; each of its operations is done by the kind that `of_operation` names,
    which is mostly the same one.
    """

    name: ClassVar[str]
    kernels: ClassVar[tuple[Kernel, ...]] = ()
    """Compiled kernels that its runs call."""
    sizes: ClassVar[Sizes]
    """Along which keys of the machine file it can be resized."""
    dense: ClassVar[bool] = False
    """Whether it runs the zeros too: what sparse machines are held against."""

    @abstractmethod
    def describes(self, machine: Machine) -> bool:
        """Whether a machine is of this kind."""

    def of_operation(self, machine: Machine, operation: Operation) -> Kind:
        """The kind that does an operation of a machine of this kind. Raises MappingError where its hardware cannot."""
        return self

    @abstractmethod
    def run(
        self,
        elaborated: Elaborated,
        operation: Operation,
        homes: Homes,
        index: int,
        engine: Engine,
        *,
        perfect: bool = False,
        reuse_tiles: bool = True,
        threads: int = 1,
    ) -> OperationRun:
        """Schedule an operation, the `index`-th of its workload, and run it on the fabric.

        `perfect` makes the network ideal, where there is one. Raises MappingError where the machine cannot hold it.
        """

    @abstractmethod
    def schedule(self, elaborated: Elaborated, operation: Operation, homes: Homes, index: int) -> Scheduled:
        """Schedule an operation without running it. Raises MappingError where the machine cannot hold it."""

    @abstractmethod
    def least(self, machine: Machine, operation: Operation, memo: Memo) -> Least:
        """What no run of an operation goes below; in a millisecond or so, without a schedule."""

    @abstractmethod
    def output_bits(self, machine: Machine, operation: Operation) -> int:
        """Bits of an operation's Y where it lives between operations."""

    def homes(self, machine: Machine, workload: Workload) -> tuple[Homes, ...]:
        """Where each operation's X and Y live, in program order."""
        return tensor_homes(machine, workload, self.output_bits)

    def list_entries(self, machine: Machine, nonzeros: int, tokens: int) -> int:
        """List entries that the units examine for a W of so many nonzeros and an X of so many tokens; 0 without lists."""
        return 0

    def made_bytes(self, machine: Machine, operation: Operation) -> int:
        """Bytes of a W that other operations have made: dense, block by block, in the type in which this hardware takes it."""
        m, k, _ = operation.block_shape
        return operation.batch * (m * k * self.made_weight_bits(machine) // 8)

    @abstractmethod
    def made_weight_bits(self, machine: Machine) -> int:
        """Bits of an element of a W that other operations have made."""

    def check_files(self, machine: Machine) -> None:
        """Read the files that the machine file names. Raises MappingError where one does not fit the machine."""
        return None

    @abstractmethod
    def list_entry_bits(self, machine: Machine) -> int:
        """Bits of a nonzero of W in the lists that a new mask writes."""

    def list_owners(self, machine: Machine) -> int:
        """Parts of the fabric over which rows of W are balanced."""
        return 1

    def slices_are_open(self, elaborated: Elaborated) -> bool:
        """Whether the parts that its reply network is laid out in were settled by `auto`, and could be one."""
        return False

    def switch(self, elaborated: Elaborated) -> NetworkSpec | None:
        """The request network of one cluster, to be driven by itself; None where there is none."""
        return None

    def replayed(self, machine: Machine, operation: Operation, homes: Homes) -> list[NDArray[np.int32]]:
        """[sources][requests] sinks of `switch` that an operation asks for, in order."""
        raise NotImplementedError(f"a {self.name} machine has no network to replay requests on")
