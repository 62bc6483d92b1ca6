"""The machine file's share of a systolic array."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt, model_validator

from simulator.machine.model import Auto, Cycles, Elaborated, Fabric, Kib, Machine, MachineView

NmPattern = Literal["none", "1:2", "1:4", "2:4", "2:8", "4:8"]
"""At most N nonzeros in every M consecutive input features of an output feature; M / N ≤ 4, what an edge bank can feed."""

RowOrder = Literal["grouped", "natural"]

SKIP_SCAN_BITS = 256
"""Presence bits that a systolic array's sequencer examines in a cycle; it runs ahead by a fold, which lasts at least R cycles."""
EDGE_WORD_BITS = 64
"""Least width of an edge buffer's word: an element is far narrower than a word worth reading."""


def edge_word_elements(element_bits: int) -> int:
    """Consecutive elements that one bank of a systolic array's buffer takes or gives in an access."""
    return -(-EDGE_WORD_BITS // element_bits)


class SystolicFabric(Fabric):
    """A rows × cols array of multiply-accumulate cells that pass operands to their neighbours."""

    follows: ClassVar[dict[str, str]] = {"multipliers": "rows × cols"}

    kind: Literal["systolic"]
    rows: PositiveInt = Field(32, le=1024, description="rows of processing elements")
    cols: PositiveInt = Field(32, le=1024, description="columns of processing elements")
    dataflow: Literal["best", "ws", "os", "is"] = Field("best", description="what stays: W, Y or X; best: the quickest")
    weight_load: Literal["overlapped", "serial"] = Field("overlapped", description="overlapped: a second register a PE hides it")
    gate_zeros: bool = Field(True, description="a cell with a zero operand does not toggle its multiplier")
    x_buffer_kib: Kib = Field(256.0, description="one half of the activation operand buffer, banked along its edge")
    w_buffer_kib: Kib = Field(512.0, description="one half of the weight operand buffer, banked along its edge; picks of N:M lie beside")
    y_buffer_kib: Kib = Field(1024.0, description="one half of the partial-sum and output buffer, banked along its edge")
    skip_zero_tiles: bool = Field(False, description="a fold whose stationary tile (os: either operand) is all zero is not run")
    column_skip: bool = Field(False, description="os: a step in which a fold's weights or activations are all zero is not streamed")
    n_m: NmPattern = Field("none", description="N:M weights take N steps of M, for each operation whose W has that pattern; quote it")
    read_latency: Cycles | Auto = Field("auto", description="cycles from an edge buffer to the array; auto: by the delay model")
    multiply_latency: Annotated[int, Field(ge=0, le=1024)] | Auto = Field(
        "auto", description="cycles of a product before the cycle of its addition; auto: by the delay model"
    )
    row_order: RowOrder = Field("grouped", description="grouped: output features that share their zeros lie side by side, where it helps")

    @property
    def kept_of(self) -> tuple[int, int]:
        """N and M of `n_m`; (1, 1) where there is no selection."""
        if self.n_m == "none":
            return 1, 1
        kept, of = self.n_m.split(":")
        return int(kept), int(of)

    @property
    def holds_operands(self) -> bool:
        """Whether an operand may stay in the cells."""
        return self.dataflow != "os"

    @property
    def keeps_sums(self) -> bool:
        """Whether sums may."""
        return self.dataflow in ("best", "os")

    @property
    def read_cycles(self) -> int:
        """From an edge buffer to the array; no fewer than 1, where that is not settled."""
        return 1 if self.read_latency == "auto" else self.read_latency

    @property
    def product_cycles(self) -> int:
        """Of a product before its addition; no fewer than 0, where that is not settled."""
        return 0 if self.multiply_latency == "auto" else self.multiply_latency

    @property
    def skew(self) -> int:
        """Cycles between the read of a step's first operand and its last output, less those of one cell and one read."""
        return self.rows + self.cols - 2 + self.read_cycles - 1 + self.product_cycles

    @property
    def selection_bits(self) -> int:
        """Bits that say which of M activations a weight meets."""
        return (self.kept_of[1] - 1).bit_length()

    @model_validator(mode="after")
    def _groups_fit(self) -> SystolicFabric:
        if self.rows % self.kept_of[0]:
            raise ValueError(
                f"n_m = {self.n_m} keeps {self.kept_of[0]} weights of a group in as many rows: rows = {self.rows} must be a multiple"
            )
        return self

    @property
    def multipliers(self) -> int:
        """One a cell."""
        return self.rows * self.cols

    @property
    def unit_count(self) -> int:
        """Cells."""
        return self.multipliers


class ArrayMachine(MachineView, frozen=True):
    """A machine whose fabric is a systolic array."""

    fabric: SystolicFabric

    @classmethod
    def of(cls, machine: Machine) -> ArrayMachine:
        """A machine as what it is; TypeError on any other kind."""
        if not isinstance(machine.fabric, SystolicFabric):
            raise TypeError(f"{machine.name} has a {machine.fabric.kind} fabric, not a systolic array")
        return cls(machine, machine.fabric)

    @classmethod
    def settled(cls, elaborated: Elaborated) -> ArrayMachine:
        """With the cycles of its pipelines in place of `auto`."""
        own = cls.of(elaborated.machine)
        update = {"read_latency": elaborated.read_latency, "multiply_latency": elaborated.multiply_latency}
        return cls.of(own.machine.model_copy(update={"fabric": own.fabric.model_copy(update=update)}))

    @classmethod
    def inside(cls, elaborated: Elaborated) -> ArrayMachine:
        """The same as the array knows it, with nothing of what lies around."""
        return cls.of(cls.settled(elaborated).machine.inside())

    @property
    def held_weight_bits(self) -> int:
        """Bits of one weight in the array: its value, and which activation of its group it meets."""
        return self.datatypes.weight_bits + self.fabric.selection_bits

    @property
    def x_word(self) -> int:
        """Activations that a bank of the X buffer takes or gives in an access: the whole of an N:M group, where there is one."""
        return max(edge_word_elements(self.datatypes.activation_bits), self.fabric.kept_of[1])

    @property
    def w_word(self) -> int:
        """Weights that a bank of the W buffer takes or gives in an access."""
        return edge_word_elements(self.datatypes.weight_bits)
