"""The records of a batch: the tiles that one fabric runs one after another, each from reset."""

from __future__ import annotations

from simulator.engine.compiled.records import Array, Record


class Turn(Record):
    """What a fabric does from one reset to the next: sizes, and where its own begins in the arrays of all tiles."""

    words: int
    token_words: int
    piece_entries: int
    fifo_pieces: int
    pieces: int
    operands: int
    """Activation words of a token (scatter)."""
    all_present: int
    """Whether no word is all zero (gather)."""
    first_bank: int
    """Of its words, the bank of each."""
    first_present: int
    first_piece: int
    first_row: int


class Turns(Record):
    """Tiles that one fabric runs one after another."""

    tiles: Array[Turn]
    count: int
    at: int
    """The tile at hand."""
    begun: int
    """Whether the fabric has its lists."""
    places: int
    """Numbers of 64 bits of the fabric's memory."""
    clocked_at: int
    """Which of them counts first, and how many count."""
    clocked: int
    causes_at: int
    causes: int
