"""A constant with its unit, its band and the source that says so."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Basis = Literal["read", "derived", "assumed", "memory"]
ASSUMED = "assumed"


class FileModel(BaseModel):
    """Base of the models read from a technology file: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Constant(FileModel):
    """One number of a technology, with all that a reader needs to doubt it."""

    value: float = Field(description="what the models use")
    unit: str = Field(min_length=1, description="its unit; 1 for a ratio")
    low: float = Field(description="low end of what sources and judgement allow")
    high: float = Field(description="high end of what sources and judgement allow")
    basis: Basis = Field(description="read in a document, derived from what was read, from memory, or assumed")
    source: str = Field(min_length=1, description="paper and table, or the word `assumed`")
    note: str = Field("", description="what to keep in mind")

    @model_validator(mode="after")
    def _honest(self) -> Constant:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"value = {self.value:g} is outside its band, low = {self.low:g} to high = {self.high:g}")
        if (self.basis == ASSUMED) != (self.source == ASSUMED):
            raise ValueError(f"basis = {self.basis} and source = {self.source} disagree; `assumed` stands in both or in neither")
        return self

    def overridden(self, value: float) -> Constant:
        """Return this constant with a user's value: its band closes on it, its source says so."""
        return Constant(value=value, unit=self.unit, low=value, high=value, basis="assumed", source=ASSUMED, note="overridden by the user")
