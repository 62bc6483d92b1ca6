"""The machine file's share of a fabric of units, and the sizes that follow from it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt, model_validator

from simulator.machine.model import MAX_STAGES, Auto, Cycles, Fabric, Kib, Machine, MachineView, Mapping, Stages
from simulator.network import NetworkSpec, TopologyName
from simulator.specs import FileModel

MAX_CROSSPOINTS = 2**22
"""Units × bank ports of a cluster's one crossbar, whose queues and requests are held for each."""
MAX_ROUTES = 2**20
"""The same through routers, where the route of each pair is traced before a run."""


class Network(FileModel):
    """The request and reply networks of one cluster."""

    topology: TopologyName = Field("full", description="how routers join units and bank ports; full: one crossbar")
    radix: Annotated[int, Field(ge=2, le=256)] = Field(
        4, description="ports of a router: butterfly, clos; terminals of a group: hierarchical"
    )
    queues: Literal["fifo", "voq"] = Field("voq", description="request input buffers: one queue an input, or one an input and output")
    depth: PositiveInt = Field(4, le=4096, description="slots of each request queue")
    reply_depth: PositiveInt = Field(2, le=4096, description="slots of each reply queue, beyond the read pipeline")
    allocator: Literal["round_robin", "islip"] = Field("islip", description="matching of inputs and outputs on the request crossbar")
    iterations: PositiveInt = Field(1, le=16, description="iSLIP iterations a cycle")
    allocation: Cycles | Auto = Field(
        "auto", description="cycles of a matching, of which one begins every cycle (1 for fifo queues); auto: by the delay model"
    )
    latency: Annotated[int, Field(ge=1, le=MAX_STAGES)] | Auto = Field(
        "auto", description="pipeline stages of a crossing; auto: by the delay model"
    )
    link_bits: Annotated[int, Field(ge=1, le=65536)] | Auto = Field(
        "auto", description="width of a reply link; a wider word takes several flits; auto: a whole word"
    )
    slices: Annotated[int, Field(ge=1, le=1024)] | Auto = Field(
        "auto", description="reply crossbars side by side, each with a part of the word; auto: least area"
    )

    @model_validator(mode="after")
    def _allocator_fits(self) -> Network:
        if self.queues == "fifo" and self.allocation not in ("auto", 1):
            raise ValueError(
                "allocation: which flit a FIFO offers next is known when the last is granted, so that its arbiters cannot be pipelined; "
                "set it to 1 or auto"
            )
        if self.queues == "fifo" and self.iterations != 1:
            raise ValueError("iterations: a FIFO input offers one flit a cycle, so a second iteration changes nothing; set it to 1")
        if self.allocator == "round_robin" and self.iterations != 1:
            raise ValueError("iterations: allocator round_robin makes one pass; set iterations: 1 or allocator: islip")
        return self


