"""The engine's banks beside a GPU's shared memory: what a group of lanes waits for when several of them want words of one bank."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

from simulator.engine.reference.bank import BankPort
from simulator.engine.reference.clock import Clock
from simulator.engine.reference.flit import Flit
from simulator.specs import data_folder

LANES = 32
BANKS = 32
PATTERNS = 400
"""Drawn for the rate at random."""
MEASURED_WORDS = 8192
"""Range of the words of the measured patterns that the rate at random is of, and of the drawn ones."""


@dataclass(frozen=True)
class Conflict:
    """Loads of which the most wanted bank is asked for so many distinct words."""

    words: int
    measured_cycles: float
    """Of a whole load on the GPU: the mean over the measured patterns of the medians of their sets."""
    patterns: int
    """How many were measured."""
    model_cycles: int
    """Of the banks alone, from the first access to the last."""


@dataclass(frozen=True)
class BankConflicts:
    """Measured and modelled, by distinct words in the most wanted bank, and at random."""

    conflicts: tuple[Conflict, ...]
    measured_random_rate: float
    """Of the conflict-free rate, all of the GPU loading random words."""
    model_random_rate: float
    """1 / mean cycles of the banks, a load of every lane at a time."""

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


def measured_file(name: str) -> Path:
    """A table of the measurement, with its provenance in the lines that begin with #."""
    return data_folder("configs") / "validation" / "silicon" / f"{name}.csv"


def measured_rows(name: str) -> list[dict[str, str]]:
    """Its rows."""
    with measured_file(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def load_cycles(words: Sequence[int]) -> int:
    """Cycles in which the reference engine's banks serve one word a lane, all asked for at once, as a GPU's warp does.

    Word w lies in bank w mod 32. One access a cycle and bank; lanes that want the same word share its access (`multicast`).
    """
    clock, replies = Clock(), _Replies()
    ports = {bank: BankPort(clock, bank, len(words), 1, replies, None, multicast=True) for bank in sorted({word % BANKS for word in words})}
    for port in ports.values():
        clock.start(port.run())
    for lane, word in enumerate(words):
        ports[word % BANKS].receive(Flit(lane, 0, word, 0, 0, 0), 1)
    clock.env.run()
    return replies.last - 1


def bank_conflicts() -> BankConflicts:
    """Return the shipped measurement beside the banks."""
    sums: Counter[int] = Counter()
    total: dict[int, float] = {}
    for row in measured_rows("conflicts"):
        words, patterns = int(row["distinct_words_in_worst_bank"]), int(row["patterns"])
        sums[words] += patterns
        total[words] = total.get(words, 0.0) + patterns * float(row["cycles_median"])
    conflicts = tuple(Conflict(words, total[words] / sums[words], sums[words], load_cycles(_colliding(words))) for words in sorted(sums))
    rates = {row["part"]: float(row["rate_per_s"]) for row in measured_rows("parts")}
    return BankConflicts(conflicts, rates["shared random words"] / rates["shared 4 B a lane"], _random_rate())


@cache
def _random_rate() -> float:
    drawn = random.Random(0)
    return 1 / fmean(load_cycles([drawn.randrange(MEASURED_WORDS) for _ in range(LANES)]) for _ in range(PATTERNS))


def _colliding(words: int) -> list[int]:
    """A word for each lane, `words` distinct ones in bank 0 and at most as many in any other."""
    return [BANKS * lane if lane < words else lane for lane in range(LANES)]


class _Replies:
    """Lanes that always take a word; it keeps the cycle after the last access."""

    def __init__(self) -> None:
        self.last = 0

    def free(self, port: int, flit: Flit, cycle: int) -> float:
        return LANES

    def send(self, port: int, flit: Flit, ready: int) -> None:
        self.last = max(self.last, ready)
