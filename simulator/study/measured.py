"""Measured hardware as a reference: products that a device was timed at, never a machine that is simulated."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from msgspec import Struct
from pydantic import Field

from simulator.errors import ConfigError
from simulator.specs import FileModel, config_names, config_path, load_yaml_model, nearest_hint
from simulator.specs.naming import FileName
from simulator.workload.types import Workload

Quantity = Literal["seconds", "joules", "pj_per_mac", "macs_per_s", "macs_per_s_mm2"]
UNITS: dict[Quantity, str] = {"seconds": "s", "joules": "J", "pj_per_mac": "pJ", "macs_per_s": "1/s", "macs_per_s_mm2": "1/s/mm²"}
"""Of what a product may be asked for; MACs are useful ones."""
_COLUMNS = ("kind", "m", "k", "n", "density", "seconds", "joules", "board_w")
_Share = Annotated[float, Field(ge=0, lt=1)]


class Kernel(FileModel):
    """A way in which the device does a product."""

    means: str = Field(min_length=1, description="what it is, in words")
    zeros: Literal["skipped", "multiplied"] = Field(description="multiplied: the same time and energy at every density of W")
    layer: bool = Field(False, description="the four linear products of one layer of a transformer: m counts rows of width k")
    pattern: str | None = Field(None, min_length=1, description="masks of this pattern only")
    number_format: str | None = Field(None, min_length=1, description="where it is another than the reference's")


class ReferenceSpec(FileModel):
    """A reference file."""

    name: FileName = Field(description="what studies call it")
    title: str = Field(min_length=1, description="the device")
    node: str = Field(min_length=1, description="its process")
    board: str = Field(min_length=1, description="what its energy includes")
    die_mm2: Annotated[float, Field(gt=0)] = Field(description="area of the die")
    method: str = Field(min_length=1, description="how it was measured")
    source: str = Field(min_length=1, description="who measured, and when")
    number_format: str = Field(min_length=1, description="of operands and sums")
    repeats_seconds: _Share = Field(description="how far two runs differ in time, as a share")
    repeats_joules: _Share = Field(description="the same in energy")
    kernels: dict[str, Kernel] = Field(min_length=1, description="`kind` of the products → what it is")
    products: str = Field(min_length=1, description="CSV beside this file: kind, m, k, n, density, seconds, joules, board_w")


class Product(Struct, frozen=True):
    """One measured product Y[m, n] = W[m, k] · X[k, n], W of a density."""

    kernel: str
    m: int
    k: int
    n: int
    density: float
    seconds: float
    joules: float
    board_w: float

    @property
    def shape(self) -> tuple[int, int, int]:
        """m, k, n."""
        return self.m, self.k, self.n


class Curve(Struct, frozen=True):
    """Products of one kernel and one shape, by density, ascending; between two of them a power of the density is assumed."""

    reference: Reference
    kernel: str
    products: tuple[Product, ...]

    @property
    def everywhere(self) -> bool:
        """Whether density changes neither time nor energy."""
        return self.reference.spec.kernels[self.kernel].zeros == "multiplied"

    @property
    def densities(self) -> tuple[float, ...]:
        """At which it was measured."""
        return tuple(product.density for product in self.products)

    @property
    def label(self) -> str:
        """Device and kernel, as in legends."""
        return f"{self.reference.spec.title}, {self.kernel}"

    @property
    def means(self) -> str:
        """The kernel in words."""
        return self.reference.spec.kernels[self.kernel].means

    def covers(self, density: float) -> bool:
        """Whether a figure at this density is measured, or lies between two that are."""
        return self.everywhere or self.densities[0] * (1 - 1e-9) <= density <= self.densities[-1] * (1 + 1e-9)

    def at(self, density: float, quantity: Quantity) -> float:
        """A quantity there. Raises ConfigError outside of what was measured."""
        if not self.covers(density):
            ends = f"{self.densities[0]:g} to {self.densities[-1]:g}"
            raise ConfigError(f"{self.reference.name}: {self.kernel} was measured at densities {ends}; found {density:g}")
        seconds, joules = (self._between(density, name) for name in ("seconds", "joules"))
        first = self.products[0]
        macs = first.m * first.k * first.n * density
        values: dict[Quantity, float] = {
            "seconds": seconds,
            "joules": joules,
            "pj_per_mac": joules * 1e12 / macs,
            "macs_per_s": macs / seconds,
            "macs_per_s_mm2": macs / seconds / self.reference.spec.die_mm2,
        }
        return values[quantity]

    def _between(self, density: float, name: str) -> float:
        values = [float(getattr(product, name)) for product in self.products]
        if self.everywhere:
            return values[-1]
        return float(np.exp(np.interp(math.log(density), np.log(self.densities), np.log(values))))


class Reference(Struct, frozen=True, dict=True):
    """A device and all products that it was measured at.

    reference = load_reference("h200")
    reference.curve("rows-csr", (4096, 1024, 256)).at(1 / 64, "seconds")
    """

    spec: ReferenceSpec
    products: tuple[Product, ...]

    @property
    def name(self) -> str:
        """What studies call it."""
        return self.spec.name

    @property
    def about(self) -> str:
        """Node and board."""
        return f"{self.spec.node}; {self.spec.board}"

    @property
    def sentence(self) -> str:
        """What it is and what its figures include, as it stands beside every picture and answer."""
        return f"{self.spec.title} ({self.about}): measured, not simulated"

    @property
    def factors(self) -> tuple[str, str]:
        """Names of what is uncertain of it: how well time and energy repeat."""
        return f"{self.name}.seconds", f"{self.name}.joules"

    @cached_property
    def shapes(self) -> tuple[tuple[str, tuple[int, int, int]], ...]:
        """Kernels and the shapes at which each was measured."""
        return tuple(dict.fromkeys((product.kernel, product.shape) for product in self.products))

    def same_products(self, shapes: Sequence[Sequence[int]]) -> tuple[Curve, ...]:
        """What was measured of the very products [m, k, n] of a workload, any mask of W, dense X: one product, or the four of a layer."""
        layer = len(shapes) > 1
        wanted = _layer_of(shapes) if layer else tuple(shapes[0])
        fitting = [
            name for name, kernel in self.spec.kernels.items() if kernel.layer == layer and not kernel.pattern and not kernel.number_format
        ]
        return tuple(self.curve(name, shape) for name, shape in self.shapes if name in fitting and shape == wanted)

    def curve(self, kernel: str, shape: Sequence[int]) -> Curve:
        """Products of a kernel and a shape. Raises ConfigError where none was measured."""
        if kernel not in self.spec.kernels:
            known = list(self.spec.kernels)
            raise ConfigError(f"{self.name}: {kernel}: no such kernel; allowed: {', '.join(known)}{nearest_hint(kernel, known)}")
        found = sorted(
            (product for product in self.products if product.kernel == kernel and product.shape == tuple(shape)),
            key=lambda product: product.density,
        )
        if not found:
            shapes = ", ".join("×".join(map(str, known)) for name, known in self.shapes if name == kernel)
            raise ConfigError(f"{self.name}: {kernel} was not measured at {'×'.join(map(str, shape))}; allowed: {shapes}")
        return Curve(self, kernel, tuple(found))


def load_reference(path: str | Path) -> Reference:
    """A reference file and its products, or a name in configs/references. Raises ConfigError."""
    file = config_path("references", path)
    spec = load_yaml_model(file, ReferenceSpec)
    table = Path(file).parent / spec.products
    try:
        with table.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{file}: products: {table}: cannot be read: {error}") from error
    products = tuple(_product(row, f"{table}:{number}", spec) for number, row in enumerate(rows, start=2))
    if not products:
        raise ConfigError(f"{table}: has no products")
    return Reference(spec, products)


_OF_A_LAYER = 4


def _layer_of(shapes: Sequence[Sequence[int]]) -> tuple[int, int, int] | None:
    """[m, k, n] of the four linear products of one layer together, m counting rows of width k; None where they are not these."""
    (_, width, tokens), *_ = shapes
    layer = [(3 * width, width), (width, width), (4 * width, width), (width, 4 * width)]
    same = sorted((m, k) for m, k, _ in shapes) == sorted(layer) and {n for _, _, n in shapes} == {tokens}
    return (9 * width, width, tokens) if same else None


class MeasuredRun(Struct, frozen=True):
    """A device at the very products of a workload."""

    label: str
    """`NVIDIA H200, dense`."""
    about: str
    """What did it, node and board."""
    seconds: float
    energy_pj: float


def measured_runs(workload: Workload) -> tuple[MeasuredRun, ...]:
    """What the shipped devices were measured at on the products of a workload; none where these are others, or X has zeros."""
    plain = all(op.batch == 1 and op.gradient is None and op.activations.mask is None for op in workload.operations)
    if not plain:
        return ()
    shapes = [op.shape for op in workload.operations]
    density = sum(op.weight.nnz for op in workload.operations) / sum(m * k for m, k, _ in shapes)
    return tuple(
        MeasuredRun(
            curve.label, f"{curve.means}; {curve.reference.about}", curve.at(density, "seconds"), curve.at(density, "joules") * 1e12
        )
        for curve in measured_curves(shapes)
        if curve.covers(density)
    )


def measured_curves(shapes: Sequence[Sequence[int]]) -> tuple[Curve, ...]:
    """What the shipped devices were measured at of products [m, k, n]: one, or the four linear ones of a layer."""
    if len(shapes) not in (1, _OF_A_LAYER):
        return ()
    return tuple(curve for name in config_names("references") for curve in load_reference(name).same_products(shapes))


def _product(row: dict[str, str], place: str, spec: ReferenceSpec) -> Product:
    missing = [name for name in _COLUMNS if not row.get(name)]
    if missing:
        raise ConfigError(f"{place}: {missing[0]}: no value; allowed: the columns {', '.join(_COLUMNS)}")
    if row["kind"] not in spec.kernels:
        known = list(spec.kernels)
        raise ConfigError(f"{place}: kind: {row['kind']}: not among kernels; allowed: {', '.join(known)}{nearest_hint(row['kind'], known)}")
    try:
        sizes, figures = [int(row[name]) for name in ("m", "k", "n")], [float(row[name]) for name in _COLUMNS[4:]]
    except ValueError as error:
        raise ConfigError(f"{place}: {error}; allowed: numbers") from error
    if min(sizes) < 1 or not all(math.isfinite(value) and value > 0 for value in figures):
        raise ConfigError(f"{place}: a size, time or energy that is not above 0")
    return Product(row["kind"], sizes[0], sizes[1], sizes[2], *figures)
