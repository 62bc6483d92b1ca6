"""A machine in a technology: what its file leaves `auto`, its hardware, and its price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import asdict, replace

from simulator.activity import Activity, Counts, operation_shares
from simulator.cost.around import surrounded
from simulator.cost.constants import choose_dram
from simulator.cost.dram import check_activation, dram_bytes_per_cycle, dram_latency_cycles
from simulator.cost.hardware import Hardware
from simulator.cost.pricer import Counted, Pricer
from simulator.cost.technology import Technology, load_technology
from simulator.cost.types import Cost
from simulator.errors import ConfigError
from simulator.kinds import kind_of
from simulator.machine.model import DRAM_RATES, MAX_STAGES, Elaborated, Machine, Stages
from simulator.recall import Recall, Same, fingerprint


def technology_of(machine: Machine) -> Technology:
    """The technology that a machine file names, with the constants that it sets. Raises ConfigError where there is none."""
    return load_technology(machine.technology, machine.technology_overrides)


def elaborate(machine: Machine, technology: Technology) -> Elaborated:
    """Return the machine with its geometry settled.

    Latencies: what the delay model asks for at the clock. Slices: least area. A fabric without a network has one.
    DRAM bytes/cycle = devices × GB/s × share × efficiency / GHz. Raises ConfigError for an unknown DRAM kind, for more slices
    than lanes, for a topology that cannot join units and banks, and for a path that does not fit into its cycle.
    """
    device = choose_dram(technology.dram_devices, machine.dram.kind)
    check_activation(machine, device)
    rate = dram_bytes_per_cycle(machine, device)
    if not DRAM_RATES[0] <= rate <= DRAM_RATES[1]:
        raise ConfigError(
            f"dram: {rate:g} bytes a cycle, by stacks, share, efficiency, the device's bandwidth and clock_ghz; "
            f"allowed: {DRAM_RATES[0]:g} to {DRAM_RATES[1]:g}"
        )
    draft = Elaborated(
        machine=machine,
        network_latency=1,
        slices=1,
        dram_bytes_per_cycle=rate,
        dram_latency_cycles=dram_latency_cycles(machine),
        dram_burst_bytes=device.burst_bytes,
    )
    settled = replace(_settled(draft, technology), machine=machine, **{name: getattr(draft, name) for name in _DRAM})
    name, longest = max(asdict(settled.stages).items(), key=lambda stage: stage[1])
    if longest > MAX_STAGES:
        raise ConfigError(
            f"clock_ghz: {machine.clock_ghz:g} asks for {longest} cycles of {name} in {technology.name}, by its delays of gates and wires; "
            f"allowed: at most {MAX_STAGES}"
        )
    return settled


_DRAM = ("dram_bytes_per_cycle", "dram_latency_cycles", "dram_burst_bytes")
_SETTLED = Recall(64)
"""Machines that were settled last: those that differ in their memory alone are settled once."""


def _settled(draft: Elaborated, technology: Technology) -> Elaborated:
    """By what is built; what lies beyond it is not there to be read."""
    built = replace(draft, machine=draft.machine.as_built(), **dict.fromkeys(_DRAM, 1))
    key = Same(technology), fingerprint(built)
    return _SETTLED.of_key(key, lambda: kind_of(draft.machine).settle(built, technology))


def hardware_of(elaborated: Elaborated, technology: Technology) -> Hardware:
    """Return every piece of hardware that is priced, the fabric first, and what it is paid for."""
    return surrounded(kind_of(elaborated.machine).parts(elaborated, technology), elaborated, technology)


def pricer_of(elaborated: Elaborated, technology: Technology) -> Pricer:
    """Return what prices the runs of a machine, with the geometry that it has: a technology that would settle another is not noticed."""
    return Pricer(hardware_of(elaborated, technology))


def counted(machine: Machine, activity: Activity) -> Counted:
    """What a run of a machine did, as pricing sees it."""
    return Counted(
        activity.counts, activity.cycles, counts_by_kind(machine, ((entry.details, entry.counts) for entry in activity.operations))
    )


def counts_by_kind(machine: Machine, operations: Iterable[tuple[Mapping[str, Any], Counts]]) -> Mapping[str, Counts]:
    """The events of each kind of work, where the machine's operations differ in the hardware that they use; else none.

    Operations by their details and counts.
    """
    kind = kind_of(machine)
    if not kind.work:
        return {}
    found: dict[str, list[Counts]] = {work: [] for work in kind.work}
    for details, counts in operations:
        found[kind.work_of(details)].append(counts)
    return {work: Counts.total(several) for work, several in found.items()}


def price(activity: Activity, elaborated: Elaborated, technology: Technology) -> Cost:
    """Return what a run costs in a technology: a pure function, linear in the activity's counts and cycles.

    Raises ConfigError where a latency that is `auto` would be another number in this technology than the run had.
    """
    check_latency(elaborated, elaborate(elaborated.machine, technology), technology)
    return pricer_of(elaborated, technology).price(counted(elaborated.machine, activity))


def price_run(activity: Activity, elaborated: Elaborated, technology: Technology) -> tuple[Cost, tuple[Cost, ...]]:
    """What a run costs, as a whole and operation by operation, with the geometry that it had."""
    pricer = pricer_of(elaborated, technology)
    whole, *shares = (pricer.price(counted(elaborated.machine, share)) for share in (activity, *operation_shares(activity)))
    return whole, tuple(shares)


def check_latency(simulated: Elaborated, settled: Elaborated, technology: Technology) -> None:
    """Raise ConfigError where a machine that was simulated has settled on other latencies in a technology."""
    for stage in Stages.__struct_fields__:
        old, new = getattr(simulated.stages, stage), getattr(settled.stages, stage)
        if old != new:
            paths = kind_of(settled.machine).paths(settled, technology)
            key = next(path.key for path in paths if path.stage == stage)
            raise ConfigError(
                f"{simulated.machine.name} ran with {key}: {old}, but {key}: auto is {new} cycles in {technology.name}; "
                "simulate again, or price the latencies that were simulated with --hold-latency"
            )