class UnitsFabric(Fabric):
    """Vector units that gather activation words from banks: crossbar, replication, and all between."""

    takes_mapping = True
    follows: ClassVar[dict[str, str]] = {
        "clusters": "token_groups × replicas",
        "units_per_cluster": "units ÷ (token_groups × replicas)",
        "multipliers": "units × lanes",
        "copies": "token_groups × replicas",
    }

    kind: Literal["gather"]
    units: PositiveInt = Field(64, le=65536, description="vector units")
    lanes: PositiveInt = Field(16, le=1024, description="multiply-accumulates of a unit each cycle; activations in a word")
    token_groups: PositiveInt = Field(1, description="groups of units on different token tiles that share one stream of weights")
    replicas: PositiveInt = Field(1, description="copies of a token tile within a group; one copy and one network a cluster")
    banks: Annotated[int, Field(ge=1, le=1024)] | Auto = Field("auto", description="banks of a copy; auto: max(units of the cluster, 8)")
    bank_kib: Kib = Field(4.0, description="one half (ping or pong) of a bank")
    bank_ports: PositiveInt = Field(1, le=4, description="accesses a cycle of a bank")
    bank_queue: PositiveInt = Field(2, le=4096, description="request slots of a bank port, beyond the network's pipeline")
    feed_latency: Cycles | Auto = Field("auto", description="cycles from a unit to its network or own banks; auto: by the delay model")
    read_latency: Cycles | Auto = Field("auto", description="cycles of a bank access; auto: by the delay model")
    multicast: bool = Field(False, description="requests for one word that meet at a crossbar's arbiter share an access")
    weight_bank_kib: Kib = Field(8.0, description="one half of a unit's weight bank")
    output_bank_kib: Kib = Field(16.0, description="one half of a unit's output bank")
    window: PositiveInt = Field(16, le=1024, description="outstanding requests of a unit; each slot is the landing register of its reply")
    issue_width: PositiveInt = Field(1, le=16, description="requests that a unit can issue in a cycle")
    scan_width: PositiveInt = Field(4, le=64, description="list entries that a unit can examine in a cycle")
    zero_skip: bool = Field(True, description="drop entries whose word is all zero (a presence bit a word)")
    accumulators: PositiveInt = Field(4, le=1024, description="rows that a unit can have open at once")
    multiply_latency: Annotated[int, Field(ge=0, le=1024)] | Auto = Field(
        "auto", description="cycles of a product before the cycle of its addition; auto: by the delay model"
    )
    accumulate_latency: Cycles | Auto = Field(
        "auto", description="stages of the accumulate adder = partial sums kept of a row; auto: by the delay model"
    )
    gate_zeros: bool = Field(True, description="a lane with a zero operand does not toggle its multiplier")
    lane_tree: bool = Field(False, description="each unit has a tree of adders over its lanes, which sampled products (SDDMM) need")
    network: Network = Field(default_factory=Network, description="what joins units and banks (unused where a copy serves one unit)")

    @property
    def units_per_group(self) -> int:
        """Units that share one token tile."""
        return self.units // self.token_groups

    @property
    def clusters(self) -> int:
        """Copies on the die: one a cluster."""
        return self.token_groups * self.replicas

    @property
    def units_per_cluster(self) -> int:
        """Units that share one copy and one pair of networks."""
        return self.units // self.clusters

    @property
    def banks_per_copy(self) -> int:
        """Banks of one copy, `auto` resolved."""
        return max(self.units_per_cluster, 8) if self.banks == "auto" else self.banks

    @property
    def has_network(self) -> bool:
        """A copy that serves one unit needs no network."""
        return self.units_per_cluster > 1

    @property
    def combines(self) -> bool:
        """Whether requests for one word go through the request network together."""
        return self.multicast and self.has_network

    @model_validator(mode="after")
    def _divides(self) -> UnitsFabric:
        if self.units % self.clusters:
            raise ValueError(
                f"token_groups × replicas = {self.token_groups} × {self.replicas} = {self.clusters} clusters "
                f"do not divide units = {self.units}; "
                f"allowed products are the divisors of {self.units}"
            )
        if self.window < self.issue_width:
            raise ValueError(f"window = {self.window} is smaller than issue_width = {self.issue_width}; a request needs a slot")
        return self

    @property
    def multipliers(self) -> int:
        """Lanes of all units."""
        return self.units * self.lanes

    @property
    def unit_count(self) -> int:
        """Vector units."""
        return self.units

    def check(self, machine: Machine) -> None:
        """Hold it against number formats and mapping."""
        UnitsMachine.of(machine).check()


_CLOCKED = (
    "bank_ports",
    "bank_queue",
    "multicast",
    "window",
    "accumulators",
    "feed_latency",
    "read_latency",
    "multiply_latency",
    "accumulate_latency",
    "network",
)
"""Keys of what only clusters look at while they run (`ClusterSpec`)."""


