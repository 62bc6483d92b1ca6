"""How a chain of fused operations on a fabric of units may be cut: so many blocks of the batch, and tokens, at a time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.errors import MappingError
from simulator.kinds.units.loops import Setting, token_tiles
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.protocol import Dataflow
from simulator.kinds.units.streams import list_stream, piece_space
from simulator.machine.model import Machine
from simulator.system.program import MEMORY
from simulator.system.tensors import Residency
from simulator.system.weights import named_bits
from simulator.workload.slices import slices
from simulator.workload.types import Operation

if TYPE_CHECKING:
    from simulator.kinds.units.chained import ChainedKind


class BlockDataflow(Dataflow, Protocol):
    """One operation of a chain, some blocks of it, whole in each of its tiles."""

    @property
    def looked_at(self) -> NDArray[np.bool_]:
        """[token words, K] words of X that units look at."""


class BlockCut(Struct, frozen=True):
    """How a chain is cut into tiles."""

    blocks: int
    """Of the batch, in a tile."""
    tile: int
    """Token words of a token group's tile."""
    rounds: int


class ChainCuts(Struct, frozen=True, eq=False):
    """The ways in which a chain may be cut on a machine."""

    kinds: tuple[ChainedKind, ...]
    """[operations] what does each."""
    machines: tuple[UnitsMachine, ...]
    """[operations] the machine in its dataflow."""
    chain: tuple[Operation, ...]
    residency: tuple[Residency, ...]

    @classmethod
    def of(cls, kind: ChainedKind, machine: Machine, chain: Sequence[Operation], residency: Sequence[Residency]) -> ChainCuts:
        """Of a machine of some kind."""
        kinds = tuple(cast("ChainedKind", kind.of_operation(machine, operation)) for operation in chain)
        machines = tuple(UnitsMachine.of(machine).in_dataflow(each.flow) for each in kinds)
        return cls(kinds, machines, tuple(chain), tuple(residency))

    def check(self) -> None:
        """Raise MappingError, with the reason, where there is none. One block and most tokens at a time ask for least."""
        tile = self._most(1)
        cut = self._cut(1, tile)
        if not self._weights_stay(cut):
            raise MappingError(
                f"W of a block, {self._w_bytes(1)} bytes, is walked in {cut.rounds} rounds of tokens, but stays neither in weight banks "
                f"(fabric.weight_bank_kib) nor, twice, in what activation_buffer_kib leaves, {self.room} bytes; raise either"
            )

    def all(self) -> list[BlockCut]:
        """All that fit."""
        batch = self.chain[0].batch
        cuts = []
        for blocks in sorted({*(1 << power for power in range(batch.bit_length())), batch}):
            try:
                most = self._most(blocks)
            except MappingError:
                break  # more blocks ask for more
            forced = isinstance(self.machines[0].mapping.tokens_per_tile, int)
            tried = [self._cut(blocks, tile) for tile in ([most] if forced else range(most, 0, -1))]
            cuts += [cut for cut in dict.fromkeys(tried) if self._weights_stay(cut)]
        return cuts

    def blocks(self, count: int) -> list[tuple[Operation, ...]]:
        """[tiles][operations] so many blocks of each operation at a time."""
        return list(zip(*(block_patterns(operation, count) for operation in self.chain), strict=True))

    @property
    def room(self) -> int:
        """Bytes that the activation buffer has left for W."""
        return min(each.room_bytes for each in self.residency)

    def stay_in_banks(self, parts: Sequence[Operation]) -> bool:
        """Whether the lists of all operations of a tile's blocks are in the weight banks at once."""
        taken = 0
        for kind, machine, part in zip(self.kinds, self.machines, parts, strict=True):
            stream = list_stream(machine, machine.weight_entry_bits(dense=part.weight.dense), part.weight.nnz)
            taken += max(1, -(-kind.longest_list(machine, part) // stream.piece_entries) * piece_space(stream))
        return taken <= MEMORY

    def _most(self, blocks: int) -> int:
        """Token words of a tile in which all operations have room."""
        most = min(
            kind.most_token_words(machine, operation, blocks)
            for kind, machine, operation in zip(self.kinds, self.machines, self.chain, strict=True)
        )
        forced = self.machines[0].mapping.tokens_per_tile
        if isinstance(forced, int):
            if forced > most:
                raise MappingError(f"mapping.tokens_per_tile = {forced}, but a tile of a block of the chain has room for {most}")
            return forced
        return most

    def _cut(self, blocks: int, most: int) -> BlockCut:
        fabric = self.machines[0].fabric
        spread = not isinstance(self.machines[0].mapping.tokens_per_tile, int)
        return BlockCut(blocks, *token_tiles(-(-self.chain[0].shape[2] // fabric.lanes), fabric.token_groups, most, spread=spread))

    def _weights_stay(self, cut: BlockCut) -> bool:
        """Whether W of a block is fetched once: one round, or room for it in the banks or, with the next block's, in the buffer."""
        if cut.rounds == 1 or all(each.w == "buffer" for each in self.residency):
            return True
        return 2 * self._w_bytes(cut.blocks) <= self.room or all(map(self.stay_in_banks, self.blocks(cut.blocks)))

    def _w_bytes(self, blocks: int) -> int:
        """Of so many blocks at most, of what comes from DRAM."""
        homed = zip(self.machines, self.chain, self.residency, strict=True)
        return int(np.max(sum(_w_bytes(machine, operation, blocks) for machine, operation, home in homed if home.w == "dram")))


class SettledCuts(Struct, frozen=True, eq=False):
    """The ways in which a chain may be cut, and what its operations meet."""

    cuts: ChainCuts
    settings: tuple[Setting, ...]
    """[operations]"""

    @property
    def cut_key(self) -> tuple[Hashable, ...]:
        """All that decides what a chain is to do but where its tensors live, and how it is cut."""
        return *(setting.cut_key for setting in self.settings), tuple(operation.content for operation in self.cuts.chain)

    @property
    def choice_key(self) -> tuple[Hashable, ...]:
        """[operations] what has a part in the choice of how a chain is cut, and none in what it then does."""
        return tuple(setting.choice_key for setting in self.settings)

    @property
    def capacities(self) -> tuple[int, ...]:
        """[operations × capacities] of the clusters."""
        return tuple(itertools.chain.from_iterable(setting.spec.capacities for setting in self.settings))

    def tiles(self, cut: BlockCut) -> int:
        """Tiles of blocks."""
        return -(-self.cuts.chain[0].batch // cut.blocks)

    def round_cycles(self, cut: BlockCut) -> list[int]:
        """[operations] about how long the units take in a round of the first tile, were all else there."""
        cuts = self.cuts
        parts = cuts.blocks(cut.blocks)[0]
        joined = zip(cuts.kinds, self.settings, parts, cuts.residency, strict=True)
        return [math.ceil(kind.block_cycles(setting, part, home, cut) / cut.rounds) for kind, setting, part, home in joined]

    def unit_cycles(self, cut: BlockCut) -> int:
        """Of all tiles, as if each were the first."""
        return self.tiles(cut) * cut.rounds * sum(self.round_cycles(cut))


@lru_cache(maxsize=64)
def block_patterns(operation: Operation, count: int) -> tuple[Operation, ...]:
    """[tiles] so many blocks of each, without values. Made once: machines that are tried one after another cut the same operations."""
    return slices(operation, count, values=False)


def _w_bytes(machine: UnitsMachine, operation: Operation, blocks: int) -> NDArray[np.int64]:
    """[tiles] of so many blocks each."""
    if operation.storage is not None:
        parts = block_patterns(operation, blocks)
        return np.array([-(-named_bits(machine.machine, part, (0, part.shape[0]), (0, part.shape[1])).total // 8) for part in parts])
    (m, k, _), batch = operation.block_shape, operation.batch
    ends = np.minimum(np.arange(0, batch + blocks, blocks), batch)
    of_tile = np.diff(ends)
    if operation.weight_home == "activation":
        return np.array([machine.token_bytes(count * m * k) for count in of_tile.tolist()])
    nnz = np.diff(operation.weight.indptr[ends * m])
    dense = nnz == of_tile * m * (of_tile * k)
    bits = np.where(dense, machine.weight_entry_bits(dense=True), machine.weight_entry_bits(dense=False))
    held: NDArray[np.int64] = nnz * bits // 8
    return held + machine.fabric.units_per_group
