"""A workload file to a Workload: every operand read or drawn, every shape and kind checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from simulator.errors import OperandError
from simulator.files import Document, Key, load_yaml_document, workload_path
from simulator.workload.blocks import Stack, cut
from simulator.workload.generate import derived_seed
from simulator.workload.operands import activations, dense_activations, drawn, read_matrix, weight
from simulator.workload.spec import Blocks, OperandSpec, OperationSpec, WorkloadSpec
from simulator.workload.types import Activations, Operation, Weight, Workload

Role = Literal["weight", "activation"]


def load_workload(path: str | Path, overrides: Sequence[str] = ()) -> Workload:
    """Return the workload of a YAML file, or of a name in workloads/.

    `overrides` are `key.path=value` texts, such as `seed=1`. Raises ConfigError on the file itself and
    OperandError, which names the workload file, the operation and the matrix file, on an operand.
    """
    file = workload_path(path)
    return build_workload(load_yaml_document(file, WorkloadSpec, overrides), Path(file).parent)


def build_workload(document: Document[WorkloadSpec], folder: Path) -> Workload:
    """Return the workload of a validated file; the matrices that it names are relative to `folder`. Raises OperandError."""
    builder = _Builder(document, folder)
    operations = tuple(builder.operation(index) for index in range(len(document.model.operations)))
    return Workload(document.model.name, operations, document.model.model_dump(mode="json"))


@dataclass(frozen=True)
class _Builder:
    """Turns the operations of one document into operands; files that several operations name are read once."""

    document: Document[WorkloadSpec]
    folder: Path
    stacks: dict[tuple[Path, Blocks | None, bool], Stack] = field(default_factory=dict)

    def operation(self, index: int) -> Operation:
        spec = self.document.model.operations[index]
        given_w = self._from_file(index, "weight", spec.weight)
        given_x = self._from_file(index, "activation", spec.activation)
        batch = self._batch(index, given_w, given_x)
        m, k, n = self._block_shape(index, given_w, given_x)
        built_w = self._weight(index, spec, given_w, batch, (m, k))
        built_x = self._activations(index, spec, given_x, batch, (k, n))
        self._check_kind(index, spec, built_w, built_x, batch)
        return Operation(spec.name, spec.kind, built_w, built_x, spec.depends_on, batch, spec.weight_home)

    def _from_file(self, index: int, role: Role, spec: OperandSpec) -> Stack | None:
        if spec.file is None:
            return None
        key = self.folder / spec.file, spec.blocks, spec.transposed
        if key not in self.stacks:
            stack = self._read(index, role, key[0], spec.blocks)
            self.stacks[key] = stack.transposed() if spec.transposed else stack
        return self.stacks[key]

    def _read(self, index: int, role: Role, file: Path, blocks: Blocks | None) -> Stack:
        try:
            matrix = read_matrix(file)
        except OperandError as error:
            raise self._error(index, f"{role}.file", str(error)) from error
        if blocks is None:
            return Stack(1, matrix)
        try:
            return cut(matrix, blocks.tokens, blocks.channels, blocks.sequence)
        except OperandError as error:
            raise self._error(index, f"{role}.blocks", f"{file}: {error}") from error

    def _batch(self, index: int, given_w: Stack | None, given_x: Stack | None) -> int:
        """Blocks of the product; one where neither the file's own words nor its matrices tell it."""
        told = self.document.model.operations[index].shape.batch
        claims = {"shape": told, "weight": given_w.batch if given_w else None, "activation": given_x.batch if given_x else None}
        return self._agreed(index, "batch", claims) if any(claims.values()) else 1

    def _block_shape(self, index: int, given_w: Stack | None, given_x: Stack | None) -> tuple[int, int, int]:
        """M, K and N of a block, from the file's own words and from its matrices, which must agree."""
        spec = self.document.model.operations[index]
        m, w_k = given_w.block_shape if given_w else (None, None)
        x_k, n = given_x.block_shape if given_x else (None, None)
        k = self._agreed(index, "k", {"shape": spec.shape.k, "weight": w_k, "activation": x_k})
        if spec.activation.pattern == "causal":
            n = k
            if spec.shape.n not in (None, k):
                found = f"causal has as many queries as keys, n = k = {k}, but shape.n is {spec.shape.n}"
                raise self._error(index, "activation.pattern", found)
        return (
            self._agreed(index, "m", {"shape": spec.shape.m, "weight": m}),
            k,
            self._agreed(index, "n", {"shape": spec.shape.n, "activation": n}),
        )

    def _agreed(self, index: int, dimension: str, claims: dict[str, int | None]) -> int:
        known = [(source, value) for source, value in claims.items() if value is not None]
        first_source, first = known[0]
        for source, value in known[1:]:
            if value != first:
                other = f"shape.{dimension} is" if first_source == "shape" else f"the {first_source} file has"
                spec: OperandSpec = getattr(self.document.model.operations[index], source)
                file = self.folder / str(spec.file)
                raise self._error(index, f"{source}.file", f"{file}: {dimension} = {value}, but {other} {first}{_hint(dimension, spec)}")
        return first

    def _weight(self, index: int, spec: OperationSpec, given: Stack | None, batch: int, block: tuple[int, int]) -> Weight:
        """W of its stack, or of `batch` blocks [M, K] that are drawn."""
        try:
            return weight(given if given is not None else Stack(batch, drawn(spec.weight, batch, block, self._seed(spec, "weight"))))
        except OperandError as error:
            raise self._error(index, "weight", str(error)) from error

    def _activations(self, index: int, spec: OperationSpec, given: Stack | None, batch: int, block: tuple[int, int]) -> Activations:
        """X of its stack, or of `batch` blocks [K, N] that are drawn."""
        source = spec.activation
        try:
            if source.dense:
                return dense_activations((batch * block[0], block[1]))
            matrix = given.matrix if given is not None else drawn(source, batch, block, self._seed(spec, "activation"))
            return activations(matrix, source)
        except OperandError as error:
            raise self._error(index, "activation", str(error)) from error

    def _seed(self, spec: OperationSpec, role: Role) -> int:
        return derived_seed(self.document.model.seed, spec.name, role)

    def _check_kind(self, index: int, spec: OperationSpec, built_w: Weight, built_x: Activations, batch: int) -> None:
        elements = _elements(built_w) // batch
        if spec.kind == "GEMM" and built_w.nnz < elements:
            found = f"{built_w.nnz} of {elements} are nonzero"
            raise self._error(index, "kind", f"GEMM needs a dense W, but {found}; allowed: SpMM, SpMSpM")
        if spec.kind != "SpMSpM" and built_x.mask is not None:
            found = f"{built_x.nnz} of {_elements(built_x)} are nonzero"
            raise self._error(index, "kind", f"{spec.kind} needs a dense X, but {found}; allowed: SpMSpM")

    def _error(self, index: int, key: str, message: str) -> OperandError:
        """An error of one operation: the place in the workload file, the operation, the reason."""
        path: list[Key] = ["operations", index, *key.split(".")]
        return OperandError(f"{self.document.where(path)} (operation {self.document.model.operations[index].name}): {message}")


def _elements(operand: Weight | Activations) -> int:
    return operand.shape[0] * operand.shape[1]


def _hint(dimension: str, spec: OperandSpec) -> str:
    """What a writer may have forgotten where a file has another size."""
    if dimension == "batch":
        return "" if spec.blocks else "; a file of several blocks needs blocks: {tokens: …, channels: …}"
    return "" if spec.transposed else "; a file of the transpose needs transposed: true"
