"""Workload file to workload: operands read or drawn, sizes agreed upon, kinds checked."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.specs import Document, Key, load_yaml_document, workload_path
from simulator.workload.blocks import Stack, WithoutZeros, cut
from simulator.workload.csr import Csr
from simulator.workload.made import stack_of, transposed
from simulator.workload.operands import activations, dense_activations, drawn, routed_tokens, weight
from simulator.workload.patterns.base import Seeded, derived_seed
from simulator.workload.spec import ActivationSpec, Blocks, OperandSpec, OperationSpec, PrunedSpec, WorkloadSpec
from simulator.workload.storage import StorageSpec
from simulator.workload.types import ONE_TOKEN, SPARSE_X, SPARSE_X_OF, Activations, Chain, Operation, Weight, Workload

Role = Literal["weight", "activation", "gradient"]
ROLES: tuple[Role, ...] = get_args(Role)
OPERAND_SIDES: dict[Role, tuple[str, str]] = {"weight": ("m", "k"), "activation": ("k", "n"), "gradient": ("m", "n")}
"""What the rows and the columns of each operand are."""
Given = dict[Role, Stack | WithoutZeros]
"""The operands that are not drawn."""


class Taken(Struct, frozen=True, eq=False):
    """X of an earlier operation, for those that take it."""

    batch: int
    block_shape: tuple[int, int]
    """Rows and columns of a block."""
    x: Activations

    def transposed(self) -> Taken:
        """The transpose of each of its blocks."""
        rows, columns = self.block_shape
        return Taken(self.batch, (columns, rows), transposed(self.x, self.batch))


Known = dict[Role, Stack | WithoutZeros | Taken]
"""The operands whose sizes are known before any is drawn."""


def load_workload(path: str | Path, overrides: Sequence[str] = (), *, above: str = "") -> Workload:
    """Return the workload of a YAML file, or of a name in workloads/.

    `overrides` are `key.path=value` texts, such as `seed=1`; `workload.seed=1` where `above` is `workload.`. Raises ConfigError on the
    file itself and OperandError, which names the workload file, the operation and the matrix file, on an operand.
    """
    file = workload_path(path)
    return build_workload(load_yaml_document(file, WorkloadSpec, overrides, above=above), Path(file).parent)


def build_workload(document: Document[WorkloadSpec], folder: Path) -> Workload:
    """Return the workload of a validated file; the matrices that it names are relative to `folder`. Raises OperandError."""
    builder = _Builder(document, folder)
    operations = tuple(itertools.chain.from_iterable(builder.operations(index) for index in range(len(document.model.operations))))
    _check_names(operations)
    fuse = tuple(Chain(chain.operations, chain.if_fits) for chain in document.model.fuse)
    _check_chains(document, fuse, {operation.name: operation for operation in operations})
    return Workload(document.model.name, operations, document.model.model_dump(mode="json"), fuse)


class _Builder(Struct, frozen=True):
    """Turns the operations of one document into operands; files that several operations name are read once."""

    document: Document[WorkloadSpec]
    folder: Path
    stacks: dict[tuple[Path, Blocks | None, bool], Stack] = field(default_factory=dict)
    weights: dict[str, Stack | WithoutZeros] = field(default_factory=dict)
    """W of the operations whose W others take."""
    inputs: dict[str, Taken] = field(default_factory=dict)
    """X of every operation, of all tokens."""
    not_drawn: dict[tuple[str, int, tuple[int, int]], Activations] = field(default_factory=dict)
    """X of patterns without chance, which are the same in every operation of the same sizes."""
    members: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The operations that each of the file became."""

    def operations(self, index: int) -> tuple[Operation, ...]:
        """The operation, or one for each expert that has any tokens."""
        spec = self.document.model.operations[index]
        given: Given = {}
        for role in ROLES:
            if (stack := self._given(index, role)) is not None:
                given[role] = stack
        known: Known = {**given, **self._taken_inputs(spec)}
        batch = self._batch(index, known)
        m, k, n = self._block_shape(index, known)
        names: dict[str, NDArray[np.int64] | None] = {spec.name: None}
        if spec.experts is not None:
            routed = routed_tokens(spec.experts, n, self.document.model.seed)
            names = {f"{spec.name}.e{expert}": tokens for expert, tokens in enumerate(routed)}
        self.members[spec.name] = tuple(name for name, tokens in names.items() if tokens is None or len(tokens))
        depends_on = tuple(itertools.chain.from_iterable(self.members[name] for name in spec.depends_on))
        weights = [self._weight(index, name, known.get("weight"), batch, (m, k)) for name in names]
        built_x = self._activations(index, "activation", known.get("activation"), batch, (k, n))
        built_g = None if spec.gradient is None else self._activations(index, "gradient", known.get("gradient"), batch, (m, n))
        self.inputs[spec.name] = Taken(batch, (k, n), built_x)
        storage, operations = self._storage(spec), []
        for (name, tokens), built_w in zip(names.items(), weights, strict=True):
            x, gradient = built_x, built_g
            if tokens is not None:
                x, gradient = x.of_tokens(tokens), None if gradient is None else gradient.of_tokens(tokens)
            self._check_kind(index, spec, built_w, x, batch)
            operations.append(
                Operation(name, spec.kind, built_w, x, depends_on, batch, spec.weight_home, gradient, storage, spec.transpose)
            )
        return tuple(operation for operation in operations if operation.name in self.members[spec.name])

    def _taken_inputs(self, spec: OperationSpec) -> dict[Role, Taken]:
        """The operands that are another operation's X."""
        operands: dict[Role, OperandSpec | None] = {"weight": spec.weight, "activation": spec.activation, "gradient": spec.gradient}
        taken = {role: (operand, self.inputs[operand.taken_from]) for role, operand in operands.items() if operand and operand.taken_from}
        return {role: x.transposed() if operand.transposed else x for role, (operand, x) in taken.items()}

    def _storage(self, spec: OperationSpec) -> StorageSpec | None:
        """The form that is named, or that of the W which is taken as it lies."""
        if spec.storage is not None or spec.weight_of is None or spec.transpose == "stored":
            return spec.storage
        return self._storage(next(other for other in self.document.model.operations if other.name == spec.weight_of))

    def _given(self, index: int, role: Role) -> Stack | WithoutZeros | None:
        """The blocks of an operand that a file holds, or an earlier operation; None where they are to be drawn."""
        spec: OperandSpec | None = getattr(self.document.model.operations[index], role)
        wanted = self.document.model.operations[index]
        if role == "weight" and wanted.weight_of is not None:
            return self._taken(wanted, f"{wanted.weight_of}.e0" if wanted.experts else wanted.weight_of)
        if spec is None or spec.file is None:
            return None
        key = self.folder / spec.file, spec.blocks, spec.transposed
        if key not in self.stacks:
            stack = self._read(index, role, key[0], spec.blocks)
            self.stacks[key] = stack.transposed() if spec.transposed else stack
        return self._pruned(index, spec, self.stacks[key]) if isinstance(spec, PrunedSpec) else self.stacks[key]

    def _pruned(self, index: int, spec: PrunedSpec, stack: Stack) -> Stack:
        """What pruning leaves of a matrix."""
        from simulator.workload.importing.prune import Pruning, pruned

        try:
            return Stack(stack.batch, pruned(str(spec.file), stack.matrix, Pruning(spec.prune, spec.density)))
        except OperandError as error:
            raise self._error(index, "weight.prune", str(error)) from error

    def _taken(self, spec: OperationSpec, name: str) -> Stack | WithoutZeros:
        """W of an earlier operation, or its transpose."""
        return self.weights[name] if spec.transpose == "none" else self.weights[name].transposed()

    def _read(self, index: int, role: Role, file: Path, blocks: Blocks | None) -> Stack:
        try:
            from simulator.workload.readers import read_matrix

            matrix = read_matrix(file)
        except OperandError as error:
            raise self._error(index, f"{role}.file", str(error)) from error
        if blocks is None:
            return Stack(1, matrix)
        try:
            return cut(matrix, blocks.tokens, blocks.channels, blocks.sequence)
        except OperandError as error:
            raise self._error(index, f"{role}.blocks", f"{file}: {error}") from error

    def _batch(self, index: int, known: Known) -> int:
        """Blocks of the product; one where neither the file's own words nor its matrices tell it."""
        told = self.document.model.operations[index].shape.batch
        claims: dict[str, int | None] = {"shape": told}
        for role, operand in known.items():
            claims[role] = operand.batch
        return self._agreed(index, "batch", claims) if any(claims.values()) else 1

    def _block_shape(self, index: int, known: Known) -> tuple[int, int, int]:
        """M, K and N of a block, from the file's own words and from its matrices, which must agree."""
        spec = self.document.model.operations[index]
        sides: dict[str, dict[str, int | None]] = {
            "m": {"shape": spec.shape.m},
            "k": {"shape": spec.shape.k},
            "n": {"shape": 1 if spec.shape.n is None and spec.kind in ONE_TOKEN else spec.shape.n},
        }
        for role, operand in known.items():
            for side, size in zip(OPERAND_SIDES[role], operand.block_shape, strict=True):
                sides[side][role] = size
        k = self._agreed(index, "k", sides["k"])
        if spec.activation.pattern == "causal":
            if spec.shape.n not in (None, k):
                found = f"causal has as many queries as keys, n = k = {k}, but shape.n is {spec.shape.n}"
                raise self._error(index, "activation.pattern", found)
            sides["n"] = {"shape": k}
        return self._agreed(index, "m", sides["m"]), k, self._agreed(index, "n", sides["n"])

    def _agreed(self, index: int, dimension: str, claims: dict[str, int | None]) -> int:
        known = [(source, value) for source, value in claims.items() if value is not None]
        first_source, first = known[0]
        for source, value in known[1:]:
            if value != first:
                spec, first_spec = self._source(index, source), self._source(index, first_source)
                named = f"the {first_source} file" if first_spec is not None and first_spec.file is not None else f"the {first_source}"
                other = f"shape.{dimension} is" if first_source == "shape" else f"{named} has"
                found = f"{dimension} = {value}, but {other} {first}"
                if spec is None:
                    raise self._error(index, "weight_of", f"that W has {found}")
                if spec.taken_from is not None:
                    raise self._error(index, f"{source}.same_as", f"X of {spec.taken_from} has {found}")
                raise self._error(index, f"{source}.file", f"{self.folder / str(spec.file)}: {found}{_hint(dimension, spec)}")
        return first

    def _source(self, index: int, role: str) -> OperandSpec | None:
        """What the file says of an operand; None of one that it takes from another operation, and of no operand."""
        spec: OperandSpec | None = getattr(self.document.model.operations[index], role) if role in ROLES else None
        return spec

    def _weight(self, index: int, name: str, given: Stack | WithoutZeros | Taken | None, batch: int, block: tuple[int, int]) -> Weight:
        """W of its stack, or of `batch` blocks [M, K] that are drawn, kept where a later operation takes it; or another's X."""
        spec = self.document.model.operations[index]
        if isinstance(given, Taken):
            given = stack_of(given.x, batch)
        try:
            stack = given if spec.experts is None else self._of_expert(spec, name)
            if stack is None:
                whole = batch == 1 and spec.weight is not None and spec.weight.dense
                stack = WithoutZeros(block) if whole else Stack(batch, self._drawn_weight(spec, name, batch, block))
            if any(spec.name == other.weight_of for other in self.document.model.operations):
                self.weights[name] = stack
            return weight(stack)
        except OperandError as error:
            raise self._error(index, "weight", str(error)) from error

    def _of_expert(self, spec: OperationSpec, name: str) -> Stack | WithoutZeros | None:
        """W of the same expert of another operation."""
        return None if spec.weight_of is None else self._taken(spec, spec.weight_of + name.removeprefix(spec.name))

    def _drawn_weight(self, spec: OperationSpec, name: str, batch: int, block: tuple[int, int]) -> Csr:
        """An expert's own seed follows from the one that the file gives, so that no two are the same."""
        source, seed = spec.weight, derived_seed(self.document.model.seed, name, "weight")
        if source is None:
            raise ValueError(f"{spec.name}: no weight to draw")
        own = getattr(source, "seed", None)
        if spec.experts is not None and own is not None:
            source, seed = source.model_copy(update={"seed": None}), derived_seed(own, name, "weight")
        return drawn(source, batch, block, seed)

    def _activations(
        self, index: int, role: Role, given: Stack | WithoutZeros | Taken | None, batch: int, block: tuple[int, int]
    ) -> Activations:
        """X or dY of its stack, or another's X, or of `batch` blocks that are drawn: [batch · rows of a block, N]."""
        if isinstance(given, Taken):
            return given.x
        spec = self.document.model.operations[index]
        source: ActivationSpec = getattr(spec, role)
        try:
            if source.dense:
                return dense_activations((batch * block[0], block[1]))
            if isinstance(given, Stack):
                return activations(given.matrix, source)
            if isinstance(source, Seeded):
                return activations(drawn(source, batch, block, self._seed(spec, role)), source)
            key = source.model_dump_json(), batch, block
            if key not in self.not_drawn:
                self.not_drawn[key] = activations(drawn(source, batch, block, 0), source)
            return self.not_drawn[key]
        except OperandError as error:
            raise self._error(index, role, str(error)) from error

    def _seed(self, spec: OperationSpec, role: Role) -> int:
        return derived_seed(self.document.model.seed, spec.name, role)

    def _check_kind(self, index: int, spec: OperationSpec, built_w: Weight, built_x: Activations, batch: int) -> None:
        elements = _elements(built_w) // batch
        if spec.kind == "GEMM" and built_w.nnz < elements:
            found = f"{built_w.nnz} of {elements} are nonzero"
            raise self._error(index, "kind", f"GEMM needs a dense W, but {found}; allowed: SpMM, SpMSpM")
        if spec.kind not in SPARSE_X and built_x.mask is not None:
            found = f"{built_x.nnz} of {_elements(built_x)} are nonzero"
            raise self._error(index, "kind", f"{spec.kind} needs a dense X, but {found}; allowed: {SPARSE_X_OF[spec.kind]}")
        if spec.kind in ONE_TOKEN and built_x.shape[1] != 1:
            raise self._error(index, "kind", f"{spec.kind} has one token, but n = {built_x.shape[1]}; allowed: SpMM, SpMSpM")

    def _error(self, index: int, key: str, message: str) -> OperandError:
        """An error of one operation: the place in the workload file, the operation, the reason."""
        path: list[Key] = ["operations", index, *key.split(".")]
        return OperandError(f"{self.document.where(path)} (operation {self.document.model.operations[index].name}): {message}")