class UnitsMapping(Mapping):
    """Placement and schedule of a fabric of units."""

    dataflow: Literal["gather", "scatter", "both"] = Field(
        "gather",
        description="gather: activations travel bank → unit; scatter: partial sums travel unit → bank; "
        "both: gather, and scatter for operations of transpose: scatter",
    )
    placement: Literal["interleaved", "hashed", "file"] = Field("hashed", description="word → bank: modulo, XOR-fold, or placement_file")
    placement_file: str | None = Field(
        None, description="for placement: file; a .npy of one bank index for each word of a copy (scatter: of partial sums)"
    )
    assignment: Literal["round_robin", "balanced", "dynamic", "split"] = Field(
        "balanced", description="row → unit: by turns, longest first, in order, or longest first with long rows cut"
    )
    order: Literal["natural", "bank_aware"] = Field(
        "natural", description="entries of a row: by column, or by bank, each unit starting at a bank of its own"
    )
    tokens_per_tile: PositiveInt | Auto = Field("auto", description="token words (of `lanes` tokens) of a tile; auto: as many as fit")
    loop_order: Literal["auto", "m_rounds", "rounds_m"] = Field("auto", description="outer loops: M tiles, rounds; auto: least time")
    partial_sums: Literal["auto", "stay"] = Field(
        "auto",
        description="between K tiles (SDDMM: rounds): on chip (stay), or auto: there, or out and back over the drain bus, which then adds",
    )


