"""Make machines equal in area, power, throughput or DRAM bandwidth: by their size alone, or each design at its own best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.cost import Technology, load_technology
from simulator.errors import ConfigError, MappingError
from simulator.kinds import kind_of
from simulator.machine.model import Machine
from simulator.run.floor import Floor
from simulator.specs import nearest_hint
from simulator.study.sizing.grid import SEARCHED, grid_of
from simulator.study.sizing.quantities import area_mm2, dram_gb_per_s, of_run, read_target
from simulator.study.sizing.runner import InTurn
from simulator.study.sizing.scale import BySize, rebuilt
from simulator.study.sizing.search import Limits, Problem, best_design
from simulator.study.sizing.types import UNITS, Objective, Quantity, Runner, Sized
from simulator.workload.types import Workload

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    quantity: Quantity
    to: str | None = None
    """A value with its unit, or a machine's name; None: the first machine."""
    best: bool = False
    objective: Objective = "time"
    budget: int | None = None
    """Most simulations of a search."""
    include_dram: bool = False
    keep: Sequence[str] = ()
    """Keys that a search leaves as each machine has them."""


def equalise(
    machines: Sequence[Machine],
    quantity: Quantity,
    workload: Workload,
    *,
    to: str | None = None,
    best: bool = False,
    objective: Objective = "time",
    budget: int | None = None,
    include_dram: bool = False,
    keep: Sequence[str] = (),
    run: Runner | None = None,
    progress: Progress = lambda name, fraction: None,
) -> tuple[Sized, ...]:
    """Return the machines, sized so that comparing them is fair.

    Args:
        machines: what to compare.
        quantity: what they are to be equal in: `area` (mm² of fabric), `power` (mean W of fabric on the workload),
            `throughput` (effective TOPS on it) or `bandwidth` (effective DRAM GB/s).
        workload: what they run; area and bandwidth by size alone do not look at it.
        to: a value with its unit or a machine's name; the first machine unless told.
        best: each design at its own best sizes within the target, rather than scaled by its size alone.
        objective: what `best` minimises within a cap of area or power; at equal throughput it is the area.
        budget: most simulations of one search; it then says what it did not look at.
        include_dram: count the DRAM PHY to areas, DRAM and its PHY to powers.
        keep: keys of the grid that `best` leaves as each machine has them, as `fabric.replicas`.
        run: simulates machines, perhaps in parallel; one after another in this process unless told.
        progress: called with what is being done and the fraction of it that is done.

    Raises:
        ConfigError: a machine cannot be sized so, with the reason.
        MappingError: a machine cannot hold the workload.
    """
    request = Request(quantity, to, best, objective, budget, include_dram, keep)
    for key in keep:
        if key not in SEARCHED:
            raise ConfigError(f"--keep {key}: no search tries it; allowed: {', '.join(SEARCHED)}{nearest_hint(key, SEARCHED)}")
    if best and quantity == "bandwidth":
        raise ConfigError(
            "--best needs a cap: --equal area or power, or a throughput to reach; the DRAM bandwidth is made equal in any case"
        )
    return _Equaliser(machines, workload, request, run or InTurn(workload), progress).sized()


