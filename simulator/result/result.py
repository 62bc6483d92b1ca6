"""`Result`: one run of one machine on one workload, with every metric that a report shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import asdict

from simulator.activity import Activity, Bounds, Counts, Ideal, OperationActivity, operation_shares, run_name
from simulator.cost.types import Cost
from simulator.errors import OutputError
from simulator.machine.model import Elaborated
from simulator.result import codec
from simulator.result.codec import SCHEMA_VERSION
from simulator.result.damaged import UNSOUND, complaint
from simulator.result.frames import frame
from simulator.result.metrics import RunMetrics
from simulator.terms import metric
from simulator.version import package_version
from simulator.workload.types import Workload

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from rich.console import RenderableType


@dataclass(frozen=True)
class WorkloadRecord:
    """What a result keeps of its workload: enough to make it again and to know that it is the same."""

    name: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    """The workload file after defaults."""
    hashes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """SHA-256 of each operation's operands."""


@dataclass(frozen=True, kw_only=True)
class OperationResult(RunMetrics):
    """Metrics of one operation of a run: of its own counts, over its stretch of the run's cycles."""

    @property
    def operation(self) -> OperationActivity:
        """What timing says of it."""
        return self.activity.operations[0]

    @property
    def name(self) -> str:
        """Name in the workload."""
        return self.operation.name

    @property
    def moving_cycles(self) -> int:
        """From its first fetch to its last write-back, whatever other operations do meanwhile."""
        return self.operation.end_cycle - self.operation.fetch_cycle

    @metric(
        "compute cycles",
        "cycles",
        "the fabric's own cycles, without waiting for memory (an operation's)",
        "Cycles of the operation's tiles as if every operand were there when it is needed.",
        scalar=False,
    )
    def compute_cycles(self) -> int:
        return self.operation.compute_cycles

    def to_dict(self) -> dict[str, Any]:
        """The metrics of a run, for this operation, and how it was mapped."""
        operation = self.operation
        return {
            "name": operation.name,
            "kind": operation.kind,
            "shape": asdict(operation.shape),
            "compute_cycles": operation.compute_cycles,
            "fetch_cycle": operation.fetch_cycle,
            "start_cycle": operation.start_cycle,
            "end_cycle": operation.end_cycle,
            **self.derived(),
            "counts": operation.counts.to_dict(),
            "details": dict(operation.details),
        }


