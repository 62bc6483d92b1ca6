"""Results made by hand, for tests of what comes after a run: five machines, numbers of a plausible size."""

from __future__ import annotations

from simulator.activity import Activity, Bounds, Counts, OperationActivity, Shape, operation_shares
from simulator.cost.heat import LeakageLaw
from simulator.cost.types import ComponentCost, Cost
from simulator.machine.model import Elaborated, Machine
from simulator.result import Result, WorkloadRecord

GATHER_AREAS = {
    "x_banks": 0.40,
    "weight_banks": 0.55,
    "output_banks": 1.10,
    "landing_registers": 0.35,
    "mac_lanes": 0.30,
    "accumulators": 0.25,
    "request_network": 0.05,
    "reply_network": 0.30,
    "queues": 0.12,
    "fill_broadcast": 0.01,
    "cluster_wires": 0.0,
    "drain_bus": 0.01,
    "activation_buffer": 0.45,
    "dma_staging": 0.02,
    "clock_and_control": 0.50,
    "dram_phy": 0.34,
    "dram": 0.0,
}
SYSTOLIC_AREAS = {
    "pe_array": 0.45,
    "x_buffer": 0.20,
    "w_buffer": 0.40,
    "y_buffer": 0.95,
    "fill_broadcast": 0.01,
    "drain_bus": 0.01,
    "activation_buffer": 0.45,
    "dma_staging": 0.02,
    "clock_and_control": 0.40,
    "dram_phy": 0.34,
    "dram": 0.0,
}
FABRICS: dict[str, dict[str, object]] = {
    "crossbar": {"kind": "gather", "replicas": 1},
    "hybrid": {"kind": "gather", "replicas": 8, "banks": 8, "bank_kib": 8},
    "replication": {"kind": "gather", "replicas": 64, "banks": 8},
    "partition": {"kind": "gather", "token_groups": 16, "banks": 8},
    "systolic": {"kind": "systolic"},
}
CYCLES = {"crossbar": 9_800, "hybrid": 8_100, "replication": 7_000, "partition": 7_600, "systolic": 31_000}
SCALE = {"crossbar": 1.0, "hybrid": 1.7, "replication": 4.5, "partition": 1.6, "systolic": 1.0}


def sample_result(name: str = "crossbar", *, ideal: str = "none", faster: float = 1.0) -> Result:
    """One of `FABRICS`, with two operations."""
    machine = Machine.model_validate({"name": name, "fabric": FABRICS[name]})
    cycles = int(CYCLES[name] / faster)
    activity = sample_activity(machine, cycles)
    elaborated = Elaborated(
        machine=machine, network_latency=2, slices=4, dram_bytes_per_cycle=12.2, dram_latency_cycles=100, dram_burst_bytes=64
    )
    return Result(
        elaborated=elaborated,
        workload=WorkloadRecord("tiny", {"name": "tiny", "seed": 7}, {"a": {"weight": "00", "activation": "11"}}),
        activity=activity,
        cost=sample_cost(machine, cycles, SCALE[name], 1.0),
        operation_costs=tuple(
            sample_cost(machine, share.cycles, SCALE[name], share.cycles / cycles) for share in operation_shares(activity)
        ),
        ideal=ideal,  # type: ignore[arg-type]
        seed=7,
        checked={"outputs": "equal"},
    )


def sample_activity(machine: Machine, cycles: int) -> Activity:
    """Two operations, the first two thirds of the run."""
    cut = cycles * 2 // 3
    operations = (_operation(machine, "a", 0, cut), _operation(machine, "b", cut, cycles))
    counts = operations[0].counts + operations[1].counts
    return Activity(
        cycles, machine.unit_count, counts, _causes(machine, cycles, "dram"), Bounds(5000, 700, 2500, 3100, 1200, 4200), operations
    )


def _operation(machine: Machine, name: str, start: int, end: int) -> OperationActivity:
    busy = (end - start) * 4 // 5
    gather = machine.fabric.kind == "gather"
    counts = Counts(
        macs_useful=1_200_000,
        mac_slots=2_000_000,
        requests=120_000 if gather else 0,
        replies=120_000 if gather else 0,
        x_bank_reads=110_000 if gather else 0,
        x_buffer_reads=0 if gather else 400_000,
        w_buffer_reads=0 if gather else 400_000,
        x_trunk_bytes=400_000,
        w_trunk_bytes=300_000,
        drain_bytes=200_000,
        buffer_read_bytes=400_000,
        buffer_write_bytes=200_000,
        dram_read_bytes=45_056,
    )
    return OperationActivity(
        name,
        "SpMSpM",
        Shape(256, 256, 256),
        start,
        start,
        end,
        busy,
        256**3,
        counts,
        _causes(machine, busy, "latency"),
        Bounds(2500, 350, 1250, 1550, 600, 2100),
        {"tiles": 4},
    )


def _causes(machine: Machine, cycles: int, filler: str) -> dict[str, int]:
    total = cycles * machine.unit_count
    if machine.fabric.kind == "systolic":
        parts = {"computing": total * 6 // 10, "imbalance": total // 20, "fill_drain": total // 5}
        return parts | {"dram": total - sum(parts.values())}
    parts = {"computing": total // 2, "drain": total // 100, "imbalance": total // 8, "issue": total // 90}
    if machine.fabric.has_network:
        parts |= {"bank_conflict": total // 9, "network_contention": total // 30, "latency": total // 40}
    return parts | {filler: parts.get(filler, 0) + total - sum(parts.values())}


def sample_cost(machine: Machine, cycles: int, scale: float, share: float) -> Cost:
    """Energy follows area, except DRAM's; `scale` multiplies the operand banks."""
    areas = dict(SYSTOLIC_AREAS if machine.fabric.kind == "systolic" else GATHER_AREAS)
    if "x_banks" in areas:
        areas["x_banks"] *= scale
        if not machine.fabric.has_network:
            areas = {name: area for name, area in areas.items() if name not in ("request_network", "reply_network", "queues")}
    seconds = cycles * 1e-9
    parts = tuple(
        ComponentCost(
            name,
            64,
            area * 0.4,
            area * 0.8,
            area,
            {"read": 4e6 * share * (area or 0.5), "write": 1e6 * share},
            area * 2e-3 * seconds * 1e12,
        )
        for name, area in areas.items()
    )
    return Cost("7nm", seconds, parts, LeakageLaw(85.0, 22.5))
