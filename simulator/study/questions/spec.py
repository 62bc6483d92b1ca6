"""The study file: pydantic models whose fields document every key."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from simulator.specs import FileModel
from simulator.specs.naming import FileName
from simulator.study.questions.figures.base import Figure, Values
from simulator.study.questions.figures.references import Measured
from simulator.study.sweep.spec import SweepSpec

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z_]\w*$")]


class ColumnSpec(FileModel):
    """A column of the table, computed at every point."""

    of: str = Field(description="expression of metrics, counters and keys: energy_pj / useful_macs")
    unit: str = Field("", description="of the result")
    label: str = Field(min_length=1, description="what pictures call it")
    sweeps: tuple[str, ...] | None = Field(None, description="sweeps whose points have it; default: all")


class Saying(FileModel):
    """A sentence that is said where a condition holds."""

    when: str | None = Field(None, description="a condition on figures: lead.low > 1; none: always")
    say: str = Field(
        min_length=1, description="the sentence; {figure} is its value with band, {figure:%} in per cent, {figure:x} as a ratio"
    )


class MeasuredLine(Measured):
    """A measured device in a panel."""

    panel: str = Field(description="column of the panel")
    times: float = Field(1.0, gt=0, description="into the unit of the panel")


class Level(FileModel):
    """A point with a name. In a picture: one that has no place along its axis, a line across it."""

    name: str = Field(min_length=1, description="what picture or table calls it")
    sweep: str | None = Field(None, description="whose point it is; needed where there are several")
    at: dict[str, Values] = Field(default_factory=dict, description="axis → value of the point, or a list of values")


class RivalSpec(Level):
    """A line of the table."""

    group: str = Field("", description="rows of one group are held against the best of them")


class TableSpec(FileModel):
    """The rivals, a line each."""

    columns: tuple[str, ...] = Field(min_length=1, max_length=4, description="columns that are shown")
    by: str = Field(description="column that decides: shown against the best of the group")
    best: Literal["least", "most"] = Field("least", description="which end of it is better")
    rows: tuple[RivalSpec, ...] = Field(min_length=1, description="rivals: a point each, of several the best")


class PictureSpec(FileModel):
    """The picture that answers."""

    form: Literal["lines", "bars"] = Field("lines", description="lines over numbers; bars over names")
    sweep: str | None = Field(None, description="whose points it shows; needed where there are several")
    x: str = Field(description="axis along which it goes")
    label: str = Field("", description="what the picture calls that axis, or the lengths of stacked bars; default: its last name")
    lines: tuple[str, ...] = Field((), max_length=3, description="axes: a line, or a group of bars, for each of their values")
    panels: tuple[str, ...] = Field(min_length=1, max_length=3, description="columns: a panel each; stacked bars: the parts of one")
    stacked: bool = Field(False, description="bars: the columns of `panels` on one another in one panel")
    best: Literal["least", "most"] = Field("least", description="of points that share a place: which of the first panel's column is shown")
    at: dict[str, Values] = Field(default_factory=dict, description="axis → value of the points that are shown")
    levels: tuple[Level, ...] = Field((), description="lines: points of another sweep, as lines across; of several the best")
    measured: tuple[MeasuredLine, ...] = Field((), description="measured devices, as lines")
    names: dict[str, str] = Field(
        default_factory=dict, description="values of `lines`, or of a bar's `x`, with a space between → what the picture calls them"
    )
    title: str = Field(min_length=1, description="what it shows")


class QuestionSpec(FileModel):
    """A whole study file."""

    model_config = ConfigDict(defer_build=True)

    name: FileName = Field(description="what reports call it")
    question: str = Field(min_length=1, description="what it asks")
    claim: str = Field(min_length=1, description="what is said, and is held against the figures")
    sweeps: dict[Name, SweepSpec] = Field(min_length=1, description="name → a sweep, with the keys of a sweep file but name")
    references: tuple[str, ...] = Field((), description="measured devices: files, or names in configs/references")
    columns: dict[Name, ColumnSpec] = Field(min_length=1, description="name → a column of the table")
    figures: dict[Name, Figure] = Field(min_length=1, description="name → a figure; later ones may name earlier ones")
    verdict: tuple[Saying, ...] = Field(min_length=1, description="the answer in one short sentence: the first whose condition holds")
    answer: tuple[tuple[Saying, ...], ...] = Field(
        (), description="its figures: groups of sentences, of each the first whose condition holds"
    )
    rests_on: dict[Name, str] = Field(
        min_length=1, description="figure → what it is, in words: ratios on which the answer rests; what turns them, overturns it"
    )
    overturned_by: str = Field(min_length=1, description="what would overturn it, beyond the constants")
    table: TableSpec | None = Field(None, description="the rivals, a line each")
    picture: PictureSpec = Field(description="the picture that answers")
    cut: dict[str, str] = Field(default_factory=dict, description="key path → value in YAML: a part of it that runs in a moment, for tests")

    @model_validator(mode="after")
    def _rests_on_figures(self) -> QuestionSpec:
        for name in self.rests_on:
            if name not in self.figures:
                raise ValueError(f"rests_on: {name}: no such figure; allowed: {', '.join(self.figures)}")
        return self