class _Equaliser:
    def __init__(self, machines: Sequence[Machine], workload: Workload, request: Request, runner: Runner, progress: Progress) -> None:
        self.machines = machines
        self.workload = workload
        self.request = request
        self.runner = runner
        self.progress = progress
        wanted = read_target(request.to, request.quantity, machines)
        self.model = wanted if isinstance(wanted, Machine) else machines[0]
        """The machine that gives the target, or, where that is a value, the first: also the DRAM bandwidth is its."""
        self.named = wanted if isinstance(wanted, Machine) else None
        self.target = self._measured(wanted) if isinstance(wanted, Machine) else wanted

    def sized(self) -> tuple[Sized, ...]:
        """All machines, in their order; an array after what its SRAM is taken from."""
        size = self._best if self.request.best else self._with_bandwidth if self.request.quantity == "bandwidth" else self._by_size
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

    def _technology(self, machine: Machine) -> Technology:
        return load_technology(machine.technology, machine.technology_overrides)

    def _measured(self, machine: Machine) -> float:
        if self.request.quantity == "bandwidth":
            return dram_gb_per_s(machine, self._technology(machine))
        if self.request.quantity == "area":
            return area_mm2(machine, self._technology(machine), include_dram=self.request.include_dram)
        (outcome,) = self.runner.run([machine])
        if isinstance(outcome, MappingError):
            raise outcome
        return of_run(outcome, self.request.quantity, include_dram=self.request.include_dram)

    def _by_size(self, machine: Machine, sram: Machine | None) -> Sized:
        notes = tuple(filter(None, [self._bandwidth_note(machine)]))
        if machine is self.named:
            return Sized(machine, machine, self.request.quantity, self.target, self.target, notes=notes)
        sizes = BySize(machine, sram, self._measured)
        found = sizes.reaching(self.target) if self.request.quantity == "throughput" else sizes.within(self.target)
        if found is None:
            raise ConfigError(f"{machine.name}: {sizes.refusal(self.target, self.request.quantity)}")
        return Sized(machine, found.machine, self.request.quantity, self.target, found.value, found.next_value, notes=notes)

    def _bandwidth_note(self, machine: Machine) -> str:
        own, wanted = dram_gb_per_s(machine, self._technology(machine)), dram_gb_per_s(self.model, self._technology(self.model))
        if abs(own / wanted - 1) < _SAME:
            return ""
        return f"its DRAM gives {own:.4g} GB/s, that of {self.model.name} {wanted:.4g} GB/s; --equal bandwidth or --best makes them equal"

    def _with_bandwidth(self, machine: Machine, sram: Machine | None) -> Sized:
        changed = self._at_bandwidth(machine, self.target)
        return Sized(machine, changed, self.request.quantity, self.target, dram_gb_per_s(changed, self._technology(changed)))

    def _at_bandwidth(self, machine: Machine, gb_per_s: float) -> Machine:
        """The machine with a share of as few devices as give that effective bandwidth."""
        own = dram_gb_per_s(machine, self._technology(machine))
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

    def _best(self, machine: Machine, sram: Machine | None) -> Sized:
        request, technology = self.request, self._technology(machine)
        start = self._at_bandwidth(machine, dram_gb_per_s(self.model, self._technology(self.model)))
        problem = Problem(
            machine=start,
            grid=grid_of(start, request.keep),
            objective="area" if request.quantity == "throughput" else request.objective,
            limits=self._limits(),
            technology=technology,
            floor=Floor(self.workload),
            budget=request.budget,
        )
        found = best_design(problem, self.runner, lambda fraction: self.progress(f"size {machine.name}", fraction))
        if found is None:
            raise ConfigError(f"{machine.name}: no design of its kind in the grid {self._failed()}; the grid is in docs/comparing.md")
        value = of_run(found.result, request.quantity, include_dram=request.include_dram)
        cut = found.counts.skipped
        notes = (f"the search was cut short: {cut:,} designs that could be better were not simulated; raise --budget",) if cut else ()
        return Sized(machine, found.machine, request.quantity, self.target, value, None, found.counts, notes)

    def _limits(self) -> Limits:
        quantity, include = self.request.quantity, self.request.include_dram
        if quantity == "area":
            return Limits(area_mm2=self.target, include_dram=include)
        if quantity == "power":
            return Limits(power_w=self.target, include_dram=include)
        useful = sum(op.macs_useful for op in self.workload.operations)
        return Limits(seconds=2e-12 * useful / self.target * (1 + _SAME), include_dram=include)

    def _failed(self) -> str:
        verb = "reaches" if self.request.quantity == "throughput" else "keeps to"
        return f"that holds the workload {verb} {self.target:.4g} {UNITS[self.request.quantity]}"


_SAME = 1e-9
_MOST_STACKS = 64
