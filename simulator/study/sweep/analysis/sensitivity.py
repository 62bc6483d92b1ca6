"""Main effects: what each axis alone changes, on average over all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.study.sweep.row import Row, axis_paths
from simulator.study.sweep.spec import Scalar


@dataclass(frozen=True)
class Effect:
    """The main effect of an axis on a metric."""

    path: str
    metric: str
    means: Mapping[Scalar, float]
    """Value of the axis → geometric mean of the metric over the points that have it."""
    share: float
    """Share of the variance of the metric's logarithm that the axis alone explains (η²), 0 to 1."""

    @property
    def ratio(self) -> float:
        """Largest mean over smallest."""
        return max(self.means.values()) / min(self.means.values())


def main_effects(rows: Sequence[Row], metrics: Sequence[str]) -> list[Effect]:
    """Effects of every axis on every metric, the largest share first; of the points that ran and whose metric is above 0."""
    effects = []
    for metric in metrics:
        used = [row for row in rows if row.record is not None and row.metric(metric) > 0]
        for path in axis_paths(used):
            own = [row for row in used if path in row.assignments]
            logs = np.log([row.metric(metric) for row in own])
            groups: dict[Scalar, list[float]] = {}
            for row, value in zip(own, logs.tolist(), strict=True):
                groups.setdefault(row.assignments[path], []).append(value)
            spread = float(((logs - logs.mean()) ** 2).sum())
            between = sum(len(group) * (float(np.mean(group)) - float(logs.mean())) ** 2 for group in groups.values())
            means = {value: float(np.exp(np.mean(group))) for value, group in groups.items()}
            effects.append(Effect(path, metric, means, min(1.0, between / spread) if spread else 0.0))
    order = {metric: index for index, metric in enumerate(metrics)}
    return sorted(effects, key=lambda effect: (order[effect.metric], -effect.share))
