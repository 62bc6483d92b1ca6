"""The loops of one operation on a fabric of units: M tiles, rounds of token tiles, K tiles."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Literal, TypeVar

from msgspec import Struct

from simulator.engine.cluster import CAPACITIES, ClusterSpec
from simulator.engine.engines import Engine
from simulator.engine.work import ListStream
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.placement import placement_of
from simulator.recall import NOTHING, Recall, fingerprint
from simulator.system.program import LoopOrder, Span
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from simulator.workload.types import Operation

Position = tuple[int, int, int]
"""M tile, round, K tile."""
Carried = Literal["", "checked", "assembled"]
"""Numbers of a run: none, held against NumPy's tile by tile, or put together to Y as well."""
DataflowT = TypeVar("DataflowT", covariant=True)


class Pace(Struct, frozen=True):
    """What bounds the time of a schedule: the system that it runs on, and how long an empty fabric takes for one word."""

    system: SystemSpec
    unloaded_cycles: int
    """From the first request of a tile to its first operand, and from the last operand to the end."""


class Setting(Struct, frozen=True, eq=False, dict=True):
    """What an operation meets when it is scheduled and run."""

    machine: UnitsMachine
    """In the dataflow of the operation."""
    spec: ClusterSpec
    engine: Engine
    pace: Pace
    carried: Carried
    recall: Recall = NOTHING
    """What was worked out before at any pace."""

    @property
    def choice_key(self) -> tuple[Hashable, ...]:
        """All that has a part in the choice of how an operation is cut, and none in what its clusters then do: beside the work itself."""
        return self.spec.capacities, self.pace, self.machine.mapping.tokens_per_tile, self.machine.output_words

    @cached_property
    def unclocked(self) -> UnitsMachine:
        """What an operation sees of the machine once it is decided how to cut it, until its clusters run."""
        return self.machine.unclocked()

    @cached_property
    def cut_key(self) -> bytes:
        """Hash of all that decides what clusters are to do, once it is decided how an operation is cut.

        Raises MappingError as `placement_of`.
        """
        return fingerprint((self.unclocked, self.carried, placement_of(self.machine)))

    @cached_property
    def key(self) -> bytes:
        """Hash of that and of how they do it: of all but the pace, what is remembered, and capacities that only have to be enough."""
        return fingerprint((self.cut_key, self.spec.holding([0] * len(CAPACITIES)), self.engine))


class Planned(Struct, Generic[DataflowT], frozen=True, eq=False):
    """How an operation is to be cut, but not cut yet."""

    key: Hashable
    """What the pace and the room in the buffer have a part in of the way in which it is cut."""
    dataflow: Callable[[], DataflowT]
    """Cuts it. In a setting, an operation and a way to cut it give equal dataflows at any pace."""


def token_tiles(token_words: int, groups: int, most: int, *, spread: bool = True) -> tuple[int, int]:
    """Token words of a tile, at most so many, and rounds of tiles, one tile a token group.

    The words are spread evenly over the rounds, so that the last one is not a remnant; not where a tile is to be just so large.
    """
    tile = min(most, -(-token_words // groups))
    rounds = -(-token_words // (groups * tile))
    return (-(-token_words // (groups * rounds)) if spread else tile), rounds


def runs_of(positions: list[Position], content: Callable[[Position], tuple[int, ...]]) -> dict[Position, list[Position]]:
    """First tile of each content → the tiles in sequence that need it."""
    runs = (list(run) for _, run in itertools.groupby(positions, content))
    return {run[0]: run for run in runs}


@dataclass(frozen=True, eq=False)
class TileLoops:
    """How an operation is cut into tiles, whatever the dataflow."""

    operation: Operation
    residency: Residency
    m_tiles: tuple[Span, ...]
    k_tiles: tuple[Span, ...]
    token_words: int
    """Token words of the operation: ⌈N / lanes⌉."""
    tile_token_words: int
    rounds: int
    groups: int
    lanes: int
    loop_order: LoopOrder
    stream: ListStream

    def positions(self) -> list[Position]:
        """Tiles in execution order."""
        ms, rounds, ks = range(len(self.m_tiles)), range(self.rounds), range(len(self.k_tiles))
        if self.loop_order == "m_k_rounds":
            return [(m, r, k) for m in ms for k in ks for r in rounds]
        if self.loop_order == "m_rounds":
            return [(m, r, k) for m in ms for r in rounds for k in ks]
        return [(m, r, k) for r in rounds for m in ms for k in ks]

    def x_content(self, position: Position) -> tuple[int, ...]:
        """What of X a tile needs: tiles of equal content in sequence need no new fill."""
        _, round_index, k = position
        return round_index, k

    def w_content(self, position: Position) -> tuple[int, ...]:
        """What of W a tile needs."""
        m, _, k = position
        return m, k

    def outputs_of(self, position: Position) -> tuple[int, ...]:
        """Which outputs a tile adds to."""
        m, round_index, _ = position
        return m, round_index

    def y_content(self, position: Position) -> tuple[int, ...]:
        """What of Y a tile leaves: tiles of equal content in sequence share a drain."""
        return self.outputs_of(position)

    def group_tokens(self, round_index: int, group: int) -> Span:
        """Token words [first, last) of a group in a round, spread evenly over the groups; empty where there are too few."""
        first = round_index * self.groups * self.tile_token_words
        words = min(self.groups * self.tile_token_words, self.token_words - first)
        share, larger = divmod(words, self.groups)
        start = first + group * share + min(group, larger)
        return start, start + share + (group < larger)

    def active_groups(self, round_index: int) -> list[Span]:
        """Token words of every group that has any in a round."""
        return self._active_groups[round_index]

    @cached_property
    def _active_groups(self) -> list[list[Span]]:
        spans = ([self.group_tokens(index, group) for group in range(self.groups)] for index in range(self.rounds))
        return [[span for span in of_round if span[0] < span[1]] for of_round in spans]

    def x_rows(self, position: Position) -> Span:
        """Output features that are made of the content of X which a tile is the first to need."""
        run = self._x_runs[position]
        return self.m_tiles[run[0][0]][0], self.m_tiles[run[-1][0]][1]

    @cached_property
    def _x_runs(self) -> dict[Position, list[Position]]:
        return runs_of(self.positions(), self.x_content)

    def round_words(self, round_index: int) -> int:
        """Token words of all groups in a round."""
        groups = self.active_groups(round_index)
        return groups[-1][1] - groups[0][0] if groups else 0

    def token_span(self, words: Span) -> Span:
        """Tokens [first, last) of a range of token words; the last word may be partly filled."""
        return words[0] * self.lanes, min(words[1] * self.lanes, self.operation.shape[2])

    def tokens(self, words: Span) -> int:
        """How many they are."""
        first, last = self.token_span(words)
        return last - first

    def m_size(self, m: int) -> int:
        """Output features of an M tile."""
        return self.m_tiles[m][1] - self.m_tiles[m][0]

    def k_size(self, k: int) -> int:
        """Input features of a K tile."""
        return self.k_tiles[k][1] - self.k_tiles[k][0]

    def describe(self) -> dict[str, int | str]:
        """What a result says of the loops."""
        return {
            "k_tiles": len(self.k_tiles),
            "m_tiles": len(self.m_tiles),
            "rounds": self.rounds,
            "token_words_per_tile": self.tile_token_words,
            "loop_order": self.loop_order,
        }
