"""An operation in the ways that may take least time: planned, run and decided, or recalled by what each of these depends on."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from typing import TypeVar

from simulator.engine.engines import ENGINES, RunOptions
from simulator.kinds.units.chain_cuts import BlockCut, SettledCuts
from simulator.kinds.units.excerpt import Excerpt
from simulator.kinds.units.fusion import FusedPlan, Kept, kept_in
from simulator.kinds.units.loops import Pace, Planned, Setting
from simulator.kinds.units.operation import BUSIEST, Busiest, UnitsPlan, keeps, run_plan
from simulator.kinds.units.protocol import Dataflow
from simulator.kinds.units.tries import Alone, Busy, Try, Way, near, quickest
from simulator.recall import NOTHING, Recall, Same
from simulator.system.operation import OperationRun
from simulator.system.quick_bound import QuickBound
from simulator.system.tensors import Residency
from simulator.workload.types import Operation


@dataclass(frozen=True, eq=False)
class Decision:
    """What an operation, the `index`-th of its workload, does in a setting: how it may be cut, what it then does, which way is best."""

    kind: str
    flow: str
    """What results call its dataflow."""
    setting: Setting
    operation: Operation
    residency: Residency
    index: int
    burst_bytes: int
    """Of DRAM."""
    options: RunOptions
    ways: Callable[[], Sequence[Planned[Dataflow]]]
    """Says in which ways it is to be tried, the likeliest first."""
    _plans: dict[Hashable, UnitsPlan] = field(init=False, default_factory=dict)
    _runs: dict[Hashable, OperationRun] = field(init=False, default_factory=dict)

    @cached_property
    def planned(self) -> dict[Hashable, Planned[Dataflow]]:
        """The ways, by what tells them apart."""
        return {each.key: each for each in self.ways()}

    @cached_property
    def _cuts(self) -> Same:
        """All that decides what is to be done once it is cut, but for whether W is kept: neither rates nor room, nor how it is clocked."""
        home = self.residency.without_room()
        return self.options.recall.named(
            ("cuts", self.kind, self.setting.cut_key, self.operation.content, home, self.index, self.burst_bytes, self.options.reuse_tiles)
        )

    @cached_property
    def _work(self) -> Same:
        """The same of what its clusters do, but for capacities."""
        return self.options.recall.named(("work", self._cuts, self.setting.key))

    @property
    def _output_words(self) -> int:
        """Row words that one half of an output bank holds, which rows must leave in time."""
        return self.setting.machine.output_words

    def best(self) -> Hashable:
        """The way that takes least time on this system: the only one, or of several the one that is through first when played alone."""
        key = self._work, "best", self.setting.choice_key, self.residency
        return self.options.recall.of_key(key, self._best)

    def _best(self) -> Hashable:
        return _quickest(list(self.planned), self._busy, self._floor, lambda way: (self.run(way),), self.setting.pace, self.options)

    def _busy(self, way: Hashable) -> Busy:
        """The least of its tiles, cut in a way."""
        return Busy(sum(self.plan(way).dataflow.least_cycles(self.setting.spec)))

    def floors(self) -> list[QuickBound]:
        """[ways] what it takes at least, by its busiest units."""
        return [self._floor(way, "unit") for way in self.planned]

    def _floor(self, way: Hashable, busiest: Busiest) -> QuickBound:
        """What it takes at least, cut in a way."""
        kept = self.kept(way)
        return self.options.recall.of_key(
            (self._work, way, kept, self._output_words, "floor", busiest, self.setting.spec.felt_window),
            lambda: self.plan(way).floor(self.setting.spec, self._output_words, busiest, w_kept=kept),
            _parts,
        )

    def kept(self, way: Hashable) -> bool:
        """Whether the buffer keeps W."""
        return keeps(self.options.recall.of_key((self._cuts, way, "room"), lambda: self.plan(way).least_room), self.residency.room_bytes)

    def run(self, way: Hashable) -> OperationRun:
        """What it does, cut in a way: recalled if it was run in the same setting, cut so and with a W that is kept or not."""
        if way not in self._runs:
            kept = self.kept(way)
            self._runs[way] = self.options.recall.of_sizes(
                (self._work, way, kept, self._output_words),
                self.setting.spec.capacities,
                lambda: run_plan(self.plan(way), self.setting, self.flow, self.residency, self.options, w_kept=kept),
                lambda run: run.pieces,
            )
        return self._runs[way]

    def plan(self, way: Hashable) -> UnitsPlan:
        """Cut in a way."""

        def made() -> UnitsPlan:
            dataflow, room_bytes = self.planned[way].dataflow(), self.residency.room_bytes
            return UnitsPlan(dataflow, self.index, self.burst_bytes, reuse_tiles=self.options.reuse_tiles, scheduled_room=room_bytes)

        if way not in self._plans:
            self._plans[way] = _plans_of(self.options).of_key((self._cuts, way), made, lambda plan: plan.pieces)
        return self._plans[way]


@dataclass(frozen=True, eq=False)
class ChainDecision:
    """The same of a chain of fused operations, of which the first is the `first`-th of its workload."""

    settled: SettledCuts
    first: int
    burst_bytes: int
    """Of DRAM."""
    options: RunOptions
    most: int
    """Ways that are tried at most."""
    _plans: dict[BlockCut, FusedPlan] = field(init=False, default_factory=dict)
    _runs: dict[BlockCut, tuple[OperationRun, ...]] = field(init=False, default_factory=dict)

    @property
    def residency(self) -> tuple[Residency, ...]:
        """[operations]"""
        return self.settled.cuts.residency

    @cached_property
    def _cuts(self) -> Same:
        """All that decides what is to be done once it is cut, but for which W are kept."""
        homes = tuple(home.without_room() for home in self.residency)
        return self.options.recall.named(("chain", *self.settled.cut_key, homes, self.first, self.burst_bytes, self.options.reuse_tiles))

    @cached_property
    def _work(self) -> Same:
        """The same of what its clusters do, but for capacities."""
        return self.options.recall.named(("work", self._cuts, *(setting.key for setting in self.settled.settings)))

    @property
    def _output_words(self) -> int:
        """Row words that one half of an output bank holds, which rows must leave in time."""
        return self.settled.settings[0].machine.output_words

    @cached_property
    def cuts(self) -> list[BlockCut]:
        """The likeliest first."""
        key = self._work, "cuts", self.settled.choice_key, self.residency, self.most
        return self.options.recall.of_key(key, self._likeliest)

    def _likeliest(self) -> list[BlockCut]:
        """By their first blocks; of equal ones those of the fewest blocks, and the most tokens, at a time.

        Blocks are looked at in the order of what units take, which no cut goes below, until no more can be among the best.
        """
        least = {cut: self.settled.unit_cycles(cut) for cut in self.settled.cuts.all()}
        if len(least) <= self.most:
            return near({cut: (cycles,) for cut, cycles in least.items()}, self.most)
        found: dict[BlockCut, tuple[float, ...]] = {}
        for cut in sorted(least, key=least.__getitem__):
            best = sorted(rank[0] for rank in found.values())[: self.most]
            if len(best) == self.most and least[cut] >= best[-1]:
                break
            found[cut] = (self._foreseen(cut),)
        return near({cut: found[cut] for cut in least if cut in found}, self.most)

    def _foreseen(self, cut: BlockCut) -> int:
        """Cycles by the first blocks, which are kept for other rates."""
        recall, key = self.options.recall, (self._work, cut, "excerpt", self.settled.capacities, self._output_words)
        plan = lru_cache(partial(FusedPlan.of, self.settled, cut, 0, self.burst_bytes, reuse_tiles=self.options.reuse_tiles, tiles=1))
        kept = kept_in(recall.of_key((*key, "room"), lambda: plan().least_rooms()), self.residency)
        made = recall.of_key(
            (*key, kept),
            lambda: Excerpt.of(self.settled, cut, plan(), kept),
            lambda excerpt: excerpt.parts,
        )
        return made.cycles(self.settled.settings[0].pace.system)

    def best(self) -> BlockCut:
        """The way that takes least time on this system: the only one, or of several the one that is through first when played alone."""
        return self.options.recall.of_key((self._work, "best", self.settled.choice_key, self.residency), self._best)

    def _best(self) -> BlockCut:
        return _quickest(self.cuts, self._busy, self._floor, self.run, self.settled.settings[0].pace, self.options)

    def _busy(self, cut: BlockCut) -> Busy:
        """The least of its tiles, cut in a way."""
        return Busy(self.plan(cut).least_cycles(self.settled.settings))

    def _floor(self, cut: BlockCut, busiest: Busiest) -> QuickBound:
        """What it takes at least, cut in a way."""
        kept = self.kept(cut)
        return self.options.recall.of_key(
            (self._work, cut, kept, self._output_words, "floor", busiest, *(setting.spec.felt_window for setting in self.settled.settings)),
            lambda: self.plan(cut).floor(self.settled.settings, busiest, kept),
            _parts,
        )

    def kept(self, cut: BlockCut) -> Kept:
        """Which W the buffer keeps."""
        return kept_in(self.options.recall.of_key((self._cuts, cut, "room"), lambda: self.plan(cut).least_rooms()), self.residency)

    def run(self, cut: BlockCut) -> tuple[OperationRun, ...]:
        """What it does, cut in a way: recalled if it was run in the same setting, cut so and with the same W kept."""
        if cut not in self._runs:
            kept = self.kept(cut)
            self._runs[cut] = self.options.recall.of_sizes(
                (self._work, cut, kept, self._output_words),
                self.settled.capacities,
                lambda: self.plan(cut).run(self.settled.settings, self.residency, self.options, kept),
                lambda runs: sum(run.pieces for run in runs),
            )
        return self._runs[cut]

    def plan(self, cut: BlockCut) -> FusedPlan:
        """Cut in a way."""

        def made() -> FusedPlan:
            return FusedPlan.of(self.settled, cut, self.first, self.burst_bytes, reuse_tiles=self.options.reuse_tiles)

        if cut not in self._plans:
            self._plans[cut] = _plans_of(self.options).of_key((self._cuts, cut), made, lambda plan: plan.pieces)
        return self._plans[cut]


def _plans_of(options: RunOptions) -> Recall:
    """What remembers how operations are cut: nothing where a plan puts numbers together, which is run once."""
    return NOTHING if options.engine.carries_values else options.recall


DecisionT = TypeVar("DecisionT", Decision, ChainDecision)


def judged(options: RunOptions, decide: Callable[[RunOptions], DecisionT]) -> tuple[DecisionT, DecisionT]:
    """A decision, and the one to ask for the quickest way: both engines agree on that, and only one of them is slow."""
    decision = decide(options)
    return decision, decide(replace(options, engine=ENGINES["compiled"])) if options.engine.carries_values else decision


def _quickest(
    ways: Sequence[Way],
    busy_of: Callable[[Way], Busy],
    floor_of: Callable[[Way, Busiest], QuickBound],
    runs_of: Callable[[Way], Sequence[OperationRun]],
    pace: Pace,
    options: RunOptions,
) -> Way:
    """The only one, which need not be run, or the one that is through first when played alone."""
    if len(ways) == 1:
        return ways[0]

    def run(way: Way) -> Alone:
        return Alone.of(runs_of(way), options.recall)

    tries = [Try([partial(busy_of, way), *(partial(floor_of, way, of) for of in BUSIEST)], partial(run, way)) for way in ways]
    return ways[quickest(tries, options.engine.name, pace.system)]


def _parts(floor: QuickBound) -> int:
    """What it takes to hold it."""
    return floor.program.by_itself().parts
