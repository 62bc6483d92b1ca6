"""What is kept of a point that was run, as JSON text: the same point gives the same bytes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simulator.activity import Activity
from simulator.cost.technology import Technology
from simulator.errors import ConfigError
from simulator.result import METRICS, codec
from simulator.result.metrics import RunMetrics
from simulator.result.saved import run_of
from simulator.study.uncertainty import METRICS as BANDED
from simulator.study.uncertainty import assess_in

Failure = Literal["invalid", "mapping", "memory", "time limit", "killed", "bug", "error"]
FAILURES: dict[Failure, str] = {
    "invalid": "no such machine or workload",
    "mapping": "the machine cannot hold the workload",
    "memory": "out of memory",
    "time limit": "longer than --time-limit",
    "killed": "took its process down, or was killed with it",
    "bug": "broke a conservation law: a bug in sparsim",
    "error": "raised an unexpected error: a bug in sparsim",
}
"""Why a point can fail."""


@dataclass(frozen=True)
class Outcome:
    """A point that was run: its figures, or why it has none."""

    key: str
    timing_key: str
    record: Mapping[str, Any] | None
    """Metrics, bounds, causes, and figures by component; None where it failed."""
    failure: Failure | None = None
    reason: str = ""

    @property
    def text(self) -> str | None:
        """The record as it is stored."""
        return None if self.record is None else to_text(self.record)


def record_of(run: RunMetrics) -> dict[str, Any]:
    """Every metric of a run, and what plots need beside them; JSON values only.

    Raises ConfigError where a metric is no finite number: a constant or a size is beyond reason.
    """
    derived = run.derived()
    for name in METRICS:
        if not math.isfinite(derived[name]):
            raise ConfigError(f"{name} comes out as {derived[name]}: a constant or a size is beyond reason")
    record: dict[str, Any] = codec.plain(derived)
    return record


def bands_of(run: RunMetrics, technology: Technology) -> dict[str, Any]:
    """`bands`: metric → [low, high], the combined band of each metric that has one."""
    known = assess_in([run_of(run, "")], [technology])
    (name,) = known.names
    combined = {metric: known.spread(name, metric).combined for metric in BANDED}
    return {"bands": {metric: [band.low, band.high] for metric, band in combined.items()}}


def to_text(record: Mapping[str, Any]) -> str:
    """Compact JSON."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def activity_to_text(activity: Activity) -> str:
    """An activity as it is stored; `activity_from_text` is its inverse."""
    return to_text(codec.plain(activity))


def activity_from_text(text: str) -> Activity:
    """The activity of a stored text."""
    return codec.activity_from_dict(json.loads(text))
