"""The keys that say how W lies in DRAM."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, PositiveInt, model_validator

from simulator.specs import FileModel

FormatName = Literal["dense", "bitmap", "csr", "csc", "coo", "run_length", "blocked_csr", "n_m"]
FORMATS: tuple[FormatName, ...] = get_args(FormatName)
UNINDEXED: tuple[FormatName, ...] = ("dense", "bitmap", "n_m")
"""Formats without indices or runs whose width could be chosen."""


class StorageSpec(FileModel):
    """A storage format and its sizes; every tile of W is stored by itself."""

    format: FormatName = Field(description="what is stored beside the values; see the table of formats")
    index_bits: Annotated[int, Field(ge=1, le=64)] | Literal["auto"] = Field(
        "auto", description="width of indices, pointers and run lengths; auto: the fewest bits that serve each tile"
    )
    block: tuple[PositiveInt, PositiveInt] | None = Field(None, description="blocked_csr: rows and columns of a block")
    n_m: str | None = Field(None, pattern=r"^[1-9]\d?:[1-9]\d?$", description='n_m: at most N nonzeros in M columns that follow, as "2:4"')

    @property
    def kept_of(self) -> tuple[int, int]:
        """N and M of `n_m`; (1, 1) for other formats."""
        if self.n_m is None:
            return 1, 1
        kept, of = self.n_m.split(":")
        return int(kept), int(of)

    @model_validator(mode="after")
    def _keys_fit(self) -> StorageSpec:
        for key, wanted in (("block", "blocked_csr"), ("n_m", "n_m")):
            if (getattr(self, key) is not None) != (self.format == wanted):
                raise ValueError(f"{key}: goes with format: {wanted}, which needs it")
        if self.format in UNINDEXED and self.index_bits != "auto":
            raise ValueError(f"index_bits: format: {self.format} has no index; allowed: auto")
        if self.kept_of[0] > self.kept_of[1]:
            raise ValueError(f'n_m: found {self.n_m}, more nonzeros than columns; allowed: N ≤ M, as "2:4"')
        return self