class UnitsMachine(MachineView, frozen=True):
    """A machine whose fabric is one of units, with the sizes that follow from its file."""

    fabric: UnitsFabric
    mapping: UnitsMapping

    @classmethod
    def of(cls, machine: Machine) -> UnitsMachine:
        """A machine as what it is; TypeError on any other kind."""
        if not isinstance(machine.fabric, UnitsFabric) or not isinstance(machine.mapping, UnitsMapping):
            raise TypeError(f"{machine.name} has a {machine.fabric.kind} fabric, not one of units")
        return cls(machine, machine.fabric, machine.mapping)

    def in_dataflow(self, dataflow: Literal["gather", "scatter"]) -> UnitsMachine:
        """The same machine with one dataflow only."""
        mapping = self.mapping.model_copy(update={"dataflow": dataflow})
        return UnitsMachine(self.machine.model_copy(update={"mapping": mapping}), self.fabric, mapping)

    def unclocked(self) -> UnitsMachine:
        """The machine as far as it decides what clusters do, not how fast, once an operation is cut.

        Of the rest, nothing is there to be read (AttributeError). Units that gather have output banks as large as their lists can
        tell rows apart: how soon rows must leave them is for whoever runs the operation to say.
        """
        fabric, mapping = self.fabric.model_copy(), self.mapping.model_copy()
        for name in _CLOCKED:
            del fabric.__dict__[name]
        del mapping.__dict__["tokens_per_tile"]
        if mapping.dataflow == "gather":
            fabric.__dict__["output_bank_kib"] = (1 << self.delta_bits) * self.output_word_bytes / 1024
        return UnitsMachine(self.machine.model_copy(update={"fabric": fabric, "mapping": mapping}), fabric, mapping)

    def check(self) -> None:
        """Raise ValueError, naming the keys, where some do not go together."""
        fabric = self.fabric
        bank_bytes = fabric.bank_kib * 1024
        if bank_bytes < self.word_bytes:
            raise ValueError(
                f"fabric.bank_kib = {fabric.bank_kib} ({bank_bytes:g} bytes) holds less than one word a bank: "
                f"a word of {fabric.lanes} lanes is {self.word_bytes} bytes"
            )
        if fabric.output_bank_kib * 1024 < self.output_word_bytes:
            raise ValueError(
                f"fabric.output_bank_kib = {fabric.output_bank_kib} holds less than one row word of {self.output_word_bytes} bytes"
            )
        if fabric.weight_bank_kib * 8192 < self.weight_entry_bits(dense=False):
            raise ValueError(
                f"fabric.weight_bank_kib = {fabric.weight_bank_kib} holds less than one list entry "
                f"of {self.weight_entry_bits(dense=False)} bits"
            )
        self._check_joined(fabric)
        if fabric.combines:
            self._check_combining(fabric.network)
        mapping = self.mapping
        if (mapping.placement == "file") != (mapping.placement_file is not None):
            raise ValueError("mapping.placement_file goes with placement: file, and placement: file needs it")
        if mapping.dataflow != "gather" and (fabric.multicast or mapping.order != "natural"):
            raise ValueError(
                f"mapping.dataflow = {mapping.dataflow} sends each product once: fabric.multicast must be false and mapping.order natural"
            )
        if mapping.dataflow == "scatter" and fabric.lane_tree:
            raise ValueError(
                "fabric.lane_tree adds up the lanes of accumulators, which mapping.dataflow = scatter has none of; set it to false"
            )
        if mapping.dataflow != "gather" and self.copy_sums < 1:
            raise ValueError(f"fabric.bank_kib = {fabric.bank_kib} holds less than one word of partial sums a bank")
        banks = fabric.banks_per_copy
        if self.mapping.placement == "hashed" and banks & (banks - 1):
            raise ValueError(
                f"mapping.placement = hashed folds the index by XOR and needs a power of two of banks, not {banks}; "
                "allowed: placement: interleaved, or banks in 1, 2, 4, …, 1024"
            )
        if isinstance(self.mapping.tokens_per_tile, int) and self.mapping.tokens_per_tile > self.copy_words:
            raise ValueError(f"mapping.tokens_per_tile = {self.mapping.tokens_per_tile} exceeds the {self.copy_words} words of a copy")

    def _check_joined(self, fabric: UnitsFabric) -> None:
        """Before anything is built that grows with units × ports: crosspoints and queues, or routes that are traced."""
        ports = fabric.banks_per_copy * fabric.bank_ports
        most = MAX_CROSSPOINTS if fabric.network.topology == "full" else MAX_ROUTES
        if fabric.has_network and fabric.units_per_cluster * ports > most:
            raise ValueError(
                f"fabric.units: {fabric.units_per_cluster} units of a cluster and {ports} ports of banks are "
                f"{fabric.units_per_cluster * ports} pairs; allowed: at most {most} for network.topology = {fabric.network.topology}"
            )

    def _check_combining(self, network: Network) -> None:
        if network.topology != "full":
            raise ValueError(
                f"fabric.multicast combines requests at the arbiters of one crossbar, which fabric.network.topology = {network.topology} "
                "has not; allowed: fabric.network.topology: full, or fabric.multicast: false"
            )
        if self.reply_flits > 1:
            raise ValueError(
                f"fabric.multicast sends a word to several units at once and needs links of a whole word, {self.word_bits} bits, "
                f"not fabric.network.link_bits = {network.link_bits}; allowed: fabric.network.link_bits: auto, or fabric.multicast: false"
            )

    @property
    def word_bits(self) -> int:
        """Bits of one activation word: `lanes` activations."""
        return self.fabric.lanes * self.datatypes.activation_bits

    @property
    def word_bytes(self) -> int:
        """Bytes of one activation word."""
        return -(-self.word_bits // 8)

    def token_bytes(self, activations: int) -> int:
        """Bytes of so many activations outside of words, where none is padded."""
        return -(-activations * self.datatypes.activation_bits // 8)

    def networks(self, stages: Stages) -> tuple[NetworkSpec, NetworkSpec]:
        """The request network of a cluster, from units to bank ports, and its reply network back, whose queues are FIFOs.

        A request is granted in the cycle in which the allocation that grants it begins, and leaves when it has ended. What
        scatters multiplies before it sends.
        """
        feed = stages.feed + (stages.multiply if self.mapping.dataflow == "scatter" else 0)
        fabric, network = self.fabric, self.fabric.network
        units, ports = fabric.units_per_cluster, fabric.banks_per_copy * fabric.bank_ports
        requests = NetworkSpec(
            sources=units,
            sinks=ports,
            topology=network.topology,
            radix=network.radix,
            queues=network.queues,
            depth=network.depth,
            allocator=network.allocator,
            iterations=network.iterations,
            latency=stages.crossing + stages.allocation - 1,
            flits=self.request_flits,
            # a flit takes a cycle to its network in any case, for which no slot is reserved
            feed_stages=feed if feed > 1 else 0,
            combines=fabric.combines,
        )
        replies = NetworkSpec(
            sources=ports,
            sinks=units,
            topology=network.topology,
            radix=network.radix,
            depth=network.reply_depth,
            latency=stages.crossing,
            flits=self.reply_flits,
            feed_stages=stages.read,
        )
        return requests, replies

    @property
    def reply_flits(self) -> int:
        """Flits of one word on a reply link."""
        link_bits = self.fabric.network.link_bits
        return 1 if link_bits == "auto" else -(-self.word_bits // link_bits)

    @property
    def bank_words(self) -> int:
        """Words of one half of a bank."""
        return int(self.fabric.bank_kib * 1024) // self.word_bytes

    @property
    def copy_words(self) -> int:
        """Words of one half of a copy."""
        return self.bank_words * self.fabric.banks_per_copy

    @property
    def sum_words(self) -> int:
        """Activation words that one word of partial sums is as wide as (scatter)."""
        return -(-self.datatypes.accumulate_bits // self.datatypes.activation_bits)

    @property
    def bank_sums(self) -> int:
        """Words of partial sums that one half of a bank holds (scatter)."""
        return self.bank_words // self.sum_words

    @property
    def copy_sums(self) -> int:
        """Words of partial sums that one half of a copy holds (scatter)."""
        return self.bank_sums * self.fabric.banks_per_copy

    @property
    def placed_in_bank(self) -> int:
        """What a placement may give one half of a bank: words of activations, or of partial sums where they are what it holds."""
        return self.bank_sums if self.mapping.dataflow == "scatter" else self.bank_words

    @property
    def own_words(self) -> int:
        """Activation words that one half of a unit's output bank holds, where it keeps the unit's own columns (scatter)."""
        return int(self.fabric.output_bank_kib * 1024) // self.word_bytes

    @property
    def request_flits(self) -> int:
        """Flits of one request: an address, or in scatter a word of partial sums."""
        if self.mapping.dataflow != "scatter":
            return 1
        link_bits = self.fabric.network.link_bits
        return -(-self.fabric.lanes * self.datatypes.accumulate_bits // (self.word_bits if link_bits == "auto" else link_bits))

    @property
    def output_word_bytes(self) -> int:
        """Bytes of one output-bank word: `lanes` partial sums."""
        return -(-self.fabric.lanes * self.datatypes.accumulate_bits // 8)

    @property
    def output_words(self) -> int:
        """Row words that one half of a unit's output bank holds."""
        return int(self.fabric.output_bank_kib * 1024) // self.output_word_bytes

    def weight_entry_bits(self, *, dense: bool) -> int:
        """Bits of one entry of a unit's list.

        Value, column index within the copy, end-of-row flag and the delta to the next output row (any resident
        row can be reached, so no escape codes). A dense operand streams values only: a counter makes the rest.
        """
        if dense:
            return self.datatypes.weight_bits
        index_bits = max(1, (self.copy_words - 1).bit_length())
        return self.datatypes.weight_bits + index_bits + 1 + self.delta_bits

    @property
    def delta_bits(self) -> int:
        """Bits from a row to the next, of which any may be in a half of an output bank."""
        return max(1, (self.output_words - 1).bit_length())

    @property
    def sampled_entry_bits(self) -> int:
        """Bits of one entry of a unit's list in a sampled product: as of a sparse W, with a partial sum in the value's place."""
        return self.weight_entry_bits(dense=False) + self.datatypes.accumulate_bits - self.datatypes.weight_bits

    @property
    def weight_port_entries(self) -> int:
        """List entries that one access of a weight bank delivers."""
        return max(self.fabric.issue_width, self.fabric.scan_width)
