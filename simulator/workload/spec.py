"""The workload file: pydantic models whose fields document every key."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from simulator.specs import FileModel, nearest_hint
from simulator.specs.naming import FileName
from simulator.workload.csr import MAX_DIMENSION
from simulator.workload.patterns import ACTIVATION_PATTERNS, WEIGHT_PATTERNS
from simulator.workload.patterns.base import Seed, file_or
from simulator.workload.storage import StorageSpec
from simulator.workload.types import ONE_TOKEN, SPARSE_X, SPARSE_X_OF, Kind, Transpose, WeightHome

Dimension = Annotated[int, Field(ge=1, le=MAX_DIMENSION)]


class Shape(FileModel):
    """Sizes of Y[M,N] = W[M,K] · X[K,N], of one block where the product is batched; each is needed only where no file tells it."""

    batch: Dimension | None = Field(None, description="products of this shape, each with a W and an X of its own; 1 where nothing tells it")
    m: Dimension | None = Field(None, description="output features: rows of W and Y")
    k: Dimension | None = Field(None, description="input features: columns of W, rows of X")
    n: Dimension | None = Field(None, description="tokens: columns of X and Y")


class Blocks(FileModel):
    """How a file of [tokens, channels] is cut into the blocks of a batched product: sequences outer, heads inner."""

    tokens: Dimension = Field(description="rows of the file in a block: tokens of a sequence")
    channels: Dimension = Field(description="columns of the file in a block: channels of a head")
    sequence: Annotated[int, Field(ge=0)] | None = Field(None, description="only the heads of this sequence, from 0; default: all")


class ExpertsSpec(FileModel):
    """A routing: every token goes to `top_k` different experts, drawn by how popular they are."""

    count: PositiveInt = Field(le=4096, description="experts, each with a W of its own")
    top_k: PositiveInt = Field(1, description="experts of a token")
    skew: float = Field(0.0, ge=0, le=10, description="how unevenly experts are liked: σ of their log-normal popularity; 0: all alike")
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(0, description="seed of the routing, beside the workload's; equal ones are alike")

    @model_validator(mode="after")
    def _enough_experts(self) -> ExpertsSpec:
        if self.top_k > self.count:
            raise ValueError(f"top_k: found {self.top_k}; allowed: at most count = {self.count}")
        return self


class OperandSpec(FileModel):
    """Where the pattern (and, in a file, the values) of an operand comes from: a file, or a pattern with keys of its own."""

    file: str | None = Field(
        None, min_length=1, description="matrix file (.npz, .npy, .mtx, .mtx.gz, .smtx, .tsv, .tns), relative to the workload file"
    )
    transposed: bool = Field(False, description="the file, or that X, is the transpose of the operand, or of each of its blocks")
    blocks: Blocks | None = Field(None, description="batched product: how the file, [tokens, channels], is cut into blocks")
    pattern: str | None = Field(None, description="how nonzeros are placed, instead of a file; each pattern has keys of its own")
    same_as: str | None = Field(None, min_length=1, description="an earlier operation: this is its X, the very same nonzeros")

    @property
    def dense(self) -> bool:
        """Whether the operand is dense by construction."""
        return self.pattern == "dense"

    @property
    def sparse(self) -> bool:
        """Whether the operand is a pattern that has zeros."""
        return self.pattern not in (None, "dense")

    @property
    def taken_from(self) -> str | None:
        """The operation whose X it is, where it is not its own."""
        return self.same_as

    @model_validator(mode="after")
    def _one_source(self) -> OperandSpec:
        if self.file is not None and self.pattern is not None:
            raise ValueError("pattern: file and pattern are both given; allowed: one of them")
        if self.taken_from is not None and (self.file is not None or self.pattern is not None):
            raise ValueError("same_as: goes without file and pattern; allowed: one of them")
        if self.file is None and self.pattern is None and self.taken_from is None:
            raise ValueError("neither file nor pattern is given; allowed: file: PATH, or a pattern, such as pattern: dense")
        if self.transposed and self.file is None and self.taken_from is None:
            raise ValueError("transposed: true is allowed only beside file or same_as")
        if self.blocks is not None and self.file is None:
            raise ValueError("blocks: allowed only beside file; the blocks of a generated operand are counted by shape.batch")
        return self


class WeightSpec(OperandSpec):
    """Where the pattern of W comes from."""


class PrunedSpec(WeightSpec):
    """W of a file, pruned whenever it is read: a sweep can move its density."""

    prune: Literal["magnitude", "row"] = Field(description="keep the values of largest magnitude: of the whole matrix, or of each row")
    density: float = Field(1.0, gt=0, le=1, description="share of the places of the matrix, or of each row, that pruning keeps at most")

    @model_validator(mode="after")
    def _of_one_matrix(self) -> PrunedSpec:
        if self.file is None or self.blocks is not None:
            raise ValueError("prune: allowed beside a file without blocks only")
        return self


class ActivationSpec(OperandSpec):
    """Where the pattern of X comes from."""

    running_or: PositiveInt | None = Field(
        None, description="tokens of a sequence: the mask becomes its running OR over each sequence, as attention spreads it; pattern only"
    )

    @model_validator(mode="after")
    def _mask_from_file(self) -> ActivationSpec:
        if self.running_or is not None and self.file is None:
            raise ValueError("running_or: allowed only beside file")
        return self


if TYPE_CHECKING:
    AnyWeight = WeightSpec
    AnyActivation = ActivationSpec
else:  # for mypy they are what all have in common; for pydantic, the file or the pattern that the mapping names
    AnyWeight = file_or(WeightSpec, WEIGHT_PATTERNS, PrunedSpec)
    AnyActivation = file_or(ActivationSpec, ACTIVATION_PATTERNS)


class OperationSpec(FileModel):
    """One matrix product."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[\w.+-]+$", description="unique in the file")
    kind: Kind = Field(
        description="GEMM: both operands dense, in every block; SpMM: sparse W, dense X; SpMSpM: both may be sparse; "
        "SpMV, SpMSpV: these two with one token; SDDMM: gradient · Xᵀ, at the nonzeros of W"
    )
    shape: Shape = Field(default_factory=Shape, description="m, k and n where no file tells them; checked against files that do")
    weight: AnyWeight | None = Field(None, description="W[M,K]; or weight_of")
    weight_of: str | None = Field(None, min_length=1, description="an earlier operation whose W this one takes, instead of weight")
    transpose: Transpose = Field(
        "none",
        description="weight_of: take its transpose; stored: a second copy, made beforehand; scatter: the very lists of that W, by columns",
    )
    experts: ExpertsSpec | None = Field(None, description="a product for each expert, with a W of its own, on the tokens that go to it")
    storage: StorageSpec | None = Field(None, description="how W lies in DRAM; default: in the least form that the machine takes")
    activation: AnyActivation = Field(description="X[K,N]; a file of [tokens, channels] is Xᵀ: transposed: true")
    gradient: AnyActivation | None = Field(None, description="SDDMM: dY[M,N], which lives where X lives; may be sparse, as X may")
    depends_on: tuple[str, ...] = Field((), description="earlier operations whose outputs X is made from; none: X comes from DRAM")
    weight_home: WeightHome = Field(
        "dram", description="dram: W is stored there; activation: W, like X, is made from the outputs of depends_on, and is kept dense"
    )

    @model_validator(mode="after")
    def _consistent(self) -> OperationSpec:
        if self.kind not in SPARSE_X and self.activation.sparse:
            found = f"activation.pattern is {self.activation.pattern}"
            raise ValueError(f"kind = {self.kind} needs a dense X, but {found}; allowed: kind: {SPARSE_X_OF[self.kind]}")
        if (self.weight is None) == (self.weight_of is None):
            raise ValueError("weight: exactly one of weight and weight_of says what W is")
        if self.transpose != "none" and self.weight_of is None:
            raise ValueError("transpose: goes with weight_of; a file of the transpose is weight: {file: …, transposed: true}")
        if self.storage is not None and (self.weight_home == "activation" or self.transpose == "scatter"):
            raise ValueError("storage: of a W that is stored for this operation; remove the key")
        drawn = self.weight is None or self.weight.pattern is not None
        if self.experts is not None and (self.shape.batch is not None or not drawn):
            raise ValueError("experts: each draws a W of its own, unbatched; allowed: a pattern or weight_of, and no shape.batch")
        if (self.kind == "SDDMM") != (self.gradient is not None):
            raise ValueError("gradient: dY of an SDDMM, which needs it; no other kind has one")
        if self.gradient is not None and self.weight_home == "activation":
            raise ValueError("weight_home: the mask of an SDDMM is stored; allowed: dram")
        if self.kind == "GEMM" and self.weight is not None and self.weight.sparse:
            raise ValueError(f"kind = GEMM needs a dense W, but weight.pattern is {self.weight.pattern}; allowed: kind: SpMM or SpMSpM")
        if self.weight is not None and self.weight.taken_from is not None and self.weight_home != "activation":
            raise ValueError("weight.same_as: a W that is an X is made from activations; set weight_home: activation, and depends_on")
        if self.weight_home == "activation" and not self.depends_on:
            raise ValueError("weight_home: activation makes W from the outputs of depends_on, which is empty; allowed: dram, or depends_on")
        self._check_sizes_known()
        return self

    def _check_sizes_known(self) -> None:
        causal = self.activation.pattern == "causal"
        stored = self.weight_of or (self.weight and (self.weight.file or self.weight.taken_from))
        gradient = self.gradient and (self.gradient.file or self.gradient.taken_from)
        activation = self.activation.file or self.activation.taken_from
        one_token = self.kind in ONE_TOKEN
        tells = {"m": stored or gradient, "k": stored or activation, "n": activation or causal or gradient or one_token}
        missing = [key for key, told in tells.items() if getattr(self.shape, key) is None and not told]
        if missing:
            raise ValueError(f"shape.{missing[0]}: missing key; no file tells it; allowed: an integer from 1 to {MAX_DIMENSION}")