def _check_names(operations: tuple[Operation, ...]) -> None:
    """An expert's name may be that of another operation."""
    names = [operation.name for operation in operations]
    repeated = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if repeated is not None:
        raise OperandError(f"operation {repeated}: an expert of another operation has this name; allowed: one that no other has")


def _check_chains(document: Document[WorkloadSpec], fuse: tuple[Chain, ...], operations: Mapping[str, Operation]) -> None:
    """What an operation leaves of a block is what the next one takes: as many blocks, features and tokens."""
    for place, chain in enumerate(fuse):
        for giver, taker in itertools.pairwise(operations[name] for name in chain.operations):
            (m, _, n), (_, k, tokens) = giver.block_shape, taker.block_shape
            if (giver.batch, m, n) != (taker.batch, k, tokens):
                raise OperandError(
                    f"{document.where(['fuse', place])}: {giver.name} leaves {giver.batch} blocks of {m} × {n}, "
                    f"but {taker.name} takes {taker.batch} of {k} × {tokens}; allowed: the same"
                )


def _elements(operand: Weight | Activations) -> int:
    return operand.shape[0] * operand.shape[1]


def _hint(dimension: str, spec: OperandSpec) -> str:
    """What a writer may have forgotten where a file has another size."""
    if dimension == "batch":
        return "" if spec.blocks else "; a file of several blocks needs blocks: {tokens: …, channels: …}"
    return "" if spec.transposed else "; a file of the transpose needs transposed: true"
