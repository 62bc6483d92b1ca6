"""What a constant is that bands are told of, in words: what it means, its value in the usual technology, its band and its source."""

from __future__ import annotations

from simulator.cost.constants import ASSUMED, DRAM_PREFIX, DramConstants
from simulator.cost.technology import CONSTANTS, Technology, load_technology
from simulator.errors import ConfigError
from simulator.machine.model import Machine
from simulator.study.uncertainty.factors import ONE_SLICE

_LAYOUT = (
    "the layout of crossbars, 0 as simulated and 1 where those whose slices are `auto` are laid out whole, with wires at the widest "
    "pitch of their band"
)


def constant_words(name: str) -> tuple[str, str] | None:
    """(unit, meaning) of a constant; None where none is called so."""
    if name == ONE_SLICE:
        return "1", _LAYOUT
    if name not in CONSTANTS and not name.startswith(DRAM_PREFIX):
        return None
    technology = load_technology(Machine.model_fields["technology"].default)
    try:
        found = technology.constant(name)
    except ConfigError:
        return None
    model: type[Technology | DramConstants] = Technology if name in CONSTANTS else DramConstants
    meaning = model.model_fields[name.rpartition(".")[2]].description
    band = f"{found.value:g} at {technology.name}" + (f", {found.low:g} to {found.high:g}" if found.low < found.high else "")
    basis = ASSUMED if found.basis == ASSUMED else f"{found.basis}: {found.source}"
    return found.unit, f"{meaning}: {band}; {basis}" + (f" ({found.note})" if found.note else "")
