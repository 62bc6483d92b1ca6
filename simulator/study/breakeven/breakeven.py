"""Break-even of two machines along an axis: from a question to curves and crossings."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from simulator.errors import ConfigError
from simulator.machine import Machine
from simulator.report.numbers import counted
from simulator.result import METRICS
from simulator.specs import Document, nearest_hint
from simulator.specs.documents import apply_overrides, read_tree, validated
from simulator.specs.fields import Slot, allowed, slot_at, takes_integers_only, takes_numbers
from simulator.specs.parse import parse
from simulator.specs.tree import Entry
from simulator.study.breakeven.answer import BreakEven, Curve, MeasuredLine
from simulator.study.breakeven.crossings import Look, Ratios, Scale, Scan, crossing_band, search_crossings, searched_together
from simulator.study.measured import Quantity as MeasuredQuantity
from simulator.study.measured import measured_curves
from simulator.study.sweep.analysis import assess_points
from simulator.study.sweep.keys import reached_by
from simulator.study.sweep.point import Point
from simulator.study.sweep.reading import space_of
from simulator.study.sweep.run import Event, Listener, Options, Planned, run_sweep
from simulator.study.sweep.space import Space
from simulator.study.sweep.spec import SweepSpec
from simulator.study.sweep.store import Store
from simulator.study.sweep.study import Row
from simulator.study.uncertainty import METRICS as BANDED
from simulator.study.uncertainty import Assessment
from simulator.workload.spec import WorkloadSpec

_DENSITY = "workload.density"
_MEASURED: Mapping[str, tuple[MeasuredQuantity, float]] = {"seconds": ("seconds", 1.0), "energy_pj": ("joules", 1e12)}
"""Metrics that devices were measured in, and the factor into their unit."""


@dataclass(frozen=True)
class Question:
    """What is to be found."""

    axis: str
    machines: tuple[str, str]
    workload: str
    metrics: tuple[str, ...]
    scale: Scale
    points: int
    """Values of the coarse scan."""
    tolerance: float
    """Widest bracket of a crossing: a ratio less one, or a share of the range where the axis is divided evenly."""
    equal_area: bool = False
    """Whether the second machine, and the first where an axis changes it, is scaled to the fabric area of the first."""
    settings: tuple[str, ...] = ()
    """`key.path=value`, for both machines and the workload."""
    folder: Path = Path()
    """Where machines and the workload are looked for first."""


def find_break_even(question: Question, store: Store, options: Options, listen: Listener = lambda event: None) -> BreakEven:
    """Scan, halve, and answer; every point goes through the store. Raises ConfigError for a name that does not exist."""
    check_question(question)
    scale = _scale_of(question)
    asked = _Asked(question, store, replace(options, listed=False), listen)
    curves = []
    for metric, scan in _scans(question, scale, asked).items():
        pairs = {value: asked.figures(value, metric) for value in scan.ratios}
        first, second = zip(*pairs.values(), strict=True) if pairs else ((), ())
        curve = Curve(metric, tuple(pairs), first, second, scan.crossings, missing=scan.missing)
        curve = replace(curve, measured=asked.measured(curve))
        curves.append(_banded(curve, asked, scale) if metric in BANDED else curve)
    names = (Path(question.machines[0]).stem, Path(question.machines[1]).stem)
    return BreakEven(
        question.axis,
        names,
        Path(question.workload).stem,
        scale.logarithmic,
        tuple(curves),
        asked.failures,
        question.equal_area,
        scale.integers,
    )


def _scans(question: Question, scale: Scale, asked: _Asked) -> dict[str, Scan]:
    """What was found of each metric: all are looked for together, so that a value which several want runs once, beside the others."""
    searches = {metric: search_crossings(scale, points=question.points, tolerance=question.tolerance) for metric in question.metrics}

    def ratios(looks: Mapping[str, Look]) -> dict[str, Ratios]:
        asked.run(list(looks.values()))
        return {metric: asked.ratios(metric, look.values) for metric, look in looks.items()}

    return searched_together(searches, ratios)


def check_question(question: Question) -> None:
    """Raise ConfigError for a metric, a machine, a workload or a key that does not exist, before anything runs."""
    for metric in question.metrics:
        if metric not in METRICS:
            raise ConfigError(f"--metric {metric}: unknown; allowed: {', '.join(METRICS)}{nearest_hint(metric, METRICS)}")
    _scale_of(question)


def fault_of_range(axis: str, low: float, high: float, *, linear: bool) -> str:
    """What is wrong with the ends of an axis; empty where nothing is. `{linear}` stands for how an even division is asked for."""
    if not low < high < float("inf") or (not linear and low <= 0):
        return f"allowed: LOW below HIGH{'' if linear else ', both above 0 (or {linear})'}"
    if axis.endswith("density") and (high > 1 or low < 0):
        return f"found {high if high > 1 else low:g}; allowed: densities from 0 to 1"
    return ""


def check_axis(axis: str, machines: tuple[str, str], workload: str) -> None:
    """Raise ConfigError where no machine and no operation has the key, whatever its range is going to be."""
    # an axis of one value is looked up as any other is
    either = Question(axis, machines, workload, ("cycles",), Scale(1, 1, logarithmic=False), 2, 1.0)
    space = space_of(_document(either, [1.0]), Path())
    if not axis.startswith("workload."):
        return
    root = read_tree(space.workload_file(workload), WorkloadSpec)
    if not reached_by(root, axis.removeprefix("workload.")):
        raise ConfigError(
            f"{axis}: no operation of {workload} has a weight from DRAM whose pattern has density or nnz; "
            "--prune magnitude prunes the values of matrix files anew at every density"
        )


def _scale_of(question: Question) -> Scale:
    """The scale, of integers where the axis takes no others. Raises ConfigError where the range has none."""
    scale, space = question.scale, space_of(_document(question, [question.scale.low, question.scale.high]), question.folder)
    slots = _slots(space, question.axis)
    if slots and not any(map(takes_numbers, slots)):
        raise ConfigError(f"--axis {question.axis}: takes no numbers, but {allowed(slots[0])}; compare runs one with each")
    if not takes_integers(space, question.axis):
        return scale
    integers = scale.of_integers()
    if integers.low > integers.high:
        raise ConfigError(f"--range {scale.low:g}:{scale.high:g}: {question.axis} takes integers; allowed: a range that has one")
    return integers


def _banded(curve: Curve, asked: _Asked, scale: Scale) -> Curve:
    """The curve with what the bands of the constants make of it, from the timings that it was drawn from."""
    if not curve.values:
        return curve
    known = asked.assessed(curve.values)
    ratios = [known.ratio(_run_name(0, value), _run_name(1, value), curve.metric) for value in curve.values]
    names = [factor.name for factor in known.factors]
    bands = tuple(crossing_band(crossing, curve.values, ratios, names, scale) for crossing in curve.crossings)
    return replace(
        curve, low=tuple(ratio.combined.low for ratio in ratios), high=tuple(ratio.combined.high for ratio in ratios), bands=bands
    )


def _run_name(machine: int, value: float) -> str:
    return f"{machine} at {value!r}"


@dataclass
class _Asked:
    """Points that have been run for a question."""

    question: Question
    store: Store
    options: Options
    listen: Listener

    def __post_init__(self) -> None:
        self._stage, self._crossings = "scan", 0
        """What goes on, and of how many crossings."""
        self._before = 0
        """Values that were run before it began."""
        self._later = 0
        """Values that it takes at the most after those that run."""
        self._rows: dict[float, tuple[Row, Row]] = {}
        self._points: dict[str, Point] = {}
        self._assessed: dict[tuple[float, ...], Assessment] = {}
        self.failures: dict[str, str] = {}

    def assessed(self, values: tuple[float, ...]) -> Assessment:
        """Both machines at these values, priced over the bands; metrics that were asked for together share it."""
        if values not in self._assessed:
            runs = [(_run_name(machine, value), row) for value in values for machine, row in enumerate(self._rows[value])]
            self._assessed[values] = assess_points([self._points[row.key] for _, row in runs], [name for name, _ in runs], self.store)
        return self._assessed[values]

    def run(self, looks: Sequence[Look]) -> None:
        """Run what searches want to know and has not been run."""
        crossings = sum(look.crossings for look in looks)
        if crossings > self._crossings:
            # halving begins, or one bracket turned out to hold several crossings: how many points that takes is known anew
            self._stage, self._crossings, self._before = f"halving {counted(crossings, 'crossing')}", crossings, len(self._rows)
        self._later = sum(look.later for look in looks)
        self._run(list(dict.fromkeys(value for look in looks for value in look.values if value not in self._rows)))

    def ratios(self, metric: str, values: Sequence[float]) -> Ratios:
        """Logarithms of the first machine's figure over the second's, at values that have been run."""
        return {value: self._ratio(value, metric) for value in values}

    def figures(self, value: float, metric: str) -> tuple[float, float]:
        """The metric of both machines."""
        first, second = self._rows[value]
        return first.metric(metric), second.metric(metric)

    def measured(self, curve: Curve) -> tuple[MeasuredLine, ...]:
        """The devices that were measured at the workload's products, where the axis is their density."""
        if self.question.axis != _DENSITY or curve.metric not in _MEASURED or not self._points:
            return ()
        operations = next(iter(self._points.values())).recipe.document.model.operations
        shapes = [(op.shape.m, op.shape.k, op.shape.n) for op in operations if op.activation.dense and op.shape.batch is None]
        if len(shapes) < len(operations) or any(size is None for shape in shapes for size in shape):
            return ()
        quantity, scale = _MEASURED[curve.metric]
        lines = []
        for device in measured_curves([(m or 0, k or 0, n or 0) for m, k, n in shapes]):
            values = tuple(value for value in curve.values if device.covers(value))
            if values:
                lines.append(MeasuredLine(device.label, values, tuple(device.at(value, quantity) * scale for value in values)))
        return tuple(lines)

    def _ratio(self, value: float, metric: str) -> float | None:
        if any(row.record is None for row in self._rows[value]):
            return None
        first, second = self.figures(value, metric)
        return math.log(first / second) if first > 0 and second > 0 else None

    def _listen(self, event: Event) -> None:
        """Each look is a sweep of its own; what listens hears of stages, with all that is still to come of each."""
        if isinstance(event, Planned):
            done = 2 * (len(self._rows) - self._before)
            event = replace(event, points=done + event.points, expected=done + event.expected + 2 * self._later, stage=self._stage)
        self.listen(event)

    def _run(self, values: Sequence[float]) -> None:
        if not values:
            return
        space = space_of(_document(self.question, values), self.question.folder)
        run = run_sweep(space, self.store, self.options, self._listen)
        self._points |= run.points
        by_point = {(row.assignments["machine"], float(row.assignments[self.question.axis])): row for row in run.rows}
        for value in values:
            first, second = (by_point[machine, value] for machine in self.question.machines)
            self._rows[value] = (first, second)
            self.failures |= {row.label: row.reason for row in (first, second) if row.record is None}


