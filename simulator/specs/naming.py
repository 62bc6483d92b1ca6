"""Names of machines, workloads and studies, which become those of files and folders wherever somebody takes the results."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

MOST_CHARACTERS = 64
PATTERN = r"^[\w+][\w.+-]*$"
IN_WORDS = "letters, digits and . + - _, neither . nor - first"
"""What the pattern allows."""
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))})
"""What Windows keeps for devices, whatever ending follows (learn.microsoft.com, *Naming Files, Paths, and Namespaces*)."""


def is_device(name: str) -> bool:
    """Whether no file on Windows can be called so.

    >>> is_device("CON"), is_device("lpt1.txt"), is_device("console")
    (True, True, False)
    """
    return name.split(".")[0].casefold() in DEVICES


def fault_of(name: str) -> str | None:
    """What is wrong with a name, in words.

    >>> fault_of("mine-2"), fault_of("..")
    (None, 'found ".."; allowed: 1 to 64 letters, digits and . + - _, neither . nor - first')
    """
    if len(name) > MOST_CHARACTERS or not re.fullmatch(PATTERN, name):
        return f'found "{name}"; allowed: 1 to {MOST_CHARACTERS} {IN_WORDS}'
    return f'found "{name}", which Windows keeps for a device; allowed: another name' if is_device(name) else None


def _sound(name: str) -> str:
    fault = fault_of(name)
    if fault is not None:
        raise ValueError(fault)
    return name


FileName = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS, pattern=PATTERN), AfterValidator(_sound)]
"""A name that is safe as that of a file."""