@dataclass(frozen=True, kw_only=True, repr=False)
class Result(RunMetrics):
    """One run: what was simulated, its activity, its price, and the metrics that follow from them.

        result = simulator.simulate(machine, workload)
        result.cycles, result.energy_pj, result.area_mm2
        result.to_json("result.json")
        Result.load("result.json").cycles == result.cycles

    It holds no time stamp and no path: the same input gives the same bytes.
    """

    workload: WorkloadRecord
    operation_costs: tuple[Cost, ...]
    """Price of each of `operation_shares(activity)`; these add up to `cost`'s energy."""
    engine: str = "reference"
    seed: int | None = None
    """Seed of the workload's generators."""
    checked: Mapping[str, Any] = field(default_factory=dict)
    """What the run verified about itself."""
    version: str = field(default_factory=package_version)
    """Version of sparsim."""
    schema_version: int = SCHEMA_VERSION

    @classmethod
    def assemble(
        cls,
        elaborated: Elaborated,
        workload: Workload,
        activity: Activity,
        cost: Cost,
        *,
        operation_costs: tuple[Cost, ...],
        engine: str = "reference",
        ideal: Ideal = "none",
        checked: Mapping[str, Any] | None = None,
    ) -> Result:
        """The result of a run; of the workload it keeps the file's content and the operands' hashes."""
        return cls(
            elaborated=elaborated,
            workload=WorkloadRecord(workload.name, workload.spec, workload.hashes),
            activity=activity,
            cost=cost,
            operation_costs=operation_costs,
            engine=engine,
            ideal=ideal,
            seed=workload.spec.get("seed"),
            checked=checked or {},
        )

    @property
    def name(self) -> str:
        """Name of the machine; with the ideal part, where there is one."""
        return run_name(self.machine.name, self.ideal)

    @property
    def operations(self) -> tuple[OperationResult, ...]:
        """The same metrics for each operation."""
        shares = zip(operation_shares(self.activity), self.operation_costs, strict=True)
        return tuple(OperationResult(elaborated=self.elaborated, activity=share, cost=cost, ideal=self.ideal) for share, cost in shares)

    def to_dict(self) -> dict[str, Any]:
        """Metrics first, then what they follow from; JSON values only."""
        plain: dict[str, Any] = codec.plain(self._record())
        return plain

    def _record(self) -> dict[str, Any]:
        record: dict[str, Any] = {"schema_version": self.schema_version, "sparsim_version": self.version, "name": self.name}
        record |= self.derived()
        record |= {
            "technology": self.technology,
            "units": self.activity.units,
            "counts": self.activity.counts,
            "engine": self.engine,
            "ideal": self.ideal,
            "checked": self.checked,
            "seed": self.seed,
            "machine": codec.machine_to_dict(self.machine),
            "elaborated": codec.elaborated_to_dict(self.elaborated),
            "workload": {"name": self.workload.name, "hashes": self.workload.hashes, "spec": self.workload.spec},
            "operations": [entry.to_dict() for entry in self.operations],
            "cost": self.cost,
            "operation_costs": self.operation_costs,
        }
        return record

    def to_json(self, path: str | Path) -> None:
        """Write `to_dict()`; the same result gives the same bytes."""
        Path(path).write_bytes(codec.text_of(self._record()))

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Result:
        """Inverse of `to_dict`. Raises OutputError for another schema version."""
        return cls._read(codec.encoded(record))

    @classmethod
    def load(cls, path: str | Path) -> Result:
        """Read a result.json. Raises OutputError where the file is none."""
        try:
            return cls._read(Path(path).read_bytes())
        except OSError as error:
            raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
        except UNSOUND as error:
            raise OutputError(f"{path}: not a sparsim result: {complaint(error)}") from error

    @classmethod
    def _read(cls, text: bytes) -> Result:
        codec.check_schema(_HEAD.decode(text).schema_version)  # first: of another version other keys are missing
        found = _FILE.decode(text)
        return cls(
            elaborated=codec.elaborated_from_dict(found.machine, found.elaborated),
            workload=found.workload,
            activity=Activity(found.cycles, found.units, found.counts, found.unit_cycles, found.bounds, found.operations),
            cost=codec.cost_from_dict(found.cost),
            operation_costs=tuple(codec.cost_from_dict(cost) for cost in found.operation_costs),
            engine=found.engine,
            ideal=found.ideal,
            seed=found.seed,
            checked=found.checked,
            version=found.sparsim_version,
        )

    def to_frame(self) -> pd.DataFrame:
        """One row an operation: shape, cycles, energy, utilization and unit-cycles by cause. Needs pandas."""
        columns = ("name", "kind", "cycles", "compute_cycles", "seconds", "useful_macs", "dense_macs", "utilization", "energy_pj")
        rows = [
            {column: entry[column] for column in columns} | entry["shape"] | entry["unit_cycles"]
            for entry in (operation.to_dict() for operation in self.operations)
        ]
        return frame(rows, "name")

    def plot(self) -> Figure:
        """One figure of the run: area, energy and causes of unit-cycles."""
        from simulator.report.notebook import drawn
        from simulator.report.plots import overview_figure

        return drawn(overview_figure([self]))

    def __repr__(self) -> str:
        figures = f"{self.cycles:,} cycles, {self.energy_pj:.4g} pJ, {self.area_mm2:.3g} mm²"
        return f"<Result: {self.name} on {self.workload.name}, {figures}>"

    def __rich__(self) -> RenderableType:
        from simulator.report.tables import run_table

        return run_table([self])

    def _repr_html_(self) -> str:
        from simulator.report.tables import as_html

        return as_html(self)


class _Head(msgspec.Struct):
    schema_version: int


class _File(msgspec.Struct):
    """What of result.json a result is made of; the rest follows from it."""

    machine: dict[str, Any]
    elaborated: codec.Settled
    workload: WorkloadRecord
    cycles: int
    units: int
    counts: Counts
    unit_cycles: dict[str, int]
    bounds: Bounds
    operations: tuple[OperationActivity, ...]
    cost: dict[str, Any]
    operation_costs: list[dict[str, Any]]
    engine: str
    ideal: Ideal
    seed: int | None
    checked: dict[str, Any]
    sparsim_version: str


_HEAD = msgspec.json.Decoder(_Head)
_FILE = msgspec.json.Decoder(_File)
