"""The machine file: pydantic models whose fields document every key, its unit and its default; and a machine with `auto` settled."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Struct
from pydantic import ConfigDict, Field, PositiveInt, field_validator, model_validator

from simulator.errors import ConfigError
from simulator.specs import FileModel, as_json, config_path, load_yaml_model, nearest_hint
from simulator.specs.documents import apply_overrides, replaced, validated
from simulator.specs.fields import every_key
from simulator.specs.models import Section
from simulator.specs.naming import FileName
from simulator.specs.parse import parse
from simulator.specs.tree import Entry, Location

OperandType = Literal["int8", "fp8", "fp16", "bf16", "tf32", "fp32"]
AccumulateType = Literal["int32", "fp32"]

BITS: dict[str, int] = {"int8": 8, "fp8": 8, "fp16": 16, "bf16": 16, "tf32": 19, "fp32": 32, "int32": 32}
"""Bits of each format as stored."""

SIGNIFICAND_BITS: dict[str, int] = {"fp8": 4, "fp16": 11, "bf16": 8, "tf32": 11, "fp32": 24}
"""Significand bits, hidden one included, of each floating-point format (fp8 is E4M3)."""

Auto = Literal["auto"]
Kib = Annotated[float, Field(ge=2**-10, le=2**20)]
"""A capacity in KiB, from a byte to 1 GiB."""
Cycles = Annotated[int, Field(ge=1, le=1024)]
"""Of a pipeline that a machine file may set."""
BusWidth = Annotated[int, Field(ge=1, le=65536)]
"""Bytes a cycle of a bus."""


class Datatypes(FileModel):
    """Number formats of the operands and of the accumulators."""

    weight: OperandType = Field("bf16", description="format of W")
    activation: OperandType = Field("bf16", description="format of X, and of Y when it leaves the fabric")
    accumulate: AccumulateType = Field("fp32", description="format of partial sums; int32 for int8 operands only")

    @model_validator(mode="after")
    def _sums_hold_products(self) -> Datatypes:
        floating = next((kind for kind in (self.weight, self.activation) if kind != "int8"), None)
        if self.accumulate == "int32" and floating:
            raise ValueError(f"accumulate = int32 cannot hold products of {floating}; allowed: fp32, or int8 for weight and activation")
        return self

    @property
    def weight_bits(self) -> int:
        """Bits of one weight."""
        return BITS[self.weight]

    @property
    def activation_bits(self) -> int:
        """Bits of one activation."""
        return BITS[self.activation]

    @property
    def accumulate_bits(self) -> int:
        """Bits of one partial sum."""
        return BITS[self.accumulate]


class Dram(FileModel):
    """The share of the DRAM devices that serves this machine."""

    kind: str = Field("hbm2e", description="a device of configs/technologies/dram.yaml")
    stacks: PositiveInt = Field(1, le=64, description="devices (stacks) attached to the die")
    share: float = Field(1.0, ge=1e-6, le=1, description="fraction of their bandwidth and PHY that serves this machine")
    latency_ns: float = Field(100.0, ge=0, le=1e5, description="from the request to the first byte (assumed, 60-150)")
    useful_bytes_per_activate: Annotated[float, Field(ge=1, le=65536)] | Auto = Field(
        "auto", description="bytes moved for each row opened; auto: streaming, as the device's energy is stated; fewer for random traffic"
    )
    efficiency: float = Field(0.85, ge=1e-3, le=1, description="share of the peak bandwidth that streaming reaches (assumed, 0.8-0.9)")


class Trunks(FileModel):
    """The shared buses between the activation buffer (or DRAM) and the fabric."""

    x_bytes_per_cycle: BusWidth = Field(256, description="X trunk: fills the activation copies; also the buffer's ports")
    w_bytes_per_cycle: BusWidth = Field(256, description="W trunk: fills the weight banks")
    drain_bytes_per_cycle: BusWidth = Field(256, description="drain bus: carries finished rows out")


class Thermal(FileModel):
    """How heat leaves the die."""

    ambient_c: float = Field(45.0, ge=-55, le=150, description="air or coolant, °C")
    sink_c_mm2_per_w: Annotated[float, Field(ge=0, le=1e4)] = Field(
        25.0, description="spreader and sink: rise above ambient by the whole die's power density, °C mm²/W"
    )
    die_c_mm2_per_w: Annotated[float, Field(ge=0, le=1e4)] = Field(
        6.5, description="die and interface: further rise of a component by its own power density, °C mm²/W"
    )


class Fabric(Section):
    """What computes: the share of the machine file that each kind of hardware brings."""

    home = "simulator.kinds"
    takes_mapping: ClassVar[bool] = False
    """Whether the section `mapping` is for it."""

    kind: str

    @property
    @abstractmethod
    def multipliers(self) -> int:
        """Multiply-accumulate units."""

    @property
    @abstractmethod
    def unit_count(self) -> int:
        """Units whose cycles are accounted for."""

    def check(self, machine: Machine) -> None:
        """Raise ValueError, naming the keys, where it does not go with the rest of the machine."""


class Mapping(Section):
    """Placement and schedule of a fabric that takes them."""

    home = "simulator.kinds"

    @classmethod
    def default(cls) -> Mapping:
        """What holds where a file says nothing: of a fabric that takes none, it is not looked at."""
        model = cls.models()[0]
        assert issubclass(model, Mapping)
        return model()


_INSIDE = {"name", "datatypes", "weight_decoder", "fabric", "mapping"}
"""Keys that a fabric may look at; its name is for messages."""


class Machine(FileModel):
    """One machine: everything that a run needs to know of the hardware."""

    model_config = ConfigDict(defer_build=True)

    name: FileName = Field(description="what reports call it")
    technology: str = Field("7nm", description="a file of configs/technologies, or a path")
    technology_overrides: dict[str, float] = Field(
        default_factory=dict, description="constants of the technology to replace, by name; dram.KIND.CONSTANT for those of DRAM"
    )
    clock_ghz: float = Field(1.0, ge=1e-3, le=20, description="one clock for the whole die")
    datatypes: Datatypes = Field(default_factory=Datatypes, description="number formats")
    power_density_limit_w_per_mm2: float = Field(1.0, ge=1e-6, le=1e4, description="reports flag components hotter than that (W/mm²)")
    thermal: Thermal = Field(default_factory=Thermal, description="package: ambient and thermal resistances")
    dram: Dram = Field(default_factory=Dram, description="off-chip memory")
    activation_buffer_kib: Kib = Field(1024.0, description="on-chip buffer of the tensors that live between operations")
    trunks: Trunks = Field(default_factory=Trunks, description="shared buses")
    weight_decoder: bool = Field(
        True,
        description="a decoder on the W trunk: W comes in the form that an operation names, or the least; false: in the machine's own",
    )
    activation_format: Literal["auto", "dense", "bitmap"] = Field(
        "auto", description="activations in DRAM and buffer: as they are, or a bitmap and the values that are not zero; auto: what is less"
    )
    fabric: Fabric
    mapping: Mapping = Field(default_factory=Mapping.default, description="placement and schedule (gather fabrics only)")

    @field_validator("technology_overrides", mode="before")
    @classmethod
    def _by_dotted_name(cls, given: Any) -> Any:
        """`dram: {hbm2e: {io_pj_per_bit: 1}}` is `dram.hbm2e.io_pj_per_bit: 1`: keys on the command line are paths."""
        return dict(_dotted(given)) if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _possible(self) -> Machine:
        if not self.fabric.takes_mapping and "mapping" in self.model_fields_set:
            raise ValueError(f"mapping: a {self.fabric.kind} fabric has no placement or assignment; remove the key")
        self.fabric.check(self)
        return self

    def with_(self, keys: dict[str, Any] | None = None, /, **named: Any) -> Machine:
        """Return this machine with some keys replaced: by key path in a mapping, or by a name that only one section has.

        machine.with_(units=128, name="large")
        machine.with_({"dram.share": 0.5, "fabric.network.topology": "mesh"})

        Raises ConfigError for a key that does not exist or that several sections have, and for a machine that cannot be.
        """
        if keys is not None and not isinstance(keys, dict):
            raise ConfigError(f"with_({keys!r}): found {type(keys).__name__}; allowed: a mapping of key paths, or keys by name")
        root = parse(self.model_dump_json(exclude_unset=True), f"machine {self.name}", lines=False)
        for path, value in {**(keys or {}), **{_path_of(name, root): value for name, value in named.items()}}.items():
            new = parse(as_json(value, "a machine"), f"with_ {path}", lines=False)
            root = replaced(root, path.split("."), Entry(new.value, Location(f"with_({path}={value!r})")))
        return validated(root, Machine).model

    def inside(self) -> Machine:
        """The machine as its fabric knows it: of what lies around, nothing is there to be read (AttributeError).

        What a fabric does is found again by its machine's content (`recall`), in which memory and technology thus have no part.
        """
        return self._showing(_INSIDE)

    def at_rest(self) -> Machine:
        """The machine as far as it decides where tensors live: of its rates and of what it is made of, nothing is there to be read."""
        return self._showing(_INSIDE | {"activation_buffer_kib", "activation_format"})

    def as_built(self) -> Machine:
        """The machine as far as it decides how long its pipelines are: of what lies beyond its trunks, nothing is there to be read."""
        return self._showing(_INSIDE | {"clock_ghz", "trunks"})

    def _showing(self, names: set[str]) -> Machine:
        known = self.model_copy()
        for name in type(self).model_fields.keys() - names:
            del known.__dict__[name]
        return known

    @property
    def multipliers(self) -> int:
        """Multiply-accumulate units of the fabric."""
        return self.fabric.multipliers

    @property
    def unit_count(self) -> int:
        """Units whose cycles are accounted for."""
        return self.fabric.unit_count


class MachineView(Struct, frozen=True):
    """A machine as what its fabric makes of it: a kind adds its own section, and the sizes that follow."""

    machine: Machine

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.machine.name

    @property
    def datatypes(self) -> Datatypes:
        """Number formats."""
        return self.machine.datatypes

    @property
    def trunks(self) -> Trunks:
        """Shared buses."""
        return self.machine.trunks


def load_machine(path: str | Path | dict[str, Any], overrides: Sequence[str] = ()) -> Machine:
    """Return the machine of a YAML file, of a name in configs/machines, or of a mapping with what a file would hold.

    `overrides` are `key.path=value` texts, such as `fabric.units=128`. Raises ConfigError.
    """
    if isinstance(path, dict):
        root = parse(as_json(path, "a machine"), f"machine {path.get('name', '')}".strip(), lines=False)
        return validated(apply_overrides(root, overrides), Machine).model
    return load_yaml_model(config_path("machines", path), Machine, overrides)


def _path_of(name: str, root: Entry) -> str:
    """The path of the key that a name alone means. Raises ConfigError where none is called so, or several are."""
    if name in Machine.model_fields:
        return name
    known = every_key(Machine, root)
    paths = [".".join(path) for path in known if path[-1] == name]
    if not paths:
        raise ConfigError(f"with_({name}=…): no key is called so{nearest_hint(name, (path[-1] for path in known))}")
    if len(paths) > 1:
        raise ConfigError(f"with_({name}=…): several keys are called so: {', '.join(paths)}; name one, as with_({{{paths[0]!r}: …}})")
    return paths[0]


def _dotted(given: dict[Any, Any]) -> Iterator[tuple[Any, Any]]:
    for name, value in given.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{below}", inner) for below, inner in _dotted(value))
        else:
            yield name, value


MAX_STAGES = 4096
"""Cycles of a crossing, or of another pipeline, given or settled."""
DRAM_RATES = 1e-6, 1e6
"""Bytes a cycle that the DRAM share may deliver: least and most."""
DMA_CHUNK_BYTES = 4096
"""What the DMA engine moves between DRAM and a trunk at a time."""


class Stages(Struct, frozen=True):
    """Cycles of what is pipelined to reach the clock."""

    feed: int = 1
    """From a unit to its network, or to its own banks."""
    allocation: int = 1
    """Of a matching on the request network; one begins every cycle."""
    crossing: int = 1
    """Of a router and its link."""
    read: int = 1
    """From the access of a bank, or of an edge buffer, to the word at a network, a unit or the edge."""
    multiply: int = 0
    """Of a product, beyond the cycle of its addition."""
    accumulate: int = 1
    """Of an addition to a sum."""


class Elaborated(Struct, frozen=True):
    """A machine whose `auto` geometry is settled.

    Timing sees only these numbers, never the technology they came from.
    """

    machine: Machine
    network_latency: int
    """Pipeline stages of one crossing of a network, in cycles (1 where there is none)."""
    slices: int
    """Reply crossbars side by side."""
    dram_bytes_per_cycle: float
    """Effective bandwidth of the DRAM share: stacks × GB/s × share × efficiency / clock."""
    dram_latency_cycles: int
    """Cycles from a DRAM request to its first byte."""
    dram_burst_bytes: int
    """Smallest DRAM transfer."""
    feed_latency: int = 1
    """This and what follows: cycles of what `stages` says."""
    allocation_latency: int = 1
    read_latency: int = 1
    multiply_latency: int = 0
    accumulate_latency: int = 1

    @property
    def stages(self) -> Stages:
        """Everything that is pipelined, in cycles."""
        return Stages(
            feed=self.feed_latency,
            allocation=self.allocation_latency,
            crossing=self.network_latency,
            read=self.read_latency,
            multiply=self.multiply_latency,
            accumulate=self.accumulate_latency,
        )

    @property
    def dma_slots(self) -> int:
        """Chunks that each DMA stream (X, W, Y) stages: two, and as many as DRAM delivers during its latency."""
        return 2 + math.ceil(self.dram_latency_cycles * self.dram_bytes_per_cycle / DMA_CHUNK_BYTES)
