"""What a study has seen: the points of its sweeps, asked for figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from simulator.errors import OutputError
from simulator.study.design import design_key
from simulator.study.measured import Reference
from simulator.study.questions.estimate import Estimate, computed
from simulator.study.questions.quantities import Seen, Variants
from simulator.study.sweep.expression import Expression
from simulator.study.sweep.point import activity_from_text
from simulator.study.sweep.run import SweepRun
from simulator.study.sweep.spec import Scalar
from simulator.study.sweep.store import Store
from simulator.study.sweep.study import Row
from simulator.study.uncertainty.factors import factors_of

Best = Literal["least", "most"]
_SAME = 1e-9


@dataclass(frozen=True)
class ColumnOf:
    """A column of the table: an expression at each point."""

    name: str
    expression: Expression
    unit: str
    label: str
    sweeps: tuple[str, ...] | None = None
    """Whose points have it; None: all."""


@dataclass(eq=False)
class Evidence:
    """All points that ran, the columns of the study, and the factors of all of them."""

    seen: tuple[Seen, ...]
    columns: Mapping[str, ColumnOf]
    references: Mapping[str, Reference]
    factors: tuple[str, ...]
    """Names: constants of technologies, then one for time and one for energy of each reference."""
    failed: Sequence[tuple[str, Row]] = ()
    """Sweep and row of points that have no figures."""
    _estimates: dict[tuple[int, str], Estimate] = field(default_factory=dict, repr=False)

    def sweep(self, name: str | None) -> str:
        """A sweep as files name it: None is the only one."""
        return name or next((each.sweep for each in self.seen), "")

    def points(self, sweep: str | None, at: Mapping[str, Scalar | tuple[Scalar, ...]]) -> list[Seen]:
        """The points of a sweep (None: the only one) whose axes have these values, in order; an axis without value may have any."""
        name = self.sweep(sweep)
        return [
            each
            for each in self.seen
            if each.sweep == name and all(_is_among(each.row.assignments.get(path), wanted) for path, wanted in at.items())
        ]

    def estimate(self, seen: Seen, column: str) -> Estimate:
        """A column at a point. Raises ConfigError where it has no value there."""
        key = id(seen), column
        if key not in self._estimates:
            of = self.columns[column]
            constants = 1 + 2 * len(seen.variants.factors)

            def value(name: str) -> Any:
                found = seen.value(name)
                return self._padded(found) if isinstance(found, np.ndarray) and len(found) == constants else found

            self._estimates[key] = computed(of.expression, value, of.unit, len(self.factors))
        return self._estimates[key]

    def _padded(self, variants: Any) -> Any:
        """Variants of constants, with those of the references, which move nothing that is simulated."""
        count, more = (len(variants) - 1) // 2, len(self.factors) - (len(variants) - 1) // 2
        still = np.full(more, variants[0])
        return np.concatenate((variants[: count + 1], still, variants[count + 1 :], still))

    def best(self, points: Sequence[Seen], column: str, way: Best) -> Seen:
        """The point with the least or the most of a column; the first of several."""
        sign = 1 if way == "least" else -1
        return min(points, key=lambda each: (sign * self.estimate(each, column).nominal, each.row.place))


def gathered(runs: Mapping[str, SweepRun], columns: Mapping[str, ColumnOf], references: Mapping[str, Reference], store: Store) -> Evidence:
    """The evidence of sweeps that have come to their end; nothing is simulated.

    Raises OutputError where a timing has gone from the store.
    """
    ran = [(name, row, run.points[row.key]) for name, run in runs.items() for row in run.rows if row.record is not None]
    failed = [(name, row) for name, run in runs.items() for row in run.rows if row.record is None]
    texts = store.activities({point.timing_key for _, _, point in ran})
    if any(point.timing_key not in texts for _, _, point in ran):
        raise OutputError(f"{store.path}: was pruned while this ran; run it again, and what is missing is computed anew")
    activities = {key: activity_from_text(text) for key, text in texts.items()}
    constants = factors_of([point.technology.technology for _, _, point in ran], [point.elaborated for _, _, point in ran])
    machines: dict[str, Variants] = {}
    seen = []
    for sweep, row, point in ran:
        # points of equal machines share one, whose prices are then worked out once
        key = design_key(point.elaborated, technology=point.technology.key)
        variants = machines.setdefault(key, Variants(point.elaborated, point.technology.technology, constants))
        seen.append(Seen(sweep, row, point, activities[point.timing_key], variants))
    own = [factor for reference in references.values() for factor in reference.factors]
    return Evidence(tuple(seen), columns, references, (*(factor.name for factor in constants), *own), failed)


def _is_among(found: Scalar | None, wanted: Scalar | tuple[Scalar, ...]) -> bool:
    return any(_same(found, value) for value in (wanted if isinstance(wanted, tuple) else (wanted,)))


def _same(found: Scalar | None, wanted: Scalar) -> bool:
    """Whether an axis has the value; numbers as they are read, whatever their type."""
    if isinstance(found, bool) or isinstance(wanted, bool) or isinstance(found, str) or isinstance(wanted, str) or found is None:
        return found == wanted and type(found) is type(wanted)
    return math.isclose(found, wanted, rel_tol=_SAME)
