"""Which hardware stands for which component of the cost model, size for size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from simulator.cost import delay
from simulator.cost.component import Component
from simulator.cost.delay import Delay
from simulator.cost.hardware import Instance
from simulator.cost.mac import Accumulators, MacLane, ProcessingElement
from simulator.cost.registers import Fifo
from simulator.cost.router import Combiner, Crossbar, Scheduler, WordMultiplexer
from simulator.machine.model import BITS, SIGNIFICAND_BITS

if TYPE_CHECKING:
    from amaranth.hdl import Elaboratable, Signal


class Piece(Struct, frozen=True, eq=False):
    """One piece of hardware, and what the models say of it."""

    name: str
    """Which piece, with its sizes."""
    component: str
    """Of reports, to which it belongs."""
    copies: int
    """That the machine has."""
    gates: float
    """GE of cells by the cost model."""
    delay: Delay | None
    """Its longest path by the delay model, without its wires; None where the model has none."""
    figure: tuple[str, dict[str, Any]] | None
    """As hardware of a list of figures, with its parameters; None where a list knows none like it."""
    build: Callable[[], tuple[Elaboratable, Sequence[Signal]]]
    """The hardware, with its ports."""


@dataclass(frozen=True)
class Unbuilt:
    """A component that no hardware stands for, and why."""

    name: str
    reason: str


def pieces(instances: Iterable[Instance]) -> tuple[tuple[Piece, ...], tuple[Unbuilt, ...]]:
    """The pieces of a machine, equal ones together; and those of its components that are memories, wires, or are not elaborated."""
    parts = tuple(instances)
    built: dict[str, Piece] = {}
    unbuilt: dict[str, Unbuilt] = {}
    for entry in parts:
        found = list(_of_instance(entry, parts))
        for piece in found:
            same = built.get(piece.name)
            built[piece.name] = piece if same is None else replace(same, copies=same.copies + piece.copies)
        if not found:
            name = f"{entry.name}: {entry.part}"
            unbuilt[name] = Unbuilt(name, _why(entry.component))
    return tuple(built.values()), tuple(unbuilt.values())


def _of_instance(entry: Instance, parts: Sequence[Instance]) -> Iterator[Piece]:
    component = entry.component
    if isinstance(component, Crossbar):
        yield _data_path(entry, component)
        if component.arbitrated:
            yield _arbiters(entry, component, parts)
    elif isinstance(component, Combiner):
        yield _combiner(entry, component)
        scheduler = _scheduler_beside(entry, component, parts)
        if scheduler is not None:
            yield _combining_allocator(entry, component, scheduler)
    elif isinstance(component, Fifo):
        yield _queue(entry, component)
    elif isinstance(component, ProcessingElement) and not _floating(component) and component.of == 1:
        yield _cell(entry, component, parts)
    elif isinstance(component, Accumulators) and not _floating(component):
        yield from _unit_arithmetic(entry, component, parts)


def _why(component: Component) -> str:
    if isinstance(component, ProcessingElement | MacLane | Accumulators) and _floating(component):
        return "hardware has integers only"
    if isinstance(component, ProcessingElement):
        return "selection of N:M weights is not elaborated"
    if isinstance(component, Scheduler | WordMultiplexer | MacLane):
        return "within another piece, or not elaborated by itself"
    return "memories, wires, and what is not elaborated by itself"


def _floating(component: ProcessingElement | MacLane | Accumulators) -> bool:
    kinds = (getattr(component, name, component.accumulate) for name in ("weight", "activation", "accumulate"))
    return any(kind in SIGNIFICAND_BITS for kind in kinds)


def gates_of(component: Component) -> float:
    """Gate equivalents of its cells."""
    return component.own_area.cell_mm2 * 1e6 / component.technology.gate_area_um2


def _data_path(entry: Instance, crossbar: Crossbar) -> Piece:
    """One slice, without what arbitrates it."""
    bits = -(-crossbar.width_bits // crossbar.slices)
    one = Crossbar(crossbar.technology, crossbar.inputs, crossbar.outputs, bits, False)
    size = f"{crossbar.inputs} × {crossbar.outputs} × {bits} b"

    def build() -> tuple[Elaboratable, Sequence[Signal]]:
        from simulator.rtl.standalone import data_path

        return data_path(crossbar.inputs, crossbar.outputs, bits)

    return Piece(
        f"data path {size}",
        entry.name,
        entry.count * crossbar.slices,
        gates_of(one),
        delay.multiplexer(crossbar.technology, max(crossbar.inputs, crossbar.outputs)),
        ("crossbar", {"inputs": crossbar.inputs, "outputs": crossbar.outputs, "width_bits": bits, "arbitrated": False}),
        build,
    )


def _arbiters(entry: Instance, crossbar: Crossbar, parts: Sequence[Instance]) -> Piece:
    """With the scheduler of its router, where inputs ask for several outputs at once."""
    technology, inputs, outputs = crossbar.technology, crossbar.inputs, crossbar.outputs
    scheduler = _scheduler_beside(entry, crossbar, parts)
    size = f"{inputs} × {outputs}"

    def build() -> tuple[Elaboratable, Sequence[Signal]]:
        from simulator.rtl.standalone import allocator, arbiters

        return arbiters(inputs, outputs) if scheduler is None else allocator(inputs, outputs, scheduler.iterations)

    if scheduler is None:
        path = delay.arbiter(technology, max(inputs, outputs))
        gates = gates_of(Crossbar(technology, inputs, outputs, 0, True))
        return Piece(f"arbiters {size}, FIFO", entry.name, entry.count, gates, path, None, build)
    iterations = scheduler.iterations
    path = delay.allocation(technology, max(inputs, outputs), iterations)
    figure = ("voq_scheduler", {"inputs": inputs, "outputs": outputs, "iterations": iterations})
    name = f"allocator {size}, {_iterations(iterations)}"
    return Piece(name, entry.name, entry.count, _allocator_gates(scheduler), path, figure, build)


def _scheduler_beside(entry: Instance, router: Crossbar | Combiner, parts: Sequence[Instance]) -> Scheduler | None:
    """Of the same router."""
    beside = (other.component for other in parts if other.name == entry.name and isinstance(other.component, Scheduler))
    return next((other for other in beside if (other.inputs, other.outputs) == (router.inputs, router.outputs)), None)


def _allocator_gates(scheduler: Scheduler) -> float:
    """Of a matching within a cycle, with the arbiters, which the crossbar has."""
    arbiters = Crossbar(scheduler.technology, scheduler.inputs, scheduler.outputs, 0, True)
    return gates_of(arbiters) + gates_of(replace(scheduler, cycles=1))


def _iterations(count: int) -> str:
    return f"{count} iteration{'s' if count > 1 else ''}"


def _combiner(entry: Instance, combiner: Combiner) -> Piece:
    """A copy an iteration, without the registers of the heads: queues of the hardware show them by multiplexers."""
    inputs, outputs, bits = combiner.inputs, combiner.outputs, combiner.address_bits

    def build() -> tuple[Elaboratable, Sequence[Signal]]:
        from simulator.rtl.standalone import combiner as combiner_of

        return combiner_of(inputs, outputs, bits)

    gates, copies = gates_of(replace(combiner, queued=False, iterations=1)), entry.count * combiner.iterations
    return Piece(f"combiner {inputs} × {outputs} × {bits} b", entry.name, copies, gates, None, None, build)


def _combining_allocator(entry: Instance, combiner: Combiner, scheduler: Scheduler) -> Piece:
    """Both in one, for the path through them: their gates are also those of the pieces that they are made of."""
    technology, inputs, outputs, bits = combiner.technology, combiner.inputs, combiner.outputs, combiner.address_bits
    iterations = scheduler.iterations

    def build() -> tuple[Elaboratable, Sequence[Signal]]:
        from simulator.rtl.standalone import combining_allocator

        return combining_allocator(inputs, outputs, iterations, bits)

    path = delay.allocation(technology, max(inputs, outputs), iterations) + delay.combination(technology, inputs, bits).times(iterations)
    name = f"allocator with combiner {inputs} × {outputs} × {bits} b, {_iterations(iterations)}"
    gates = _allocator_gates(scheduler) + gates_of(replace(combiner, queued=False))
    return Piece(name, entry.name, entry.count, gates, path, None, build)


def _queue(entry: Instance, fifo: Fifo) -> Piece:
    def build() -> tuple[Elaboratable, Sequence[Signal]]:
        from simulator.rtl.standalone import queue

        return queue(fifo.slots, fifo.width_bits)

    figure = ("register_file", {"words": fifo.slots, "width_bits": fifo.width_bits})
    return Piece(f"queue {fifo.slots} × {fifo.width_bits} b", entry.name, entry.count, gates_of(fifo), None, figure, build)


def _unit_arithmetic(entry: Instance, rows: Accumulators, parts: Sequence[Instance]) -> Iterator[Piece]:
    """The lanes of one unit and its accumulators; none where there are no lanes beside them."""
    lane = next((other.component for other in parts if isinstance(other.component, MacLane)), None)
    if lane is None or _floating(lane):
        return
    bits = BITS[lane.weight], BITS[lane.activation], BITS[rows.accumulate]

    def build() -> tuple[Elaboratable, Sequence[Signal]]:
        from simulator.rtl.standalone import unit_arithmetic

        return unit_arithmetic(rows.lanes, bits, rows.rows, rows.partial_sums, lane.product_stages)

    kinds = f"{lane.weight} × {lane.activation} → {rows.accumulate}"
    name = f"{rows.lanes} lanes {kinds}, {rows.rows} × {rows.partial_sums} sums"
    yield Piece(name, entry.name, entry.count, rows.lanes * gates_of(lane) + gates_of(rows), None, None, build)


def _cell(entry: Instance, cell: ProcessingElement, parts: Sequence[Instance]) -> Piece:
    """With the multiplexers of its ways."""
    technology = cell.technology
    beside = [other.component for other in parts if other.name == entry.name and isinstance(other.component, WordMultiplexer)]
    product = delay.multiplication(technology, cell.weight, cell.activation)
    addition = delay.addition(technology, cell.accumulate)
    longest = max(product, addition, key=lambda path: path.fo4) if cell.product_stages else product + addition
    bits = max(BITS[cell.weight], BITS[cell.activation])

    def build() -> tuple[Elaboratable, Sequence[Signal]]:
        from simulator.rtl.standalone import cell as cell_of

        stages, overlapped = cell.product_stages, cell.overlapped_load
        return cell_of(bits, BITS[cell.accumulate], stages, overlapped=overlapped, holds=cell.holds, keeps=cell.keeps)

    stays = {(True, True): "any stays", (True, False): "an operand stays", (False, True): "sums stay"}[cell.holds, cell.keeps]
    name = f"cell {cell.weight} × {cell.activation} → {cell.accumulate}, {stays}"
    if cell.product_stages:
        name += f", {cell.product_stages + 1} cycles"
    kinds = {"weight": cell.weight, "activation": cell.activation, "accumulate": cell.accumulate}
    as_figures_have_it = cell.overlapped_load and cell.holds and not (cell.product_stages or cell.keeps)
    figure = ("processing_elements", kinds) if as_figures_have_it else None
    return Piece(name, entry.name, entry.count, gates_of(cell) + sum(map(gates_of, beside)), longest, figure, build)
