"""The answer of a break-even: curves of two machines along an axis, with their crossings, and the folder that holds it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from simulator.errors import OutputError
from simulator.report.folder import MARKER, new_folder, write_json
from simulator.report.notebook import drawn
from simulator.result.damaged import UNSOUND, complaint, json_of
from simulator.result.frames import frame
from simulator.study.breakeven.crossings import Better, Crossing, CrossingBand, better_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FILE = "breakeven.json"
SCHEMA_VERSION = 3


@dataclass(frozen=True)
class MeasuredLine:
    """One metric of a measured device at the very products, along the densities at which it is known."""

    label: str
    values: tuple[float, ...]
    figures: tuple[float, ...]


@dataclass(frozen=True)
class Curve:
    """One metric of both machines along the axis."""

    metric: str
    values: tuple[float, ...]
    first: tuple[float, ...]
    second: tuple[float, ...]
    crossings: tuple[Crossing, ...]
    low: tuple[float, ...] = ()
    """Combined band of the first machine's figure over the second's at each value; empty for a metric that has none."""
    high: tuple[float, ...] = ()
    bands: tuple[CrossingBand, ...] = ()
    """Of each crossing."""
    missing: tuple[float, ...] = ()
    """Values at which a machine has no figure."""
    measured: tuple[MeasuredLine, ...] = ()
    """Devices that were measured at the same products; none of them is simulated."""

    @property
    def throughout(self) -> Better | None:
        """The better one at every value that has figures; None where that is not one and the same."""
        found = {better_of(math.log(first / second)) for first, second in zip(self.first, self.second, strict=True)}
        return found.pop() if len(found) == 1 else None


@dataclass(frozen=True)
class BreakEven:
    """The answer."""

    axis: str
    names: tuple[str, str]
    workload: str
    logarithmic: bool
    curves: tuple[Curve, ...]
    failures: Mapping[str, str]
    """Point → why it has no figures."""
    equal_area: bool = False
    """Whether machines were scaled to one fabric area."""
    integers: bool = False
    """Whether the axis takes integers only: a crossing then lies between two of them, or at one."""

    def called(self, side: Better) -> str:
        """Name of a machine, or that they are equal."""
        return {"first": self.names[0], "second": self.names[1], "equal": "equal"}[side]

    def to_frame(self) -> pd.DataFrame:
        """One row a metric and value of the axis: the figures of both machines, called by their names. Needs pandas."""
        first, second = self.names
        rows = [
            {"metric": curve.metric, self.axis: value, first: one, second: other}
            for curve in self.curves
            for value, one, other in zip(curve.values, curve.first, curve.second, strict=True)
        ]
        return frame(rows, ["metric", self.axis])

    def plot(self) -> Figure | None:
        """Both machines along the axis, with every crossing; None where no point has figures."""
        from simulator.study.breakeven.plots import break_even_figure

        return drawn(break_even_figure(self))

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"schema_version": SCHEMA_VERSION, **asdict(self)}

    @classmethod
    def load(cls, path: Path) -> BreakEven:
        """Read a breakeven.json. Raises OutputError where the file is none."""
        try:
            record = json_of(path)
            if record["schema_version"] != SCHEMA_VERSION:
                raise OutputError(f"{path}: another schema version; this sparsim reads version {SCHEMA_VERSION}")
            return msgspec.convert(record, cls)
        except OSError as error:
            raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
        except UNSOUND as error:
            raise OutputError(f"{path}: not a break-even of sparsim: {complaint(error)}") from error


def write_break_even(folder: Path, answer: BreakEven, made: Mapping[str, Any], *, force: bool) -> None:
    """Write breakeven.json, its plot and run.json, whole or not at all. Raises OutputError."""
    from simulator.report.plots.style import save
    from simulator.study.breakeven.plots import break_even_figure

    with new_folder(folder, force=force) as draft:
        write_json(draft / FILE, answer.to_dict())
        figure = break_even_figure(answer)
        if figure is not None:
            save(figure, draft, "breakeven")
        write_json(draft / MARKER, made)
