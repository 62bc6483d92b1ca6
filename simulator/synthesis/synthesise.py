"""Pieces of a machine through synthesis, each beside the cost and the delay model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from simulator.errors import ConfigError
from simulator.kinds import kind_of
from simulator.machine.model import Machine
from simulator.pricing import elaborate, technology_of
from simulator.rtl.design import require_amaranth
from simulator.specs import nearest_hint, some_of
from simulator.synthesis.library import Library
from simulator.synthesis.pieces import Piece, Unbuilt, pieces
from simulator.synthesis.yosys import synthesised


@dataclass(frozen=True)
class Synthesised:
    """A piece as synthesis and as the models have it."""

    name: str
    component: str
    copies: int
    cells: int
    """Of the library, mapped for area, without buffers."""
    area: float
    """Of these and of buffers for what drives many, in the library's unit."""
    gates: float
    """The same in areas of the library's smallest NAND of two inputs."""
    register_gates: float
    """Of it flops and latches."""
    buffer_gates: float
    """Of it buffers."""
    model_gates: float
    depth: float
    """FO4 of the longest path between registers, mapped for it, without wires, registers and set-up."""
    model_depth: float | None
    """FO4 by the delay model, without its wires; None where the model has no such path."""

    @property
    def ratio(self) -> float:
        """Model ÷ synthesis, of gates."""
        return self.model_gates / self.gates

    @property
    def depth_ratio(self) -> float | None:
        """Model ÷ synthesis, of the longest path."""
        return None if self.model_depth is None or not self.depth else self.model_depth / self.depth

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self) | {"ratio": self.ratio, "depth_ratio": self.depth_ratio}


@dataclass(frozen=True)
class Synthesis:
    """A machine's pieces, synthesised with one library."""

    machine: str
    technology: str
    library: str
    nand2: str
    nand2_area: float
    fo4_ps: float
    most_driven: int
    """Inputs that an output drives without a buffer."""
    pieces: tuple[Synthesised, ...]
    figures: tuple[dict[str, Any], ...]
    """For `sparsim validate --figures`: what was synthesised, as if it had been published."""
    unbuilt: tuple[Unbuilt, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self) | {"pieces": [piece.to_dict() for piece in self.pieces]}


def synthesise(
    machine: Machine, library: Library, without: Sequence[str], largest: float, progress: Callable[[float], None] = lambda _: None
) -> Synthesis:
    """Every piece of a machine of which there is hardware and that has at most `largest` gates by the cost model.

    `progress` is told the share of the pieces that are done.
    Raises ConfigError without the extra, for a pattern of `without` that fits no cell, or all, and with what Yosys complains about.
    """
    require_amaranth()
    _check_without(library, without)
    technology = technology_of(machine)
    elaborated = elaborate(machine, technology)
    found, unbuilt = pieces(kind_of(machine).parts(elaborated, technology).instances)
    small = [piece for piece in found if piece.gates <= largest]
    large = (piece for piece in found if piece.gates > largest)
    left = tuple(Unbuilt(f"{piece.name} ({piece.gates:,.0f})", f"more than {largest:,.0f} GE by the model") for piece in large)
    results, figures = results_of(small, library, technology.name, without, progress)
    return Synthesis(
        machine.name,
        technology.name,
        library.name,
        library.nand2.name,
        library.nand2.area,
        library.fo4.delay * library.time_ps,
        library.most_driven,
        results,
        figures,
        (*left, *unbuilt),
    )


def results_of(
    found: Sequence[Piece],
    library: Library,
    technology: str,
    without: Sequence[str] = (),
    progress: Callable[[float], None] = lambda _: None,
) -> tuple[tuple[Synthesised, ...], tuple[dict[str, Any], ...]]:
    """Pieces through synthesis, and the figures that follow, whose models are to be those of a technology."""
    source = f"own synthesis by Yosys with {library.name}: for area, without wires"
    results: list[Synthesised] = []
    for done, piece in enumerate(found):
        progress(done / len(found))
        results.append(_one(piece, library, without))
    progress(1.0)
    each = (_figures(piece, of, library, technology, source) for piece, of in zip(found, results, strict=True))
    return tuple(results), tuple(figure for figures in each for figure in figures)


def _check_without(library: Library, without: Sequence[str]) -> None:
    names = list(library.places)
    for pattern in without:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise ConfigError(
                f"--without {pattern}: no cell of {library.name} is called so; allowed: names or patterns of {some_of(names)}"
                f"{nearest_hint(pattern, names)}"
            )
    if all(any(fnmatchcase(name, pattern) for pattern in without) for name in names):
        raise ConfigError(f"--without {' --without '.join(without)}: no cell of {library.name} is left; allowed: patterns of some")


def _one(piece: Piece, library: Library, without: Sequence[str]) -> Synthesised:
    mapped, quick = synthesised(library, *piece.build(), without)
    gate, area = library.nand2.area, mapped.area + mapped.buffer_area
    return Synthesised(
        piece.name,
        piece.component,
        piece.copies,
        len(mapped.placed),
        area,
        area / gate,
        mapped.register_area / gate,
        mapped.buffer_area / gate,
        piece.gates,
        quick.longest_path().delay / library.fo4.delay,
        None if piece.delay is None else piece.delay.fo4,
    )


def _figures(piece: Piece, of: Synthesised, library: Library, technology: str, source: str) -> Iterator[dict[str, Any]]:
    if piece.figure is None:
        return
    hardware, parameters = piece.figure
    common = {"component": hardware, "parameters": parameters, "technology": technology, "source": source, "confidence": "read"}
    name = f"{hardware}_{'_'.join(str(value).lower() for value in parameters.values())}"
    gate = {"gate_area_um2": round(library.nand2.area, 6)}
    yield {"id": f"{name}_area", **common, "overrides": gate, "quantity": "cell_area", "value": round(of.area, 4), "unit": "um2"}
    if hardware == "voq_scheduler":
        ps = of.depth * library.fo4.delay * library.time_ps
        fo4 = {"fo4_delay_ps": round(library.fo4.delay * library.time_ps, 3)}
        yield {"id": f"{name}_delay", **common, "overrides": fo4, "quantity": "delay", "value": round(ps, 1), "unit": "ps"}
