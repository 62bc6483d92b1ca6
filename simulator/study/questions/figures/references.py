"""Figures of a measured device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, PositiveInt

from simulator.errors import ConfigError
from simulator.specs import FileModel, nearest_hint
from simulator.study.measured import UNITS, Curve, Quantity
from simulator.study.questions.estimate import Estimate, constant
from simulator.study.questions.evidence import Evidence
from simulator.study.questions.figures.base import Figure, Found


class Measured(FileModel):
    """A quantity of a device's products."""

    reference: str = Field(description="a name in the study's `references`")
    kernel: str = Field(description="which of its kernels")
    shape: tuple[PositiveInt, PositiveInt, PositiveInt] = Field(description="[m, k, n] of the product")
    quantity: Quantity = Field(description="of a product; MACs are useful ones")

    def curve(self, evidence: Evidence) -> Curve:
        """Its products by density. Raises ConfigError where there are none."""
        known = list(evidence.references)
        if self.reference not in evidence.references:
            raise ConfigError(
                f"{self.reference}: not among references; allowed: {', '.join(known) or 'none'}{nearest_hint(self.reference, known)}"
            )
        return evidence.references[self.reference].curve(self.kernel, self.shape)


def measured(evidence: Evidence, of: Measured, density: float) -> Estimate:
    """The quantity at a density; its variants are what two measurements of it may differ by."""
    curve = of.curve(evidence)
    found = constant(curve.at(density, of.quantity), len(evidence.factors), UNITS[of.quantity])
    spec = curve.reference.spec
    timed = of.quantity in ("seconds", "macs_per_s", "macs_per_s_mm2")
    name, share = (curve.reference.factors[0], spec.repeats_seconds) if timed else (curve.reference.factors[1], spec.repeats_joules)
    place, count = evidence.factors.index(name), len(evidence.factors)
    variants = np.array(found.variants)
    variants[1 + place] *= 1 - share
    variants[1 + count + place] *= 1 + share
    return Estimate(variants, found.unit)


class MeasuredFigure(Figure, Measured):
    """A quantity at one density."""

    kind: Literal["measured"]
    density: Annotated[float, Field(gt=0, le=1)] = Field(description="of W")

    def found(self, evidence: Evidence, others: Mapping[str, Found]) -> Found:
        """As it was measured, or between two that were."""
        return Found(measured(evidence, self, self.density))
