"""A machine in a technology: what its file leaves `auto`, its hardware, and its price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

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
from simulator.machine.model import DRAM_RATES, MAX_NETWORK_LATENCY, Elaborated, Machine


def technology_of(machine: Machine) -> Technology:
    """The technology that a machine file names, with the constants that it sets. Raises ConfigError where there is none."""
    return load_technology(machine.technology, machine.technology_overrides)


def elaborate(machine: Machine, technology: Technology) -> Elaborated:
    """Return the machine with its geometry settled.

    Network latency: stages of a router and its link, the most of all routers. Slices: least area. A fabric without a
    network has one of each. DRAM bytes/cycle = devices × GB/s × share × efficiency / GHz. Raises ConfigError for an
    unknown DRAM kind, for more slices than lanes, and for a topology that cannot join units and banks.
    """
    device = choose_dram(technology.dram_devices, machine.dram.kind)
    check_activation(machine, device)
    latency, slices = kind_of(machine).network(machine, technology)
    if latency > MAX_NETWORK_LATENCY:
        raise ConfigError(
            f"fabric.network.latency: auto is {latency} cycles in {technology.name}, by its delays of gates and wires at "
            f"clock_ghz = {machine.clock_ghz:g}; allowed: at most {MAX_NETWORK_LATENCY}"
        )
    rate = dram_bytes_per_cycle(machine, device)
    if not DRAM_RATES[0] <= rate <= DRAM_RATES[1]:
        raise ConfigError(
            f"dram: {rate:g} bytes a cycle, by stacks, share, efficiency, the device's bandwidth and clock_ghz; "
            f"allowed: {DRAM_RATES[0]:g} to {DRAM_RATES[1]:g}"
        )
    return Elaborated(
        machine=machine,
        network_latency=latency,
        slices=slices,
        dram_bytes_per_cycle=rate,
        dram_latency_cycles=dram_latency_cycles(machine),
        dram_burst_bytes=device.burst_bytes,
    )


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

    Raises ConfigError where `latency: auto` would elaborate to another number in this technology than the run had.
    """
    check_latency(elaborated, elaborate(elaborated.machine, technology), technology)
    return pricer_of(elaborated, technology).price(counted(elaborated.machine, activity))


def price_run(activity: Activity, elaborated: Elaborated, technology: Technology) -> tuple[Cost, tuple[Cost, ...]]:
    """What a run costs, as a whole and operation by operation, with the geometry that it had."""
    pricer = pricer_of(elaborated, technology)
    whole, *shares = (pricer.price(counted(elaborated.machine, share)) for share in (activity, *operation_shares(activity)))
    return whole, tuple(shares)


def check_latency(simulated: Elaborated, settled: Elaborated, technology: Technology) -> None:
    """Raise ConfigError where a machine that was simulated has settled on another network latency in a technology."""
    old, new = simulated.network_latency, settled.network_latency
    if old != new:
        raise ConfigError(
            f"{simulated.machine.name} ran with a network latency of {old}, but fabric.network.latency: auto is {new} cycles in "
            f"{technology.name}; simulate again, or price the latency that was simulated with --hold-latency"
        )
