"""`per_row`: so many nonzeros in each row (or column), at random places."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, PositiveInt

from simulator.errors import OperandError
from simulator.workload.patterns.base import Matrix, Oriented, Places
from simulator.workload.patterns.choice import smallest, uniform_keys


class PerRow(Oriented):
    """Exactly `count` nonzeros a line: its own degree is regular, that of the other side is binomial."""

    pattern: Literal["per_row"] = Field(description="exactly count nonzeros in each row (or column), at random places")
    count: PositiveInt = Field(description="nonzeros of each line")

    def nonzeros(self, shape: Matrix) -> int:
        """Return lines × count."""
        lines, length = self.lines(shape)
        if self.count > length:
            raise OperandError(f"count = {self.count}: a {self.of} has {length} places")
        return lines * self.count

    def line_places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return `count` random places of every line."""
        return smallest(np.full(shape[0], self.count, dtype=np.int64), shape[1], uniform_keys(shape[1], generator))
