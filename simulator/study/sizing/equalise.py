"""Make machines equal in area, power, throughput or DRAM bandwidth: by their size alone, or each design at its own best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, get_args

from simulator.errors import ConfigError, MappingError
from simulator.kinds import kind_of
from simulator.machine.model import Machine, load_machine
from simulator.pricing import technology_of
from simulator.recall import fingerprint
from simulator.run.floor import Floor
from simulator.specs import check_choice, nearest_hint
from simulator.study.design import design_key, digest
from simulator.study.sizing.certificate import Walk
from simulator.study.sizing.climb import climb
from simulator.study.sizing.looks import Standing
from simulator.study.sizing.problem import Limits, Problem
from simulator.study.sizing.quantities import UNITS, Objective, Quantity, SearchName, area_mm2, dram_gb_per_s, of_run, read_target
from simulator.study.sizing.runner import InTurn, Runner
from simulator.study.sizing.scale import SEARCHED, BySize, grid_of, rebuilt
from simulator.study.sizing.search import best_design
from simulator.study.sizing.sized import SearchCounts, Sized
from simulator.version import MODEL_VERSION
from simulator.workload import load_workload
from simulator.workload.types import Workload

Progress = Callable[[str, float], None]
Told = Callable[[str, Standing], None]
"""Called with the name of a machine whose best design is looked for, and how far that is."""


class Memory(Protocol):
    """Where found sizes are kept, by the hash of all that they depend on, as JSON values: a results store."""

    def sizes(self, key: str) -> dict[str, Any] | None:
        """What was found before; None where nothing was."""

    def add_sizes(self, key: str, found: Mapping[str, Any]) -> None:
        """Keep what was found."""


def equalise(
    machines: Sequence[Machine | str | Path | dict[str, Any]],
    quantity: Quantity,
    workload: Workload | str | Path,
    *,
    to: str | None = None,
    best: bool = False,
    objective: Objective = "edap",
    search: SearchName = "steps",
    budget: int | None = None,
    include_dram: bool = False,
    keep: Sequence[str] = (),
    run: Runner | None = None,
    memory: Memory | None = None,
    progress: Progress = lambda name, fraction: None,
    told: Told = lambda name, standing: None,
) -> tuple[Sized, ...]:
    """Return the machines, sized so that comparing them is fair.

    Args:
        machines: what to compare: machines, their files or names, or what a file would hold.
        quantity: what they are to be equal in: `area` (mm² of fabric), `power` (mean W of fabric on the workload),
            `throughput` (effective TOPS on it) or `bandwidth` (effective DRAM GB/s).
        workload: what they run; area and bandwidth by size alone do not look at it.
        to: a value with its unit or a machine's name; the first machine unless told.
        best: each design at its own best sizes within the target, rather than scaled by its size alone.
        objective: what `best` minimises within a cap of area or power; at equal throughput it is the area.
        search: how `best` looks: by single `steps` in every key, until none is better, or at every design of a small `grid`.
        budget: most simulations of one search; it then says what it did not look at.
        include_dram: count the DRAM PHY to areas, DRAM and its PHY to powers.
        keep: keys that `best` leaves as each machine has them, as `fabric.replicas`.
        run: simulates machines, perhaps in parallel; one after another in this process unless told.
        memory: where what `best` found is looked up before, and kept after.
        progress: called with what is being done and the fraction of it that is done.
        told: called with how far a search is: what it has found so far, and what no design goes below.

    Raises:
        ConfigError: there is no machine, or one cannot be sized so, with the reason.
        MappingError: a machine cannot hold the workload.
    """
    for what, given, allowed in (("quantity", quantity, Quantity), ("objective", objective, Objective), ("search", search, SearchName)):
        check_choice(what, given, get_args(allowed))
    if not machines:
        raise ConfigError("nothing to size: name at least one machine")
    for key in keep:
        if key not in SEARCHED:
            raise ConfigError(f"--keep {key}: no search tries it; allowed: {', '.join(SEARCHED)}{nearest_hint(key, SEARCHED)}")
    if best and quantity == "bandwidth":
        raise ConfigError(
            "--best needs a cap: --equal area or power, or a throughput to reach; the DRAM bandwidth is made equal in any case"
        )
    models = [machine if isinstance(machine, Machine) else load_machine(machine) for machine in machines]
    load = workload if isinstance(workload, Workload) else load_workload(workload)
    wanted = read_target(to, quantity, models)
    equaliser = _Equaliser(
        models, load, quantity, wanted, objective, search, budget, include_dram, keep, run or InTurn(load), memory, progress, told
    )
    return equaliser.sized(equaliser.best if best else equaliser.with_bandwidth if quantity == "bandwidth" else equaliser.by_size)


@dataclass(frozen=True)
class _Equaliser:
    """Three ways to size a machine; fields are the arguments of `equalise`, its target read."""

    machines: Sequence[Machine]
    workload: Workload
    quantity: Quantity
    wanted: Machine | float
    objective: Objective
    search: SearchName
    budget: int | None
    include_dram: bool
    keep: Sequence[str]
    runner: Runner
    memory: Memory | None
    progress: Progress
    told: Told

    @property
    def model(self) -> Machine:
        """The machine that gives the target, or, where that is a value, the first: also the DRAM bandwidth is its."""
        return self.wanted if isinstance(self.wanted, Machine) else self.machines[0]

    @cached_property
    def target(self) -> float:
        """The value to agree with."""
        return self._measured(self.wanted) if isinstance(self.wanted, Machine) else self.wanted

    def sized(self, size: Callable[[Machine, Machine | None], Sized]) -> tuple[Sized, ...]:
        """All machines, in their order; an array after what its SRAM is taken from."""
        done: dict[str, Sized] = {}
        for machine in sorted(self.machines, key=lambda machine: kind_of(machine).sizes.sram(machine) is None):
            self.progress(f"size {machine.name}", 0.0)
            done[machine.name] = size(machine, self._sram_model(list(done.values())))
            self.progress(f"size {machine.name}", 1.0)
        return tuple(done[machine.name] for machine in self.machines)

    def _sram_model(self, done: list[Sized]) -> Machine | None:
        """Whose SRAM an array is given: the model's, or that of the first other machine as it was sized."""
        if kind_of(self.model).sizes.sram(self.model) is not None:
            return next((sized.machine for sized in done if sized.original.name == self.model.name), self.model)
        return next((sized.machine for sized in done), None)

    def _measured(self, machine: Machine) -> float:
        if self.quantity == "bandwidth":
            return dram_gb_per_s(machine, technology_of(machine))
        if self.quantity == "area":
            return area_mm2(machine, technology_of(machine), include_dram=self.include_dram)
        (outcome,) = self.runner.run([machine])
        if isinstance(outcome, MappingError):
            raise outcome
        return of_run(outcome, self.quantity, include_dram=self.include_dram)

    def by_size(self, machine: Machine, sram: Machine | None) -> Sized:
        """The machine in the size, of its own proportions, that agrees with the target."""
        notes = tuple(filter(None, [self._bandwidth_note(machine)]))
        if machine is self.wanted:
            return Sized(machine, machine, self.quantity, self.target, self.target, notes=notes)
        sizes = BySize(machine, sram, self._measured)
        found = sizes.reaching(self.target) if self.quantity == "throughput" else sizes.within(self.target)
        if found is None:
            raise ConfigError(f"{machine.name}: {sizes.refusal(self.target, self.quantity)}")
        return Sized(machine, found.machine, self.quantity, self.target, found.value, found.next_value, notes=notes)

    def _bandwidth_note(self, machine: Machine) -> str:
        own, wanted = dram_gb_per_s(machine, technology_of(machine)), dram_gb_per_s(self.model, technology_of(self.model))
        if abs(own / wanted - 1) < _SAME:
            return ""
        return f"its DRAM gives {own:.4g} GB/s, that of {self.model.name} {wanted:.4g} GB/s; --equal bandwidth or --best makes them equal"

    def with_bandwidth(self, machine: Machine, sram: Machine | None) -> Sized:
        """The machine as it is, with another DRAM bandwidth."""
        changed = self._at_bandwidth(machine, self.target)
        return Sized(machine, changed, self.quantity, self.target, dram_gb_per_s(changed, technology_of(changed)))

    def _at_bandwidth(self, machine: Machine, gb_per_s: float) -> Machine:
        """The machine with a share of as few devices as give that effective bandwidth."""
        own = dram_gb_per_s(machine, technology_of(machine))
        if abs(own / gb_per_s - 1) < _SAME:
            return machine
        devices = machine.dram.stacks * machine.dram.share * gb_per_s / own
        stacks = max(machine.dram.stacks, -int(-devices // 1))
        changed = rebuilt(machine, {"dram.stacks": stacks, "dram.share": min(1.0, devices / stacks)})
        if changed is None:
            limit = own / (machine.dram.stacks * machine.dram.share) * _MOST_STACKS
            raise ConfigError(
                f"{machine.name}: {gb_per_s:.4g} GB/s of {machine.dram.kind} would take {stacks:,} devices of at most {_MOST_STACKS}; "
                f"allowed: up to {limit:.4g} GB/s"
            )
        return changed

    def best(self, machine: Machine, sram: Machine | None) -> Sized:
        """The best design of the machine's kind that keeps to the target. Raises ConfigError where there is none."""
        start = self._at_bandwidth(machine, dram_gb_per_s(self.model, technology_of(self.model)))
        problem = Problem(
            machine=start,
            objective="area" if self.quantity == "throughput" else self.objective,
            limits=self._limits(),
            technology=technology_of(machine),
            floor=Floor(self.workload),
            budget=self.budget,
        )
        key = self._key(problem)
        known = None if self.memory is None else self.memory.sizes(key)
        found = None if known is None else _restored(machine, self.quantity, self.target, known)
        if found is None:
            found = self._by_steps(machine, problem) if self.search == "steps" else self._over_the_grid(machine, problem)
            if self.memory is not None:
                self.memory.add_sizes(key, _kept(found))
        return found

    def _by_steps(self, machine: Machine, problem: Problem) -> Sized:
        found = climb(problem, self.runner, self.keep, lambda standing: self.told(machine.name, standing))
        if found is None:
            raise ConfigError(f"{machine.name}: neither it nor any shape of its kind that was tried {self._failed()}")
        value = of_run(found.result, self.quantity, include_dram=self.include_dram)
        notes = ("the search was cut short: a step may be better; raise --budget",) if found.walk.cut_short else ()
        return Sized(machine, found.machine, self.quantity, self.target, value, walk=found.walk, notes=notes)

    def _over_the_grid(self, machine: Machine, problem: Problem) -> Sized:
        grid = grid_of(problem.machine, self.keep)
        found = best_design(problem, grid, self.runner, lambda fraction: self.progress(f"size {machine.name}", fraction))
        if found is None:
            raise ConfigError(f"{machine.name}: no design of its kind in the grid {self._failed()}; the grid is in docs/comparing.md")
        value = of_run(found.result, self.quantity, include_dram=self.include_dram)
        cut = found.counts.skipped
        notes = (f"the search was cut short: {cut:,} designs that could be better were not simulated; raise --budget",) if cut else ()
        return Sized(machine, found.machine, self.quantity, self.target, value, None, found.counts, notes=notes)

    def _key(self, problem: Problem) -> str:
        """Hash of all that the best design depends on."""
        return design_key(
            problem.machine,
            technology=digest(problem.technology.model_dump(mode="json")),
            workload=fingerprint(self.workload).hex(),
            objective=problem.objective,
            limits=asdict(problem.limits),
            search=self.search,
            budget=self.budget,
            kept=sorted(self.keep),
            version=MODEL_VERSION.of("timing", "cost", "sizing"),
        )

    def _limits(self) -> Limits:
        if self.quantity == "area":
            return Limits(area_mm2=self.target, include_dram=self.include_dram)
        if self.quantity == "power":
            return Limits(power_w=self.target, include_dram=self.include_dram)
        return Limits(seconds=2e-12 * self.workload.macs_useful / self.target * (1 + _SAME), include_dram=self.include_dram)

    def _failed(self) -> str:
        verb = "reaches" if self.quantity == "throughput" else "keeps to"
        return f"that holds the workload {verb} {self.target:.4g} {UNITS[self.quantity]}"


def _kept(sized: Sized) -> dict[str, Any]:
    """What a store keeps of a best design, as JSON values."""
    return {
        "sizes": {change.key: change.after for change in sized.changes},
        "achieved": sized.achieved,
        "search": None if sized.search is None else sized.search.to_dict(),
        "walk": None if sized.walk is None else sized.walk.to_dict(),
        "notes": list(sized.notes),
    }


def _restored(machine: Machine, quantity: Quantity, target: float, record: Mapping[str, Any]) -> Sized | None:
    """Inverse of `_kept`; None where the machine takes no such sizes."""
    best = rebuilt(machine, record["sizes"])
    if best is None:
        return None
    counts, walk = record["search"], record["walk"]
    return Sized(
        machine,
        best,
        quantity,
        target,
        record["achieved"],
        search=None if counts is None else SearchCounts.from_dict(counts),
        walk=None if walk is None else Walk.from_dict(walk),
        notes=tuple(record["notes"]),
    )


_SAME = 1e-9
_MOST_STACKS = 64
