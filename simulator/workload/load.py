"""A workload file to a Workload: every operand read or drawn, every shape and kind checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from simulator.errors import OperandError
from simulator.files import Document, Key, load_yaml_document, workload_path
from simulator.workload.csr import Csr
from simulator.workload.generate import derived_seed
from simulator.workload.operands import activations, dense_activations, drawn, read_matrix, weight
from simulator.workload.spec import ActivationSpec, OperationSpec, WeightSpec, WorkloadSpec
from simulator.workload.types import Activations, Operation, Weight, Workload

Role = Literal["weight", "activation"]


def load_workload(path: str | Path, overrides: Sequence[str] = ()) -> Workload:
    """Return the workload of a YAML file, or of a name in workloads/.

    `overrides` are `key.path=value` texts, such as `seed=1`. Raises ConfigError on the file itself and
    OperandError, which names the workload file, the operation and the matrix file, on an operand.
    """
    file = workload_path(path)
    document = load_yaml_document(file, WorkloadSpec, overrides)
    builder = _Builder(document, Path(file).parent)
    operations = tuple(builder.operation(index) for index in range(len(document.model.operations)))
    return Workload(document.model.name, operations, document.model.model_dump(mode="json"))


@dataclass(frozen=True)
class _Builder:
    """Turns the operations of one document into operands; files that several operations name are read once."""

    document: Document[WorkloadSpec]
    folder: Path
    matrices: dict[tuple[Path, bool], Csr] = field(default_factory=dict)

    def operation(self, index: int) -> Operation:
        spec = self.document.model.operations[index]
        given_w = self._from_file(index, "weight", spec.weight)
        given_x = self._from_file(index, "activation", spec.activation)
        m, k, n = self._shape(index, given_w, given_x)
        built_w = self._weight(index, spec, given_w, (m, k))
        built_x = self._activations(index, spec, given_x, (k, n))
        self._check_kind(index, spec, built_w, built_x)
        return Operation(spec.name, spec.kind, built_w, built_x, spec.depends_on)

    def _from_file(self, index: int, role: Role, spec: WeightSpec) -> Csr | None:
        if spec.file is None:
            return None
        key = self.folder / spec.file, spec.transposed
        if key not in self.matrices:
            try:
                matrix = read_matrix(key[0])
            except OperandError as error:
                raise self._error(index, f"{role}.file", str(error)) from error
            self.matrices[key] = matrix.transposed() if spec.transposed else matrix
        return self.matrices[key]

    def _shape(self, index: int, given_w: Csr | None, given_x: Csr | None) -> tuple[int, int, int]:
        """M, K and N, from the file's own words and from its matrices, which must agree."""
        shape = self.document.model.operations[index].shape
        m, w_k = given_w.shape if given_w else (None, None)
        x_k, n = given_x.shape if given_x else (None, None)
        return (
            self._agreed(index, "m", {"shape": shape.m, "weight": m}),
            self._agreed(index, "k", {"shape": shape.k, "weight": w_k, "activation": x_k}),
            self._agreed(index, "n", {"shape": shape.n, "activation": n}),
        )

    def _agreed(self, index: int, dimension: str, claims: dict[str, int | None]) -> int:
        known = [(source, value) for source, value in claims.items() if value is not None]
        first_source, first = known[0]
        for source, value in known[1:]:
            if value != first:
                other = f"shape.{dimension} is" if first_source == "shape" else f"the {first_source} file has"
                spec: WeightSpec = getattr(self.document.model.operations[index], source)
                hint = "" if spec.transposed else "; a file of the transpose needs transposed: true"
                file = self.folder / str(spec.file)
                raise self._error(index, f"{source}.file", f"{file}: {dimension} = {value}, but {other} {first}{hint}")
        return first

    def _weight(self, index: int, spec: OperationSpec, given: Csr | None, shape: tuple[int, int]) -> Weight:
        try:
            return weight(given if given is not None else drawn(spec.weight, shape, self._seed(spec, "weight")))
        except OperandError as error:
            raise self._error(index, "weight", str(error)) from error

    def _activations(self, index: int, spec: OperationSpec, given: Csr | None, shape: tuple[int, int]) -> Activations:
        source: ActivationSpec = spec.activation
        try:
            if source.dense:
                return dense_activations(shape)
            return activations(given if given is not None else drawn(source, shape, self._seed(spec, "activation")), source)
        except OperandError as error:
            raise self._error(index, "activation", str(error)) from error

    def _seed(self, spec: OperationSpec, role: Role) -> int:
        return derived_seed(self.document.model.seed, spec.name, role)

    def _check_kind(self, index: int, spec: OperationSpec, built_w: Weight, built_x: Activations) -> None:
        if spec.kind == "GEMM" and not built_w.dense:
            found = f"{built_w.nnz} of {_elements(built_w)} are nonzero"
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
