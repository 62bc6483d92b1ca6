"""What an array is elaborated for."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.rtl.bits import index_bits


@dataclass(frozen=True)
class ArrayShape:
    """Sizes, widths and pipelines of an array; two's complement integers throughout."""

    rows: int
    cols: int
    operand_bits: int
    """Of what is held and what streams: the wider of both, since any operand may be the one that is held."""
    accumulate_bits: int
    product_stages: int
    """Registers between a cell's multiplier and its adder."""
    read_cycles: int
    """From the address at an edge bank to the cell."""
    overlapped: bool
    """Whether a second register a cell takes the next held operand while this one is used, and a fold's sums leave under the next fold."""
    holds: bool
    """Whether it can hold an operand (weight- or input-stationary)."""
    keeps: bool
    """Whether it can keep its sums (output-stationary)."""
    row_words: int
    """Operands of a bank at the left edge."""
    column_words: int
    """Operands of a bank at the top edge."""
    sum_words: int
    """Of a bank at the bottom edge."""
    row_word: int = 1
    """Operands that a bank at the left gives in an access; a power of two."""
    column_word: int = 1
    """And at the top."""
    listed_steps: int = 0
    """Of all lists of steps that remain of folds which keep their sums; 0 where none is skipped."""

    @property
    def skew(self) -> int:
        """Cycles between the read of a step's first operand and its last sum, less those of one cell and one read."""
        return self.rows + self.cols - 2 + self.read_cycles - 1 + self.product_stages

    @property
    def step_bits(self) -> int:
        """Of a fold's number of steps, which come from a bank at the left."""
        return self.row_words.bit_length()

    @property
    def address_bits(self) -> int:
        """Of the larger operand bank."""
        return index_bits(max(self.row_words, self.column_words))

    @property
    def list_bits(self) -> int:
        """Of a place in the lists of steps."""
        return index_bits(self.listed_steps)

    @property
    def sum_address_bits(self) -> int:
        """Of a bank of sums."""
        return index_bits(self.sum_words)

    @property
    def row_bits(self) -> int:
        """Of a number of rows."""
        return self.rows.bit_length()

    @property
    def column_bits(self) -> int:
        """Of a number of columns."""
        return self.cols.bit_length()

    @property
    def folds_in_flight(self) -> int:
        """Most folds that have begun and whose sums are not all there: in a part of one row each may stream for a single cycle."""
        return 4 + (self.skew + self.rows if self.overlapped else 0)