def _document(question: Question, values: Sequence[float]) -> Document[SweepSpec]:
    """A sweep of both machines at these values of the axis."""
    record = {
        "name": "breakeven",
        "workload": question.workload,
        "axes": {"machine": list(question.machines), question.axis: [int(value) if value.is_integer() else value for value in values]},
        "objectives": {question.metrics[0]: "min"},
        "equal": "area" if question.equal_area else None,
    }
    root = parse(json.dumps(record), "sparsim breakeven", lines=False)
    assert isinstance(root.value, dict)
    settings = {}
    for text in question.settings:
        # read as --set of a machine is; its key is a whole path here
        path, equals, _ = text.partition("=")
        if not equals or not path.strip():
            apply_overrides(root, [text])
        settings[path.strip()] = parse(text.partition("=")[2], f"--set {text}", lines=False)
    return validated(Entry({**root.value, "set": Entry(settings, root.place)}, root.place), SweepSpec)


def takes_integers(space: Space, path: str) -> bool:
    """Whether every machine, or every operation of the workload, that has the key at a path takes integers only there."""
    slots = _slots(space, path)
    return bool(slots) and all(map(takes_integers_only, slots))


def _slots(space: Space, path: str) -> list[Slot]:
    """What may stand at a path, in every machine or operation that has the key."""
    if path.startswith("workload."):
        root = read_tree(space.workload_file(str(space.spec.workload)), WorkloadSpec)
        slots = [slot_at(WorkloadSpec, keys, root) for keys in reached_by(root, path.removeprefix("workload."))]
    else:
        slots = [slot_at(Machine, path.split("."), read_tree(space.machine_file(name), Machine)) for name in space.machines()]
    return [slot for slot in slots if slot is not None]