class FuseSpec(FileModel):
    """A chain of fused operations."""

    operations: tuple[str, ...] = Field(
        description="two or more that follow one another, each taking X from the outputs of the one before, and alone in that"
    )
    if_fits: bool = Field(
        False,
        description="true: where a machine cannot fuse them, or would take longer, they run one after another; false: they are fused, or "
        "that is an error",
    )


def _chain(given: object) -> object:
    """The mapping that a list of names stands for; lists of a mapping as they are held (what has been looked at is checked strictly)."""
    keys = given if isinstance(given, dict) else {"operations": given}
    names = keys.get("operations")
    return {**keys, "operations": tuple(names)} if isinstance(names, list) else keys


class WorkloadSpec(FileModel):
    """A whole workload file."""

    name: FileName = Field(description="what reports call it")
    description: str = Field("", description="what it is and where it comes from")
    seed: Seed = Field(0, description="base of the seeds of generated operands that name none")
    operations: tuple[OperationSpec, ...] = Field(min_length=1, description="in program order")
    fuse: tuple[FuseSpec, ...] = Field((), description="chains of fused operations: what each leaves of a block, the next takes on chip")

    @field_validator("fuse", mode="before")
    @classmethod
    def _chains(cls, given: object) -> object:
        """A list of names is a chain, and stands for a list of one chain."""
        if not isinstance(given, list):
            return given
        chains = [given] if given and all(isinstance(name, str) for name in given) else given
        return tuple(_chain(chain) for chain in chains)

    @model_validator(mode="after")
    def _fused(self) -> WorkloadSpec:
        names = [operation.name for operation in self.operations]
        seen: set[str] = set()
        for place, chain in enumerate(self.fuse):
            where = f"fuse.{place}"
            if len(chain.operations) < 2:
                raise ValueError(f"{where}: found {len(chain.operations)} operation; allowed: two or more, the second made from the first")
            for name in chain.operations:
                if name not in names:
                    raise ValueError(
                        f"{where}: found {name}, which is no operation; allowed: names of operations{nearest_hint(name, names)}"
                    )
                if name in seen:
                    raise ValueError(f"{where}: found {name} again; allowed: an operation in one chain, once")
                seen.add(name)
            for first, second in itertools.pairwise(chain.operations):
                self._check_link(where, names.index(first), names.index(second))
        return self

    def _check_link(self, where: str, first: int, second: int) -> None:
        """Two fused operations, of which the second takes what the first leaves."""
        giver, taker = self.operations[first], self.operations[second]
        if second != first + 1:
            found = self.operations[first + 1].name if first + 1 < len(self.operations) else "nothing"
            raise ValueError(f"{where}: {taker.name} does not follow {giver.name}; allowed: what stands next in the file, {found}")
        for operation in (giver, taker):
            if operation.gradient is not None or operation.experts is not None:
                found = "an SDDMM" if operation.gradient is not None else "one of experts"
                raise ValueError(f"{where}: {operation.name} is {found}, whose outputs are no X; allowed: operations of the other kinds")
        if giver.name not in taker.depends_on:
            raise ValueError(f"{where}: {taker.name} does not take the outputs of {giver.name}; allowed: one whose depends_on names it")
        other = next((each.name for each in self.operations if each is not taker and giver.name in each.depends_on), None)
        if other is not None:
            raise ValueError(f"{where}: {other} takes the outputs of {giver.name} too, which are nowhere to be read; allowed: one taker")

    @model_validator(mode="after")
    def _dependences(self) -> WorkloadSpec:
        names = [operation.name for operation in self.operations]
        for index, operation in enumerate(self.operations):
            if operation.name in names[:index]:
                raise ValueError(
                    f"operations.{index}.name: found {operation.name} again, first of operations.{names.index(operation.name)}; "
                    "allowed: a name that no other operation has"
                )
            for wanted in operation.depends_on:
                _check_earlier(index, "depends_on", wanted, names)
            for role, operand in (("weight", operation.weight), ("activation", operation.activation), ("gradient", operation.gradient)):
                if operand is not None and operand.taken_from is not None:
                    _check_earlier(index, f"{role}.same_as", operand.taken_from, names)
            if operation.weight_of is not None:
                _check_earlier(index, "weight_of", operation.weight_of, names)
                taken = self.operations[names.index(operation.weight_of)]
                if taken.experts != operation.experts:
                    raise ValueError(f"operations.{index}.experts: those of {taken.name}, whose W it takes, differ; allowed: the same")
        return self


def _check_earlier(index: int, key: str, wanted: str, names: list[str]) -> None:
    earlier = names[:index]
    if wanted in earlier:
        return
    what = "a later operation" if wanted in names[index + 1 :] else "the operation itself" if wanted in names else "no operation"
    allowed = f"an earlier operation, such as {', '.join(earlier[-8:])}" if earlier else "nothing, for the first operation"
    raise ValueError(f"operations.{index}.{key}: found {wanted}, which is {what}; allowed: {allowed}{nearest_hint(wanted, earlier)}")
