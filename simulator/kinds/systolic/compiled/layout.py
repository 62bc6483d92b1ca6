"""What the kernels are given of a schedule, and the rows of numbers in which they leave what they find of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from simulator.engine.compiled.records import Record, Wide

FLOWS = {"ws": 0, "is": 1, "os": 2}
W_STAYS, X_STAYS, Y_STAYS = FLOWS.values()
HOMES = {"buffer": 0, "dram": 1, "chip": 2}
_, DRAM, CHIP = HOMES.values()


class Cut(NamedTuple):
    """A schedule: extents, tiles and folds, and the part of the array that runs it."""

    batch: int
    m: int
    k: int
    n: int
    m_tile: int
    k_tile: int
    n_tile: int
    m_fold: int
    k_fold: int
    n_fold: int
    tokens_outermost: int
    flow: int
    serial: int
    """Whether nothing hides behind another fold."""
    rows: int
    skew: int
    skips_folds: int
    """Whether a fold of zeros is not run."""
    skips_steps: int
    """Whether a fold streams only the steps in which both operands have a nonzero."""
    has_left: int
    """Whether W, and X, have zeros, and whether only some outputs are wanted."""
    has_right: int
    has_wanted: int
    has_common: int


class CutRecord(Record):
    """A `Cut` as kernels see it."""

    __annotations__ = dict.fromkeys(Cut._fields, Wide)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> int: ...


class Rates(NamedTuple):
    """The system that a program would run on, and where its operands live."""

    x_home: int
    w_home: int
    y_home: int
    x_rate: int
    w_rate: int
    drain_rate: int
    latency: int
    burst: int
    staged: int
    """Bytes of staging of a stream."""
    rate_bytes: int
    """DRAM moves so many bytes in so many cycles; a byte takes whole cycles and a rest, in parts of `rate_bytes`."""
    byte_cycles: int
    byte_rest: int


class RatesRecord(Record):
    """`Rates` as kernels see them."""

    __annotations__ = dict.fromkeys(Rates._fields, Wide)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> int: ...


OUTLINE = (
    "cycles",  # [tiles] of the array
    "delays",  # [tiles] from the end of each until its last output has left the array
    "x", "w", "y",  # [tiles] content that each needs, output that it adds to
    "x_bytes", "x_banks",  # [contents] and cycles that the fullest bank needs
    "w_bytes", "w_banks",
    "y_bytes",  # [outputs]
)  # fmt: skip
"""Rows of an outline."""
CYCLES, DELAYS, X, W, Y, X_BYTES, X_BANKS, W_BYTES, W_BANKS, Y_BYTES = range(len(OUTLINE))

TOTALS = ("cycles", "x_contents", "w_contents", "outputs", "x_bytes", "w_bytes", "y_bytes")
"""What an outline comes to."""
TOTAL_CYCLES, X_CONTENTS, W_CONTENTS, OUTPUTS, X_MOVED, W_MOVED, Y_MOVED = range(len(TOTALS))

WORK = (
    "folds",  # [tiles] that are run
    "x_parts", "w_parts",  # [tiles] part of X and of W that each takes
    "held",  # [contents] part that each brings in; -1 for none
    "first",  # [contents + 1] place in `covered` of each
    "covered",  # [tiles] parts of which the presence bits of a content tell, content by content
    "covers",  # [contents] content whose parts are told of in the same half: this one, or one that lies there still
    "met",  # [parts] the last content that was asked about each
)  # fmt: skip
"""Rows that are needed while an outline is made."""
FOLDS, X_PARTS, W_PARTS, HELD, FIRST, COVERED, COVERS, MET = range(len(WORK))

TILE = (
    "cycles", "folds",
    "first", "last",  # steps of the first fold that is run, and of the last
    "delay",  # until the last output has left the array
)  # fmt: skip
"""Rows of the tiles of a fused operation."""
OF_CYCLES, OF_FOLDS, OF_FIRST, OF_LAST, OF_DELAY = range(len(TILE))

TIMES = (
    "x_asked", "x_ready",  # [contents] when each was asked for, and is there
    "x_dram", "x_so_far",  # [contents] bytes that DRAM moves of it, and of all up to it
    "w_asked", "w_ready", "w_dram", "w_so_far",
    "x_released", "w_released", "y_released",
)  # fmt: skip
"""Rows that are needed while a bound is worked out."""
X_ASKED, X_READY, X_DRAM, X_SO_FAR, W_ASKED, W_READY, W_DRAM, W_SO_FAR, X_RELEASED, W_RELEASED, Y_RELEASED = range(len(TIMES))

LANE = (
    "issued",
    "bus",
    "held",  # bytes in the staging
    "served", "served_rest",  # when DRAM were done with all that was asked for, had the stream it to itself: whole cycles and a rest
    "oldest", "waiting",  # of the ring that follows: when each chunk leaves the staging, and its bytes
)  # fmt: skip
"""A stream's way through DRAM and its bus."""
ISSUED, BUS, STAGING_HELD, SERVED, SERVED_REST, OLDEST, WAITING = range(len(LANE))
RING = len(LANE)
